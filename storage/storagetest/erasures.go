package storagetest

import (
	"context"

	"github.com/authtodo/authtodo/todos"
)

// eraseCases try [E1].
func eraseCases() []testCase {
	return []testCase{
		{clause: "E1", name: "todos, revision and retries are gone", run: eraseAll},
		{clause: "E1", name: "the other owners' stay", run: eraseOne},
		{clause: "E1", name: "an owner who never had a todo", run: eraseNothing},
		{clause: "E1", name: "a list that starts anew has another revision", run: eraseAndCreate},
		{clause: "E1", name: "sixteen callers who create meanwhile", run: eraseAndRace},
		{clause: "S3", name: "erasing with a cancelled context", run: eraseCancelled},
	}
}

func (t *trial) erase(owner string) {
	if err := t.store.(todos.Eraser).EraseTodos(t.ctx, owner); err != nil {
		t.Fatalf("erasing: %v", err)
	}
}

// pristine fails unless the owner is as one who never had a todo.
func (t *trial) pristine(what, owner string) {
	page := t.page(owner, todos.Query{Count: true})
	if len(page.Todos) > 0 || page.Total != 0 || page.Revision != (todos.Revision{}) {
		t.Errorf("%s: there are %d todos of %d with the revision %v",
			what, len(page.Todos), page.Total, page.Revision)
	}
}

func eraseAll(t *trial) {
	owner := t.owner("a")
	keyed := t.keyed("with a key", "key")
	todo := t.create(owner, keyed)
	t.rename(owner, todo.ID, "renamed")
	t.delete(owner, t.add(owner, "deleted").ID)
	t.erase(owner)
	t.pristine("erased", owner)
	_, err := t.store.GetTodo(t.ctx, owner, todo.ID)
	t.fails("getting an erased todo", err, todos.ErrNotFound)
	_, err = t.store.UpdateTodo(t.ctx, owner, todo.ID, t.title("again"))
	t.fails("updating an erased todo", err, todos.ErrNotFound)
	t.fails("deleting an erased todo", t.store.DeleteTodo(t.ctx, owner, todo.ID, nil), todos.ErrNotFound)
	t.pristine("still", owner)
	t.create(owner, keyed) // is no replay, and neither its key nor its id is taken
	if got := t.add(owner, "second").Position; got != 2*todos.PositionStep {
		t.Errorf("the second todo is at %d, want %d", got, 2*todos.PositionStep)
	}
}

func eraseOne(t *trial) {
	anna, bob, _, bobs := t.two()
	keyed := t.create(bob, t.keyed("with a key", "key"))
	t.create(anna, t.keyed("with a key", "key"))
	t.unchanged("erasing another owner", bob, func() { t.erase(anna) })
	t.sameList("the other's", t.list(bob), []todos.Todo{bobs, keyed})
	again := t.keyed("with a key", "key")
	if got := t.replay(bob, again); got.ID != keyed.ID {
		t.Errorf("the other's key replays %s, want %s", got.ID, keyed.ID)
	}
}

func eraseNothing(t *trial) {
	owner := t.owner("a")
	for range 2 {
		t.erase(owner)
		t.pristine("erased", owner)
	}
	t.sameList("the list", []todos.Todo{t.add(owner, "first")}, t.list(owner))
}

func eraseAndCreate(t *trial) {
	owner := t.owner("a")
	t.add(owner, "first")
	before := t.revision(owner)
	t.erase(owner)
	t.add(owner, "first again")
	if page := t.page(owner, todos.Query{Known: before}); page.NotModified {
		t.Errorf("a list that starts anew has the revision of the one before, %v", before)
	}
}

// eraseAndRace has a list that must be whole whenever the erasure came.
func eraseAndRace(t *trial) {
	owner := t.owner("a")
	for range 5 {
		race(16, func(i int) {
			if i == 0 {
				t.erase(owner)
			} else {
				t.add(owner, "meanwhile")
			}
		})
		page := t.page(owner, todos.Query{Count: true})
		if got := int64(len(page.Todos)); got != page.Revision.Number || got != page.Total {
			t.Errorf("%d todos are left in %d changes and counted as %d", got, page.Revision.Number, page.Total)
		}
	}
	t.erase(owner)
	t.pristine("erased at last", owner)
}

func eraseCancelled(t *trial) {
	owner := t.owner("a")
	t.add(owner, "there")
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	t.unchanged("erasing", owner, func() {
		t.ended("erasing", t.store.(todos.Eraser).EraseTodos(ctx, owner), context.Canceled)
	})
}
