package storagetest

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// keyCases try [AK1] to [AK3]. Keys belong to no user, so these cases share them
// and count from the highest that is there.
func keyCases() []accountCase {
	return []accountCase{
		{clause: "AK1", name: "by number", run: keysByNumber, alone: true},
		{clause: "AK2", name: "a number that is taken", run: takenNumber, alone: true},
		{clause: "AK2", name: "one of 16 racers adds", run: raceToAddKey, alone: true},
		{clause: "AK3", name: "keys that are dead", run: dropKeys, alone: true},
		{clause: "AK3", name: "the last key", run: dropLastKey, alone: true},
	}
}

func (t *accountTrial) keys() []accounts.SigningKey {
	keys, err := t.store.SigningKeys(t.ctx)
	t.must("asking for the keys", err)
	return keys
}

// next is the number of the next key.
func (t *accountTrial) next() int64 {
	keys := t.keys()
	if len(keys) == 0 {
		return 1
	}
	return keys[len(keys)-1].Number + 1
}

func (t *accountTrial) key(number int64, name string) accounts.SigningKey {
	return accounts.SigningKey{
		Number: number, ID: name, Public: []byte("public " + name), Private: []byte("private " + name),
		CreatedAt: t.at(0), SignsFrom: t.at(1), DeadAt: t.at(hour),
	}
}

func (t *accountTrial) addKey(key accounts.SigningKey) accounts.SigningKey {
	added, err := t.store.AddSigningKey(t.ctx, key)
	t.must("adding a key", err)
	if !added {
		t.Fatalf("key %d was not added", key.Number)
	}
	return key
}

// keysFrom are the keys of a number and those after it.
func (t *accountTrial) keysFrom(number int64) (from []accounts.SigningKey) {
	for _, key := range t.keys() {
		if key.Number >= number {
			from = append(from, key)
		}
	}
	return from
}

func keysByNumber(t *accountTrial) {
	n := t.next()
	third := t.addKey(t.key(n+2, "third"))
	first := t.addKey(t.key(n, "first"))
	second := t.addKey(t.key(n+1, "second"))
	t.same("the keys", t.keysFrom(n), []accounts.SigningKey{first, second, third})
}

func takenNumber(t *accountTrial) {
	n := t.next()
	first := t.addKey(t.key(n, "first"))
	added, err := t.store.AddSigningKey(t.ctx, t.key(n, "second"))
	t.must("adding a key", err)
	if added {
		t.Errorf("a key with a number that is taken is said to be added")
	}
	t.same("the key", t.keysFrom(n), []accounts.SigningKey{first})
}

// raceForKey has callers who add a key of one number, each through a store, and
// fails unless one has and all agree.
func (t *accountTrial) raceForKey(number int64, stores ...accounts.Store) {
	var won atomic.Int32
	var winner atomic.Int64
	race(len(stores), func(i int) {
		added, err := stores[i].AddSigningKey(t.ctx, t.key(number, fmt.Sprint("of racer ", i)))
		t.must("a racer", err)
		if added {
			won.Add(1)
			winner.Store(int64(i))
		}
		keys := t.through(stores[i]).keysFrom(number)
		if len(keys) != 1 {
			t.Errorf("a racer sees %d keys with number %d, want 1", len(keys), number)
		}
	})
	if n := won.Load(); n != 1 {
		t.Errorf("%d of %d racers have added one key, want 1", n, len(stores))
	}
	want := []accounts.SigningKey{t.key(number, fmt.Sprint("of racer ", winner.Load()))}
	for _, store := range stores {
		t.same("the key of the winner", t.through(store).keysFrom(number), want)
	}
}

func raceToAddKey(t *accountTrial) {
	stores := make([]accounts.Store, 16)
	for i := range stores {
		stores[i] = t.store
	}
	for range 5 {
		t.raceForKey(t.next(), stores...)
	}
}

// startTogether has eight instances that start on nothing.
func startTogether(t *accountTrial) {
	stores := make([]accounts.Store, 8)
	race(len(stores), func(i int) {
		store, err := t.start(t.ctx)
		t.must("starting", err)
		stores[i] = store
	})
	for _, store := range stores {
		if store == nil {
			t.Fatalf("not all instances have started")
		}
	}
	t.raceForKey(1, stores...)
}

func dropKeys(t *accountTrial) {
	n := t.next()
	key := func(i int64, dead int) accounts.SigningKey {
		k := t.key(n+i, fmt.Sprint("key ", i))
		k.DeadAt = t.at(dead)
		return t.addKey(k)
	}
	key(0, 10)
	second, third := key(1, 30), key(2, 20)
	key(3, 19)
	last := key(4, 40)
	t.must("dropping", t.store.DropSigningKeys(t.ctx, t.at(20)))
	t.same("what is left", t.keysFrom(n), []accounts.SigningKey{second, third, last})
	t.must("dropping", t.store.DropSigningKeys(t.ctx, t.at(20)))
	t.same("what is still left", t.keysFrom(n), []accounts.SigningKey{second, third, last})
}

func dropLastKey(t *accountTrial) {
	n := t.next()
	t.addKey(t.key(n, "first"))
	last := t.addKey(t.key(n+1, "last"))
	for range 2 {
		t.must("dropping", t.store.DropSigningKeys(t.ctx, last.DeadAt.Add(time.Hour)))
		t.same("all that is left", t.keysFrom(n), []accounts.SigningKey{last})
	}
	if got := t.next(); got != n+2 {
		t.Errorf("the next number is %d, want %d", got, n+2)
	}
}

func sharedKeys(t *accountTrial) {
	key := t.key(t.next(), "first")
	want := plain(t.key(key.Number, "first"))
	t.addKey(key)
	clear(key.Public)
	clear(key.Private)
	for range 2 {
		got := t.keysFrom(key.Number)
		t.same("the key", plain(got[0]), want)
		clear(got[0].Public)
		clear(got[0].Private)
	}
}

func keyBytes(t *accountTrial) {
	key := t.key(t.next(), "first")
	key.Public, key.Private = make([]byte, 1024), make([]byte, 4096)
	for i := range key.Private {
		key.Private[i] = byte(i)
		key.Public[i%1024] = byte(255 - i)
	}
	key.CreatedAt, key.DeadAt = time.UnixMilli(-1).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	t.addKey(key)
	t.same("the key", t.keysFrom(key.Number), []accounts.SigningKey{key})
}
