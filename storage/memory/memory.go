// Package memory keeps todos and accounts in the memory of the process, and is
// what stores of your own can be made of.
//
//	db := memory.New()
//	module, err := authtodo.Register(router, authtodo.Options{Storage: db.Backend(), …})
//
// [New] is a database without a file: for tests, for trying things out and for
// services whose todos may end with the process. It is the reference for every
// other store and passes the same suite (storagetest).
//
// [Over] makes a store of any place that can load and keep one document an
// owner: a [List]. The example shows one over JSON files.
package memory

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"sync"

	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/todos"
)

// DB keeps the todos of all owners, and accounts, until the process ends. It is
// safe for concurrent use: owners of todos do not wait for one another, and
// neither do the readers of one owner.
type DB struct {
	owners    sync.Map // string → *owner
	cursorKey [32]byte
	accounts  *accountStore
}

// owner is the list of one owner. It is only ever locked for the time of one
// operation, which waits for nothing, so waiting for the lock needs no context.
type owner struct {
	mu     sync.RWMutex
	list   List
	erased bool // and not in DB.owners any more
}

// New returns an empty DB. It needs no closing.
func New() *DB {
	db := &DB{accounts: newAccountStore()}
	rand.Read(db.cursorKey[:]) // never fails, see crypto/rand
	return db
}

// Backend is the DB as the storage of a module.
func (db *DB) Backend() storage.Backend {
	return storage.Backend{Todos: todoStore{store{db.transact}, db}, Accounts: db.accounts}
}

// todoStore adds to a store that it keeps the cursor key, too.
type todoStore struct {
	store
	db *DB
}

var _ interface {
	todos.Store
	todos.CursorKeeper
	todos.Eraser
} = todoStore{}

// CursorKey implements [todos.CursorKeeper]. The key is as old as the DB.
func (s todoStore) CursorKey(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return bytes.Clone(s.db.cursorKey[:]), nil
}

// EraseTodos implements [todos.Eraser]. Nothing is left of the owner, the name
// neither.
func (s todoStore) EraseTodos(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if found, ok := s.db.owners.Load(name); ok {
		o := found.(*owner)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.list, o.erased = List{}, true
		s.db.owners.CompareAndDelete(name, found)
	}
	return nil
}

// transact implements [Transact]. It has nothing to take back, because the
// methods of a [List] that fail have changed nothing.
func (db *DB) transact(_ context.Context, name string, write bool, do func(*List) error) error {
	for {
		found, ok := db.owners.Load(name)
		if !ok {
			if !write {
				return do(new(List)) // asking does not make an owner
			}
			found, _ = db.owners.LoadOrStore(strings.Clone(name), new(owner))
		}
		if erased, err := found.(*owner).run(write, do); !erased {
			return err
		}
	}
}

// run runs do under the lock, unless the owner has been erased in the wait for
// it: then there is another one, or will be.
func (o *owner) run(write bool, do func(*List) error) (erased bool, err error) {
	if write {
		o.mu.Lock()
		defer o.mu.Unlock()
	} else {
		o.mu.RLock()
		defer o.mu.RUnlock()
	}
	if o.erased {
		return true, nil
	}
	return false, do(&o.list)
}
