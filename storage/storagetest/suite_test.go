package storagetest

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// labSuite has every knob, so that every case is there.
func labSuite(l *lab) Suite {
	return Suite{
		Rows:   2_000,
		Hold:   l.hold,
		Reopen: func(*testing.T) todos.Store { return l },
		Broken: func(*testing.T) todos.Store { return gone(todos.ErrUnavailable) },
	}
}

// gone is a store whose storage fails.
func gone(err error) todos.Store {
	return memory.Over(func(context.Context, string, bool, func(*memory.List) error) error { return err })
}

func TestSoundStorePasses(t *testing.T) {
	l := newLab()
	labSuite(l).Run(t, func(*testing.T) todos.Store { return l })
}

// clauses reads the numbers of all clauses in the contract itself.
func clauses(t *testing.T) []string {
	text, err := os.ReadFile("../../todos/store.go")
	if err != nil {
		t.Fatal(err)
	}
	var clauses []string
	for _, m := range regexp.MustCompile(`(?m)^\s*//.*?\[([A-Z][0-9])\]`).FindAllStringSubmatch(string(text), -1) {
		clauses = append(clauses, m[1])
	}
	slices.Sort(clauses)
	return slices.Compact(clauses)
}

func TestEveryClauseHasCases(t *testing.T) {
	l := newLab()
	suite := labSuite(l)
	count := make(map[string]int)
	names := make(map[string]bool)
	cases := suite.cases(suite.world(t, func(*testing.T) todos.Store { return l }))
	for _, c := range cases {
		count[c.clause]++
		if name := c.clause + " " + c.name; names[name] {
			t.Errorf("two cases are named %q", name)
		} else {
			names[name] = true
		}
	}
	want := clauses(t)
	if len(want) < 30 {
		t.Fatalf("the contract has only the clauses %v", want)
	}
	for _, clause := range want {
		if count[clause] == 0 {
			t.Errorf("no case tries [%s]", clause)
		}
		t.Logf("[%s] %d cases", clause, count[clause])
	}
	t.Logf("%d cases", len(cases))
}

// caught runs the cases of one clause against a broken store and returns what
// failed.
func caught(t *testing.T, suite Suite, store todos.Store, clause string) []string {
	var failures []string
	w := suite.world(t, func(*testing.T) todos.Store { return store })
	for _, c := range suite.cases(w) {
		if c.clause == clause {
			failures = append(failures, suite.try(t.Context(), w, c)...)
		}
	}
	return failures
}

func TestBrokenStoresFail(t *testing.T) {
	broken := map[string]bool{"S5": true} // has a test of its own
	for _, b := range breakages() {
		broken[b.clause] = true
		t.Run(b.clause+" "+b.what, func(t *testing.T) {
			t.Parallel()
			l := newLab()
			b.in(l)
			suite := labSuite(l)
			suite.Timeout = 12 * time.Second // some of them wait until it is over
			mustCite(t, caught(t, suite, l, b.clause), b.clause)
		})
	}
	for _, clause := range clauses(t) {
		if !broken[clause] {
			t.Errorf("no broken store breaks [%s]", clause)
		}
	}
}

func mustCite(t *testing.T, failures []string, clause string) {
	t.Helper()
	if len(failures) == 0 {
		t.Fatalf("the suite passes a store that breaks [%s]", clause)
	}
	for _, failure := range failures {
		if !strings.HasPrefix(failure, "["+clause+"] ") {
			t.Errorf("the failure does not cite [%s]: %s", clause, failure)
		}
	}
	t.Log(failures[0])
}

func TestBareErrorFails(t *testing.T) {
	l := newLab()
	suite := labSuite(l)
	suite.Broken = func(*testing.T) todos.Store { return bare{l} }
	mustCite(t, caught(t, suite, l, "S5"), "S5")
}

// bare is a store that returns a driver's error as it is.
type bare struct{ todos.Store }

func (bare) GetTodo(context.Context, string, string) (todos.Todo, error) {
	return todos.Todo{}, errors.New("dial tcp: connection refused")
}

// TestWaitingForeverFails has a store that waits for another transaction
// without looking at its context.
func TestWaitingForeverFails(t *testing.T) {
	l := newLab()
	l.update = func(_ context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
		return l.sound.UpdateTodo(context.Background(), owner, id, change)
	}
	suite := Suite{Timeout: 12 * time.Second, Hold: l.hold}
	w := suite.world(t, func(*testing.T) todos.Store { return l })
	for _, c := range holdCases() {
		failures := suite.try(t.Context(), w, c)
		if strings.HasPrefix(c.name, "update") {
			mustCite(t, failures, "S3")
		} else if len(failures) > 0 {
			t.Errorf("%s: %q", c.name, failures)
		}
	}
}

// TestHangingFails has a store that never returns: a failure, and the suite
// goes on.
func TestHangingFails(t *testing.T) {
	l := newLab()
	release := make(chan struct{})
	defer close(release)
	l.get = func(context.Context, string, string) (todos.Todo, error) {
		<-release
		return todos.Todo{}, todos.ErrNotFound
	}
	suite := Suite{Timeout: 50 * time.Millisecond}
	w := suite.world(t, func(*testing.T) todos.Store { return l })
	mustCite(t, suite.try(t.Context(), w, getCases()[0]), "G1")
}

// TestLostAnswers has a store whose writes happen although their context has
// ended, which is forgiven only to a suite that is told so.
func TestLostAnswers(t *testing.T) {
	l := newLab()
	l.create = func(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
		if ctx.Err() != nil {
			return todos.Created{}, ctx.Err()
		}
		created, err := l.sound.CreateTodo(context.Background(), owner, draft)
		time.Sleep(100 * time.Microsecond)
		return created, errors.Join(err, ctx.Err())
	}
	create := testCase{clause: "S3", name: "a create that is cancelled on its way", run: cancelCreates}
	for _, lost := range []bool{false, true} {
		suite := Suite{AnswersGetLost: lost}
		w := suite.world(t, func(*testing.T) todos.Store { return l })
		failures := suite.try(t.Context(), w, create)
		if forgiven := len(failures) == 0; forgiven != lost {
			t.Errorf("with AnswersGetLost %t: %q", lost, failures)
		}
	}
}

func BenchmarkLab(b *testing.B) {
	Suite{Rows: 200}.Bench(b, func(*testing.B) todos.Store { return newLab() })
}
