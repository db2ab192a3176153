package memory

import (
	"context"
	"errors"
	"fmt"

	"github.com/authtodo/authtodo/todos"
)

// Transact loads the list of owner, calls do with it and, if write is set and
// do returned nil, keeps what do made of it. It returns the error of do, which
// it may wrap, or its own.
//
//   - An owner of whom nothing is kept has the zero [List].
//   - Between loading and keeping nothing else may write the same list, here
//     or in another process; or the writer must notice, load again and call do
//     again, which is allowed as often as needed.
//   - If do returned an error, nothing is kept. If do returned nil and keeping
//     fails, all of it must have failed: an error, and the old list.
//   - Without write, do only reads, and calls may run side by side.
//   - When ctx ends while it waits, it returns ctx.Err().
type Transact func(ctx context.Context, owner string, write bool, do func(*List) error) error

// Over makes a store of one function. All rules of [todos.Store] are in
// [List]; what Transact has to add is isolation and permanence. Errors that
// Transact adds itself come out as [todos.ErrUnavailable], with the cause
// wrapped.
//
// The store is a [todos.Eraser], too. A call costs at least a load of one owner's list, so it suits stores of
// documents and lists of some thousand todos.
func Over(transact Transact) todos.Store { return store{transact} }

type store struct{ transact Transact }

func (s store) CreateTodo(
	ctx context.Context, owner string, draft todos.Draft,
) (created todos.Created, err error) {
	err = s.run(ctx, owner, true, func(l *List) (err error) {
		created, err = l.Create(draft)
		return err
	})
	if err != nil {
		return todos.Created{}, err
	}
	return created, nil
}

func (s store) GetTodo(ctx context.Context, owner, id string) (t todos.Todo, err error) {
	err = s.run(ctx, owner, false, func(l *List) (err error) {
		t, err = l.Get(id)
		return err
	})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

func (s store) ListTodos(
	ctx context.Context, owner string, query todos.Query,
) (page todos.Page, err error) {
	err = s.run(ctx, owner, false, func(l *List) error {
		page = l.Page(query)
		return nil
	})
	if err != nil {
		return todos.Page{}, err
	}
	return page, nil
}

func (s store) UpdateTodo(
	ctx context.Context, owner, id string, change todos.Change,
) (t todos.Todo, err error) {
	err = s.run(ctx, owner, true, func(l *List) (err error) {
		t, err = l.Update(id, change)
		return err
	})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

func (s store) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	return s.run(ctx, owner, true, func(l *List) error { return l.Delete(id, versions) })
}

// EraseTodos implements [todos.Eraser]. What is kept is the zero [List], which is
// that of an owner who never had a todo.
func (s store) EraseTodos(ctx context.Context, owner string) error {
	return s.run(ctx, owner, true, func(l *List) error {
		*l = List{}
		return nil
	})
}

// run tells the answers of a list, which callers get as they are, from
// failures around it, which are the store's. A Transact that forgets the error
// of do, or to call it, must not turn that into a success.
func (s store) run(ctx context.Context, owner string, write bool, do func(*List) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	answer := errNotRun
	err := s.transact(ctx, owner, write, func(l *List) error {
		if answer = ctx.Err(); answer == nil { // it may have ended in the wait for the list
			answer = do(l)
		}
		return answer
	})
	if err == nil {
		err = answer
	}
	if err == nil || err != errNotRun && answer != nil && errors.Is(err, answer) {
		return err
	}
	return fmt.Errorf("%w: %w", todos.ErrUnavailable, err)
}

var errNotRun = errors.New("memory: a transaction ended without its work")
