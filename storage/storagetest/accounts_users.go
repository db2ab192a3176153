package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// valueCases try [A5] with what hurts.
func valueCases() []accountCase {
	var cases []accountCase
	for _, text := range texts() {
		cases = append(cases, accountCase{clause: "A5", name: "text with " + text.with, run: text.everywhere})
	}
	return append(cases,
		accountCase{clause: "A5", name: "the longest text", run: longestEverywhere},
		accountCase{clause: "A5", name: "empty and null", run: emptyMembers},
		accountCase{clause: "A5", name: "sessions with each of their members", run: sessionMembers},
		accountCase{clause: "A5", name: "digests of any bytes", run: digests},
		accountCase{clause: "A5", name: "times from 1900 to 9999", run: accountTimes},
		accountCase{clause: "A5", name: "keys of any bytes", run: keyBytes, alone: true},
	)
}

// everywhere has the text in every member that may have any.
func (x text) everywhere(t *accountTrial) {
	anna := t.person("anna")
	anna.Name, anna.Image, anna.Password = x.text, &x.text, x.text
	anna.Email, anna.EmailVerified = t.salt+x.text, false
	t.create(anna)
	t.is("as it was created", anna)
	session := t.session(anna.ID, "session", 0)
	session.Address, session.UserAgent = x.text, x.text
	t.signIn(session)
	t.has("as it was created", anna.ID, session)
	other := "other " + x.text
	code := t.put(anna.ID, t.code(accounts.ResetPassword, anna.Email))
	user, err := t.store.ResetPassword(t.ctx, anna.ID, code.Secret, other, t.at(1))
	t.must("resetting", err)
	anna.EmailVerified, anna.Password, anna.UpdatedAt = true, other, t.at(1)
	t.same("as it was reset", user, anna.User)
	t.is("as it was reset", anna)
	image := &other
	user, err = t.store.UpdateProfile(
		t.ctx, anna.ID, accounts.Profile{Name: &other, Image: &image}, t.at(2))
	t.must("changing the profile", err)
	anna.Name, anna.Image, anna.UpdatedAt = other, image, t.at(2)
	t.same("as it was changed", user, anna.User)
	t.is("as it was changed", anna)
}

func longestEverywhere(t *accountTrial) {
	anna := t.person("anna")
	fill := func(n int, start string) string {
		return start + strings.Repeat("\U0001F600", (n-len(start))/4) + strings.Repeat("x", (n-len(start))%4)
	}
	anna.ID, anna.Email = fill(accounts.MaxUserID, t.salt), fill(accounts.MaxEmail, t.salt)
	anna.Name, anna.Image = fill(accounts.MaxName, ""), new(fill(accounts.MaxImage, ""))
	anna.Password = fill(accounts.MaxHash, "")
	t.create(anna)
	t.is("as it was created", anna)
	session := t.session(anna.ID, strings.Repeat("~", 64), 0)
	session.UserAgent, session.Address = fill(accounts.MaxUserAgent, ""), fill(64, "")
	t.signIn(session)
	t.has("as it was created", anna.ID, session)
	code := t.code(accounts.ChangeEmail, fill(accounts.MaxEmail, "new"+t.salt))
	code.Session = session.ID
	t.put(anna.ID, code)
	t.must("changing the address", t.use(anna.ID, code, 1))
	anna.Email, anna.UpdatedAt = code.Email, t.at(1)
	t.is("as it was changed", anna)
}

func emptyMembers(t *accountTrial) {
	anna, bob := t.person("anna"), t.person("bob")
	anna.Name, anna.Image, anna.Password, anna.EmailVerified = "", nil, "", false
	bob.Image, bob.Disabled = new(""), true
	t.create(anna)
	t.create(bob)
	t.is("without members", anna)
	t.is("with an empty image", bob)
}

func sessionMembers(t *accountTrial) {
	anna := t.join("anna")
	bare := accounts.Session{
		UserID: anna.ID, ID: "bare", Secret: digest("secret"),
		CreatedAt: t.at(0), UpdatedAt: t.at(0), ExpiresAt: t.at(1), EndsAt: t.at(2),
	}
	full := accounts.Session{
		UserID: anna.ID, ID: "full", Secret: digest("a"), Refresh: digest("b"), Parent: digest("c"),
		RotatedAt: t.at(3), CreatedAt: t.at(-1), UpdatedAt: t.at(5), ExpiresAt: t.at(6), EndsAt: t.at(7),
		Temporary: true, Address: "2001:db8::1", UserAgent: "agent",
	}
	t.signIn(full)
	t.signIn(bare)
	t.has("all that they have", anna.ID, bare, full)
	bob, first := t.person("bob"), full
	first.UserID = bob.ID
	t.must("creating a user", t.store.CreateUser(t.ctx, bob, &first, nil))
	t.has("the first session", bob.ID, first)
	next := full
	next.ID, next.Parent, next.RotatedAt = "next", accounts.Digest{}, time.Time{}
	t.must("changing the password", t.store.ChangePassword(
		t.ctx, anna.ID, anna.Password, "new", &next, t.at(8)))
	t.has("the next session", anna.ID, next)
}

func digests(t *accountTrial) {
	anna := t.join("anna")
	var zeros, ones, ends accounts.Digest
	zeros[31] = 1 // but one, because the zero Digest is none
	for i := range ones {
		ones[i] = 0xff
	}
	copy(ends[:], "\x80'\\\"\x00\n\xc3\x28")
	for i, d := range []accounts.Digest{zeros, ones, ends} {
		session := t.session(anna.ID, fmt.Sprint("s", i), i)
		session.Secret, session.Refresh = d, d
		t.signIn(session)
		t.same("a session", t.lookUp(anna.ID, session.ID), session)
		code := t.code(accounts.ResetPassword, anna.Email)
		code.Secret = d
		near := d
		near[31] ^= 0x80
		t.put(anna.ID, code)
		_, err := t.store.ResetPassword(t.ctx, anna.ID, near, "wrong", t.at(1))
		t.fails("a code that differs by a bit", err, accounts.ErrNoCode)
		t.must("the code", t.use(anna.ID, code, 1))
	}
}

func accountTimes(t *accountTrial) {
	for i, at := range []time.Time{
		time.Date(1900, 1, 1, 0, 0, 0, 1e6, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
		time.UnixMilli(0).UTC(),
		time.Date(2026, 3, 29, 1, 30, 0, 1e6, time.UTC), // an hour some zones leave out
		time.Date(2038, 1, 19, 3, 14, 8, 10e6, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		p := t.person(fmt.Sprint("p", i))
		p.CreatedAt, p.UpdatedAt = at, at
		t.create(p)
		t.is("a user", p)
		s := t.session(p.ID, "session", 0)
		s.CreatedAt, s.UpdatedAt, s.ExpiresAt, s.EndsAt, s.RotatedAt = at, at, at, at, at
		t.signIn(s)
		t.has("a session", p.ID, s)
	}
}

// userCases try [AU1] to [AU4].
func userCases() []accountCase {
	return []accountCase{
		{clause: "AU1", name: "alone", run: createAlone},
		{clause: "AU1", name: "with a session and a code", run: createWithAll},
		{clause: "AU2", name: "an id that is taken", run: takenID},
		{clause: "AU2", name: "an address that is taken", run: takenEmail},
		{clause: "AU2", name: "one of 16 racers has the id", run: raceForID},
		{clause: "AU2", name: "one of 16 racers has the address", run: raceForEmail},
		{clause: "AU3", name: "by id", run: accountByID},
		{clause: "AU4", name: "by address", run: accountByEmail},
		{clause: "AU4", name: "an address that was changed", run: changedEmail},
		{clause: "AU4", name: "an address that is taken again", run: emailTakenAgain},
	}
}

func createAlone(t *accountTrial) {
	anna := t.join("anna")
	t.is("as it was created", anna)
	t.has("no session", anna.ID)
}

func createWithAll(t *accountTrial) {
	for i, with := range []struct{ session, code bool }{{true, false}, {false, true}, {true, true}} {
		p := t.person(fmt.Sprint("p", i))
		var session *accounts.Session
		var code *accounts.Code
		var want []accounts.Session
		if with.session {
			session = new(t.session(p.ID, "first", 0))
			want = append(want, *session)
		}
		if with.code {
			code = new(t.code(accounts.ResetPassword, p.Email))
		}
		t.must("creating a user", t.store.CreateUser(t.ctx, p, session, code))
		t.is("as it was created", p)
		t.has("the first session", p.ID, want...)
		if with.code {
			t.must("the first code", t.use(p.ID, *code, 1))
		}
	}
}

// refused creates a user in vain and fails if anything of it is there.
func (t *accountTrial) refused(what string, p accounts.Account, want error) {
	session, code := t.session(p.ID, "refused", 0), t.code(accounts.VerifyEmail, p.Email)
	t.fails(what, t.store.CreateUser(t.ctx, p, &session, &code), want)
	t.noSession(what, p.ID, session.ID)
	t.dead(what, p.ID, code)
}

func takenID(t *accountTrial) {
	anna, other := t.join("anna"), t.person("other")
	other.ID = anna.ID
	t.refused("a taken id", other, accounts.ErrUserExists)
	other.Email = anna.Email
	t.refused("a taken id and address", other, accounts.ErrUserExists)
	t.is("who has it", anna)
	_, err := t.store.AccountByEmail(t.ctx, t.email("other"))
	t.fails("the address of who was refused", err, accounts.ErrNoUser)
}

func takenEmail(t *accountTrial) {
	anna, other := t.join("anna"), t.person("other")
	other.Email = anna.Email
	t.refused("a taken address", other, accounts.ErrEmailTaken)
	t.is("who has it", anna)
	_, err := t.store.Account(t.ctx, other.ID)
	t.fails("who was refused", err, accounts.ErrNoUser)
	other.Email = t.email("other")
	t.create(other)
	t.is("with another address", other)
}

// raceToCreate has 16 racers for the same thing, who sign in at once, and
// returns who won.
func (t *accountTrial) raceToCreate(racer func(i int) accounts.Account, lost error) accounts.Account {
	var won atomic.Int32
	var winner atomic.Pointer[accounts.Account]
	race(16, func(i int) {
		p := racer(i)
		session := t.session(p.ID, fmt.Sprint("of-racer-", i), i)
		err := t.store.CreateUser(t.ctx, p, &session, nil)
		if err == nil {
			won.Add(1)
			winner.Store(&p)
		} else if !errors.Is(err, lost) {
			t.Errorf("a racer: got the error %v, want %v", err, lost)
		}
	})
	if n := won.Load(); n != 1 {
		t.Fatalf("%d of 16 racers have created a user, want 1", n)
	}
	return *winner.Load()
}

func raceForID(t *accountTrial) {
	winner := t.raceToCreate(func(i int) accounts.Account {
		p := t.person(fmt.Sprint("racer", i))
		p.ID = t.userID("contested")
		return p
	}, accounts.ErrUserExists)
	t.is("the winner", winner)
	if n := len(t.sessions(winner.ID)); n != 1 {
		t.Errorf("the winner has %d sessions, want 1", n)
	}
	for i := range 16 {
		email := t.email(fmt.Sprint("racer", i))
		if _, err := t.store.AccountByEmail(t.ctx, email); email != winner.Email {
			t.fails("the address of a loser", err, accounts.ErrNoUser)
		}
	}
}

func raceForEmail(t *accountTrial) {
	for round := range 3 {
		winner := t.raceToCreate(func(i int) accounts.Account {
			p := t.person(fmt.Sprint("racer ", round, i))
			p.Email = t.email(fmt.Sprint("contested", round))
			return p
		}, accounts.ErrEmailTaken)
		t.is("the winner", winner)
		for i := range 16 {
			if id := t.userID(fmt.Sprint("racer ", round, i)); id != winner.ID {
				_, err := t.store.Account(t.ctx, id)
				t.fails("a loser", err, accounts.ErrNoUser)
				t.has("a loser", id)
			}
		}
	}
}

func accountByID(t *accountTrial) {
	_, err := t.store.Account(t.ctx, t.userID("nobody"))
	t.fails("an unknown id", err, accounts.ErrNoUser)
	anna := t.join("anna")
	t.same("the account", t.account(anna.ID), anna)
	t.delete(anna.ID)
	_, err = t.store.Account(t.ctx, anna.ID)
	t.fails("a deleted user", err, accounts.ErrNoUser)
}

func accountByEmail(t *accountTrial) {
	_, err := t.store.AccountByEmail(t.ctx, t.email("nobody"))
	t.fails("an unknown address", err, accounts.ErrNoUser)
	_, err = t.store.AccountByEmail(t.ctx, "")
	t.fails("no address", err, accounts.ErrNoUser)
	anna, bob := t.join("anna"), t.join("bob")
	t.same("the account", t.byEmail(anna.Email), anna)
	t.delete(anna.ID)
	t.noUser(anna.ID, anna.Email)
	t.same("another account", t.byEmail(bob.Email), bob)
}

// move gives a user another address.
func (t *accountTrial) move(p accounts.Account, email string, at int) accounts.Account {
	code := t.put(p.ID, t.code(accounts.ChangeEmail, email))
	t.must("changing the address", t.use(p.ID, code, at))
	p.Email, p.EmailVerified, p.UpdatedAt = email, true, t.at(at)
	return p
}

func changedEmail(t *accountTrial) {
	anna := t.join("anna")
	old := anna.Email
	anna = t.move(anna, t.email("moved"), 1)
	t.is("with the new address", anna)
	_, err := t.store.AccountByEmail(t.ctx, old)
	t.fails("the old address", err, accounts.ErrNoUser)
	anna = t.move(anna, old, 2)
	t.is("with the old address again", anna)
	_, err = t.store.AccountByEmail(t.ctx, t.email("moved"))
	t.fails("the address in between", err, accounts.ErrNoUser)
}

func emailTakenAgain(t *accountTrial) {
	anna := t.join("anna")
	old := anna.Email
	anna = t.move(anna, t.email("moved"), 1)
	bob := t.person("bob")
	bob.Email = old
	t.create(bob)
	t.is("who has the old address now", bob)
	t.is("who had it", anna)
	t.delete(bob.ID)
	carol := t.person("carol")
	carol.Email = old
	t.create(carol)
	t.is("who has the address of a deleted user", carol)
}

// profileCases try [AU5].
func profileCases() []accountCase {
	return []accountCase{
		{clause: "AU5", name: "each member", run: profileMembers},
		{clause: "AU5", name: "an unknown user", run: profileOfNobody},
		{clause: "AU5", name: "sixteen racers for two members", run: raceForProfile},
	}
}

func profileMembers(t *accountTrial) {
	anna := t.join("anna")
	url, null := new("https://example.com/a.png"), (*string)(nil)
	for i, p := range []accounts.Profile{
		{Name: new("renamed")}, {Image: &url}, {}, {Name: new("")}, {Name: new("both"), Image: &null},
		{Image: &url}, {Name: new("last")},
	} {
		at := t.at(i + 1)
		anna.User = p.Apply(anna.User, at)
		got, err := t.store.UpdateProfile(t.ctx, anna.ID, p, at)
		t.must("changing a profile", err)
		t.same("the result", got, anna.User)
		t.is("afterwards", anna)
	}
}

func profileOfNobody(t *accountTrial) {
	_, err := t.store.UpdateProfile(t.ctx, t.userID("nobody"), accounts.Profile{Name: new("x")}, t.at(1))
	t.fails("an unknown user", err, accounts.ErrNoUser)
	t.noUser(t.userID("nobody"), t.email("nobody"))
}

func raceForProfile(t *accountTrial) {
	anna := t.join("anna")
	race(16, func(i int) {
		profile := accounts.Profile{Name: new("renamed")}
		if i%2 == 0 {
			image := new("image")
			profile = accounts.Profile{Image: &image}
		}
		_, err := t.store.UpdateProfile(t.ctx, anna.ID, profile, t.at(1))
		t.must("a racer", err)
	})
	anna.Name, anna.Image, anna.UpdatedAt = "renamed", new("image"), t.at(1)
	t.is("after all racers", anna)
}
