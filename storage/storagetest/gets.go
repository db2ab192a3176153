package storagetest

import "github.com/authtodo/authtodo/todos"

// getCases try [G1] and [G2].
func getCases() []testCase {
	return []testCase{
		{clause: "G1", name: "as create returned it", run: getCreated},
		{clause: "G1", name: "as the last update returned it", run: getUpdated},
		{clause: "G1", name: "as the list has it", run: getListed},
		{clause: "G2", name: "an unknown id", run: getUnknown},
		{clause: "G2", name: "a deleted todo", run: getDeleted},
		{clause: "G2", name: "another owner's todo", run: getForeign},
	}
}

func getCreated(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "described")
	draft.Completed = true
	todo := t.create(owner, draft)
	for range 2 {
		t.same("the todo", t.get(owner, draft.ID), todo)
	}
}

func getUpdated(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for _, title := range []string{"one", "two", "two", "three"} {
		todo = t.rename(owner, todo.ID, title)
		t.same("the todo", t.get(owner, todo.ID), todo)
	}
	if todo.Version != 4 {
		t.Errorf("after three changes the version is %d, want 4", todo.Version)
	}
}

func getListed(t *trial) {
	owner := t.owner("a")
	for _, draft := range []todos.Draft{
		t.draft("a"), t.described("b", "described"), t.described("c", ""),
	} {
		t.create(owner, draft)
	}
	for _, todo := range t.list(owner) {
		t.same("the todo", t.get(owner, todo.ID), todo)
	}
}

func getUnknown(t *trial) {
	owner := t.owner("a")
	t.add(owner, "another")
	for _, id := range []string{t.id(), "00000000-0000-0000-0000-000000000000"} {
		for _, owner := range []string{owner, t.owner("nobody")} {
			_, err := t.store.GetTodo(t.ctx, owner, id)
			t.fails("getting an unknown id", err, todos.ErrNotFound)
		}
	}
}

func getDeleted(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "deleted")
	t.delete(owner, todo.ID)
	_, err := t.store.GetTodo(t.ctx, owner, todo.ID)
	t.fails("getting a deleted todo", err, todos.ErrNotFound)
}

func getForeign(t *trial) {
	anna, bob, annas, bobs := t.two()
	_, err := t.store.GetTodo(t.ctx, bob, annas.ID)
	t.fails("getting another owner's todo", err, todos.ErrNotFound)
	_, err = t.store.GetTodo(t.ctx, anna, bobs.ID)
	t.fails("getting another owner's todo", err, todos.ErrNotFound)
	t.same("one's own", t.get(anna, annas.ID), annas)
}
