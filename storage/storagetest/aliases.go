package storagetest

import (
	"fmt"

	"github.com/authtodo/authtodo/todos"
)

// aliasCases try [S2]: the store and its callers share no memory, and calls
// may run at once.
func aliasCases() []testCase {
	return []testCase{
		{clause: "S2", name: "a draft may change after the call", run: aliasedDraft},
		{clause: "S2", name: "what create returned may change", run: aliasedCreated},
		{clause: "S2", name: "what get returned may change", run: aliasedGot},
		{clause: "S2", name: "what list returned may change", run: aliasedPage},
		{clause: "S2", name: "a patch may change after the call", run: aliasedPatch},
		{clause: "S2", name: "what update returned may change", run: aliasedUpdated},
		{clause: "S2", name: "what a no-op update returned may change", run: aliasedNoOp},
		{clause: "S2", name: "what a replay returned may change", run: aliasedReplay},
		{clause: "S2", name: "sixteen callers of every method at once", run: manyCallers},
	}
}

// described is a draft with a description.
func (t *trial) described(title, description string) todos.Draft {
	draft := t.draft(title)
	draft.Description = &description
	return draft
}

// intact fails unless the stored description is still "kept".
func (t *trial) intact(owner, id string) {
	if got := t.get(owner, id).Description; got == nil || *got != "kept" {
		t.Errorf("the stored description is %s, want %q", quoted(got), "kept")
	}
}

// spoil writes into the description that a todo points to.
func spoil(todo todos.Todo) {
	if todo.Description != nil {
		*todo.Description = "spoiled"
	}
}

func aliasedDraft(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	draft.Position = new(int64(7))
	t.create(owner, draft)
	*draft.Description, *draft.Position = "spoiled", 8
	t.intact(owner, draft.ID)
	if got := t.get(owner, draft.ID).Position; got != 7 {
		t.Errorf("the stored position is %d, want 7", got)
	}
}

func aliasedCreated(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	spoil(t.create(owner, draft))
	t.intact(owner, draft.ID)
}

func aliasedGot(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	t.create(owner, draft)
	spoil(t.get(owner, draft.ID))
	t.intact(owner, draft.ID)
}

func aliasedPage(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	t.create(owner, draft)
	page := t.page(owner, todos.Query{})
	for i := range page.Todos {
		spoil(page.Todos[i])
		page.Todos[i].Title = "spoiled"
	}
	t.intact(owner, draft.ID)
	t.intact(owner, t.list(owner)[0].ID)
}

func aliasedPatch(t *trial) {
	owner := t.owner("a")
	todo, text := t.add(owner, "title"), "kept"
	versions := []int64{1}
	t.update(owner, todo.ID, todos.Change{
		Patch:    todos.Patch{Description: todos.Some(&text)},
		Versions: versions,
		At:       t.at(1),
	})
	text, versions[0] = "spoiled", 9
	t.intact(owner, todo.ID)
}

func aliasedUpdated(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	t.create(owner, draft)
	spoil(t.rename(owner, draft.ID, "renamed"))
	t.intact(owner, draft.ID)
}

func aliasedNoOp(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	t.create(owner, draft)
	spoil(t.rename(owner, draft.ID, "title"))
	t.intact(owner, draft.ID)
}

func aliasedReplay(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "kept")
	draft.Retry = t.retry("key")
	spoil(t.create(owner, draft))
	for range 2 {
		draft.ID = t.id()
		draft.Description = new("kept")
		todo := t.replay(owner, draft)
		if todo.Description == nil || *todo.Description != "kept" {
			t.Errorf("the replayed description is %s, want %q", quoted(todo.Description), "kept")
		}
		spoil(todo)
		t.intact(owner, todo.ID)
	}
}

// manyCallers is there for the race detector, and to see that nothing fails
// for the company it is in.
func manyCallers(t *trial) {
	owner := t.owner("a")
	shared := t.add(owner, "shared")
	race(16, func(i int) {
		for n := range t.rounds(10) {
			todo := t.add(owner, fmt.Sprintf("%d of %d", n, i))
			t.rename(owner, todo.ID, todo.Title+"!")
			t.rename(owner, shared.ID, todo.Title)
			t.page(owner, todos.Query{Limit: 10, Count: true, Search: "of"})
			t.get(owner, shared.ID)
			t.delete(owner, todo.ID)
		}
	})
	if got := t.list(owner); len(got) != 1 {
		t.Errorf("%d todos are left, want 1", len(got))
	}
}
