package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// trial is one case at work: its store, its time, owners that no other case
// uses and a record of what failed. Its short verbs end the case when the
// store fails, so that a case reads as what it is about.
type trial struct {
	*world
	*record
	ctx  context.Context
	salt string
}

// through is the same trial with another store.
func (t *trial) through(store todos.Store) *trial {
	w, other := *t.world, *t
	w.store, other.world = store, &w
	return &other
}

// owner is an owner of this trial's own.
func (t *trial) owner(name string) string { return "storagetest-" + t.salt + "-" + name }

// at is a time of the trial: n milliseconds after a fixed one.
func (t *trial) at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC).Add(time.Duration(n) * time.Millisecond)
}

func (t *trial) id() string {
	id, err := todos.NewID(t.at(0))
	if err != nil {
		t.Fatalf("making an id: %v", err)
	}
	return id
}

func (t *trial) draft(title string) todos.Draft {
	return todos.Draft{ID: t.id(), Title: title, CreatedAt: t.at(0)}
}

func (t *trial) create(owner string, draft todos.Draft) todos.Todo {
	created, err := t.store.CreateTodo(t.ctx, owner, draft)
	if err != nil {
		t.Fatalf("creating %.40q: %v", draft.Title, err)
	}
	if created.Replayed {
		t.Fatalf("creating %.40q: it is said to be a replay", draft.Title)
	}
	return created.Todo
}

func (t *trial) add(owner, title string) todos.Todo { return t.create(owner, t.draft(title)) }

func (t *trial) get(owner, id string) todos.Todo {
	todo, err := t.store.GetTodo(t.ctx, owner, id)
	if err != nil {
		t.Fatalf("getting %s: %v", id, err)
	}
	return todo
}

// page is a page of [todos.MaxLimit] unless query has a limit.
func (t *trial) page(owner string, query todos.Query) todos.Page {
	if query.Limit == 0 {
		query.Limit = todos.MaxLimit
	}
	page, err := t.store.ListTodos(t.ctx, owner, query)
	if err != nil {
		t.Fatalf("listing %s: %v", show(query), err)
	}
	return page
}

func (t *trial) list(owner string) []todos.Todo { return t.page(owner, todos.Query{}).Todos }

func (t *trial) revision(owner string) todos.Revision {
	return t.page(owner, todos.Query{Limit: 1}).Revision
}

func (t *trial) update(owner, id string, change todos.Change) todos.Todo {
	todo, err := t.store.UpdateTodo(t.ctx, owner, id, change)
	if err != nil {
		t.Fatalf("updating %s: %v", id, err)
	}
	return todo
}

// rename gives the todo another title.
func (t *trial) rename(owner, id, title string) todos.Todo {
	return t.update(owner, id, t.title(title))
}

// title is a change of the title at a time after all drafts.
func (t *trial) title(title string) todos.Change {
	return todos.Change{Patch: todos.Patch{Title: todos.Some(title)}, At: t.at(1000)}
}

func (t *trial) delete(owner, id string) {
	if err := t.store.DeleteTodo(t.ctx, owner, id, nil); err != nil {
		t.Fatalf("deleting %s: %v", id, err)
	}
}

// unchanged fails if the owner's list is another after do than before.
func (t *trial) unchanged(what, owner string, do func()) {
	before := t.page(owner, todos.Query{Count: true})
	do()
	after := t.page(owner, todos.Query{Count: true})
	if after.Revision != before.Revision {
		t.Errorf("%s: the revision of the list went from %v to %v",
			what, before.Revision, after.Revision)
	}
	if after.Total != before.Total {
		t.Errorf("%s: the list went from %d todos to %d", what, before.Total, after.Total)
	}
	t.sameList(what, after.Todos, before.Todos)
}

// same fails if the todos differ in anything.
func (t *trial) same(what string, got, want todos.Todo) {
	if d := difference(got, want); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func (t *trial) sameList(what string, got, want []todos.Todo) {
	if g, w := titles(got), titles(want); !slices.EqualFunc(got, want, sameID) {
		t.Errorf("%s: got the todos %.600q, want %.600q", what, g, w)
		return
	}
	for i := range got {
		t.same(what, got[i], want[i])
	}
}

func sameID(a, b todos.Todo) bool { return a.ID == b.ID }

func titles(list []todos.Todo) []string {
	titles := make([]string, len(list))
	for i, todo := range list {
		titles[i] = todo.Title
	}
	return titles
}

// fails fails unless err is target.
func (t *trial) fails(what string, err, target error) {
	if !errors.Is(err, target) {
		t.Errorf("%s: got the error %v, want %v", what, err, target)
	}
}

// ended fails unless err is what [S3] asks of a call whose context has ended.
func (t *trial) ended(what string, err, cause error) {
	if !errors.Is(err, cause) && !errors.Is(err, todos.ErrUnavailable) {
		t.Errorf("%s: got the error %v, want %v or %v", what, err, cause, todos.ErrUnavailable)
	}
}

// stale fails unless err is a [*todos.VersionError] with the current version.
func (t *trial) stale(what string, err error, current int64) {
	var stale *todos.VersionError
	if !errors.As(err, &stale) {
		t.Errorf("%s: got the error %v, want a VersionError", what, err)
	} else if stale.Current != current {
		t.Errorf("%s: the current version is said to be %d, want %d", what, stale.Current, current)
	}
}

// race runs do n times at once and waits for all of them.
func race(n int, do func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	done.Wait()
}

// difference names the members in which got is not want; "" if there is none.
func difference(got, want todos.Todo) string {
	var d []string
	differ := func(name string, equal bool, got, want any) {
		if !equal {
			d = append(d, fmt.Sprintf("%s is %s, want %s", name, shown(got), shown(want)))
		}
	}
	differ("id", got.ID == want.ID, got.ID, want.ID)
	differ("title", got.Title == want.Title, quoted(&got.Title), quoted(&want.Title))
	differ("description", sameText(got.Description, want.Description),
		quoted(got.Description), quoted(want.Description))
	differ("completed", got.Completed == want.Completed, got.Completed, want.Completed)
	differ("completed_at", sameTime(got.CompletedAt, want.CompletedAt), got.CompletedAt, want.CompletedAt)
	differ("position", got.Position == want.Position, got.Position, want.Position)
	differ("created_at", sameTime(got.CreatedAt, want.CreatedAt), got.CreatedAt, want.CreatedAt)
	differ("updated_at", sameTime(got.UpdatedAt, want.UpdatedAt), got.UpdatedAt, want.UpdatedAt)
	differ("version", got.Version == want.Version, got.Version, want.Version)
	return strings.Join(d, "; ")
}

// sameTime is true of equal times if got is in UTC, too.
func sameTime(got, want time.Time) bool {
	_, offset := got.Zone()
	return got.Equal(want) && offset == 0
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// shown is a value for a failure message, cut where nobody reads on.
func shown(value any) string { return fmt.Sprintf("%.120s", fmt.Sprint(value)) }

func quoted(s *string) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("%+q", *s)
}

// show is a query for a failure message.
func show(q todos.Query) string {
	s := "the page by " + sortName(q.Sort)
	if q.Completed.Set {
		s += fmt.Sprintf(", completed %t", q.Completed.Value)
	}
	if q.Search != "" {
		s += fmt.Sprintf(", with %+.40q", q.Search)
	}
	if q.Limit > 0 {
		s += fmt.Sprintf(", limit %d", q.Limit)
	}
	if q.After != nil {
		s += fmt.Sprintf(", behind %+v", *q.After)
	}
	if q.Known != (todos.Revision{}) {
		s += fmt.Sprintf(", knowing %v", q.Known)
	}
	return s
}
