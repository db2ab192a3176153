package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Fault is a way in which a store can fail in the middle of a call. A step is
// whatever the store does one at a time: a statement, the beginning and the end
// of a transaction. The suite tries each call with a fault in its first step, in
// its second, and so on until it has no more.
type Fault struct {
	Name string

	// Store has the data of the store under test.
	Store accounts.Store

	// Arm returns a context that makes a call of Store fail in its n-th step,
	// from 1, and what the suite asks when that call has returned: whether it
	// came to the step. look is the store through which to look at what is left,
	// nil for the one under test.
	Arm func(ctx context.Context, n int) (armed context.Context, met func() (look accounts.Store, met bool))

	// AnswersGetLost says that the step may have taken effect, so that a call
	// that fails in its last one may have written.
	AnswersGetLost bool

	// Snapshot says that the call itself is not disturbed: look is over a copy of
	// the data as a process that died in the step would have left it. Nothing else
	// is under way then.
	Snapshot bool
}

// faultCases try [A3] with every fault in every step of every call that writes.
func faultCases(faults []Fault) []accountCase {
	var cases []accountCase
	for _, f := range faults {
		for _, c := range userWrites() {
			cases = append(cases, accountCase{
				clause: "A3", name: c.name + ", " + f.Name,
				run: func(t *accountTrial) { c.struck(t, f) }, alone: f.Snapshot,
			})
		}
	}
	return cases
}

// struck makes the call with the fault in each of its steps.
func (c userCall) struck(t *accountTrial, f Fault) {
	whole := c.whole(t)
	undone, done, n := 0, 0, 1
	for ; t.ctx.Err() == nil; n++ {
		u := t.settled(fmt.Sprint("struck", n))
		ctx, met := f.Arm(t.ctx, n)
		err := c.do(ctx, t.through(f.Store), u)
		look, struck := met()
		if !struck {
			t.must(c.name+" without a fault", err)
			break
		}
		if err != nil && !errors.Is(err, accounts.ErrUnavailable) {
			t.Errorf("%s: got the error %v, want %v", c.name, err, accounts.ErrUnavailable)
		}
		left := t
		if look != nil {
			left = t.through(look)
		}
		failed := err != nil || f.Snapshot
		if whole.check(left, u, n, failed, err == nil || f.AnswersGetLost || f.Snapshot) {
			done++
		} else {
			undone++
		}
	}
	t.Notef("%d steps: %d faults left nothing of the call, %d all of it", n-1, undone, done)
	if n == 1 {
		t.Errorf("%s has no step in which it could fail", c.name)
	}
}

// orders is the number of orders in which the codes of a user can be used: the
// first one that works ends the others, so each has to be the first once.
const orders = 3

// whole is what a call makes of a settled user when nothing is in its way.
type whole struct {
	call                  userCall
	before, after         string         // by state
	usedBefore, usedAfter [orders]string // by uses
}

func (c userCall) whole(t *accountTrial) whole {
	if known, ok := t.wholes.Load(c.name); ok {
		return known.(whole) // it is the same for all users
	}
	w := whole{call: c}
	for i := range orders {
		untouched, touched := t.settled(fmt.Sprint("untouched", i)), t.settled(fmt.Sprint("touched", i))
		t.must(c.name, c.do(t.ctx, t, touched))
		w.before, w.after = t.state(untouched), t.state(touched)
		w.usedBefore[i], w.usedAfter[i] = t.uses(untouched, i), t.uses(touched, i)
	}
	t.wholes.Store(c.name, w)
	return w
}

// check fails unless a settled user is as before the call, if it may have failed,
// or as after it, if it may have been done, in everything that can be seen. It
// reports which. The codes are used in the n-th order.
func (w whole) check(t *accountTrial, u accounts.Account, n int, mayFail, mayBeDone bool) (done bool) {
	t.safe(w.call.name, u)
	if n %= orders; w.call.name == "PutCode" {
		n = 0 // all that it changes
	}
	state, uses := t.state(u), t.uses(u, n)
	switch {
	case mayBeDone && state == w.after && uses == w.usedAfter[n]:
		return true
	case mayFail && state == w.before && uses == w.usedBefore[n]:
		return false
	case mayBeDone:
		t.Errorf("%s is not whole: there is %s %s",
			w.call.name, apart(state, w.after), apart(uses, w.usedAfter[n]))
	default:
		t.Errorf("%s failed and left %s %s",
			w.call.name, apart(state, w.before), apart(uses, w.usedBefore[n]))
	}
	return false
}

// uses is what comes of using the codes of a settled user and of the newcomer in
// the n-th order, which changes them.
func (t *accountTrial) uses(u accounts.Account, n int) string {
	var results []string
	late := t.code(accounts.ResetPassword, u.Email)
	late.Secret = digest("late")
	codes := [orders][]accounts.Code{
		{late, t.code(accounts.ResetPassword, u.Email)},
		{t.code(accounts.VerifyEmail, u.Email)},
		{t.code(accounts.ChangeEmail, u.Email)},
	}
	for _, code := range slices.Concat(slices.Concat(codes[n:]...), slices.Concat(codes[:n]...)) {
		results = append(results, fmt.Sprint(t.use(u.ID, code, 3)))
	}
	newcomer := t.newcomer(u)
	results = append(results, fmt.Sprint(t.use(newcomer.ID, t.code(accounts.VerifyEmail, newcomer.Email), 3)))
	return strings.Join(results, ", ")
}

// safe fails if anybody is signed in who should not be, or if the owner of an
// account cannot get in, whatever was done to a settled user and however far it
// came.
func (t *accountTrial) safe(what string, u accounts.Account) {
	for _, p := range []accounts.Account{u, t.newcomer(u)} {
		found, err := t.store.Account(t.ctx, p.ID)
		sessions := t.sessions(p.ID)
		if err != nil {
			t.fails(what+": an account", err, accounts.ErrNoUser)
			if len(sessions) > 0 {
				t.Errorf("%s: somebody is signed in as a user who is not there", what)
			}
			for _, email := range []string{p.Email, "changed-" + p.Email} {
				_, err := t.store.AccountByEmail(t.ctx, email)
				t.fails(what+": an address that points nowhere", err, accounts.ErrNoUser)
			}
			continue
		}
		t.same(what+": the account of its own address", t.byEmail(found.Email), found)
		if found.Disabled && len(sessions) > 0 {
			t.Errorf("%s: a disabled user is signed in", what)
		}
		if found.Password == p.Password || found.Password == "renewed" {
			continue // the sessions of before may go on
		}
		if slices.ContainsFunc(sessions, func(s accounts.Session) bool { return s.ID != "next" }) {
			t.Errorf("%s: the password is %q and sessions of before it go on", what, found.Password)
		}
	}
}
