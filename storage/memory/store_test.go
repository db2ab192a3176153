package memory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

// documents is a database of documents that knows no locks, only
// compare-and-swap, so that a transaction may have to run again.
type documents struct {
	mu   sync.Mutex
	text map[string]string // by owner
}

func (d *documents) load(owner string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text[owner]
}

func (d *documents) swap(owner, old, text string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.text[owner] != old {
		return false
	}
	d.text[owner] = text
	return true
}

func (d *documents) transact(
	ctx context.Context, owner string, write bool, do func(*memory.List) error,
) error {
	for ctx.Err() == nil {
		var list memory.List
		old := d.load(owner)
		if old != "" {
			if err := json.Unmarshal([]byte(old), &list); err != nil {
				return err
			}
		}
		if err := do(&list); err != nil {
			return fmt.Errorf("documents: %w", err)
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		if !write || d.swap(owner, old, string(text)) {
			return nil
		}
	}
	return ctx.Err()
}

var errGone = errors.New("documents: connection refused")

// gone is a database that cannot be reached.
func gone(context.Context, string, bool, func(*memory.List) error) error { return errGone }

func TestOverDocuments(t *testing.T) {
	d := &documents{text: make(map[string]string)}
	open := func(*testing.T) todos.Store { return memory.Over(d.transact) }
	storagetest.Suite{
		Reopen: open,
		Broken: func(*testing.T) todos.Store { return memory.Over(gone) },
	}.Run(t, open)
}

func TestOverErrors(t *testing.T) {
	rolledBack := errors.New("rolled back")
	for _, c := range []struct {
		name string
		end  func(do func() error) error // of the transaction
		want []error
		not  error
	}{
		{"the error of do comes out as it is", func(do func() error) error {
			return do()
		}, []error{todos.ErrNotFound}, todos.ErrUnavailable},
		{"the error of do comes out wrapped", func(do func() error) error {
			return fmt.Errorf("%w: %w", rolledBack, do())
		}, []error{todos.ErrNotFound, rolledBack}, todos.ErrUnavailable},
		{"an error of do that is swallowed comes out", func(do func() error) error {
			do()
			return nil
		}, []error{todos.ErrNotFound}, todos.ErrUnavailable},
		{"another error instead of that of do", func(do func() error) error {
			do()
			return errGone
		}, []error{todos.ErrUnavailable, errGone}, todos.ErrNotFound},
		{"an error before do", func(func() error) error {
			return errGone
		}, []error{todos.ErrUnavailable, errGone}, nil},
		{"do is not called", func(func() error) error {
			return nil
		}, []error{todos.ErrUnavailable}, nil},
		{"the end of the wait", func(func() error) error {
			return context.DeadlineExceeded
		}, []error{todos.ErrUnavailable, context.DeadlineExceeded}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := memory.Over(func(_ context.Context, _ string, _ bool, do func(*memory.List) error) error {
				return c.end(func() error { return do(new(memory.List)) })
			})
			_, err := store.GetTodo(t.Context(), "anna", "unknown")
			for _, want := range c.want {
				if !errors.Is(err, want) {
					t.Errorf("got the error %v, want %v", err, want)
				}
			}
			if c.not != nil && errors.Is(err, c.not) {
				t.Errorf("got the error %v, which must not be %v", err, c.not)
			}
		})
	}
}

// TestOverKeepingFails has a list that could be changed but not kept: no call
// may answer as if it had been.
func TestOverKeepingFails(t *testing.T) {
	list := new(memory.List)
	there := create(t, list, draft(t, "there")).Todo
	store := memory.Over(func(_ context.Context, _ string, _ bool, do func(*memory.List) error) error {
		scratch := memory.List{Todos: map[string]todos.Todo{there.ID: there}}
		return errors.Join(do(&scratch), errGone)
	})
	created, err := store.CreateTodo(t.Context(), "anna", draft(t, "new"))
	if !errors.Is(err, todos.ErrUnavailable) || created != (todos.Created{}) {
		t.Errorf("create answers %+v, %v", created, err)
	}
	change := todos.Change{Patch: todos.Patch{Title: todos.Some("changed")}}
	todo, err := store.UpdateTodo(t.Context(), "anna", there.ID, change)
	if !errors.Is(err, todos.ErrUnavailable) || todo != (todos.Todo{}) {
		t.Errorf("update answers %+v, %v", todo, err)
	}
	if err := store.DeleteTodo(t.Context(), "anna", there.ID, nil); !errors.Is(err, todos.ErrUnavailable) {
		t.Errorf("delete answers %v", err)
	}
}

// TestOverContextEndsInTheWait has a list that is free only when the caller
// has gone: the work must not be done then.
func TestOverContextEndsInTheWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	list := new(memory.List)
	store := memory.Over(func(_ context.Context, _ string, _ bool, do func(*memory.List) error) error {
		cancel()
		return do(list)
	})
	if _, err := store.CreateTodo(ctx, "anna", draft(t, "late")); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
	if len(list.Todos) > 0 {
		t.Errorf("the todo was created for a caller who had gone")
	}
}
