package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// strangerCases try [A1]: two users on every method, and ids and addresses that
// a careless store could take for one.
func strangerCases() []accountCase {
	cases := []accountCase{
		{clause: "A1", name: "another user's session cannot be read", run: strangerReads},
		{clause: "A1", name: "another user's session cannot be changed or ended", run: strangerChanges},
		{clause: "A1", name: "another user's code is none", run: strangerUses},
		{clause: "A1", name: "what one user does leaves another as they are", run: strangerStays},
		{clause: "A1", name: "another user's sessions do not count", run: strangerSessions},
		{clause: "A1", name: "an id is not taken for an address", run: idIsNoAddress},
		{clause: "A1", name: "a session is that of its call's user", run: sessionOfTheUser},
	}
	for _, purpose := range []accounts.Purpose{
		accounts.VerifyEmail, accounts.ChangeEmail, accounts.ResetPassword,
	} {
		cases = append(cases, accountCase{
			clause: "A1", name: "another user's codes do not count, for " + string(purpose),
			run: func(t *accountTrial) { t.strangerCodes(purpose) },
		})
	}
	for _, pair := range ownerPairs() {
		cases = append(cases,
			accountCase{clause: "A1", name: "ids that differ by " + pair.by, run: pair.users},
			accountCase{clause: "A1", name: "addresses that differ by " + pair.by, run: pair.addresses},
			accountCase{clause: "A1", name: "sessions that differ by " + pair.by, run: pair.sessions},
		)
	}
	return cases
}

func strangerReads(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	annas := t.signIn(t.session(anna.ID, "annas", 0))
	t.noSession("another user's session", bob.ID, annas.ID)
	t.has("a user without sessions", bob.ID)
	bobs := t.signIn(t.session(bob.ID, "bobs", 1))
	t.has("one of two users", anna.ID, annas)
	t.has("the other", bob.ID, bobs)
	_, user, err := t.store.Session(t.ctx, bob.ID, bobs.ID)
	t.must("asking for a session", err)
	t.same("the user of a session", user, bob.User)
}

func strangerChanges(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	annas := t.signIn(t.session(anna.ID, "annas", 0))
	err := t.store.ExtendSession(t.ctx, bob.ID, annas.ID, t.at(2*hour), t.at(1))
	t.fails("extending another user's session", err, accounts.ErrNoSession)
	_, err = t.store.RotateSession(t.ctx, bob.ID, annas.ID, t.rotation("refresh of annas", "next", 1))
	t.fails("rotating another user's session", err, accounts.ErrNoSession)
	_, err = t.store.RotateSession(t.ctx, bob.ID, annas.ID, t.rotation("wrong", "next", 1))
	t.fails("rotating another user's session by a wrong token", err, accounts.ErrNoSession)
	t.must("ending another user's session", t.store.EndSession(t.ctx, bob.ID, annas.ID))
	t.must("ending all sessions of another", t.store.EndSessions(t.ctx, bob.ID, ""))
	t.has("after all that", anna.ID, annas)
}

func strangerUses(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	for _, purpose := range []accounts.Purpose{
		accounts.VerifyEmail, accounts.ChangeEmail, accounts.ResetPassword,
	} {
		code := t.put(anna.ID, t.code(purpose, anna.Email))
		t.dead("as another user", bob.ID, code)
		t.dead("as nobody", t.userID("nobody"), code)
	}
	t.is("the user", bob)
	t.is("the owner of the codes", anna)
}

// strangerStays has two users with sessions and codes of the same names.
func strangerStays(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	reset, own := t.code(accounts.ResetPassword, bob.Email), t.code(accounts.ResetPassword, anna.Email)
	bobs := t.signIn(t.session(bob.ID, "session", 0))
	t.put(bob.ID, reset)
	stays := func(what string, err error) {
		t.must(what, err)
		t.is(what+" of one user: the other", bob)
		t.has(what+" of one user: the other", bob.ID, bobs)
	}
	t.signIn(t.session(anna.ID, "session", 0))
	t.put(anna.ID, own)
	rotated := t.rotate(anna.ID, "session", t.rotation("refresh of session", "next", 1))
	stays("rotating a session", nil)
	stays("extending a session", t.store.ExtendSession(
		t.ctx, anna.ID, "session", rotated.Session.ExpiresAt.Add(1), t.at(2)))
	stays("ending a session", t.store.EndSession(t.ctx, anna.ID, "session"))
	t.signIn(t.session(anna.ID, "session", 2*hour))
	stays("a session that makes room", t.begin(t.session(anna.ID, "late", 3*hour), 1))
	stays("ending all sessions", t.store.EndSessions(t.ctx, anna.ID, ""))
	_, err := t.store.UpdateProfile(t.ctx, anna.ID, accounts.Profile{Name: new("another")}, t.at(2))
	stays("a change of the name", err)
	stays("a better hash", t.store.RenewHash(t.ctx, anna.ID, anna.Password, "renewed"))
	next := t.session(anna.ID, "next", 3)
	stays("a change of the password", t.store.ChangePassword(
		t.ctx, anna.ID, "renewed", "another", &next, t.at(3)))
	t.put(anna.ID, own)
	stays("a reset", t.use(anna.ID, own, 4))
	t.put(anna.ID, own)
	stays("disabling", t.store.SetDisabled(t.ctx, anna.ID, true, t.at(5)))
	stays("deleting", t.store.DeleteUser(t.ctx, anna.ID))
	t.must("the other's own code", t.use(bob.ID, reset, 6))
}

// strangerSessions has a limit that is reached only with those of another user.
func strangerSessions(t *accountTrial) {
	anna, bob := t.join("anna"), t.join("bob")
	for i := range 3 {
		t.signIn(t.session(bob.ID, fmt.Sprint("bobs-", i), 10+i))
	}
	bobs := t.sessions(bob.ID)
	first, second := t.signIn(t.session(anna.ID, "first", 0)), t.session(anna.ID, "second", 5)
	t.must("creating a session", t.begin(second, 2))
	t.has("one user", anna.ID, second, first)
	t.has("the other", bob.ID, bobs...)
}

// strangerCodes has limits and times of expiry that are reached only with the
// codes of another user, one of which is the same as one's own.
func (t *accountTrial) strangerCodes(purpose accounts.Purpose) {
	anna, bob, carol := t.join("anna"), t.join("bob"), t.join("carol")
	code := func(u accounts.Account, name string, at int) accounts.Code {
		c := t.code(purpose, u.Email)
		c.Secret, c.CreatedAt, c.ExpiresAt = digest(name), t.at(at), t.at(at+hour)
		return c
	}
	put := func(u accounts.Account, c accounts.Code) {
		t.ask(u.ID, c)
		t.must("putting a code", t.store.PutCode(t.ctx, u.ID, c, 2))
	}
	for i := range 2 {
		t.put(carol.ID, code(carol, fmt.Sprint("carols ", i), 10+i))
	}
	bobs := t.put(bob.ID, code(bob, "first", 0))
	put(anna, code(anna, "first", 0))
	put(anna, code(anna, "second", 1))
	t.must("the first of two codes", t.use(anna.ID, code(anna, "first", 0), 1))

	put(anna, code(anna, "first", 2))
	put(anna, code(anna, "second", 3))
	put(anna, code(anna, "third", 4))
	put(anna, code(anna, "late", 2*hour))
	moved := code(anna, "moved", 2*hour)
	if purpose == accounts.ChangeEmail {
		moved.Email = t.email("moved")
	}
	put(anna, moved)
	t.must("a late code", t.use(anna.ID, moved, 2*hour))
	t.is("the other", bob)
	t.must("the other's code", t.use(bob.ID, bobs, 1))
}

// sessionOfTheUser has sessions that say they are another user's.
func sessionOfTheUser(t *accountTrial) {
	anna, bob, carol := t.person("anna"), t.join("bob"), t.join("carol")
	first, next := t.session(bob.ID, "first", 0), t.session(bob.ID, "next", 1)
	t.must("creating a user", t.store.CreateUser(t.ctx, anna, &first, nil))
	t.must("changing a password", t.store.ChangePassword(t.ctx, carol.ID, carol.Password, "new", &next, t.at(1)))
	first.UserID, next.UserID = anna.ID, carol.ID
	t.has("who was created", anna.ID, first)
	t.has("who changed the password", carol.ID, next)
	t.has("whom both sessions name", bob.ID)
}

func idIsNoAddress(t *accountTrial) {
	anna := t.join("anna")
	t.noUser(anna.Email, anna.ID)
}

// cut shortens a pair to n bytes, so that it still differs.
func (p ownerPair) cut(n int) (one, other string) {
	return p.one[max(0, len(p.one)-n):], p.other[max(0, len(p.other)-n):]
}

func (p ownerPair) users(t *accountTrial) {
	one, other := p.cut(accounts.MaxUserID - len(t.salt))
	a, b := t.person("a"), t.person("b")
	a.ID, b.ID = t.salt+one, t.salt+other
	t.create(a)
	t.create(b)
	t.is("the first", a)
	t.is("the second", b)
	bobs := t.signIn(t.session(b.ID, "session", 0))
	reset := t.put(b.ID, t.code(accounts.ResetPassword, b.Email))
	t.noSession("the second's session", a.ID, bobs.ID)
	t.dead("the second's code", a.ID, reset)
	t.signIn(t.session(a.ID, "session", 1))
	t.delete(a.ID)
	t.is("the second, after the first is gone", b)
	t.has("the second's session, after the first is gone", b.ID, bobs)
}

func (p ownerPair) addresses(t *accountTrial) {
	one, other := p.cut(accounts.MaxEmail - len(t.salt))
	a, b := t.person("a"), t.person("b")
	a.Email, b.Email = t.salt+one, t.salt+other
	t.create(a)
	t.create(b)
	t.is("the first", a)
	t.is("the second", b)
	t.delete(a.ID)
	t.noUser(a.ID, a.Email)
	t.is("the second, after the first is gone", b)
}

func (p ownerPair) sessions(t *accountTrial) {
	if strings.ContainsFunc(p.one+p.other, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return // ids of sessions are visible ASCII
	}
	one, other := p.cut(64)
	anna := t.join("anna")
	first := t.signIn(t.session(anna.ID, one, 0))
	second := t.signIn(t.session(anna.ID, other, 1))
	t.has("both", anna.ID, second, first)
	t.must("ending the first", t.store.EndSession(t.ctx, anna.ID, one))
	t.has("the second", anna.ID, second)
}

// sharingCases try [A2]: the store and its callers share no memory, and calls
// may run at once.
func sharingCases() []accountCase {
	return []accountCase{
		{clause: "A2", name: "what was passed may change", run: sharedArguments},
		{clause: "A2", name: "what was returned may change", run: sharedResults},
		{clause: "A2", name: "keys may change, passed and returned", run: sharedKeys, alone: true},
		{clause: "A2", name: "sixteen callers of every method at once", run: manyUsers},
	}
}

func sharedArguments(t *accountTrial) {
	anna := t.person("anna")
	anna.Image = new("kept")
	session, code := t.session(anna.ID, "first", 0), t.code(accounts.ResetPassword, anna.Email)
	want := plain(session)
	t.must("creating a user", t.store.CreateUser(t.ctx, anna, &session, &code))
	*anna.Image = "spoiled"
	session.ExpiresAt, code.ExpiresAt = t.at(-1), t.at(-1)
	if got := t.account(anna.ID).Image; got == nil || *got != "kept" {
		t.Errorf("writing into the image that was passed makes it %s", quoted(got))
	}
	t.same("the session, after what was passed has changed", plain(t.lookUp(anna.ID, "first")), want)
	image := new("kept")
	_, err := t.store.UpdateProfile(t.ctx, anna.ID, accounts.Profile{Image: &image}, t.at(1))
	t.must("changing the image", err)
	*image = "spoiled"
	if got := t.account(anna.ID).Image; got == nil || *got != "kept" {
		t.Errorf("writing into the image of a profile makes it %s", quoted(got))
	}
	next := t.session(anna.ID, "next", 2)
	want = plain(next)
	t.must("changing the password", t.store.ChangePassword(t.ctx, anna.ID, anna.Password, "new", &next, t.at(2)))
	next.Refresh = digest("spoiled")
	t.same("the next session, after what was passed has changed", plain(t.lookUp(anna.ID, "next")), want)
}

func sharedResults(t *accountTrial) {
	anna := t.person("anna")
	anna.Image = new("kept")
	t.create(anna)
	session := t.signIn(t.session(anna.ID, "session", 0))
	intact := func(what string, got accounts.User) {
		if got.Image != nil {
			*got.Image = "spoiled"
		}
		if got := t.account(anna.ID).Image; got == nil || *got != "kept" {
			t.Fatalf("writing into the image of %s makes it %s", what, quoted(got))
		}
	}
	intact("an account", t.account(anna.ID).User)
	intact("an account by address", t.byEmail(anna.Email).User)
	user, err := t.store.UpdateProfile(t.ctx, anna.ID, accounts.Profile{Name: new("other")}, t.at(1))
	t.must("changing the name", err)
	intact("a changed profile", user)
	_, user, err = t.store.Session(t.ctx, anna.ID, session.ID)
	t.must("asking for a session", err)
	intact("the user of a session", user)
	intact("the user of a rotation",
		t.rotate(anna.ID, session.ID, t.rotation("refresh of session", "next", 1)).User)
	sessions := t.sessions(anna.ID)
	sessions[0] = accounts.Session{}
	if got := t.sessions(anna.ID); len(got) != 1 || got[0].ID != session.ID {
		t.Errorf("writing into the sessions that were returned changes those that are kept")
	}
}

// manyUsers is there for the race detector, and to see that nothing fails for
// the company it is in.
func manyUsers(t *accountTrial) {
	shared := t.join("shared")
	race(16, func(i int) {
		name := fmt.Sprint("user ", i)
		user := t.person(name)
		user.Email = t.email(fmt.Sprint("user", i))
		user.EmailVerified = false
		first := t.session(user.ID, "first", 0)
		t.must("creating a user", t.store.CreateUser(t.ctx, user, &first, nil))
		mine := fmt.Sprint("session-", i)
		t.signIn(t.session(shared.ID, mine, i))
		t.rotate(shared.ID, mine, t.rotation("refresh of "+mine, "next", i))
		t.must("extending", t.store.ExtendSession(t.ctx, shared.ID, mine, t.at(2*hour), t.at(i)))
		t.sessions(shared.ID)
		_, err := t.store.UpdateProfile(t.ctx, shared.ID, accounts.Profile{Name: new(name)}, t.at(i))
		t.must("changing the name", err)
		t.must("renewing a hash", t.store.RenewHash(t.ctx, shared.ID, "not this", "nor this"))
		code := t.code(accounts.VerifyEmail, user.Email)
		t.put(user.ID, code)
		t.must("verifying", t.use(user.ID, code, 1))
		t.put(user.ID, t.code(accounts.ResetPassword, user.Email))
		t.must("resetting", t.use(user.ID, t.code(accounts.ResetPassword, user.Email), 2))
		t.must("ending a session", t.store.EndSession(t.ctx, shared.ID, mine))
		t.byEmail(user.Email)
		_, err = t.store.SigningKeys(t.ctx)
		t.must("asking for the keys", err)
		t.disable(user.ID)
		t.delete(user.ID)
	})
	t.has("all have ended", shared.ID)
}

// userCall is one call of each kind, for a user who is there with two sessions
// and a code of each purpose.
type userCall struct {
	name string
	do   func(ctx context.Context, t *accountTrial, u accounts.Account) error
}

func userCalls() []userCall {
	return append(userReads(), userWrites()...)
}

func userReads() []userCall {
	return []userCall{
		{"Account", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.Account(ctx, u.ID)
			return err
		}},
		{"AccountByEmail", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.AccountByEmail(ctx, u.Email)
			return err
		}},
		{"Session", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, _, err := t.store.Session(ctx, u.ID, "one")
			return err
		}},
		{"Sessions", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.Sessions(ctx, u.ID)
			return err
		}},
		{"SigningKeys", func(ctx context.Context, t *accountTrial, _ accounts.Account) error {
			_, err := t.store.SigningKeys(ctx)
			return err
		}},
	}
}

// userWrites have an effect that [accountTrial.state] and [accountTrial.uses]
// show.
func userWrites() []userCall {
	return slices.Concat(accountWrites(), sessionWrites(), codeWrites())
}

func accountWrites() []userCall {
	return []userCall{
		{"CreateUser", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			p := t.newcomer(u)
			session, code := t.session(p.ID, "first", 0), t.code(accounts.VerifyEmail, p.Email)
			return t.store.CreateUser(ctx, p, &session, &code)
		}},
		{"UpdateProfile", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.UpdateProfile(ctx, u.ID, accounts.Profile{Name: new("late")}, t.at(1))
			return err
		}},
		{"RenewHash", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.RenewHash(ctx, u.ID, u.Password, "renewed")
		}},
		{"ChangePassword", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			next := t.session(u.ID, "next", 1)
			return t.store.ChangePassword(ctx, u.ID, u.Password, "changed", &next, t.at(1))
		}},
		{"SetDisabled", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.SetDisabled(ctx, u.ID, true, t.at(1))
		}},
		{"DeleteUser", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.DeleteUser(ctx, u.ID)
		}},
	}
}

func sessionWrites() []userCall {
	return []userCall{
		{"CreateSession", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.CreateSession(ctx, t.session(u.ID, "late", 2), u.Password, 2)
		}},
		{"ExtendSession", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.ExtendSession(ctx, u.ID, "one", t.at(2*hour), t.at(1))
		}},
		{"EndSession", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.EndSession(ctx, u.ID, "one")
		}},
		{"EndSessions", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			return t.store.EndSessions(ctx, u.ID, "two")
		}},
		{"RotateSession", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.RotateSession(ctx, u.ID, "one", t.rotation("refresh of one", "next", 1))
			return err
		}},
		{"RotateSession by an old token", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			_, err := t.store.RotateSession(ctx, u.ID, "one", t.rotation("old", "next", 1))
			switch {
			case err == nil:
				return errors.New("an old token was accepted")
			case errors.Is(err, accounts.ErrReused):
				return nil
			}
			return err
		}},
	}
}

func codeWrites() []userCall {
	use := func(purpose accounts.Purpose) func(context.Context, *accountTrial, accounts.Account) error {
		return func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			other := *t
			other.ctx = ctx
			return other.use(u.ID, t.code(purpose, u.Email), 1)
		}
	}
	return []userCall{
		{"PutCode", func(ctx context.Context, t *accountTrial, u accounts.Account) error {
			code := t.code(accounts.ResetPassword, u.Email)
			code.Secret, code.CreatedAt = digest("late"), t.at(1)
			return t.store.PutCode(ctx, u.ID, code, 1)
		}},
		{"ResetPassword", use(accounts.ResetPassword)},
		{"VerifyEmail", use(accounts.VerifyEmail)},
		{"ChangeEmail", use(accounts.ChangeEmail)},
	}
}

// newcomer is another account that is made beside one.
func (t *accountTrial) newcomer(u accounts.Account) accounts.Account {
	p := t.person("newcomer")
	p.ID, p.Email, p.EmailVerified = u.ID+"-new", "new-"+u.Email, false
	return p
}

// settled is a user with two sessions and a code of each purpose; the one for
// verifying takes the password away.
func (t *accountTrial) settled(name string) accounts.Account {
	u := t.person(name)
	u.Name, u.Password, u.EmailVerified = "settled", "hash of settled", false
	t.create(u)
	t.signIn(t.session(u.ID, "one", 0))
	t.signIn(t.session(u.ID, "two", 1))
	for _, purpose := range []accounts.Purpose{
		accounts.ResetPassword, accounts.VerifyEmail, accounts.ChangeEmail,
	} {
		code := t.code(purpose, u.Email)
		if purpose == accounts.ChangeEmail {
			code.Email = "changed-" + u.Email
		}
		t.put(u.ID, code)
	}
	return u
}

// state is all that can be seen of a settled user, and of the newcomer, without
// changing it: the same text for all users in the same state.
func (t *accountTrial) state(u accounts.Account) string {
	seen := func(value any, err error, nothing error) string {
		if err == nil {
			return plain(value)
		}
		if !errors.Is(err, nothing) {
			t.Fatalf("looking at the state: %v", err)
		}
		return nothing.Error()
	}
	var parts []string
	for _, id := range []string{u.ID, t.newcomer(u).ID} {
		a, err := t.store.Account(t.ctx, id)
		parts = append(parts, seen(a, err, accounts.ErrNoUser), plain(t.sessions(id)))
	}
	for _, email := range []string{u.Email, "changed-" + u.Email, t.newcomer(u).Email} {
		a, err := t.store.AccountByEmail(t.ctx, email)
		parts = append(parts, email+": "+seen(a, err, accounts.ErrNoUser))
	}
	return strings.NewReplacer(u.ID, "<id>", u.Email, "<email>").Replace(strings.Join(parts, "\n"))
}

// endedCases try [A4] with a context that has ended.
func endedCases() []accountCase {
	var cases []accountCase
	for _, c := range userCalls() {
		cases = append(cases,
			accountCase{clause: "A4", name: c.name + " with a cancelled context", run: c.cancelled},
			accountCase{clause: "A4", name: c.name + " behind its deadline", run: c.late})
	}
	return cases
}

// onTheWayCases try [A3] and [A4] with a context that ends while the call runs.
func onTheWayCases() []accountCase {
	var cases []accountCase
	for _, c := range userWrites() {
		cases = append(cases, accountCase{
			clause: "A3", name: c.name + " that is cancelled on its way", run: c.onTheWay,
		})
	}
	return cases
}

// heldCases try [A4] while another transaction is in the way.
func heldCases() []accountCase {
	var cases []accountCase
	for _, c := range userWrites() {
		if c.name != "CreateUser" { // nobody holds what is not there
			cases = append(cases, accountCase{
				clause: "A4", name: c.name + " that has to wait until its deadline", run: c.held,
			})
		}
	}
	return cases
}

// lostCases try [A4] without a storage.
func lostCases() []accountCase {
	var cases []accountCase
	for _, c := range userCalls() {
		cases = append(cases, accountCase{
			clause: "A4", name: c.name + " without a storage", run: c.unavailable,
		})
	}
	return cases
}

func (c userCall) cancelled(t *accountTrial) {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	c.ended(ctx, t)
}

func (c userCall) late(t *accountTrial) {
	ctx, cancel := context.WithDeadline(t.ctx, time.Now().Add(-time.Second))
	defer cancel()
	c.ended(ctx, t)
}

// ended makes the call with a context that has ended.
func (c userCall) ended(ctx context.Context, t *accountTrial) {
	u := t.settled("anna")
	before := t.state(u)
	t.ended(c.name, c.do(ctx, t, u), ctx.Err())
	t.same(c.name+" that failed", t.state(u), before)
}

func (c userCall) held(t *accountTrial) {
	u := t.settled("anna")
	before := t.state(u)
	release, err := t.suite.Hold(t.ctx, u.ID)
	if err != nil {
		t.Fatalf("Hold: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.ctx, 50*time.Millisecond)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- c.do(ctx, t, u) }()
	select {
	case err := <-answer:
		t.ended(c.name+" that had to wait", err, context.DeadlineExceeded)
	case <-time.After(t.suite.patience()):
		t.Errorf("%s did not return within %v of its deadline", c.name, t.suite.patience())
	}
	release()
	t.same(c.name+" that gave up", t.state(u), before)
}

func (c userCall) unavailable(t *accountTrial) {
	err := c.do(t.ctx, t.through(t.broken), t.person("anna"))
	t.fails(c.name+" without a storage", err, accounts.ErrUnavailable)
}

// onTheWay makes calls that are cancelled a little later each, so that some are
// at any stage.
func (c userCall) onTheWay(t *accountTrial) {
	whole := c.whole(t)
	for i := range 6 {
		u := t.settled(fmt.Sprint("anna", i))
		ctx, cancel := context.WithTimeout(t.ctx, time.Duration(i)*300*time.Microsecond)
		err := c.do(ctx, t, u)
		cancel()
		if err != nil {
			t.ended(c.name+" that was cancelled on its way", err, context.DeadlineExceeded)
		}
		whole.check(t, u, i, err != nil, err == nil || t.suite.AnswersGetLost)
	}
}
