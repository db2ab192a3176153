package storagetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// contextCases try [S3]: with a context that has ended, and with one that ends
// somewhere on the way.
func contextCases() []testCase {
	var cases []testCase
	for _, c := range calls() {
		cases = append(cases,
			testCase{clause: "S3", name: c.name + " with a cancelled context", run: c.cancelled},
			testCase{clause: "S3", name: c.name + " behind its deadline", run: c.late},
		)
	}
	return append(cases,
		testCase{clause: "S3", name: "a create that is cancelled on its way", run: cancelCreates},
		testCase{clause: "S3", name: "an update that is cancelled on its way", run: cancelUpdates},
		testCase{clause: "S3", name: "a delete that is cancelled on its way", run: cancelDeletes},
	)
}

// holdCases try [S3] while another transaction is in the way.
func holdCases() []testCase {
	var cases []testCase
	for _, c := range calls() {
		if c.writes {
			cases = append(cases, testCase{
				clause: "S3", name: c.name + " that has to wait until its deadline", run: c.held,
			})
		}
	}
	return cases
}

// brokenCases try [S5].
func brokenCases() []testCase {
	var cases []testCase
	for _, c := range calls() {
		cases = append(cases, testCase{
			clause: "S5", name: c.name + " without a storage", run: c.unavailable,
		})
	}
	return cases
}

// call is one call of each kind, on a todo that is there.
type call struct {
	name   string
	writes bool
	do     func(ctx context.Context, t *trial, owner, id string) error
}

func calls() []call {
	return []call{
		{"create", true, func(ctx context.Context, t *trial, owner, _ string) error {
			_, err := t.store.CreateTodo(ctx, owner, t.draft("late"))
			return err
		}},
		{"create with a key", true, func(ctx context.Context, t *trial, owner, _ string) error {
			_, err := t.store.CreateTodo(ctx, owner, t.keyed("late", "key"))
			return err
		}},
		{"get", false, func(ctx context.Context, t *trial, owner, id string) error {
			_, err := t.store.GetTodo(ctx, owner, id)
			return err
		}},
		{"list", false, func(ctx context.Context, t *trial, owner, _ string) error {
			_, err := t.store.ListTodos(ctx, owner, todos.Query{Limit: 10, Count: true})
			return err
		}},
		{"update", true, func(ctx context.Context, t *trial, owner, id string) error {
			_, err := t.store.UpdateTodo(ctx, owner, id, t.title("late"))
			return err
		}},
		{"delete", true, func(ctx context.Context, t *trial, owner, id string) error {
			return t.store.DeleteTodo(ctx, owner, id, nil)
		}},
	}
}

func (c call) cancelled(t *trial) {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	c.ended(ctx, t)
}

func (c call) late(t *trial) {
	ctx, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Second))
	defer cancel()
	c.ended(ctx, t)
}

// ended makes the call with a context that has ended.
func (c call) ended(ctx context.Context, t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "there")
	t.unchanged(c.name, owner, func() {
		t.ended(c.name, c.do(ctx, t, owner, todo.ID), ctx.Err())
	})
	if c.writes {
		t.create(owner, t.keyed("the key is still free", "key"))
	}
	t.store.GetTodo(ctx, t.owner("nobody"), todo.ID)
	if got := t.revision(t.owner("nobody")); got != (todos.Revision{}) {
		t.Errorf("an owner without todos has the revision %v", got)
	}
}

func (c call) held(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "there")
	t.unchanged(c.name, owner, func() {
		release, err := t.suite.Hold(t.ctx, owner)
		if err != nil {
			t.Fatalf("Hold: %v", err)
		}
		defer release()
		ctx, cancel := context.WithTimeout(t.ctx, 50*time.Millisecond)
		defer cancel()
		answer := make(chan error, 1)
		go func() { answer <- c.do(ctx, t, owner, todo.ID) }()
		select {
		case err := <-answer:
			if !errors.Is(err, todos.ErrRetryInFlight) {
				t.ended(c.name+" that had to wait", err, context.DeadlineExceeded)
			}
		case <-time.After(t.suite.patience()):
			t.Errorf("%s did not return within %v of its deadline", c.name, t.suite.patience())
		}
	})
	t.create(owner, t.keyed("the key is still free", "key"))
}

func (c call) unavailable(t *trial) {
	err := c.do(t.ctx, t.through(t.broken), t.owner("a"), t.id())
	t.fails(c.name+" without a storage", err, todos.ErrUnavailable)
}

// onTheWay makes n writes that are cancelled a little later each, so that some
// are at any stage. written says whether the i-th is there.
func (t *trial) onTheWay(
	n int, write func(ctx context.Context, i int) error, written func(i int) bool,
) {
	for i := range n {
		ctx, cancel := context.WithTimeout(t.ctx, time.Duration(i)*50*time.Microsecond)
		err := write(ctx, i)
		cancel()
		there := written(i)
		switch {
		case err == nil && !there:
			t.Errorf("a write succeeded and is not there")
		case err != nil && there && !t.suite.AnswersGetLost:
			t.Errorf("a write failed and is there: %v", err)
		case err != nil:
			t.ended("a write that was cancelled on its way", err, context.DeadlineExceeded)
		}
	}
}

func cancelCreates(t *trial) {
	owner := t.owner("a")
	ids := make(map[int]string)
	t.onTheWay(60, func(ctx context.Context, i int) error {
		draft := t.keyed("late", fmt.Sprint("key ", i))
		ids[i] = draft.ID
		_, err := t.store.CreateTodo(ctx, owner, draft)
		return err
	}, func(i int) bool {
		return t.there(owner, ids[i])
	})
	page := t.page(owner, todos.Query{})
	if got := int64(len(page.Todos)); got != page.Revision.Number {
		t.Errorf("%d todos were created in %d changes", got, page.Revision.Number)
	}
	for i, id := range ids { // the record of a key and its todo are one
		draft := t.keyed("late", fmt.Sprint("key ", i))
		created, err := t.store.CreateTodo(t.ctx, owner, draft)
		if err != nil {
			t.Fatalf("using the key again: %v", err)
		}
		if created.Replayed != t.there(owner, id) {
			t.Errorf("a todo is there: %t, its key is on record: %t", !created.Replayed, created.Replayed)
		}
	}
}

func cancelUpdates(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "there")
	version := todo.Version
	t.onTheWay(60, func(ctx context.Context, i int) error {
		version = t.get(owner, todo.ID).Version
		_, err := t.store.UpdateTodo(ctx, owner, todo.ID, t.title(fmt.Sprint("late ", i)))
		return err
	}, func(i int) bool {
		got := t.get(owner, todo.ID)
		if changed := got.Title == fmt.Sprint("late ", i); changed != (got.Version == version+1) {
			t.Errorf("half an update is there: title %q, version %d after %d", got.Title, got.Version, version)
		}
		return got.Version != version
	})
	if got, want := t.revision(owner).Number, t.get(owner, todo.ID).Version; got != want {
		t.Errorf("the only todo has version %d, its list the revision %d", want, got)
	}
}

func cancelDeletes(t *trial) {
	owner := t.owner("a")
	var todo todos.Todo
	t.onTheWay(60, func(ctx context.Context, _ int) error {
		todo = t.add(owner, "there")
		return t.store.DeleteTodo(ctx, owner, todo.ID, nil)
	}, func(int) bool {
		return !t.there(owner, todo.ID)
	})
	left := int64(len(t.list(owner)))
	if got, want := t.revision(owner).Number, 60+60-left; got != want {
		t.Errorf("60 creates and %d deletes are %d changes of the list", 60-left, got)
	}
}

// there reports whether the todo is there.
func (t *trial) there(owner, id string) bool {
	_, err := t.store.GetTodo(t.ctx, owner, id)
	if err != nil && !errors.Is(err, todos.ErrNotFound) {
		t.Fatalf("getting %s: %v", id, err)
	}
	return err == nil
}
