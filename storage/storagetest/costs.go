package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// Loader is what a store under test may also be: it fills the list of owner
// with n todos faster than n calls of CreateTodo. A third of them should be
// completed, and their titles and times should differ.
type Loader interface {
	Load(ctx context.Context, owner string, n int) error
}

// costLimit is the page that costs are measured with.
const costLimit = 50

// pageCostCases try [L7].
func pageCostCases() []testCase {
	return []testCase{{
		clause: "L7", name: "the last page costs what the first does", run: pageCosts, alone: true,
	}}
}

func pageCosts(t *trial) {
	owner := t.owner("a")
	if err := load(t.ctx, t.store, owner, t.suite.Rows); err != nil {
		t.Fatalf("loading %d todos: %v", t.suite.Rows, err)
	}
	for _, sort := range []todos.Sort{
		{Field: todos.ByPosition}, {Field: todos.ByTitle, Descending: true}, {Field: todos.ByCompletedAt},
	} {
		first := todos.Query{Sort: sort, Limit: costLimit}
		last := t.lastPage(owner, first)
		if ratio := t.costRatio(owner, last, first); ratio > 3 {
			t.Errorf("of %d todos by %s the last page costs %.1f times what the first does",
				t.suite.Rows, sortName(sort), ratio)
		}
	}
}

// costRatio compares the median times of two pages, taken in turn so that
// whatever else the machine does falls on both, and returns the best ratio of
// five attempts, so that only a page that is always dearer is.
func (t *trial) costRatio(owner string, last, first todos.Query) float64 {
	best := math.Inf(1)
	for range 5 {
		var firsts, lasts []time.Duration
		for range 5 {
			firsts = append(firsts, t.timed(owner, first))
			lasts = append(lasts, t.timed(owner, last))
		}
		slices.Sort(firsts)
		slices.Sort(lasts)
		if best = min(best, float64(lasts[2])/float64(firsts[2])); best <= 2 {
			break
		}
	}
	return best
}

// lastPage is the query for the last page of query's list: behind the todo
// that is one page and one from its end. The list in the other direction tells
// which that is; by completed_at it has to start at its nulls, which are last
// in both.
func (t *trial) lastPage(owner string, query todos.Query) todos.Query {
	back := query
	back.Limit++
	back.Sort.Descending = !query.Sort.Descending
	if query.Sort.Field == todos.ByCompletedAt {
		back.After = &todos.Anchor{Null: true, ID: "00000000-0000-0000-0000-000000000000"}
		if back.Sort.Descending {
			back.After.ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
		}
	}
	page := t.page(owner, back)
	if len(page.Todos) != back.Limit {
		t.Fatalf("a list of %d todos has only %d at its end", t.suite.Rows, len(page.Todos))
	}
	query.After = todos.AnchorOf(page.Todos[costLimit], query.Sort)
	return query
}

func (t *trial) timed(owner string, query todos.Query) time.Duration {
	start := time.Now()
	page := t.page(owner, query)
	took := time.Since(start)
	if len(page.Todos) != costLimit || page.More != (query.After == nil) {
		t.Fatalf("a page of %d has %d todos and says more: %t", costLimit, len(page.Todos), page.More)
	}
	return took
}

// load fills a list by the store's [Loader] or with eight callers of
// CreateTodo.
func load(ctx context.Context, store todos.Store, owner string, n int) error {
	if loader, ok := store.(Loader); ok {
		return loader.Load(ctx, owner, n)
	}
	const callers = 8
	var wait sync.WaitGroup
	errs := make([]error, callers)
	for c := range callers {
		wait.Go(func() {
			for i := c; i < n && errs[c] == nil; i += callers {
				errs[c] = loadOne(ctx, store, owner, i)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func loadOne(ctx context.Context, store todos.Store, owner string, i int) error {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond)
	id, err := todos.NewID(at)
	if err != nil {
		return err
	}
	position := int64(i+1) * todos.PositionStep
	_, err = store.CreateTodo(ctx, owner, todos.Draft{
		ID:          id,
		Title:       fmt.Sprintf("todo %x of the list", i*2654435761%1_000_003),
		Description: new("what there is to be said about it"),
		Completed:   i%3 == 0,
		Position:    &position,
		CreatedAt:   at,
	})
	return err
}

// Bench runs the benchmarks on the store that open returns, which is opened
// once: each method on a list of [Suite].Rows todos, with the first and the
// last page of every order.
func Bench(b *testing.B, open func(b *testing.B) todos.Store) { Suite{}.Bench(b, open) }

// Bench runs the benchmarks as the function [Bench] does.
func (s Suite) Bench(b *testing.B, open func(b *testing.B) todos.Store) {
	if s.Rows == 0 {
		if s.Rows = 10_000; testing.Short() {
			s.Rows = 1_000
		}
	}
	t := &trial{
		world:  &world{suite: s, store: open(b)},
		record: &record{clause: "bench"},
		ctx:    b.Context(),
		salt:   rand.Text()[:12],
	}
	owner := t.owner("a")
	if err := load(t.ctx, t.store, owner, s.Rows); err != nil {
		b.Fatalf("loading %d todos: %v", s.Rows, err)
	}
	bench := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			defer func() { // a call that fails ends this goroutine
				for _, failure := range t.all() {
					b.Error(failure)
				}
			}()
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
	t.benchCalls(owner, bench)
	for _, sort := range sorts() {
		first := todos.Query{Sort: sort, Limit: costLimit}
		last := t.lastPage(owner, first)
		bench("first page by "+sortName(sort), func() { t.page(owner, first) })
		bench("last page by "+sortName(sort), func() { t.page(owner, last) })
	}
}

// benchCalls measures every call, the pages apart.
func (t *trial) benchCalls(owner string, bench func(name string, do func())) {
	todo, n := t.list(owner)[0], 0
	known := todos.Query{Known: t.revision(owner)}
	bench("list not modified", func() { t.page(owner, known) })
	bench("get", func() { t.get(owner, todo.ID) })
	bench("update", func() {
		n++
		t.rename(owner, todo.ID, fmt.Sprint("renamed ", n))
	})
	bench("create", func() { t.add(owner, "created") })
	bench("create and delete", func() { t.delete(owner, t.add(owner, "created").ID) })
	bench("create with a key", func() {
		n++
		t.create(owner, t.keyed("created", fmt.Sprint("key ", n)))
	})
	bench("count", func() { t.page(owner, todos.Query{Count: true, Limit: costLimit}) })
	bench("search", func() { t.page(owner, todos.Query{Search: "nowhere", Limit: costLimit}) })
}
