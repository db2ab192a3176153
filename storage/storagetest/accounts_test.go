package storagetest

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// accountLabSuite has every knob, so that every case is there.
func accountLabSuite(l *accountLab) AccountsSuite {
	return AccountsSuite{
		Hold:   l.hold,
		Reopen: func(*testing.T) accounts.Store { return l },
		Start: func(*testing.T) func(context.Context) (accounts.Store, error) {
			empty := memory.New().Backend().Accounts
			return func(context.Context) (accounts.Store, error) { return empty, nil }
		},
		Broken: func(*testing.T) accounts.Store { return lostAccounts() },
		Faults: func(*testing.T) []Fault { return labFault(l) },
	}
}

func TestSoundAccountsPass(t *testing.T) {
	l := newAccountLab()
	accountLabSuite(l).Run(t, func(*testing.T) accounts.Store { return l })
}

// accountClauses reads the numbers of all clauses in the contract itself.
func accountClauses(t *testing.T) []string {
	text, err := os.ReadFile("../../auth/accounts/store.go")
	if err != nil {
		t.Fatal(err)
	}
	var clauses []string
	for _, m := range regexp.MustCompile(`(?m)^\s*//.*?\[(A[A-Z]?[0-9]+)\]`).FindAllStringSubmatch(string(text), -1) {
		clauses = append(clauses, m[1])
	}
	slices.Sort(clauses)
	return slices.Compact(clauses)
}

func TestEveryClauseOfAccountsHasCases(t *testing.T) {
	l := newAccountLab()
	suite := accountLabSuite(l)
	count := make(map[string]int)
	names := make(map[string]bool)
	cases := suite.cases(suite.world(t, func(*testing.T) accounts.Store { return l }))
	for _, c := range cases {
		count[c.clause]++
		if name := c.clause + " " + c.name; names[name] {
			t.Errorf("two cases are named %q", name)
		} else {
			names[name] = true
		}
	}
	want := accountClauses(t)
	if len(want) != 39 {
		t.Fatalf("the contract has the clauses %v", want)
	}
	for _, clause := range want {
		if count[clause] == 0 {
			t.Errorf("no case tries [%s]", clause)
		}
		t.Logf("[%s] %d cases", clause, count[clause])
	}
	t.Logf("%d cases", len(cases))
}

// caughtAccounts runs the cases of one clause against a broken store and returns
// what failed.
func caughtAccounts(t *testing.T, suite AccountsSuite, store accounts.Store, clause string) []string {
	var failures []string
	w := suite.world(t, func(*testing.T) accounts.Store { return store })
	for _, c := range suite.cases(w) {
		if c.clause == clause {
			failed, _ := suite.try(t.Context(), w, c)
			failures = append(failures, failed...)
		}
	}
	return failures
}

func TestBrokenAccountsFail(t *testing.T) {
	broken := make(map[string]bool)
	for _, b := range accountBreakages() {
		broken[b.clause] = true
		t.Run(b.clause+" "+b.what, func(t *testing.T) {
			t.Parallel()
			l := newAccountLab()
			b.in(l)
			suite := accountLabSuite(l)
			suite.Timeout = 12 * time.Second
			mustCite(t, caughtAccounts(t, suite, l, b.clause), b.clause)
		})
	}
	for _, clause := range accountClauses(t) {
		if !broken[clause] {
			t.Errorf("no broken store breaks [%s]", clause)
		}
	}
}

// TestBareAccountErrorFails has a store that returns a driver's error as it is
// when its storage is gone.
func TestBareAccountErrorFails(t *testing.T) {
	l := newAccountLab()
	suite := accountLabSuite(l)
	suite.Broken = func(*testing.T) accounts.Store { return bareAccounts{l} }
	mustCite(t, caughtAccounts(t, suite, l, "A4"), "A4")
}

type bareAccounts struct{ accounts.Store }

func (bareAccounts) Account(context.Context, string) (accounts.Account, error) {
	return accounts.Account{}, errors.New("dial tcp: connection refused")
}

// TestHoldingForeverFails has a store that waits for another transaction without
// looking at its context.
func TestHoldingForeverFails(t *testing.T) {
	l := newAccountLab()
	suite := AccountsSuite{Timeout: 12 * time.Second, Hold: l.hold}
	w := suite.world(t, func(*testing.T) accounts.Store { return patient{l} })
	for _, c := range heldCases() {
		failures, _ := suite.try(t.Context(), w, c)
		if c.name == "EndSession that has to wait until its deadline" {
			mustCite(t, failures, "A4")
		} else if len(failures) > 0 {
			t.Errorf("%s: %q", c.name, failures)
		}
	}
}

type patient struct{ accounts.Store }

func (p patient) EndSession(ctx context.Context, userID, id string) error {
	return p.Store.EndSession(context.WithoutCancel(ctx), userID, id)
}
