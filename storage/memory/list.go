package memory

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/authtodo/authtodo/todos"
)

// List is all that one owner has. The zero List is that of an owner who never
// had a todo.
//
// It is plain data: encode it (as JSON, say), keep it wherever documents are
// kept and decode it again. Its methods are the rules of [todos.Store] for one
// owner, without a lock and without a context; [Over] makes a store of them. A
// method that fails has changed nothing, and no method shares memory with what
// it was given or returned.
type List struct {
	Revision todos.Revision
	Todos    map[string]todos.Todo // by id
	Retries  map[string]Answer     // by [todos.Retry].Key

	// Last is the highest position of all todos, 0 without any. It is here so
	// that a create need not look at every todo.
	Last int64

	live int // records that the last look for expired ones has left
}

// Answer is what a creation with a [todos.Retry] was answered with.
type Answer struct {
	Fingerprint string
	Todo        todos.Todo // as it was created; its CreatedAt is when
}

// Create is [todos.Store].CreateTodo. An id that is taken is an error of no
// kind that callers can do something about: ids come from [todos.NewID].
func (l *List) Create(draft todos.Draft) (todos.Created, error) {
	if r := draft.Retry; r != nil {
		if a, ok := l.Retries[r.Key]; ok && !a.expired(r) {
			if a.Fingerprint != r.Fingerprint {
				return todos.Created{}, todos.ErrRetryMismatch
			}
			return todos.Created{Todo: clone(a.Todo), Replayed: true}, nil
		}
	}
	if _, taken := l.Todos[draft.ID]; taken {
		return todos.Created{}, fmt.Errorf("memory: the id %s is taken", draft.ID)
	}
	position := todos.NextPosition(l.Last)
	if draft.Position != nil {
		position = *draft.Position
	}
	t := clone(draft.Todo(position))
	l.put(t)
	l.keep(draft.Retry, t)
	l.changed()
	return todos.Created{Todo: clone(t)}, nil
}

// Get is [todos.Store].GetTodo.
func (l *List) Get(id string) (todos.Todo, error) {
	t, ok := l.Todos[id]
	if !ok {
		return todos.Todo{}, todos.ErrNotFound
	}
	return clone(t), nil
}

// Update is [todos.Store].UpdateTodo.
func (l *List) Update(id string, change todos.Change) (todos.Todo, error) {
	old, err := l.find(id, change.Versions)
	if err != nil {
		return todos.Todo{}, err
	}
	t, changed := change.Patch.Apply(old, change.At)
	if changed {
		t = clone(t)
		l.put(t)
		l.changed()
	}
	return clone(t), nil
}

// Delete is [todos.Store].DeleteTodo.
func (l *List) Delete(id string, versions []int64) error {
	t, err := l.find(id, versions)
	if err != nil {
		return err
	}
	delete(l.Todos, id)
	l.left(t.Position)
	l.changed()
	return nil
}

// find returns the todo if it has one of the versions; nil is any.
func (l *List) find(id string, versions []int64) (todos.Todo, error) {
	t, ok := l.Todos[id]
	if !ok {
		return todos.Todo{}, todos.ErrNotFound
	}
	if versions != nil && !slices.Contains(versions, t.Version) {
		return todos.Todo{}, &todos.VersionError{Current: t.Version}
	}
	return t, nil
}

// put adds t, or puts it in the place of the todo that has its id.
func (l *List) put(t todos.Todo) {
	if l.Todos == nil {
		l.Todos = make(map[string]todos.Todo)
	}
	old, replaced := l.Todos[t.ID]
	l.Todos[t.ID] = t
	if len(l.Todos) == 1 || t.Position > l.Last {
		l.Last = t.Position
	} else if replaced && old.Position != t.Position {
		l.left(old.Position)
	}
}

// left finds the highest position again if it was this one. That takes a pass
// over the list, and only for the todo that was last.
func (l *List) left(position int64) {
	if position != l.Last {
		return
	}
	l.Last = 0
	first := true
	for _, t := range l.Todos {
		if first || t.Position > l.Last {
			l.Last, first = t.Position, false
		}
	}
}

// keep records the answer to a retry.
func (l *List) keep(r *todos.Retry, t todos.Todo) {
	if r == nil {
		return
	}
	l.expire(r)
	if l.Retries == nil {
		l.Retries = make(map[string]Answer)
	}
	// The key may be a part of a request's header block, all of which would
	// stay in memory with it.
	l.Retries[strings.Clone(r.Key)] = Answer{Fingerprint: r.Fingerprint, Todo: clone(t)}
}

// expire drops the records that have expired. It looks at them when they have
// doubled since it last did: so they never are more than twice the keys of one
// [todos.RetryWindow], and a create does not pay for all that came before it.
func (l *List) expire(r *todos.Retry) {
	if len(l.Retries) < 2*l.live {
		return
	}
	for key, a := range l.Retries {
		if a.expired(r) {
			delete(l.Retries, key)
		}
	}
	l.live = len(l.Retries)
}

func (a Answer) expired(r *todos.Retry) bool { return a.Todo.CreatedAt.Before(r.ExpiredAt) }

// changed gives the list its next revision.
func (l *List) changed() {
	if l.Revision.Epoch == "" {
		l.Revision.Epoch = rand.Text()
	}
	l.Revision.Number++
}

// clone is t with a description of its own.
func clone(t todos.Todo) todos.Todo {
	if t.Description != nil {
		text := *t.Description
		t.Description = &text
	}
	return t
}
