package storagetest

import (
	"fmt"
	"sync"

	"github.com/authtodo/authtodo/todos"
)

// revisionCases try [L4] and [L5].
func revisionCases() []testCase {
	return []testCase{
		{clause: "L4", name: "zero for an owner who never had a todo", run: revisionZero},
		{clause: "L4", name: "one more with every change", run: revisionCounts},
		{clause: "L4", name: "the same after what changes nothing", run: revisionStays},
		{clause: "L4", name: "goes on when the list is empty again", run: revisionOfEmpty},
		{clause: "L4", name: "the same on every page", run: revisionOfPages},
		{clause: "L4", name: "sixteen changes at once are sixteen", run: revisionRace},
		{clause: "L4", name: "a page and its revision are of one moment", run: revisionOfMoment},
		{clause: "L5", name: "not modified for the revision it has", run: notModified},
		{clause: "L5", name: "modified after every change", run: modified},
		{clause: "L5", name: "modified for any other revision", run: otherRevision},
		{clause: "L5", name: "modified for a client that knows nothing", run: knownZero},
	}
}

func revisionZero(t *trial) {
	owner := t.owner("a")
	zero := func(what string) {
		if got := t.revision(owner); got != (todos.Revision{}) {
			t.Errorf("%s: the revision is %v, want zero", what, got)
		}
	}
	zero("an owner nobody heard of")
	t.store.GetTodo(t.ctx, owner, t.id())
	t.store.UpdateTodo(t.ctx, owner, t.id(), t.title("nothing"))
	t.store.DeleteTodo(t.ctx, owner, t.id(), nil)
	zero("an owner whose every call failed")
}

func revisionCounts(t *trial) {
	owner := t.owner("a")
	var todo todos.Todo
	var epoch string
	for i, change := range []struct {
		what string
		do   func()
	}{
		{"the first create", func() { todo = t.add(owner, "title") }},
		{"a create", func() { t.add(owner, "second") }},
		{"a create with a key", func() { t.create(owner, t.keyed("third", "key")) }},
		{"an update", func() { t.rename(owner, todo.ID, "renamed") }},
		{"an update back", func() { t.rename(owner, todo.ID, "title") }},
		{"a move", func() { t.move(owner, todo.ID, 5) }},
		{"a delete", func() { t.delete(owner, todo.ID) }},
	} {
		change.do()
		got := t.revision(owner)
		if got.Number != int64(i+1) {
			t.Errorf("after %s the number of the revision is %d, want %d", change.what, got.Number, i+1)
		}
		if got.Epoch == "" || i > 0 && got.Epoch != epoch {
			t.Errorf("after %s the epoch went from %q to %q", change.what, epoch, got.Epoch)
		}
		epoch = got.Epoch
	}
}

func revisionStays(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	todo := t.create(owner, draft)
	stale := t.title("stale")
	stale.Versions = []int64{7}
	for what, do := range map[string]func(){
		"a get":            func() { t.get(owner, todo.ID) },
		"a list":           func() { t.page(owner, todos.Query{Count: true, Search: "x"}) },
		"a replay":         func() { t.replay(owner, t.again(draft)) },
		"a mismatch":       func() { t.mismatch(owner, draft) },
		"a no-op update":   func() { t.rename(owner, todo.ID, "title") },
		"an empty patch":   func() { t.update(owner, todo.ID, todos.Change{At: t.at(9)}) },
		"a stale update":   func() { t.store.UpdateTodo(t.ctx, owner, todo.ID, stale) },
		"a stale delete":   func() { t.store.DeleteTodo(t.ctx, owner, todo.ID, []int64{7}) },
		"an unknown one":   func() { t.store.UpdateTodo(t.ctx, owner, t.id(), t.title("none")) },
		"an unknown other": func() { t.store.DeleteTodo(t.ctx, owner, t.id(), nil) },
	} {
		t.unchanged(what, owner, do)
	}
}

func revisionOfEmpty(t *trial) {
	owner := t.owner("a")
	t.delete(owner, t.add(owner, "first").ID)
	empty := t.revision(owner)
	if empty.Number != 2 {
		t.Errorf("after a create and a delete the revision is %v, want the number 2", empty)
	}
	if page := t.page(owner, todos.Query{Known: empty}); !page.NotModified {
		t.Errorf("a list that is empty again is modified for who knows it")
	}
	t.add(owner, "second")
	if got := t.revision(owner); got.Number != 3 || got.Epoch != empty.Epoch {
		t.Errorf("after a create in an emptied list the revision went from %v to %v", empty, got)
	}
}

func revisionOfPages(t *trial) {
	owner := t.owner("a")
	t.counted(owner)
	want := t.revision(owner)
	last := t.list(owner)[9]
	for _, query := range []todos.Query{
		{Limit: 2}, {Completed: todos.Some(true)}, {Search: "nowhere"}, {Count: true},
		{After: todos.AnchorOf(last, todos.Sort{})}, {Sort: todos.Sort{Field: todos.ByTitle}},
	} {
		if got := t.page(owner, query).Revision; got != want {
			t.Errorf("%s has the revision %v, want %v", show(query), got, want)
		}
	}
}

func revisionRace(t *trial) {
	for round := range t.rounds(4) {
		owner := t.owner(fmt.Sprint("a", round)) // the first create of an owner makes the list
		race(16, func(i int) {
			todo := t.add(owner, fmt.Sprint("racer ", i))
			if i%2 == 0 {
				t.rename(owner, todo.ID, "renamed")
			} else {
				t.delete(owner, todo.ID)
			}
		})
		if got := t.revision(owner).Number; got != 32 {
			t.Errorf("32 changes at once raised the revision to %d", got)
		}
	}
}

// revisionOfMoment reads a list that only grows, so that its length says what
// its revision has to be.
func revisionOfMoment(t *trial) {
	owner := t.owner("a")
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range t.rounds(100) {
			t.add(owner, fmt.Sprint("todo ", i))
		}
	})
	defer writer.Wait()
	for range t.rounds(100) {
		page := t.page(owner, todos.Query{Count: true})
		if n := int64(len(page.Todos)); page.Revision.Number != n || page.Total != n {
			t.Fatalf("a page of %d todos counts %d and has the revision %v", n, page.Total, page.Revision)
		}
	}
}

func notModified(t *trial) {
	owner := t.owner("a")
	t.counted(owner)
	known := t.revision(owner)
	for _, query := range []todos.Query{
		{}, {Limit: 2}, {Completed: todos.Some(true)}, {Search: "needle"},
		{Sort: todos.Sort{Field: todos.ByTitle, Descending: true}},
		{After: todos.AnchorOf(t.list(owner)[3], todos.Sort{})},
	} {
		query.Known = known
		page := t.page(owner, query)
		if !page.NotModified || len(page.Todos) > 0 {
			t.Errorf("%s is not modified: %t, with %d todos", show(query), page.NotModified, len(page.Todos))
		}
		if page.Revision != known {
			t.Errorf("%s has the revision %v, want %v", show(query), page.Revision, known)
		}
	}
}

func modified(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for what, do := range map[string]func(){
		"a create":  func() { t.add(owner, "second") },
		"an update": func() { t.rename(owner, todo.ID, "renamed") },
		"a delete":  func() { t.delete(owner, t.add(owner, "gone").ID) },
	} {
		known := t.revision(owner)
		do()
		page := t.page(owner, todos.Query{Known: known})
		if page.NotModified || len(page.Todos) == 0 {
			t.Errorf("after %s: not modified: %t, with %d todos", what, page.NotModified, len(page.Todos))
		}
	}
}

func otherRevision(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	now := t.revision(owner)
	for _, known := range []todos.Revision{
		{Epoch: now.Epoch, Number: now.Number + 1},
		{Epoch: now.Epoch, Number: now.Number - 1},
		{Epoch: now.Epoch},
		{Epoch: now.Epoch + "x", Number: now.Number},
		{Epoch: "another", Number: now.Number},
		{Number: now.Number},
	} {
		page := t.page(owner, todos.Query{Known: known})
		if page.NotModified {
			t.Errorf("at %v, not modified for %v", now, known)
			continue
		}
		t.sameList("the page", page.Todos, []todos.Todo{todo})
	}
}

func knownZero(t *trial) {
	page := t.page(t.owner("nobody"), todos.Query{Known: todos.Revision{}})
	if page.NotModified {
		t.Errorf("an empty list is not modified for a client that knows nothing")
	}
	known := todos.Revision{Epoch: "gone", Number: 3}
	if page := t.page(t.owner("nobody"), todos.Query{Known: known}); page.NotModified {
		t.Errorf("an empty list is not modified for a client that knows another")
	}
}
