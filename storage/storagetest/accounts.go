package storagetest

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// RunAccounts runs the suite of accounts against the store that open returns,
// which is opened once. The cases run side by side, after the test function
// that called RunAccounts has returned; what open needs to close belongs into
// t.Cleanup.
func RunAccounts(t *testing.T, open func(t *testing.T) accounts.Store) { AccountsSuite{}.Run(t, open) }

// AccountsSuite is the suite of accounts with its knobs. The zero AccountsSuite
// is what [RunAccounts] runs.
type AccountsSuite struct {
	// Timeout is how long one case may take. Zero is a minute.
	Timeout time.Duration

	// AnswersGetLost says that a write may have happened although the call
	// failed when its context ended, as in [Suite].
	AnswersGetLost bool

	// CancelsBreak says that a call that is cancelled while it runs can break
	// what is between the store and its storage, and with it all other cases:
	// PgBouncer 1.18 can crash over one. Cases that cancel are left out.
	CancelsBreak bool

	// Reopen returns another store over the same data, as a second instance of
	// a service has it. If nil, the cases that need one are left out.
	Reopen func(t *testing.T) accounts.Store

	// Start makes a storage in which there is nothing, not even tables, and
	// returns what an instance of a service does with it when it starts. It is
	// called by several at once. If nil, the case that needs it is left out.
	Start func(t *testing.T) (open func(ctx context.Context) (accounts.Store, error))

	// Broken returns a store that has lost its storage. If nil, [A4] is not
	// tried with one.
	Broken func(t *testing.T) accounts.Store

	// Hold makes writes for a user wait until release is called, as another
	// transaction would. If nil, the cases that need it are left out.
	Hold func(ctx context.Context, userID string) (release func(), err error)

	// Faults make a store fail in the middle of a call. It is for stores whose
	// calls have more steps than one. If nil, the cases that need it are left
	// out.
	Faults func(t *testing.T) []Fault

	// FaultsOnly leaves out all cases but those with Faults, for a store that has
	// gone through the others.
	FaultsOnly bool
}

// Run runs the suite as the function [RunAccounts] does.
func (s AccountsSuite) Run(t *testing.T, open func(t *testing.T) accounts.Store) {
	world := s.world(t, open)
	for _, c := range s.cases(world) {
		t.Run(c.clause+" "+c.name, func(t *testing.T) {
			if !c.alone {
				t.Parallel()
			}
			failures, notes := s.try(t.Context(), world, c)
			for _, failure := range failures {
				t.Error(failure)
			}
			for _, note := range notes {
				t.Log(note)
			}
		})
	}
}

// accountWorld is what the cases of one run share: only stores, never a user.
type accountWorld struct {
	suite          AccountsSuite
	store          accounts.Store
	second, broken accounts.Store // nil without
	start          func(context.Context) (accounts.Store, error)
	faults         []Fault
	wholes         *sync.Map // name of a userCall → whole
}

func (s AccountsSuite) world(t *testing.T, open func(t *testing.T) accounts.Store) *accountWorld {
	w := &accountWorld{suite: s, store: open(t), wholes: new(sync.Map)}
	if s.Reopen != nil {
		w.second = s.Reopen(t)
	}
	if s.Broken != nil {
		w.broken = s.Broken(t)
	}
	if s.Start != nil {
		w.start = s.Start(t)
	}
	if s.Faults != nil {
		w.faults = s.Faults(t)
	}
	return w
}

// accountCase tries one clause in one way.
type accountCase struct {
	clause string // of [accounts.Store], without the brackets
	name   string
	run    func(*accountTrial)
	alone  bool // it changes what belongs to no user, so nothing may run beside it
}

// cases returns the cases that can be run in w.
func (s AccountsSuite) cases(w *accountWorld) []accountCase {
	if s.FaultsOnly {
		return faultCases(w.faults)
	}
	all := slices.Concat(
		strangerCases(), sharingCases(), endedCases(), valueCases(), userCases(), profileCases(),
		passwordCases(), endingCases(), signInCases(), sessionCases(), rotationCases(),
		codeCases(), verificationCases(), keyCases(),
	)
	if !s.CancelsBreak {
		all = append(all, onTheWayCases()...)
	}
	if s.Hold != nil && !s.CancelsBreak {
		all = append(all, heldCases()...)
	}
	if w.second != nil {
		all = append(all, secondCases()...)
	}
	if w.broken != nil {
		all = append(all, lostCases()...)
	}
	if w.start != nil {
		all = append(all, accountCase{
			clause: "AK2", name: "eight instances that start on an empty storage agree", run: startTogether,
		})
	}
	if len(w.faults) > 0 {
		all = append(all, faultCases(w.faults)...)
	}
	return all
}

// timeout is how long a case may take.
func (s AccountsSuite) timeout() time.Duration {
	if s.Timeout == 0 {
		return time.Minute
	}
	return s.Timeout
}

// patience is as that of [Suite].
func (s AccountsSuite) patience() time.Duration { return s.timeout() / 6 }

// try runs one case and returns what failed, each failure with its clause, and
// what there is to say besides.
func (s AccountsSuite) try(
	ctx context.Context, w *accountWorld, c accountCase,
) (failures, notes []string) {
	r := &record{clause: c.clause}
	failures = r.watch(ctx, s.timeout(), s.patience(), "A4", func(ctx context.Context) {
		c.run(&accountTrial{accountWorld: w, ctx: ctx, salt: rand.Text()[:12], record: r})
	})
	return failures, r.said()
}
