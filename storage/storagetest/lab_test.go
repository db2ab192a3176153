package storagetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"sync"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// lab is a sound store that a broken one can be made of: its methods can be
// replaced one by one, and what replaces them can reach the lists of all owners.
type lab struct {
	sound todos.Store

	create func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error)
	get    func(ctx context.Context, owner, id string) (todos.Todo, error)
	list   func(ctx context.Context, owner string, query todos.Query) (todos.Page, error)
	update func(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error)
	delete func(ctx context.Context, owner, id string, versions []int64) error
	key    func(ctx context.Context) ([]byte, error)
	erase  func(ctx context.Context, owner string) error

	lock  chan struct{} // holds one value while the lists are in use
	lists map[string]*memory.List
}

func newLab() *lab {
	l := &lab{lock: make(chan struct{}, 1), lists: make(map[string]*memory.List)}
	l.sound = memory.Over(l.transact)
	l.create, l.get, l.list = l.sound.CreateTodo, l.sound.GetTodo, l.sound.ListTodos
	l.update, l.delete = l.sound.UpdateTodo, l.sound.DeleteTodo
	l.erase = l.sound.(todos.Eraser).EraseTodos
	key := make([]byte, 32)
	rand.Read(key)
	l.key = func(context.Context) ([]byte, error) { return bytes.Clone(key), nil }
	return l
}

func (l *lab) transact(
	ctx context.Context, owner string, _ bool, do func(*memory.List) error,
) error {
	select {
	case l.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.lock }()
	list, ok := l.lists[owner]
	if !ok {
		list = new(memory.List)
	}
	err := do(list)
	if err == nil {
		l.lists[owner] = list
	}
	return err
}

// hold makes every call wait.
func (l *lab) hold(context.Context, string) (release func(), err error) {
	l.lock <- struct{}{}
	return sync.OnceFunc(func() { <-l.lock }), nil
}

// inside runs do alone, with all lists.
func (l *lab) inside(do func(lists map[string]*memory.List)) {
	l.lock <- struct{}{}
	defer func() { <-l.lock }()
	do(l.lists)
}

// reach runs do alone, with the list of owner.
func (l *lab) reach(owner string, do func(*memory.List)) {
	l.inside(func(lists map[string]*memory.List) {
		if lists[owner] != nil {
			do(lists[owner])
		}
	})
}

// ownerOf is whoever has the todo, or else the owner given.
func (l *lab) ownerOf(owner, id string) (found string) {
	found = owner
	l.inside(func(lists map[string]*memory.List) {
		if own := lists[owner]; own != nil {
			if _, ok := own.Todos[id]; ok {
				return
			}
		}
		for other, list := range lists {
			if _, ok := list.Todos[id]; ok {
				found = other
			}
		}
	})
	return found
}

// all is every todo of owner in the order of sort.
func (l *lab) all(owner string, query todos.Query) []todos.Todo {
	query.Limit, query.After, query.Known = 1_000_000, nil, todos.Revision{}
	page, err := l.sound.ListTodos(context.Background(), owner, query)
	if err != nil {
		panic(err)
	}
	return page.Todos
}

func (l *lab) CreateTodo(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
	return l.create(ctx, owner, draft)
}

func (l *lab) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	return l.get(ctx, owner, id)
}

func (l *lab) ListTodos(ctx context.Context, owner string, query todos.Query) (todos.Page, error) {
	return l.list(ctx, owner, query)
}

func (l *lab) UpdateTodo(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
	return l.update(ctx, owner, id, change)
}

func (l *lab) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	return l.delete(ctx, owner, id, versions)
}

func (l *lab) CursorKey(ctx context.Context) ([]byte, error) { return l.key(ctx) }

func (l *lab) EraseTodos(ctx context.Context, owner string) error { return l.erase(ctx, owner) }
