package storagetest

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/authtodo/authtodo/auth/accounts"
)

// codeCases try [AC1], [AC2] and [AC8].
func codeCases() []accountCase {
	return []accountCase{
		{clause: "AC1", name: "a code works", run: putCodes},
		{clause: "AC1", name: "expired codes go", run: expiredCodes},
		{clause: "AC1", name: "the oldest codes go", run: oldestCodes},
		{clause: "AC1", name: "the new one stays", run: newCodeStays},
		{clause: "AC1", name: "an unknown and a disabled user", run: codeOfNobody},
		{clause: "AC2", name: "the password, the sessions, the codes", run: resetPassword},
		{clause: "AC2", name: "what is no code", run: resetByNone},
		{clause: "AC2", name: "a code of another purpose", run: otherPurposes},
		{clause: "AC2", name: "one of 16 racers uses it", run: raceToReset},
		{clause: "AC8", name: "another address than the user's", run: resetByOtherEmail},
		{clause: "AC8", name: "the address that the user had before", run: resetByOldEmail},
	}
}

func putCodes(t *accountTrial) {
	anna := t.join("anna")
	for _, purpose := range []accounts.Purpose{
		accounts.VerifyEmail, accounts.ResetPassword, accounts.ChangeEmail,
	} {
		code := t.put(anna.ID, t.code(purpose, anna.Email))
		t.must("using it", t.use(anna.ID, code, hour)) // its last millisecond
		t.fails("using it again", t.use(anna.ID, code, 1), accounts.ErrNoCode)
	}
}

// numbered is the i-th code for a reset, made in that order.
func (t *accountTrial) numbered(email string, i int) accounts.Code {
	code := t.code(accounts.ResetPassword, email)
	code.Secret = digest(fmt.Sprint("code ", i))
	code.CreatedAt, code.ExpiresAt = t.at(i), t.at(i+hour)
	return code
}

// works fails unless exactly those of the codes work that should. Using one ends
// the others, so each has a user of its own.
func (t *accountTrial) works(what string, put func(user accounts.Account), codes map[int]bool) {
	for i, want := range codes {
		user := t.join(fmt.Sprint("user", i))
		put(user)
		if want {
			t.must(fmt.Sprintf("%s: code %d", what, i), t.use(user.ID, t.numbered(user.Email, i), 1))
		} else {
			t.dead(fmt.Sprintf("%s: code %d", what, i), user.ID, t.numbered(user.Email, i))
		}
	}
}

func expiredCodes(t *accountTrial) {
	t.works("after an hour", func(user accounts.Account) {
		for _, i := range []int{0, 1, 2, hour + 1} {
			t.put(user.ID, t.numbered(user.Email, i))
		}
	}, map[int]bool{0: false, 1: true, 2: true, hour + 1: true})
}

func oldestCodes(t *accountTrial) {
	t.works("with a limit of 3", func(user accounts.Account) {
		t.put(user.ID, t.code(accounts.VerifyEmail, user.Email)) // of another purpose
		for _, i := range []int{3, 1, 4, 2} {
			t.put(user.ID, t.numbered(user.Email, i))
		}
		t.must("putting a code", t.store.PutCode(t.ctx, user.ID, t.numbered(user.Email, 5), 3))
		t.must("the code of another purpose", t.use(user.ID, t.code(accounts.VerifyEmail, user.Email), 1))
	}, map[int]bool{1: false, 2: false, 3: true, 4: true, 5: true})
}

func newCodeStays(t *accountTrial) {
	t.works("with a clock that is slow", func(user accounts.Account) {
		t.put(user.ID, t.numbered(user.Email, 8))
		t.put(user.ID, t.numbered(user.Email, 9))
		t.must("putting a code", t.store.PutCode(t.ctx, user.ID, t.numbered(user.Email, 5), 2))
	}, map[int]bool{5: true, 8: false, 9: true})
}

func codeOfNobody(t *accountTrial) {
	anna := t.join("anna")
	t.disable(anna.ID)
	for _, user := range []string{anna.ID, t.userID("nobody")} {
		code := t.code(accounts.ResetPassword, anna.Email)
		t.fails("a code of nobody", t.store.PutCode(t.ctx, user, code, 9), accounts.ErrNoUser)
		t.dead("nobody's", user, code)
	}
	t.must("enabling", t.store.SetDisabled(t.ctx, anna.ID, false, t.at(1)))
	t.dead("of a user who was disabled", anna.ID, t.code(accounts.ResetPassword, anna.Email))
}

func resetPassword(t *accountTrial) {
	anna := t.settled("anna")
	user, err := t.store.ResetPassword(
		t.ctx, anna.ID, t.code(accounts.ResetPassword, anna.Email).Secret, "reset", t.at(7))
	t.must("resetting", err)
	anna.Password, anna.EmailVerified, anna.UpdatedAt = "reset", true, t.at(7)
	t.same("the result", user, anna.User)
	t.is("reset", anna)
	t.has("no session", anna.ID)
	t.dead("after a reset", anna.ID, t.code(accounts.ResetPassword, anna.Email),
		t.code(accounts.VerifyEmail, anna.Email), t.code(accounts.ChangeEmail, anna.Email))
	t.is("still", anna)
}

func resetByOtherEmail(t *accountTrial) {
	for _, verified := range []bool{false, true} {
		anna := t.person(fmt.Sprint("anna", verified))
		anna.EmailVerified = verified
		t.create(anna)
		session := t.signIn(t.session(anna.ID, "session", 0))
		for i, email := range []string{"", t.email("other"), anna.Email + " ", strings.ToUpper(anna.Email)} {
			code := t.code(accounts.ResetPassword, email)
			code.Secret = digest(fmt.Sprint("code ", i))
			t.put(anna.ID, code)
			t.dead("mailed to "+shown(email), anna.ID, code)
		}
		t.is("not reset", anna)
		t.has("not reset", anna.ID, session)
	}
}

func resetByOldEmail(t *accountTrial) {
	anna := t.join("anna")
	old := t.code(accounts.ResetPassword, anna.Email)
	anna = t.move(anna, t.email("moved"), 1)
	t.put(anna.ID, old) // whoever asked for it had looked the address up before
	t.dead("of the address before", anna.ID, old)
	t.is("not reset", anna)
	anna = t.move(anna, old.Email, 2)
	t.put(anna.ID, old)
	t.must("of the address that the user has again", t.use(anna.ID, old, 3))
}

func resetByNone(t *accountTrial) {
	anna := t.join("anna")
	session := t.signIn(t.session(anna.ID, "session", 0))
	code := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	for what, secret := range map[string]accounts.Digest{"an unknown code": digest("wrong"), "no code": {}} {
		_, err := t.store.ResetPassword(t.ctx, anna.ID, secret, "reset", t.at(1))
		t.fails(what, err, accounts.ErrNoCode)
	}
	t.fails("an expired code", t.use(anna.ID, code, hour+1), accounts.ErrNoCode)
	t.is("not reset", anna)
	t.has("not reset", anna.ID, session)
	t.must("the code", t.use(anna.ID, code, 1))
}

// otherPurposes tries each code for each other purpose.
func otherPurposes(t *accountTrial) {
	all := []accounts.Purpose{accounts.VerifyEmail, accounts.ResetPassword, accounts.ChangeEmail}
	for i, purpose := range all {
		anna := t.join(fmt.Sprint("anna", i))
		code := t.put(anna.ID, t.code(purpose, anna.Email))
		for _, other := range all {
			if other != purpose {
				misused := code
				misused.Purpose = other
				t.fails(fmt.Sprintf("%s as %s", purpose, other), t.use(anna.ID, misused, 1), accounts.ErrNoCode)
			}
		}
		t.is("the user", anna)
		t.must(string(purpose), t.use(anna.ID, code, 1))
	}
}

// raceToUse has 16 callers use one code and returns who could.
func (t *accountTrial) raceToUse(use func(i int) error) (winner int) {
	var won atomic.Int32
	var index atomic.Int64
	race(16, func(i int) {
		if err := use(i); err == nil {
			won.Add(1)
			index.Store(int64(i))
		} else {
			t.fails("a racer who lost", err, accounts.ErrNoCode)
		}
	})
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 16 racers have used one code, want 1", n)
	}
	return int(index.Load())
}

func raceToReset(t *accountTrial) {
	anna := t.settled("anna")
	winner := t.raceToUse(func(i int) error {
		_, err := t.store.ResetPassword(t.ctx, anna.ID,
			t.code(accounts.ResetPassword, "").Secret, fmt.Sprint("of racer ", i), t.at(i))
		return err
	})
	if got, want := t.account(anna.ID).Password, fmt.Sprint("of racer ", winner); got != want {
		t.Errorf("the password is %q, want that of the winner, %q", got, want)
	}
	t.has("no session", anna.ID)
}

// verificationCases try [AC3] to [AC7].
func verificationCases() []accountCase {
	return []accountCase{
		{clause: "AC3", name: "another address than the user's", run: verifyOtherEmail},
		{clause: "AC3", name: "what is no code", run: verifyByNone},
		{clause: "AC3", name: "codes for the same are gone", run: verifyDropsCodes},
		{clause: "AC3", name: "one of 16 racers uses it", run: raceToVerify},
		{clause: "AC4", name: "a code that proves the owner", run: verifyProven},
		{clause: "AC4", name: "a code that anybody may have asked for", run: verifyUnproven},
		{clause: "AC5", name: "a user who was verified before", run: verifyAgain},
		{clause: "AC6", name: "the address, the codes", run: changeEmail},
		{clause: "AC6", name: "an address that is taken by now", run: changeToTaken},
		{clause: "AC6", name: "the user's own address", run: changeToOwn},
		{clause: "AC6", name: "what is no code", run: changeByNone},
		{clause: "AC6", name: "racers for one address", run: raceToChangeEmail},
		{clause: "AC6", name: "two users who would exchange theirs", run: exchangeEmails},
		{clause: "AC7", name: "a session that has ended, in any way", run: changeAfterEnd},
		{clause: "AC7", name: "a session that has expired", run: changeAfterExpiry},
		{clause: "AC7", name: "other sessions, and none", run: changeByOthers},
	}
}

// unverified is a settled user without codes.
func (t *accountTrial) unverified(name string) accounts.Account {
	p := t.person(name)
	p.EmailVerified = false
	t.create(p)
	t.signIn(t.session(p.ID, "one", 0))
	return p
}

func (t *accountTrial) verify(what string, p accounts.Account, code accounts.Code) accounts.Account {
	t.put(p.ID, code)
	got, err := t.store.VerifyEmail(t.ctx, p.ID, code.Secret, t.at(7))
	t.must(what, err)
	t.is(what+": the result", got)
	return got
}

func verifyOtherEmail(t *accountTrial) {
	anna := t.unverified("anna")
	code := t.put(anna.ID, t.code(accounts.VerifyEmail, t.email("another")))
	t.dead("mailed to another address", anna.ID, code)
	t.is("not verified", anna)
	t.has("not verified", anna.ID, t.session(anna.ID, "one", 0))
	bob := t.join("bob")
	before := t.put(bob.ID, t.code(accounts.VerifyEmail, bob.Email))
	bob = t.move(bob, t.email("moved"), 1)
	t.put(bob.ID, before)
	t.dead("mailed to the address before", bob.ID, before)
	t.is("the address of now", bob)
}

func (t *accountTrial) verified(p accounts.Account, at int) accounts.Account {
	p.EmailVerified, p.UpdatedAt = true, t.at(at)
	return p
}

func verifyByNone(t *accountTrial) {
	anna := t.unverified("anna")
	code := t.put(anna.ID, t.code(accounts.VerifyEmail, anna.Email))
	for what, secret := range map[string]accounts.Digest{"an unknown code": digest("wrong"), "no code": {}} {
		_, err := t.store.VerifyEmail(t.ctx, anna.ID, secret, t.at(1))
		t.fails(what, err, accounts.ErrNoCode)
	}
	t.fails("an expired code", t.use(anna.ID, code, hour+1), accounts.ErrNoCode)
	t.is("not verified", anna)
	t.must("the code", t.use(anna.ID, code, 1))
	t.fails("the code again", t.use(anna.ID, code, 1), accounts.ErrNoCode)
}

func verifyDropsCodes(t *accountTrial) {
	anna := t.unverified("anna")
	first, second := t.code(accounts.VerifyEmail, anna.Email), t.code(accounts.VerifyEmail, anna.Email)
	first.Proven, second.Proven, second.Secret = true, true, digest("second")
	t.put(anna.ID, second)
	got := t.verify("verifying", anna, first)
	t.dead("after the other", anna.ID, first, second)
	t.is("as the first has left it", got)
}

func raceToVerify(t *accountTrial) {
	anna := t.settled("anna")
	t.raceToUse(func(i int) error {
		return t.use(anna.ID, t.code(accounts.VerifyEmail, anna.Email), i)
	})
	if !t.account(anna.ID).EmailVerified {
		t.Errorf("after 16 racers the address is not verified")
	}
}

func verifyProven(t *accountTrial) {
	anna := t.unverified("anna")
	reset := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	code := t.code(accounts.VerifyEmail, anna.Email)
	code.Proven = true
	got := t.verify("a code that proves the owner", anna, code)
	t.same("the account", got, t.verified(anna, 7))
	t.has("the session goes on", anna.ID, t.session(anna.ID, "one", 0))
	t.must("a code for a reset", t.use(anna.ID, reset, 8))
}

func verifyUnproven(t *accountTrial) {
	anna := t.unverified("anna")
	reset := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	got := t.verify("a code that anybody may have asked for", anna, t.code(accounts.VerifyEmail, anna.Email))
	want := t.verified(anna, 7)
	want.Password = ""
	t.same("the account", got, want)
	t.has("no session", anna.ID)
	t.dead("verified", anna.ID, reset)
}

func verifyAgain(t *accountTrial) {
	for _, proven := range []bool{false, true} {
		anna := t.join(fmt.Sprint("anna", proven))
		session := t.signIn(t.session(anna.ID, "one", 0))
		reset := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
		code := t.code(accounts.VerifyEmail, anna.Email)
		code.Proven = proven
		got := t.verify("verifying again", anna, code)
		t.same("the account", got, anna)
		t.is("the account", anna)
		t.has("the session", anna.ID, session)
		t.dead("used", anna.ID, code)
		t.must("a code for a reset", t.use(anna.ID, reset, 8))
	}
}

func changeEmail(t *accountTrial) {
	anna := t.settled("anna")
	sessions := t.sessions(anna.ID)
	code := t.code(accounts.ChangeEmail, anna.Email)
	old := anna.Email
	user, err := t.store.ChangeEmail(t.ctx, anna.ID, code.Secret, t.at(7))
	t.must("changing", err)
	anna.Email = "changed-" + old
	anna = t.verified(anna, 7)
	t.same("the result", user, anna.User)
	t.is("changed", anna)
	t.has("the sessions go on", anna.ID, sessions...)
	t.dead("changed", anna.ID, code, t.code(accounts.ResetPassword, old), t.code(accounts.VerifyEmail, old))
	_, err = t.store.AccountByEmail(t.ctx, old)
	t.fails("the old address", err, accounts.ErrNoUser)
}

func changeToTaken(t *accountTrial) {
	anna, bob := t.settled("anna"), t.person("bob")
	bob.Email = "changed-" + anna.Email
	t.create(bob)
	before := t.state(anna)
	code := t.code(accounts.ChangeEmail, anna.Email)
	t.fails("an address that is taken", t.use(anna.ID, code, 1), accounts.ErrEmailTaken)
	t.same("the user", t.state(anna), before)
	t.is("who has it", bob)
	t.delete(bob.ID)
	t.must("when it is free again", t.use(anna.ID, code, 2))
}

func changeToOwn(t *accountTrial) {
	anna := t.unverified("anna")
	anna = t.move(anna, anna.Email, 3)
	t.is("verified", anna)
}

func changeByNone(t *accountTrial) {
	anna := t.join("anna")
	code := t.put(anna.ID, t.code(accounts.ChangeEmail, t.email("moved")))
	for what, secret := range map[string]accounts.Digest{"an unknown code": digest("wrong"), "no code": {}} {
		_, err := t.store.ChangeEmail(t.ctx, anna.ID, secret, t.at(1))
		t.fails(what, err, accounts.ErrNoCode)
	}
	t.fails("an expired code", t.use(anna.ID, code, hour+1), accounts.ErrNoCode)
	t.is("not changed", anna)
	t.must("the code", t.use(anna.ID, code, 1))
	t.fails("the code again", t.use(anna.ID, code, 2), accounts.ErrNoCode)
}

// raceToChangeEmail has users who change to one address, and others who sign up
// with it.
func raceToChangeEmail(t *accountTrial) {
	contested := t.email("contested")
	var people [16]accounts.Account
	for i := range people {
		people[i] = t.person(fmt.Sprint("p", i))
		if i%2 == 0 {
			t.create(people[i])
			t.put(people[i].ID, t.code(accounts.ChangeEmail, contested))
		}
	}
	var won atomic.Int32
	race(16, func(i int) {
		p := people[i]
		p.Email = contested
		var err error
		if i%2 == 0 {
			err = t.use(p.ID, t.code(accounts.ChangeEmail, contested), 1)
		} else {
			err = t.store.CreateUser(t.ctx, p, nil, nil)
		}
		if err == nil {
			won.Add(1)
		} else {
			t.fails("a racer who lost", err, accounts.ErrEmailTaken)
		}
	})
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 16 racers have one address, want 1", n)
	}
	holder := t.byEmail(contested)
	for i, p := range people {
		switch {
		case p.ID == holder.ID:
		case i%2 == 0:
			t.is("a loser", p)
		default:
			_, err := t.store.Account(t.ctx, p.ID)
			t.fails("a loser", err, accounts.ErrNoUser)
		}
	}
}

// exchangeEmails has users who would each have the other's address, and so must
// not wait for one another.
func exchangeEmails(t *accountTrial) {
	for round := range 5 {
		anna, bob := t.join(fmt.Sprint("anna", round)), t.join(fmt.Sprint("bob", round))
		t.put(anna.ID, t.code(accounts.ChangeEmail, bob.Email))
		t.put(bob.ID, t.code(accounts.ChangeEmail, anna.Email))
		race(2, func(i int) {
			user := []accounts.Account{anna, bob}[i]
			err := t.use(user.ID, t.code(accounts.ChangeEmail, ""), 1)
			t.fails("taking what the other has", err, accounts.ErrEmailTaken)
		})
		t.is("one", anna)
		t.is("the other", bob)
	}
}

func changeAfterEnd(t *accountTrial) {
	for what, end := range map[string]func(u accounts.Account) error{
		"sign-out": func(u accounts.Account) error { return t.store.EndSession(t.ctx, u.ID, "one") },
		"end of all others": func(u accounts.Account) error {
			return t.store.EndSessions(t.ctx, u.ID, "two")
		},
		"new password": func(u accounts.Account) error {
			next := t.session(u.ID, "next", 2)
			return t.store.ChangePassword(t.ctx, u.ID, u.Password, "changed", &next, t.at(2))
		},
		"session too many": func(u accounts.Account) error {
			return t.begin(t.session(u.ID, "late", 2), 2)
		},
		"reuse of a token": func(u accounts.Account) error {
			_, err := t.store.RotateSession(t.ctx, u.ID, "one", t.rotation("wrong", "next", 2))
			t.fails("a wrong token", err, accounts.ErrReused)
			return nil
		},
	} {
		anna := t.settled(strings.ReplaceAll(what, " ", "-"))
		t.must("a "+what, end(anna))
		before := t.state(anna)
		t.dead("after a "+what, anna.ID, t.code(accounts.ChangeEmail, anna.Email))
		t.same("after a "+what, t.state(anna), before)
	}
}

func changeAfterExpiry(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "one", 0))
	code := t.code(accounts.ChangeEmail, t.email("moved"))
	code.ExpiresAt = t.at(3 * hour)
	t.put(anna.ID, code)
	t.fails("an expired session", t.use(anna.ID, code, hour+1), accounts.ErrNoCode)
	t.is("not changed", anna)
	t.must("in its last millisecond", t.use(anna.ID, code, hour))
}

func changeByOthers(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	t.signIn(t.session(anna.ID, "annas", 0))
	t.signIn(t.session(bob.ID, "bobs", 0))
	for _, id := range []string{"", "bobs", "ANNAS", "anna", "annas "} {
		code := t.code(accounts.ChangeEmail, t.email("moved"))
		code.Session, code.Secret = id, digest("asked by "+id)
		t.must("putting a code", t.store.PutCode(t.ctx, anna.ID, code, 100))
		t.dead("asked for by "+shown(id), anna.ID, code)
	}
	t.is("not changed", anna)
	code := t.code(accounts.ChangeEmail, t.email("moved"))
	code.Session = "annas"
	t.put(anna.ID, code)
	t.must("asked for by the user's own", t.use(anna.ID, code, 1))
}
