package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// signInCases try [AS1], [AS2] and [AS13].
func signInCases() []accountCase {
	return []accountCase{
		{clause: "AS1", name: "an unknown, a deleted and a disabled user", run: signInNobody},
		{clause: "AS1", name: "a user who is deleted meanwhile", run: signInAgainstDelete},
		{clause: "AS1", name: "a user who is disabled meanwhile", run: signInAgainstDisable},
		{clause: "AS2", name: "expired sessions go", run: expiredSessions},
		{clause: "AS2", name: "the oldest sessions go", run: oldestSessions},
		{clause: "AS2", name: "the new one stays", run: newSessionStays},
		{clause: "AS2", name: "sixteen racers keep the limit", run: raceToSignIn},
		{clause: "AS13", name: "another password", run: signInWithAnother},
		{clause: "AS13", name: "a password that changes meanwhile", run: signInAgainstChange},
		{clause: "AS13", name: "a reset meanwhile", run: signInAgainstReset},
	}
}

func signInNobody(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	t.delete(anna.ID)
	t.disable(bob.ID)
	for _, user := range []string{t.userID("nobody"), anna.ID, bob.ID} {
		err := t.store.CreateSession(t.ctx, t.session(user, "session", 0), bob.Password, 100)
		t.fails("a session of nobody", err, accounts.ErrNoUser)
		t.has("nobody", user)
		t.noSession("nobody", user, "session")
	}
}

// against has a user sign in while something else happens to them, after which
// they have no sessions.
func (t *accountTrial) against(what string, other func(accounts.Account), after func(accounts.Account)) {
	for round := range 15 {
		anna := t.join(fmt.Sprint("anna", round))
		race(4, func(i int) {
			if i == 0 {
				other(anna)
				return
			}
			session := t.session(anna.ID, fmt.Sprint("session-", i), i)
			if err := t.store.CreateSession(t.ctx, session, anna.Password, 100); err != nil {
				t.fails("a sign-in that came late", err, accounts.ErrNoUser)
			}
		})
		after(anna)
		t.has(what, anna.ID)
	}
}

func signInAgainstDelete(t *accountTrial) {
	t.against("a user who was deleted meanwhile", func(p accounts.Account) { t.delete(p.ID) },
		func(p accounts.Account) { t.create(p) }) // a session that was left behind would be theirs
}

func signInAgainstDisable(t *accountTrial) {
	t.against("a user who was disabled meanwhile", func(p accounts.Account) { t.disable(p.ID) },
		func(accounts.Account) {})
}

func expiredSessions(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "expired", 0))
	last := t.signIn(t.session(anna.ID, "just-live", 1))
	t.must("extending", t.store.ExtendSession(t.ctx, anna.ID, "just-live", t.at(hour+1), t.at(2)))
	last.UpdatedAt = t.at(2)
	next := t.signIn(t.session(anna.ID, "next", hour+1))
	t.has("without what has expired", anna.ID, next, last)
}

func oldestSessions(t *accountTrial) {
	anna := t.join("anna")
	var made []accounts.Session
	for _, began := range []int{3, 1, 4, 2, 5} {
		made = append(made, t.signIn(t.session(anna.ID, fmt.Sprint("s", began), began)))
	}
	next := t.session(anna.ID, "next", 6)
	t.must("creating a session", t.begin(next, 3))
	t.has("the three that began last", anna.ID, next, made[4], made[2])
	one := t.session(anna.ID, "one", 7)
	t.must("creating a session", t.begin(one, 1))
	t.has("the only one", anna.ID, one)
}

func newSessionStays(t *accountTrial) {
	anna := t.join("anna")
	old := t.signIn(t.session(anna.ID, "old", 10))
	t.signIn(t.session(anna.ID, "older", 9))
	late := t.session(anna.ID, "of-a-slow-clock", 5)
	t.must("creating a session", t.begin(late, 2))
	t.has("the new one and the latest other", anna.ID, old, late)
}

func raceToSignIn(t *accountTrial) {
	anna := t.join("anna")
	race(16, func(i int) {
		session := t.session(anna.ID, fmt.Sprintf("session-%02d", i), i)
		t.must("a racer", t.store.CreateSession(t.ctx, session, anna.Password, 5))
	})
	if n := len(t.sessions(anna.ID)); n != 5 {
		t.Errorf("16 sign-ins with a limit of 5 leave %d sessions", n)
	}
}

func signInWithAnother(t *accountTrial) {
	anna, bob := t.join("anna"), t.person("bob")
	bob.Password = ""
	t.create(bob)
	one := t.signIn(t.session(anna.ID, "one", 0))
	for _, hash := range []string{"", "another", anna.Password + " ", strings.ToUpper(anna.Password)} {
		err := t.store.CreateSession(t.ctx, t.session(anna.ID, "session", 2*hour), hash, 1)
		t.fails("the password "+shown(hash), err, accounts.ErrPasswordChanged)
	}
	t.has("nothing has happened", anna.ID, one)
	err := t.store.CreateSession(t.ctx, t.session(bob.ID, "session", 0), anna.Password, 100)
	t.fails("a password where there is none", err, accounts.ErrPasswordChanged)
	t.has("nobody", bob.ID)
	t.must("renewing", t.store.RenewHash(t.ctx, anna.ID, anna.Password, "renewed"))
	err = t.store.CreateSession(t.ctx, t.session(anna.ID, "session", 1), anna.Password, 100)
	t.fails("the hash of before", err, accounts.ErrPasswordChanged)
	two := t.session(anna.ID, "two", 1)
	t.must("the hash of now", t.store.CreateSession(t.ctx, two, "renewed", 100))
	t.has("both", anna.ID, two, one)
}

// late has a user sign in with the password of before while it becomes another
// one, which ends all sessions but those given.
func (t *accountTrial) late(what string, other func(u accounts.Account), left ...string) {
	for round := range 15 {
		anna := t.join(fmt.Sprint("anna", round))
		race(4, func(i int) {
			if i == 0 {
				other(anna)
				return
			}
			session := t.session(anna.ID, fmt.Sprint("session-", i), i)
			if err := t.store.CreateSession(t.ctx, session, anna.Password, 100); err != nil {
				t.fails("a sign-in that came late", err, accounts.ErrPasswordChanged)
			}
		})
		var ids []string
		for _, s := range t.sessions(anna.ID) {
			ids = append(ids, s.ID)
		}
		if !slices.Equal(ids, left) {
			t.Errorf("%s leaves the sessions %q, want %q", what, ids, left)
		}
	}
}

func signInAgainstChange(t *accountTrial) {
	t.late("a new password", func(u accounts.Account) {
		next := t.session(u.ID, "next", 9)
		t.must("changing", t.store.ChangePassword(t.ctx, u.ID, u.Password, "changed", &next, t.at(9)))
	}, "next")
}

func signInAgainstReset(t *accountTrial) {
	t.late("a reset", func(u accounts.Account) {
		t.must("resetting", t.use(u.ID, t.put(u.ID, t.code(accounts.ResetPassword, u.Email)), 9))
	})
}

// sessionCases try [AS3] to [AS7].
func sessionCases() []accountCase {
	return []accountCase{
		{clause: "AS3", name: "a session and its user", run: readSession},
		{clause: "AS3", name: "what is not there", run: readNoSession},
		{clause: "AS4", name: "those that began last first", run: listSessions},
		{clause: "AS5", name: "a later end", run: extendSession},
		{clause: "AS5", name: "the end that never moves", run: extendTooFar},
		{clause: "AS5", name: "what is not there or has expired", run: extendNone},
		{clause: "AS5", name: "a session that ends meanwhile", run: extendAgainstEnd},
		{clause: "AS6", name: "one ends, the others go on", run: endOne},
		{clause: "AS6", name: "what is not there", run: endNone},
		{clause: "AS7", name: "all end", run: endAll},
		{clause: "AS7", name: "all but one end", run: endOthers},
	}
}

func readSession(t *accountTrial) {
	anna := t.join("anna")
	want := t.signIn(t.session(anna.ID, "session", 0))
	user, err := t.store.UpdateProfile(t.ctx, anna.ID, accounts.Profile{Name: new("renamed")}, t.at(1))
	t.must("changing the name", err)
	got, owner, err := t.store.Session(t.ctx, anna.ID, "session")
	t.must("asking for a session", err)
	t.same("the session", got, want)
	t.same("its user", owner, user)
	old := t.session(anna.ID, "long-ago", -100*hour)
	t.signIn(old)
	t.same("a session that has expired", t.lookUp(anna.ID, old.ID), old)
}

func readNoSession(t *accountTrial) {
	anna := t.join("anna")
	t.noSession("an unknown session", anna.ID, "unknown")
	t.noSession("no session", anna.ID, "")
	t.noSession("a session of an unknown user", t.userID("nobody"), "session")
	t.signIn(t.session(anna.ID, "session", 0))
	t.must("ending", t.store.EndSession(t.ctx, anna.ID, "session"))
	t.noSession("a session that has ended", anna.ID, "session")
}

func listSessions(t *accountTrial) {
	anna := t.join("anna")
	t.has("none", anna.ID)
	t.has("those of nobody", t.userID("nobody"))
	var want []accounts.Session
	for _, began := range []int{5, -100 * hour, 3, 9, 4} {
		want = append(want, t.session(anna.ID, fmt.Sprint("s", began), began))
	}
	t.signIn(want[4])
	for _, s := range want[:4] { // the long expired one is not there when another begins
		s.ExpiresAt = s.EndsAt.Add(200 * hour * time.Millisecond)
		s.EndsAt = s.ExpiresAt
		t.signIn(s)
	}
	got := t.sessions(anna.ID)
	var ids []string
	for _, s := range got {
		ids = append(ids, s.ID)
	}
	if order := strings.Join(ids, " "); order != fmt.Sprintf("s9 s5 s4 s3 s%d", -100*hour) {
		t.Errorf("the sessions come in the order %s", order)
	}
	if !slices.IsSortedFunc(got, func(a, b accounts.Session) int { return b.CreatedAt.Compare(a.CreatedAt) }) {
		t.Errorf("the sessions are not in the order in which they began")
	}
}

func extendSession(t *accountTrial) {
	anna := t.join("anna")
	s := t.signIn(t.session(anna.ID, "session", 0))
	other := t.signIn(t.session(anna.ID, "other", 1))
	t.must("extending", t.store.ExtendSession(t.ctx, anna.ID, s.ID, t.at(3*hour), t.at(7)))
	s.ExpiresAt, s.UpdatedAt = t.at(3*hour), t.at(7)
	t.has("extended", anna.ID, other, s)
	t.is("the user", anna)
}

func extendTooFar(t *accountTrial) {
	anna := t.join("anna")
	s := t.signIn(t.session(anna.ID, "session", 0))
	t.must("extending", t.store.ExtendSession(t.ctx, anna.ID, s.ID, s.EndsAt.Add(time.Millisecond), t.at(7)))
	s.ExpiresAt, s.UpdatedAt = s.EndsAt, t.at(7)
	t.has("extended to its end", anna.ID, s)
}

func extendNone(t *accountTrial) {
	anna := t.join("anna")
	extend := func(user, id string, at int) error {
		return t.store.ExtendSession(t.ctx, user, id, t.at(2*hour), t.at(at))
	}
	t.fails("an unknown session", extend(anna.ID, "unknown", 1), accounts.ErrNoSession)
	t.fails("a session of nobody", extend(t.userID("nobody"), "unknown", 1), accounts.ErrNoSession)
	s := t.signIn(t.session(anna.ID, "session", 0))
	t.fails("an expired session", extend(anna.ID, s.ID, hour+1), accounts.ErrNoSession)
	t.has("not extended", anna.ID, s)
	t.must("in its last millisecond", extend(anna.ID, s.ID, hour))
	t.must("ending", t.store.EndSession(t.ctx, anna.ID, s.ID))
	t.fails("a session that has ended", extend(anna.ID, s.ID, 1), accounts.ErrNoSession)
	t.has("not brought back", anna.ID)
}

func extendAgainstEnd(t *accountTrial) {
	anna := t.join("anna")
	for round := range 10 {
		id := fmt.Sprint("session-", round)
		t.signIn(t.session(anna.ID, id, round))
		race(4, func(i int) {
			if i == 0 {
				t.must("ending", t.store.EndSession(t.ctx, anna.ID, id))
			} else if err := t.store.ExtendSession(t.ctx, anna.ID, id, t.at(2*hour), t.at(i)); err != nil {
				t.fails("extending what has ended", err, accounts.ErrNoSession)
			}
		})
		t.noSession("a session that ended while it was extended", anna.ID, id)
	}
}

func endOne(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "one", 0))
	two := t.signIn(t.session(anna.ID, "two", 1))
	t.must("ending", t.store.EndSession(t.ctx, anna.ID, "one"))
	t.has("the other", anna.ID, two)
	t.noSession("what has ended", anna.ID, "one")
	_, err := t.store.RotateSession(t.ctx, anna.ID, "one", t.rotation("refresh of one", "next", 2))
	t.fails("refreshing what has ended", err, accounts.ErrNoSession)
	t.is("the user", anna)
}

func endNone(t *accountTrial) {
	anna := t.join("anna")
	one := t.signIn(t.session(anna.ID, "one", 0))
	for _, id := range []string{"unknown", "", "ONE", "on"} {
		t.must("ending what is not there", t.store.EndSession(t.ctx, anna.ID, id))
	}
	t.must("ending a session of nobody", t.store.EndSession(t.ctx, t.userID("nobody"), "one"))
	t.has("what is there", anna.ID, one)
}

func endAll(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "one", 0))
	t.signIn(t.session(anna.ID, "two", 1))
	for range 2 {
		t.must("ending all", t.store.EndSessions(t.ctx, anna.ID, ""))
		t.has("none", anna.ID)
	}
	t.must("ending all of nobody", t.store.EndSessions(t.ctx, t.userID("nobody"), ""))
	t.is("the user", anna)
}

func endOthers(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "one", 0))
	two := t.signIn(t.session(anna.ID, "two", 1))
	t.signIn(t.session(anna.ID, "three", 2))
	t.must("ending the others", t.store.EndSessions(t.ctx, anna.ID, "two"))
	t.has("the one that was excepted", anna.ID, two)
	t.must("ending all but one that is not there", t.store.EndSessions(t.ctx, anna.ID, "unknown"))
	t.has("none", anna.ID)
}

// rotationCases try [AS8] to [AS12].
func rotationCases() []accountCase {
	return []accountCase{
		{clause: "AS8", name: "the live token", run: rotateLive},
		{clause: "AS8", name: "one after the other", run: rotateOften},
		{clause: "AS8", name: "the end that never moves", run: rotateToTheEnd},
		{clause: "AS9", name: "the parent within the grace", run: replayParent},
		{clause: "AS9", name: "a clock that went back", run: replayEarlier},
		{clause: "AS10", name: "an unknown token", run: reuseUnknown},
		{clause: "AS10", name: "the parent after the grace", run: reuseParent},
		{clause: "AS10", name: "the parent of the parent", run: reuseGrandparent},
		{clause: "AS10", name: "no token at all", run: reuseZero},
		{clause: "AS11", name: "what is not there", run: rotateNone},
		{clause: "AS11", name: "a session without refresh tokens", run: rotateCookie},
		{clause: "AS11", name: "an expired session", run: rotateExpired},
		{clause: "AS11", name: "a disabled and a deleted user", run: rotateOfNobody},
		{clause: "AS11", name: "a session that ends meanwhile", run: rotateAgainstEnd},
		{clause: "AS12", name: "sixteen racers leave one family", run: raceToRotate},
		{clause: "AS12", name: "racers with a token that was exchanged long ago", run: raceToReuse},
	}
}

func rotateLive(t *accountTrial) {
	anna := t.join("anna")
	s := t.signIn(t.session(anna.ID, "session", 0))
	other := t.signIn(t.session(anna.ID, "other", -1))
	got := t.rotate(anna.ID, s.ID, t.rotation("refresh of session", "next", 7))
	s.Parent, s.Refresh = s.Refresh, digest("next")
	s.RotatedAt, s.UpdatedAt, s.ExpiresAt = t.at(7), t.at(7), t.at(7+hour)
	t.same("the session", got.Session, s)
	t.same("its user", got.User, anna.User)
	if got.Replayed {
		t.Errorf("the first exchange is said to be a replay")
	}
	t.has("afterwards", anna.ID, s, other)
	t.is("the user", anna)
}

func rotateOften(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "session", 0))
	old := "refresh of session"
	for i := range 5 {
		next := fmt.Sprint("token ", i)
		got := t.rotate(anna.ID, "session", t.rotation(old, next, i+1))
		if got.Replayed || got.Session.Refresh != digest(next) || got.Session.Parent != digest(old) {
			t.Errorf("exchange %d: %s", i, plain(got.Session))
		}
		old = next
	}
}

func rotateToTheEnd(t *accountTrial) {
	anna := t.join("anna")
	s := t.signIn(t.session(anna.ID, "session", 0))
	r := t.rotation("refresh of session", "next", 1)
	r.ExpiresAt = s.EndsAt.Add(time.Hour)
	if got := t.rotate(anna.ID, s.ID, r).Session; !got.ExpiresAt.Equal(s.EndsAt) {
		t.Errorf("a session that ends at %v expires at %v", s.EndsAt, got.ExpiresAt)
	}
	if got := t.lookUp(anna.ID, s.ID); !got.ExpiresAt.Equal(s.EndsAt) {
		t.Errorf("a session that ends at %v expires at %v", s.EndsAt, got.ExpiresAt)
	}
}

// rotated is a session whose first token was exchanged.
func (t *accountTrial) rotated(user string, at int) accounts.Session {
	t.signIn(t.session(user, "session", 0))
	return t.rotate(user, "session", t.rotation("refresh of session", "next", at)).Session
}

func (t *accountTrial) replays(user string, want accounts.Session, at int) {
	got := t.rotate(user, "session", t.rotation("refresh of session", "next", at))
	if !got.Replayed {
		t.Errorf("the parent %d ms after its exchange is not a replay", at)
	}
	t.same("the replayed session", got.Session, want)
	if got.User.ID != user {
		t.Errorf("a replay returns the user %q", got.User.ID)
	}
	t.has("nothing was written", user, want)
}

func replayParent(t *accountTrial) {
	anna := t.join("anna")
	s := t.rotated(anna.ID, 1)
	for _, at := range []int{1, 2, 5_000, 10_001} {
		t.replays(anna.ID, s, at)
	}
	got := t.rotate(anna.ID, s.ID, t.rotation("next", "third", 10_002))
	if got.Replayed || got.Session.Refresh != digest("third") {
		t.Errorf("after replays the live token is exchanged for %s", plain(got.Session))
	}
}

func replayEarlier(t *accountTrial) {
	anna := t.join("anna")
	s := t.rotated(anna.ID, hour/2)
	t.replays(anna.ID, s, 5)
}

// reused fails unless a token ends the session.
func (t *accountTrial) reused(what, user string, r accounts.Rotation) {
	other := t.signIn(t.session(user, "other", 2))
	_, err := t.store.RotateSession(t.ctx, user, "session", r)
	t.fails(what, err, accounts.ErrReused)
	t.has(what+": what is left", user, other)
	t.noSession(what, user, "session")
	_, err = t.store.RotateSession(t.ctx, user, "session", t.rotation("next", "third", 3))
	t.fails(what+": the live token afterwards", err, accounts.ErrNoSession)
}

func reuseUnknown(t *accountTrial) {
	anna := t.join("anna")
	t.rotated(anna.ID, 1)
	t.reused("an unknown token", anna.ID, t.rotation("wrong", "third", 2))
	bob := t.join("bob")
	t.signIn(t.session(bob.ID, "session", 0))
	t.reused("an unknown token before any exchange", bob.ID, t.rotation("wrong", "third", 2))
}

func reuseParent(t *accountTrial) {
	anna := t.join("anna")
	t.rotated(anna.ID, 1)
	t.reused("the parent after the grace", anna.ID, t.rotation("refresh of session", "next", 10_002))
}

func reuseGrandparent(t *accountTrial) {
	anna := t.join("anna")
	t.rotated(anna.ID, 1)
	t.rotate(anna.ID, "session", t.rotation("next", "third", 2))
	t.reused("the parent of the parent", anna.ID, t.rotation("refresh of session", "next", 3))
}

func reuseZero(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "session", 0)) // its Parent is the zero Digest
	r := t.rotation("", "next", 1)
	r.Old = accounts.Digest{}
	t.reused("no token", anna.ID, r)
}

func rotateNone(t *accountTrial) {
	anna := t.join("anna")
	r := t.rotation("refresh of session", "next", 1)
	for _, user := range []string{anna.ID, t.userID("nobody")} {
		_, err := t.store.RotateSession(t.ctx, user, "session", r)
		t.fails("an unknown session", err, accounts.ErrNoSession)
	}
	t.signIn(t.session(anna.ID, "session", 0))
	t.must("ending", t.store.EndSessions(t.ctx, anna.ID, ""))
	_, err := t.store.RotateSession(t.ctx, anna.ID, "session", r)
	t.fails("a session that has ended", err, accounts.ErrNoSession)
	t.has("not brought back", anna.ID)
}

func rotateCookie(t *accountTrial) {
	anna := t.join("anna")
	s := t.session(anna.ID, "session", 0)
	s.Secret, s.Refresh = digest("secret"), accounts.Digest{}
	t.signIn(s)
	for _, old := range []accounts.Digest{digest("secret"), digest("wrong"), {}} {
		r := t.rotation("", "next", 1)
		r.Old = old
		_, err := t.store.RotateSession(t.ctx, anna.ID, s.ID, r)
		t.fails("a session without refresh tokens", err, accounts.ErrNoSession)
	}
	t.has("the session", anna.ID, s)
}

func rotateExpired(t *accountTrial) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "session", 0))
	for _, old := range []string{"refresh of session", "wrong"} {
		_, err := t.store.RotateSession(t.ctx, anna.ID, "session", t.rotation(old, "next", hour+1))
		t.fails("an expired session", err, accounts.ErrNoSession)
	}
	t.rotate(anna.ID, "session", t.rotation("refresh of session", "next", hour))
}

func rotateOfNobody(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	t.signIn(t.session(anna.ID, "session", 0))
	t.signIn(t.session(bob.ID, "session", 0))
	t.disable(anna.ID)
	t.delete(bob.ID)
	for _, user := range []string{anna.ID, bob.ID} {
		_, err := t.store.RotateSession(t.ctx, user, "session", t.rotation("refresh of session", "next", 1))
		t.fails("a session of nobody", err, accounts.ErrNoSession)
		t.has("nobody", user)
	}
}

// rotateAgainstEnd has sessions end in every way while they are refreshed.
func rotateAgainstEnd(t *accountTrial) {
	for round := range 12 {
		anna := t.join(fmt.Sprint("anna", round))
		t.signIn(t.session(anna.ID, "session", 0))
		next := t.session(anna.ID, "changed", 1)
		race(3, func(i int) {
			switch {
			case i > 0:
				r := t.rotation("refresh of session", "next", 1)
				if _, err := t.store.RotateSession(t.ctx, anna.ID, "session", r); err != nil {
					t.fails("refreshing what has ended", err, accounts.ErrNoSession)
				}
			case round%4 == 0:
				t.must("ending", t.store.EndSession(t.ctx, anna.ID, "session"))
			case round%4 == 1:
				t.must("changing the password", t.store.ChangePassword(
					t.ctx, anna.ID, anna.Password, "changed", &next, t.at(1)))
			case round%4 == 2:
				t.disable(anna.ID)
			case round%4 == 3:
				t.delete(anna.ID)
			}
		})
		t.noSession("a session that ended while it was refreshed", anna.ID, "session")
	}
}

// refresh has 16 callers refresh one token through stores in turn.
func (t *accountTrial) refresh(store func() accounts.Store) {
	anna := t.join("anna")
	t.signIn(t.session(anna.ID, "session", 0))
	old := "refresh of session"
	for round := range 5 {
		next := fmt.Sprint("token ", round)
		var exchanged, replayed atomic.Int32
		race(16, func(int) {
			got, err := store().RotateSession(t.ctx, anna.ID, "session", t.rotation(old, next, round+1))
			switch {
			case err != nil:
				t.Errorf("a racer: %v", err)
			case got.Session.Refresh != digest(next):
				t.Errorf("a racer has another session: %s", plain(got.Session))
			case got.Replayed:
				replayed.Add(1)
			default:
				exchanged.Add(1)
			}
		})
		if e, r := exchanged.Load(), replayed.Load(); e != 1 || r != 15 {
			t.Errorf("16 racers with one token: %d exchanges and %d replays, want 1 and 15", e, r)
		}
		if s := t.lookUp(anna.ID, "session"); s.Refresh != digest(next) || s.Parent != digest(old) {
			t.Errorf("16 racers leave %s", plain(s))
		}
		old = next
	}
	if n := len(t.sessions(anna.ID)); n != 1 {
		t.Errorf("there are %d sessions, want 1", n)
	}
}

func raceToRotate(t *accountTrial) { t.refresh(func() accounts.Store { return t.store }) }

func raceToReuse(t *accountTrial) {
	anna := t.join("anna")
	t.rotated(anna.ID, 1)
	var found atomic.Int32
	race(16, func(int) {
		_, err := t.store.RotateSession(t.ctx, anna.ID, "session", t.rotation("refresh of session", "x", hour/2))
		switch {
		case err == nil:
			t.Errorf("an old token was accepted")
		case errors.Is(err, accounts.ErrReused):
			found.Add(1)
		default:
			t.fails("a racer who came late", err, accounts.ErrNoSession)
		}
	})
	if n := found.Load(); n != 1 {
		t.Errorf("%d of 16 racers have ended the session, want 1", n)
	}
	t.has("the session has ended", anna.ID)
}
