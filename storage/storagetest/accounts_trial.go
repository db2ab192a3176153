package storagetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// accountTrial is one case at work, as [trial] is.
type accountTrial struct {
	*accountWorld
	*record
	ctx  context.Context
	salt string
}

// through is the same trial with another store.
func (t *accountTrial) through(store accounts.Store) *accountTrial {
	w, other := *t.accountWorld, *t
	w.store, other.accountWorld = store, &w
	return &other
}

// at is a time of the trial: n milliseconds after a fixed one.
func (t *accountTrial) at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC).Add(time.Duration(n) * time.Millisecond)
}

// What things in a trial are called. Sessions and codes are called the same
// whoever they belong to, so that a store that forgets the user mixes them up.

func (t *accountTrial) userID(name string) string { return "storagetest-" + t.salt + "-" + name }
func (t *accountTrial) email(name string) string {
	return strings.ToLower(name + "@" + t.salt + ".example")
}

func digest(of string) accounts.Digest { return sha256.Sum256([]byte(of)) }

// person is an account of this trial's own, verified and with a password.
func (t *accountTrial) person(name string) accounts.Account {
	return accounts.Account{
		User: accounts.User{
			ID: t.userID(name), Email: t.email(name), EmailVerified: true, Name: name,
			CreatedAt: t.at(0), UpdatedAt: t.at(0),
		},
		Password: "hash of " + name,
	}
}

// hour is in milliseconds, as [accountTrial.at] counts.
const hour = 3_600_000

// session is one of user with a refresh token, which lasts an hour and can last
// a day.
func (t *accountTrial) session(user, id string, began int) accounts.Session {
	return accounts.Session{
		UserID: user, ID: id, Refresh: digest("refresh of " + id),
		CreatedAt: t.at(began), UpdatedAt: t.at(began),
		ExpiresAt: t.at(began + hour), EndsAt: t.at(began + 24*hour),
		Address: "192.0.2.1", UserAgent: "storagetest",
	}
}

// code is one that was mailed to an address and lasts an hour. The session one
// asks for those that a session has to ask for.
func (t *accountTrial) code(purpose accounts.Purpose, email string) accounts.Code {
	c := accounts.Code{
		Purpose: purpose, Secret: digest("code for " + string(purpose)), Email: email,
		CreatedAt: t.at(0), ExpiresAt: t.at(hour),
	}
	if purpose == accounts.ChangeEmail {
		c.Session = "one"
	}
	return c
}

// The verbs end the case when the store fails.

func (t *accountTrial) must(what string, err error) {
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// create adds an account with nothing else.
func (t *accountTrial) create(a accounts.Account) accounts.Account {
	t.must("creating a user", t.store.CreateUser(t.ctx, a, nil, nil))
	return a
}

// join adds a person.
func (t *accountTrial) join(name string) accounts.Account { return t.create(t.person(name)) }

// signIn adds a session.
func (t *accountTrial) signIn(s accounts.Session) accounts.Session {
	t.must("creating a session", t.begin(s, 100))
	return s
}

// begin adds a session to those of its user, with the password they have.
func (t *accountTrial) begin(s accounts.Session, limit int) error {
	a, err := t.store.Account(t.ctx, s.UserID)
	if err != nil {
		return err
	}
	return t.store.CreateSession(t.ctx, s, a.Password, limit)
}

// put adds a code.
func (t *accountTrial) put(user string, c accounts.Code) accounts.Code {
	t.ask(user, c)
	t.must("putting a code", t.store.PutCode(t.ctx, user, c, 100))
	return c
}

// ask adds the session that asks for a code, which lasts a day, unless it is
// there or none has to ask.
func (t *accountTrial) ask(user string, c accounts.Code) {
	if c.Session == "" {
		return
	}
	if _, _, err := t.store.Session(t.ctx, user, c.Session); errors.Is(err, accounts.ErrNoSession) {
		s := t.session(user, c.Session, -1)
		s.ExpiresAt = s.EndsAt
		t.signIn(s)
	}
}

func (t *accountTrial) account(id string) accounts.Account {
	a, err := t.store.Account(t.ctx, id)
	t.must("asking for an account", err)
	return a
}

func (t *accountTrial) byEmail(email string) accounts.Account {
	a, err := t.store.AccountByEmail(t.ctx, email)
	t.must("asking for the account of an address", err)
	return a
}

func (t *accountTrial) sessions(user string) []accounts.Session {
	all, err := t.store.Sessions(t.ctx, user)
	t.must("asking for the sessions", err)
	return all
}

func (t *accountTrial) lookUp(user, id string) accounts.Session {
	s, _, err := t.store.Session(t.ctx, user, id)
	t.must("asking for a session", err)
	return s
}

func (t *accountTrial) disable(user string) {
	t.must("disabling a user", t.store.SetDisabled(t.ctx, user, true, t.at(9)))
}

func (t *accountTrial) delete(user string) {
	t.must("deleting a user", t.store.DeleteUser(t.ctx, user))
}

// rotation exchanges what was said in old for new.
func (t *accountTrial) rotation(old, new string, at int) accounts.Rotation {
	return accounts.Rotation{
		Old: digest(old), New: digest(new), At: t.at(at), Grace: 10 * time.Second,
		ExpiresAt: t.at(at + hour),
	}
}

func (t *accountTrial) rotate(user, id string, r accounts.Rotation) accounts.Rotated {
	rotated, err := t.store.RotateSession(t.ctx, user, id, r)
	t.must("rotating a session", err)
	return rotated
}

// What is expected does not end the case.

func (t *accountTrial) fails(what string, err, target error) {
	if !errors.Is(err, target) {
		t.Errorf("%s: got the error %v, want %v", what, err, target)
	}
}

// ended fails unless err is what [A4] asks of a call whose context has ended.
func (t *accountTrial) ended(what string, err, cause error) {
	if !errors.Is(err, cause) && !errors.Is(err, accounts.ErrUnavailable) {
		t.Errorf("%s: got the error %v, want %v or %v", what, err, cause, accounts.ErrUnavailable)
	}
}

func (t *accountTrial) noUser(user, email string) {
	_, err := t.store.Account(t.ctx, user)
	t.fails("the account of "+shown(user), err, accounts.ErrNoUser)
	_, err = t.store.AccountByEmail(t.ctx, email)
	t.fails("the account of the address "+shown(email), err, accounts.ErrNoUser)
}

// is fails unless an account is found by its id and by its address as it is
// given.
func (t *accountTrial) is(what string, want accounts.Account) {
	t.same(what+", by id", t.account(want.ID), want)
	t.same(what+", by address", t.byEmail(want.Email), want)
}

// has fails unless the sessions of a user are the given ones, in that order.
func (t *accountTrial) has(what, user string, want ...accounts.Session) {
	t.same(what, t.sessions(user), slices.Clone(want))
	for _, s := range want {
		t.same(what+", one", t.lookUp(user, s.ID), s)
	}
}

// noSession fails unless there is no such session.
func (t *accountTrial) noSession(what, user, id string) {
	_, _, err := t.store.Session(t.ctx, user, id)
	t.fails(what, err, accounts.ErrNoSession)
}

// dead fails if any of the codes is good for its purpose.
func (t *accountTrial) dead(what, user string, codes ...accounts.Code) {
	for _, c := range codes {
		t.fails(what+": the code for "+string(c.Purpose), t.use(user, c, 1), accounts.ErrNoCode)
	}
}

// use uses a code.
func (t *accountTrial) use(user string, c accounts.Code, at int) (err error) {
	switch c.Purpose {
	case accounts.ResetPassword:
		_, err = t.store.ResetPassword(t.ctx, user, c.Secret, "hash of a reset", t.at(at))
	case accounts.VerifyEmail:
		_, err = t.store.VerifyEmail(t.ctx, user, c.Secret, t.at(at))
	case accounts.ChangeEmail:
		_, err = t.store.ChangeEmail(t.ctx, user, c.Secret, t.at(at))
	}
	return err
}

// same fails if two values differ in anything that a store keeps.
func (t *accountTrial) same(what string, got, want any) {
	if g, w := plain(got), plain(want); g != w {
		t.Errorf("%s: got %s want %s", what, apart(g, w), apart(w, g))
	}
}

// apart is text from the word on in which it is not other.
func apart(text, other string) string {
	i := 0
	for i < min(len(text), len(other)) && text[i] == other[i] {
		i++
	}
	if i = strings.LastIndexByte(text[:i], ' ') + 1; i > 0 {
		return fmt.Sprintf("… %.300s", text[i:])
	}
	return fmt.Sprintf("%.300s", text)
}

// plain is a value as text: two texts are equal if the values are, times with
// their zone included.
func plain(value any) string {
	switch v := value.(type) {
	case accounts.User:
		return fmt.Sprintf("user %+q %+q verified %t name %+q image %s disabled %t created %s updated %s",
			v.ID, v.Email, v.EmailVerified, v.Name, quoted(v.Image), v.Disabled, stamp(v.CreatedAt), stamp(v.UpdatedAt))
	case accounts.Account:
		return fmt.Sprintf("%s password %+q", plain(v.User), v.Password)
	case accounts.Session:
		return fmt.Sprintf("session %+q %+q secret %x refresh %x parent %x rotated %s created %s "+
			"updated %s expires %s ends %s temporary %t from %+q %+q", v.UserID, v.ID, v.Secret, v.Refresh,
			v.Parent, stamp(v.RotatedAt), stamp(v.CreatedAt), stamp(v.UpdatedAt), stamp(v.ExpiresAt),
			stamp(v.EndsAt), v.Temporary, v.Address, v.UserAgent)
	case accounts.SigningKey:
		return fmt.Sprintf("key %d %+q public %x private %x created %s signs from %s dead at %s", v.Number,
			v.ID, v.Public, v.Private, stamp(v.CreatedAt), stamp(v.SignsFrom), stamp(v.DeadAt))
	case []accounts.Session:
		return plainAll(v)
	case []accounts.SigningKey:
		return plainAll(v)
	}
	return fmt.Sprint(value)
}

func plainAll[T any](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = plain(v)
	}
	return fmt.Sprintf("%d: %s", len(values), strings.Join(texts, "\n\t"))
}

func stamp(at time.Time) string { return at.Format(time.RFC3339Nano) }
