package storagetest

import (
	"bytes"
	"context"
	"sync/atomic"

	"github.com/authtodo/authtodo/todos"
)

// instanceCases try clauses through two stores over the same data.
func instanceCases() []testCase {
	cases := []testCase{
		{clause: "G1", name: "a second instance sees it", run: secondSees},
		{clause: "C4", name: "a second instance replays", run: secondReplays},
		{clause: "C6", name: "one of 16 racers on two instances creates", run: secondRaces},
		{clause: "L4", name: "a second instance has the revision", run: secondRevision},
		{clause: "U4", name: "one of 16 writers on two instances wins", run: secondWrites},
	}
	return append(cases, testCase{
		clause: "K1", name: "a second instance has the cursor key", run: secondKey,
	})
}

func secondSees(t *trial) {
	owner, draft := t.owner("a"), t.described("title", "text")
	todo := t.create(owner, draft)
	second := t.through(t.second)
	t.same("through the second", second.get(owner, todo.ID), todo)
	todo = second.rename(owner, todo.ID, "renamed")
	t.same("through the first again", t.get(owner, todo.ID), todo)
	second.delete(owner, todo.ID)
	t.sameList("the list", t.list(owner), nil)
}

func secondReplays(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	todo, second := t.create(owner, draft), t.through(t.second)
	t.same("through the second", second.replay(owner, t.again(draft)), todo)
	second.mismatch(owner, draft)
}

// turns is a store whose calls go to two stores in turn.
func (t *trial) turns() func() todos.Store {
	var n atomic.Int64
	return func() todos.Store {
		if n.Add(1)%2 == 0 {
			return t.second
		}
		return t.store
	}
}

func secondRaces(t *trial) {
	owner, next := t.owner("a"), t.turns()
	var made atomic.Int32
	race(16, func(int) {
		created, err := next().CreateTodo(t.ctx, owner, t.keyed("title", "key"))
		if err != nil {
			t.fails("a racer", err, todos.ErrRetryInFlight)
		} else if !created.Replayed {
			made.Add(1)
		}
	})
	if n, there := made.Load(), len(t.list(owner)); n != 1 || there != 1 {
		t.Errorf("16 racers on two instances created %d and left %d todos, want 1", n, there)
	}
}

func secondRevision(t *trial) {
	owner, second := t.owner("a"), t.through(t.second)
	t.add(owner, "title")
	t.unchanged("nothing", owner, func() {})
	known := t.revision(owner)
	if got := second.revision(owner); got != known {
		t.Errorf("the second instance has the revision %v, want %v", got, known)
	}
	second.add(owner, "second")
	if page := t.page(owner, todos.Query{Known: known}); page.NotModified {
		t.Errorf("what the second instance created did not change the revision")
	}
}

func secondWrites(t *trial) {
	owner, next := t.owner("a"), t.turns()
	todo := t.add(owner, "title")
	var won atomic.Int32
	race(16, func(i int) {
		change := t.title(string(rune('a' + i)))
		change.Versions = []int64{1}
		if _, err := next().UpdateTodo(t.ctx, owner, todo.ID, change); err == nil {
			won.Add(1)
		} else {
			t.stale("a writer who lost", err, 2)
		}
	})
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 16 writers on two instances won, want 1", n)
	}
}

func secondKey(t *trial) {
	_, one := t.store.(todos.CursorKeeper)
	_, other := t.second.(todos.CursorKeeper)
	if one != other {
		t.Fatalf("one instance keeps a cursor key, the other does not")
	}
	if one && !bytes.Equal(t.cursorKey(), t.through(t.second).cursorKey()) {
		t.Errorf("two instances over the same data have different cursor keys")
	}
}

// cursorKeyCases try [K1].
func cursorKeyCases() []testCase {
	return []testCase{
		{clause: "K1", name: "at least 32 random bytes, always the same", run: cursorKey},
		{clause: "K1", name: "sixteen callers get the same key", run: cursorKeyRace},
		{clause: "K1", name: "the key that was returned may change", run: cursorKeyAlias},
		{clause: "S3", name: "the cursor key with a cancelled context", run: cursorKeyCancelled},
	}
}

func (t *trial) cursorKey() []byte {
	key, err := t.store.(todos.CursorKeeper).CursorKey(t.ctx)
	if err != nil {
		t.Fatalf("the cursor key: %v", err)
	}
	return key
}

func cursorKey(t *trial) {
	key := t.cursorKey()
	if len(key) < 32 {
		t.Errorf("the cursor key has %d bytes, want 32 or more", len(key))
	}
	distinct := make(map[byte]bool)
	for _, b := range key {
		distinct[b] = true
	}
	if len(distinct) < 10 { // 32 random bytes have 30 different ones, or a few less
		t.Errorf("the cursor key has only %d different bytes", len(distinct))
	}
	t.add(t.owner("a"), "title")
	if !bytes.Equal(t.cursorKey(), key) {
		t.Errorf("the cursor key is another one at every call")
	}
}

func cursorKeyRace(t *trial) {
	key := t.cursorKey()
	race(16, func(int) {
		if !bytes.Equal(t.cursorKey(), key) {
			t.Errorf("callers get different cursor keys")
		}
	})
}

func cursorKeyAlias(t *trial) {
	key := t.cursorKey()
	kept := bytes.Clone(key)
	clear(key)
	if !bytes.Equal(t.cursorKey(), kept) {
		t.Errorf("writing into a returned cursor key changes the store's")
	}
}

func cursorKeyCancelled(t *trial) {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	if _, err := t.store.(todos.CursorKeeper).CursorKey(ctx); err != nil {
		t.ended("the cursor key", err, context.Canceled)
	}
}
