package storagetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/authtodo/authtodo/todos"
)

// deleteCases try [D1] to [D3].
func deleteCases() []testCase {
	return []testCase{
		{clause: "D1", name: "it is gone from everywhere", run: deleteEverywhere},
		{clause: "D1", name: "the others stay", run: deleteOne},
		{clause: "D2", name: "a version that is not current", run: deleteStale},
		{clause: "D2", name: "no version at all", run: deleteNoVersion},
		{clause: "D2", name: "the current version among others", run: deleteAmong},
		{clause: "D3", name: "an unknown id", run: deleteUnknown},
		{clause: "D3", name: "a second delete", run: deleteTwice},
		{clause: "D3", name: "another owner's todo", run: deleteForeign},
		{clause: "D3", name: "one of 16 racers deletes", run: deleteRace},
	}
}

func deleteEverywhere(t *trial) {
	owner := t.owner("a")
	draft := t.described("needle", "text")
	draft.Completed = true
	todo := t.create(owner, draft)
	t.delete(owner, todo.ID)
	if t.there(owner, todo.ID) {
		t.Errorf("a deleted todo can be got")
	}
	t.missing(owner, todo.ID)
	for _, sort := range sorts() {
		t.found(owner, todos.Query{Sort: sort})
		t.found(owner, todos.Query{Sort: sort, Completed: todos.Some(true)})
		t.found(owner, todos.Query{Sort: sort, Search: "needle"})
	}
}

func deleteOne(t *trial) {
	owner := t.owner("a")
	list := []todos.Todo{t.add(owner, "one"), t.add(owner, "two"), t.add(owner, "three")}
	t.delete(owner, list[1].ID)
	t.sameList("the list", t.list(owner), []todos.Todo{list[0], list[2]})
}

// kept deletes with versions that do not hold the current one.
func (t *trial) kept(owner, id string, current int64, versions []int64) {
	t.unchanged("a stale delete", owner, func() {
		err := t.store.DeleteTodo(t.ctx, owner, id, versions)
		t.stale(fmt.Sprintf("a delete of version %v", versions), err, current)
	})
}

func deleteStale(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for _, versions := range [][]int64{{2}, {0}, {-1}, {2, 3}, {1<<63 - 1}} {
		t.kept(owner, todo.ID, 1, versions)
	}
	t.rename(owner, todo.ID, "renamed")
	t.kept(owner, todo.ID, 2, []int64{1})
}

func deleteNoVersion(t *trial) {
	owner := t.owner("a")
	t.kept(owner, t.add(owner, "title").ID, 1, []int64{})
}

func deleteAmong(t *trial) {
	owner := t.owner("a")
	for _, versions := range [][]int64{{1}, {2, 1}, {1, 1}, {7, 1, 9}} {
		todo := t.add(owner, "title")
		if err := t.store.DeleteTodo(t.ctx, owner, todo.ID, versions); err != nil {
			t.Errorf("deleting version 1 as one of %v: %v", versions, err)
		}
		if t.there(owner, todo.ID) {
			t.Errorf("a deleted todo is there")
		}
	}
}

// absent deletes what is not there for owner, with and without versions.
func (t *trial) absent(owner, id string) {
	for _, versions := range [][]int64{nil, {}, {1}, {7, 8}} {
		t.unchanged("a delete of nothing", owner, func() {
			err := t.store.DeleteTodo(t.ctx, owner, id, versions)
			t.fails(fmt.Sprintf("a delete of version %v", versions), err, todos.ErrNotFound)
		})
	}
}

func deleteUnknown(t *trial) {
	owner := t.owner("a")
	t.add(owner, "another")
	t.absent(owner, t.id())
	t.absent(t.owner("nobody"), t.id())
}

func deleteTwice(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "deleted")
	t.delete(owner, todo.ID)
	t.absent(owner, todo.ID)
}

func deleteForeign(t *trial) {
	anna, bob, annas, _ := t.two()
	t.absent(bob, annas.ID)
	t.same("the other owner's todo", t.get(anna, annas.ID), annas)
}

func deleteRace(t *trial) {
	owner := t.owner("a")
	for range t.rounds(8) {
		todo := t.add(owner, "title")
		before := t.revision(owner).Number
		var won atomic.Int32
		race(16, func(i int) {
			var versions []int64
			if i%2 == 0 {
				versions = []int64{1}
			}
			err := t.store.DeleteTodo(t.ctx, owner, todo.ID, versions)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, todos.ErrNotFound) {
				t.Errorf("a racer failed: %v", err)
			}
		})
		if n := won.Load(); n != 1 {
			t.Errorf("%d of 16 racers deleted the todo, want 1", n)
		}
		if raised := t.revision(owner).Number - before; raised != 1 {
			t.Errorf("one delete raised the revision by %d", raised)
		}
	}
}
