package storagetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/authtodo/authtodo/auth/accounts"
)

// passwordCases try [AU6] to [AU8].
func passwordCases() []accountCase {
	return []accountCase{
		{clause: "AU6", name: "the old hash", run: renewHash},
		{clause: "AU6", name: "another hash", run: renewOtherHash},
		{clause: "AU6", name: "a renewal never undoes a change", run: renewAgainstChange},
		{clause: "AU7", name: "with the next session", run: changeAndSignIn},
		{clause: "AU7", name: "without a next session", run: changeOnly},
		{clause: "AU7", name: "another old password", run: changeOther},
		{clause: "AU7", name: "an account without a password", run: changeNone},
		{clause: "AU7", name: "an unknown and a disabled user", run: changeOfNobody},
		{clause: "AU7", name: "one of 16 racers changes it", run: raceForPassword},
		{clause: "AU8", name: "codes for a reset", run: changeAgainstReset},
		{clause: "AU8", name: "codes for a reset, without a next session", run: changeOnlyAgainstReset},
		{clause: "AU8", name: "a reset that races", run: raceOfResetAndChange},
	}
}

func renewHash(t *accountTrial) {
	anna := t.join("anna")
	session := t.signIn(t.session(anna.ID, "session", 0))
	t.must("renewing", t.store.RenewHash(t.ctx, anna.ID, anna.Password, "renewed"))
	anna.Password = "renewed"
	t.is("renewed", anna)
	t.has("renewed", anna.ID, session)
}

func renewOtherHash(t *accountTrial) {
	anna := t.join("anna")
	for _, old := range []string{"", "another", anna.Password + " ", anna.Password[1:]} {
		t.must("renewing", t.store.RenewHash(t.ctx, anna.ID, old, "renewed"))
	}
	t.is("not renewed", anna)
	t.must("renewing that of nobody", t.store.RenewHash(t.ctx, t.userID("nobody"), "old", "renewed"))
	t.noUser(t.userID("nobody"), t.email("nobody"))
}

func renewAgainstChange(t *accountTrial) {
	for round := range 10 {
		anna := t.join(fmt.Sprint("anna", round))
		var changed error
		race(2, func(i int) {
			if i == 0 {
				t.must("renewing", t.store.RenewHash(t.ctx, anna.ID, anna.Password, "renewed"))
			} else {
				changed = t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", nil, t.at(1))
			}
		})
		want := "changed"
		if changed != nil {
			t.fails("a change that came late", changed, accounts.ErrPasswordChanged)
			want = "renewed"
		}
		if got := t.account(anna.ID).Password; got != want {
			t.Errorf("a renewal and a change (%v) leave the password %q, want %q", changed, got, want)
		}
	}
}

func changeAndSignIn(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "one", 0))
	t.signIn(t.session(anna.ID, "two", 1))
	next := t.session(anna.ID, "next", 2)
	t.must("changing", t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", &next, t.at(2)))
	anna.Password, anna.UpdatedAt = "changed", t.at(2)
	t.is("changed", anna)
	t.has("the next session only", anna.ID, next)
	t.noSession("a session of before", anna.ID, "one")
}

func changeOnly(t *accountTrial) {
	anna := t.join("anna")
	session := t.signIn(t.session(anna.ID, "one", 0))
	t.must("changing", t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", nil, t.at(2)))
	anna.Password, anna.UpdatedAt = "changed", t.at(2)
	t.is("changed", anna)
	t.has("the session of before", anna.ID, session)
}

func changeOther(t *accountTrial) {
	anna := t.join("anna")
	session := t.signIn(t.session(anna.ID, "one", 0))
	reset := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	next := t.session(anna.ID, "next", 2)
	for _, old := range []string{"", "another", anna.Password + " "} {
		err := t.store.ChangePassword(t.ctx, anna.ID, old, "changed", &next, t.at(2))
		t.fails("another old password", err, accounts.ErrPasswordChanged)
	}
	t.is("not changed", anna)
	t.has("not changed", anna.ID, session)
	t.must("the code of before", t.use(anna.ID, reset, 1))
}

func changeNone(t *accountTrial) {
	anna := t.person("anna")
	anna.Password = ""
	t.create(anna)
	err := t.store.ChangePassword(t.ctx, anna.ID, "another", "changed", nil, t.at(1))
	t.fails("an old password where there is none", err, accounts.ErrPasswordChanged)
	t.must("a first password", t.store.ChangePassword(t.ctx, anna.ID, "", "first", nil, t.at(2)))
	anna.Password, anna.UpdatedAt = "first", t.at(2)
	t.is("with a password", anna)
}

func changeOfNobody(t *accountTrial) {
	anna, bob := t.join("anna"), t.userID("bob")
	t.disable(anna.ID)
	for _, user := range []string{anna.ID, bob} {
		next := t.session(user, "next", 2)
		for _, s := range []*accounts.Session{nil, &next} {
			err := t.store.ChangePassword(t.ctx, user, anna.Password, "changed", s, t.at(2))
			t.fails("changing the password of nobody", err, accounts.ErrNoUser)
		}
		t.has("nobody", user)
	}
	if got := t.account(anna.ID).Password; got != anna.Password {
		t.Errorf("the password of a disabled user becomes %q", got)
	}
}

// raceForPassword has each racer with a session for themselves: those of who
// lost must not be there.
func raceForPassword(t *accountTrial) {
	for round := range 3 {
		anna := t.join(fmt.Sprint("anna", round))
		t.signIn(t.session(anna.ID, "before", 0))
		var won atomic.Int32
		var winner atomic.Int64
		race(16, func(i int) {
			next := t.session(anna.ID, fmt.Sprint("next-", i), i)
			err := t.store.ChangePassword(
				t.ctx, anna.ID, anna.Password, fmt.Sprint("of racer ", i), &next, t.at(i))
			if err == nil {
				won.Add(1)
				winner.Store(int64(i))
			} else {
				t.fails("a racer who lost", err, accounts.ErrPasswordChanged)
			}
		})
		i := int(winner.Load())
		if n := won.Load(); n != 1 {
			t.Fatalf("%d of 16 racers have changed one password, want 1", n)
		}
		anna.Password, anna.UpdatedAt = fmt.Sprint("of racer ", i), t.at(i)
		t.is("as the winner has it", anna)
		t.has("the winner only", anna.ID, t.session(anna.ID, fmt.Sprint("next-", i), i))
	}
}

func changeAgainstReset(t *accountTrial) {
	anna := t.join("anna")
	code := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	next := t.session(anna.ID, "next", 2)
	t.must("changing", t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", &next, t.at(2)))
	t.dead("after the change", anna.ID, code)
	if got := t.account(anna.ID).Password; got != "changed" {
		t.Errorf("the password is %q, want %q", got, "changed")
	}
}

func changeOnlyAgainstReset(t *accountTrial) {
	anna := t.join("anna")
	code := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	other := code
	other.Secret = digest("another")
	t.put(anna.ID, other)
	t.must("changing", t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", nil, t.at(2)))
	t.dead("after the change", anna.ID, code, other)
}

// raceOfResetAndChange: a reset that comes after the change does not work, and a
// change after the reset has another old password.
func raceOfResetAndChange(t *accountTrial) {
	for round := range 10 {
		anna := t.join(fmt.Sprint("anna", round))
		code := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
		next := t.session(anna.ID, "next", 2)
		var reset, changed error
		race(2, func(i int) {
			if i == 0 {
				reset = t.use(anna.ID, code, 1)
			} else {
				changed = t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "changed", &next, t.at(2))
			}
		})
		switch {
		case reset == nil && errors.Is(changed, accounts.ErrPasswordChanged):
			t.has("after a reset", anna.ID)
		case changed == nil && errors.Is(reset, accounts.ErrNoCode):
			t.has("after a change", anna.ID, next)
		default:
			t.Errorf("a reset and a change that race end with %v and %v", reset, changed)
		}
	}
}

// endingCases try [AU9] and [AU10].
func endingCases() []accountCase {
	return []accountCase{
		{clause: "AU9", name: "sessions and codes are gone", run: disableEnds},
		{clause: "AU9", name: "enabling brings nothing back", run: enable},
		{clause: "AU9", name: "an unknown user", run: disableNobody},
		{clause: "AU9", name: "codes that race", run: raceOfCodeAndDisable},
		{clause: "AU10", name: "nothing is left", run: deleteAll},
		{clause: "AU10", name: "an unknown user, a second time", run: deleteNobody},
		{clause: "AU10", name: "one of 16 racers deletes", run: raceToDelete},
	}
}

func disableEnds(t *accountTrial) {
	anna := t.settled("anna")
	t.must("disabling", t.store.SetDisabled(t.ctx, anna.ID, true, t.at(7)))
	anna.Disabled, anna.UpdatedAt = true, t.at(7)
	t.is("disabled", anna)
	t.has("disabled", anna.ID)
	t.noSession("disabled", anna.ID, "one")
	t.dead("disabled", anna.ID, t.code(accounts.ResetPassword, anna.Email),
		t.code(accounts.VerifyEmail, anna.Email), t.code(accounts.ChangeEmail, anna.Email))
	t.is("disabled", anna)
}

func enable(t *accountTrial) {
	anna := t.settled("anna")
	t.disable(anna.ID)
	t.must("enabling", t.store.SetDisabled(t.ctx, anna.ID, false, t.at(8)))
	anna.UpdatedAt = t.at(8)
	t.is("enabled again", anna)
	t.has("enabled again", anna.ID)
	t.dead("enabled again", anna.ID, t.code(accounts.ResetPassword, anna.Email),
		t.code(accounts.VerifyEmail, anna.Email), t.code(accounts.ChangeEmail, anna.Email))
	session := t.signIn(t.session(anna.ID, "again", 9))
	t.must("enabling once more", t.store.SetDisabled(t.ctx, anna.ID, false, t.at(10)))
	t.has("enabled twice", anna.ID, session)
}

func disableNobody(t *accountTrial) {
	for _, disabled := range []bool{true, false} {
		err := t.store.SetDisabled(t.ctx, t.userID("nobody"), disabled, t.at(1))
		t.fails("disabling nobody", err, accounts.ErrNoUser)
	}
	t.noUser(t.userID("nobody"), t.email("nobody"))
}

func raceOfCodeAndDisable(t *accountTrial) {
	for round := range 10 {
		anna := t.join(fmt.Sprint("anna", round))
		code := t.code(accounts.ResetPassword, anna.Email)
		race(2, func(i int) {
			if i == 0 {
				t.disable(anna.ID)
			} else if err := t.store.PutCode(t.ctx, anna.ID, code, 100); err != nil {
				t.fails("a code for a disabled user", err, accounts.ErrNoUser)
			}
		})
		t.dead("a code that raced with disabling", anna.ID, code)
	}
}

func deleteAll(t *accountTrial) {
	anna, bob := t.settled("anna"), t.join("bob")
	again := t.person("again") // an id is never given away again, but what a store has left would show
	again.ID = anna.ID
	left := t.code(accounts.ResetPassword, again.Email)
	left.Secret = digest("left")
	t.put(anna.ID, left)
	t.delete(anna.ID)
	gone := func(what string) {
		t.has(what, anna.ID)
		t.noSession(what, anna.ID, "one")
		t.dead(what, anna.ID, t.code(accounts.ResetPassword, anna.Email),
			t.code(accounts.VerifyEmail, anna.Email), t.code(accounts.ChangeEmail, anna.Email))
	}
	gone("deleted")
	t.noUser(anna.ID, anna.Email)
	bob = t.move(bob, anna.Email, 1)
	t.is("who has the address now", bob)
	t.create(again)
	t.is("as if it had never been", again)
	gone("as if it had never been")
	t.dead("as if it had never been", anna.ID, left)
}

func deleteNobody(t *accountTrial) {
	t.fails("deleting nobody", t.store.DeleteUser(t.ctx, t.userID("nobody")), accounts.ErrNoUser)
	anna := t.join("anna")
	t.delete(anna.ID)
	t.fails("deleting a second time", t.store.DeleteUser(t.ctx, anna.ID), accounts.ErrNoUser)
}

func raceToDelete(t *accountTrial) {
	anna := t.settled("anna")
	var won atomic.Int32
	race(16, func(int) {
		if err := t.store.DeleteUser(t.ctx, anna.ID); err == nil {
			won.Add(1)
		} else {
			t.fails("a racer who lost", err, accounts.ErrNoUser)
		}
	})
	if n := won.Load(); n != 1 {
		t.Errorf("%d of 16 racers have deleted one user, want 1", n)
	}
	t.noUser(anna.ID, anna.Email)
}
