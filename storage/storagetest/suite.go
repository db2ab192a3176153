package storagetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// Run runs the suite against the store that open returns, which is opened
// once. The cases run side by side, after the test function that called Run
// has returned; what open needs to close belongs into t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) todos.Store) { Suite{}.Run(t, open) }

// Suite is the suite with its knobs. The zero Suite is what [Run] runs.
type Suite struct {
	// Timeout is how long one case may take. Zero is a minute.
	Timeout time.Duration

	// AnswersGetLost says that a write may have happened although the call
	// failed when its context ended: a database beyond a network can have
	// written before it hears of the end. Such a write must still be whole.
	AnswersGetLost bool

	// Reopen returns another store over the same data, as a second instance
	// of a service has it. If nil, the cases that need one are left out.
	Reopen func(t *testing.T) todos.Store

	// Broken returns a store that has lost its storage, such as one over a
	// closed database. If nil, [S5] is left out.
	Broken func(t *testing.T) todos.Store

	// Hold makes writes for owner wait until release is called, as another
	// transaction would. If nil, the cases that need it are left out.
	Hold func(ctx context.Context, owner string) (release func(), err error)

	// Rows is the length of the list that [L7] and the benchmarks are measured
	// on. Zero leaves [L7] out of Run and is 10,000 for Bench (1,000 with
	// -short). The rows come from a [Loader], or else from CreateTodo.
	Rows int
}

// Run runs the suite as the function [Run] does.
func (s Suite) Run(t *testing.T, open func(t *testing.T) todos.Store) {
	world := s.world(t, open)
	for _, c := range s.cases(world) {
		t.Run(c.clause+" "+c.name, func(t *testing.T) {
			if !c.alone {
				t.Parallel()
			}
			for _, failure := range s.try(t.Context(), world, c) {
				t.Error(failure)
			}
		})
	}
}

// world is what the cases of one run share: only stores, never an owner.
type world struct {
	suite          Suite
	store          todos.Store
	second, broken todos.Store // nil without
}

func (s Suite) world(t *testing.T, open func(t *testing.T) todos.Store) *world {
	w := &world{suite: s, store: open(t)}
	if s.Reopen != nil {
		w.second = s.Reopen(t)
	}
	if s.Broken != nil {
		w.broken = s.Broken(t)
	}
	return w
}

// testCase tries one clause in one way.
type testCase struct {
	clause string // of [todos.Store], without the brackets
	name   string
	run    func(*trial)
	alone  bool // it measures, so nothing may run beside it
}

// cases returns the cases that can be run in w.
func (s Suite) cases(w *world) []testCase {
	all := slices.Concat(
		ownerCases(), aliasCases(), contextCases(), textCases(),
		createCases(), retryCases(), getCases(),
		orderCases(), filterCases(), pagingCases(), revisionCases(),
		updateCases(), deleteCases(),
	)
	if s.Hold != nil {
		all = append(all, holdCases()...)
	}
	if w.second != nil {
		all = append(all, instanceCases()...)
	}
	if w.broken != nil {
		all = append(all, brokenCases()...)
	}
	if _, ok := w.store.(todos.CursorKeeper); ok {
		all = append(all, cursorKeyCases()...)
	}
	if _, ok := w.store.(todos.Eraser); ok {
		all = append(all, eraseCases()...)
	}
	if s.Rows > 0 {
		all = append(all, pageCostCases()...)
	}
	return all
}

// timeout is how long a case may take. A list to measure is long in loading.
func (s Suite) timeout(c testCase) time.Duration {
	d := s.Timeout
	if d == 0 {
		d = time.Minute
	}
	if c.alone {
		d *= 10
	}
	return d
}

// patience is how long a call may still take when its context has ended: long
// enough for a machine at its limit, and far from forever.
func (s Suite) patience() time.Duration { return s.timeout(testCase{}) / 6 }

// try runs one case and returns what failed, each failure with its clause.
func (s Suite) try(ctx context.Context, w *world, c testCase) []string {
	r := &record{clause: c.clause}
	return r.watch(ctx, s.timeout(c), s.patience(), "S3", func(ctx context.Context) {
		c.run(&trial{world: w, ctx: ctx, salt: rand.Text()[:12], record: r})
	})
}

// record is where a case notes what failed.
type record struct {
	clause   string
	mu       sync.Mutex
	failures []string
	notes    []string
}

// Notef notes what is no failure.
func (r *record) Notef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *record) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notes)
}

// Errorf notes a failure.
func (r *record) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, "["+r.clause+"] "+fmt.Sprintf(format, args...))
}

// Fatalf notes a failure and ends the goroutine that calls it.
func (r *record) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *record) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failures)
}

// watch runs a case and returns what failed. The case has a goroutine of its
// own, so that one that hangs is a failure, of the clause about contexts, and
// not the end of all tests.
func (r *record) watch(
	ctx context.Context, timeout, patience time.Duration, clause string, run func(context.Context),
) []string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	overdue := time.NewTimer(timeout + patience)
	defer overdue.Stop()
	select {
	case <-done:
	case <-overdue.C:
		r.Errorf("a call did not return although its context has ended ([%s])", clause)
	}
	return r.all()
}
