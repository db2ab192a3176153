package memory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// accountStore implements [accounts.Store]. One lock is enough: no call holds it
// longer than it takes to look at one user, and so waiting for it needs no
// context.
type accountStore struct {
	mu     sync.RWMutex
	users  map[string]*user  // by id
	emails map[string]string // address → id
	keys   []accounts.SigningKey
}

var _ accounts.Store = (*accountStore)(nil)

// user is all that belongs to one user.
type user struct {
	account  accounts.Account
	sessions map[string]accounts.Session // by id
	codes    []accounts.Code
}

func newAccountStore() *accountStore {
	return &accountStore{users: make(map[string]*user), emails: make(map[string]string)}
}

// read runs do beside other readers.
func (s *accountStore) read(ctx context.Context, do func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return do()
}

// write runs do alone. There is nothing to take back when it fails: whoever
// writes has looked at everything first.
func (s *accountStore) write(ctx context.Context, do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return do()
}

// change runs do alone with a user. Without that user it is [accounts.ErrNoUser].
func (s *accountStore) change(ctx context.Context, id string, do func(*user) error) error {
	return s.write(ctx, func() error {
		u, ok := s.users[id]
		if !ok {
			return accounts.ErrNoUser
		}
		return do(u)
	})
}

// CreateUser implements [accounts.Users].
func (s *accountStore) CreateUser(
	ctx context.Context, account accounts.Account, session *accounts.Session, code *accounts.Code,
) error {
	return s.write(ctx, func() error {
		if _, taken := s.users[account.ID]; taken {
			return accounts.ErrUserExists
		}
		if _, taken := s.emails[account.Email]; taken {
			return accounts.ErrEmailTaken
		}
		u := &user{account: ownAccount(account), sessions: make(map[string]accounts.Session)}
		if session != nil {
			u.start(*session)
		}
		if code != nil {
			u.codes = append(u.codes, ownCode(*code))
		}
		s.users[u.account.ID], s.emails[u.account.Email] = u, u.account.ID
		return nil
	})
}

// Account implements [accounts.Users].
func (s *accountStore) Account(ctx context.Context, id string) (a accounts.Account, err error) {
	err = s.read(ctx, func() error {
		a, err = s.account(id)
		return err
	})
	return a, err
}

// AccountByEmail implements [accounts.Users].
func (s *accountStore) AccountByEmail(
	ctx context.Context, email string,
) (a accounts.Account, err error) {
	err = s.read(ctx, func() error {
		a, err = s.account(s.emails[email])
		return err
	})
	return a, err
}

func (s *accountStore) account(id string) (accounts.Account, error) {
	u, ok := s.users[id]
	if !ok {
		return accounts.Account{}, accounts.ErrNoUser
	}
	return u.shown(), nil
}

// UpdateProfile implements [accounts.Users].
func (s *accountStore) UpdateProfile(
	ctx context.Context, id string, profile accounts.Profile, at time.Time,
) (result accounts.User, err error) {
	err = s.change(ctx, id, func(u *user) error {
		u.account.User = ownUser(profile.Apply(u.account.User, at))
		result = shown(u.account.User)
		return nil
	})
	return result, err
}

// RenewHash implements [accounts.Users].
func (s *accountStore) RenewHash(ctx context.Context, id, old, hash string) error {
	return s.write(ctx, func() error {
		if u, ok := s.users[id]; ok && u.account.Password == old {
			u.account.Password = strings.Clone(hash)
		}
		return nil
	})
}

// ChangePassword implements [accounts.Users].
func (s *accountStore) ChangePassword(
	ctx context.Context, id, old, hash string, next *accounts.Session, at time.Time,
) error {
	return s.change(ctx, id, func(u *user) error {
		switch {
		case u.account.Disabled:
			return accounts.ErrNoUser
		case u.account.Password != old:
			return accounts.ErrPasswordChanged
		}
		u.account.Password, u.account.UpdatedAt = strings.Clone(hash), at
		u.dropCodes(accounts.ResetPassword)
		if next != nil {
			clear(u.sessions)
			u.start(*next)
		}
		return nil
	})
}

// SetDisabled implements [accounts.Users].
func (s *accountStore) SetDisabled(
	ctx context.Context, id string, disabled bool, at time.Time,
) error {
	return s.change(ctx, id, func(u *user) error {
		u.account.Disabled, u.account.UpdatedAt = disabled, at
		if disabled {
			u.forget()
		}
		return nil
	})
}

// DeleteUser implements [accounts.Users].
func (s *accountStore) DeleteUser(ctx context.Context, id string) error {
	return s.change(ctx, id, func(u *user) error {
		delete(s.emails, u.account.Email)
		delete(s.users, id)
		return nil
	})
}

// CreateSession implements [accounts.Sessions].
func (s *accountStore) CreateSession(
	ctx context.Context, session accounts.Session, password string, limit int,
) error {
	return s.change(ctx, session.UserID, func(u *user) error {
		switch {
		case u.account.Disabled:
			return accounts.ErrNoUser
		case u.account.Password != password:
			return accounts.ErrPasswordChanged
		}
		if _, taken := u.sessions[session.ID]; taken {
			return fmt.Errorf("memory: the session %s is there already", session.ID)
		}
		for id, other := range u.sessions {
			if other.ExpiresAt.Before(session.CreatedAt) {
				delete(u.sessions, id)
			}
		}
		others := u.latest()
		for _, other := range others[min(max(0, limit-1), len(others)):] {
			delete(u.sessions, other.ID)
		}
		u.start(session)
		return nil
	})
}

// Session implements [accounts.Sessions].
func (s *accountStore) Session(
	ctx context.Context, userID, id string,
) (session accounts.Session, owner accounts.User, err error) {
	err = s.read(ctx, func() error {
		u, ok := s.users[userID]
		if !ok {
			return accounts.ErrNoSession
		}
		if session, ok = u.sessions[id]; !ok {
			return accounts.ErrNoSession
		}
		owner = shown(u.account.User)
		return nil
	})
	return session, owner, err
}

// Sessions implements [accounts.Sessions].
func (s *accountStore) Sessions(
	ctx context.Context, userID string,
) (sessions []accounts.Session, err error) {
	err = s.read(ctx, func() error {
		if u, ok := s.users[userID]; ok {
			sessions = u.latest()
		}
		return nil
	})
	return sessions, err
}

// ExtendSession implements [accounts.Sessions].
func (s *accountStore) ExtendSession(
	ctx context.Context, userID, id string, expires, at time.Time,
) error {
	return s.changeSession(ctx, userID, id, func(u *user, session accounts.Session) error {
		session, err := session.Extend(expires, at)
		if err == nil {
			u.sessions[session.ID] = session
		}
		return err
	})
}

// changeSession runs do alone with a session and its user.
func (s *accountStore) changeSession(
	ctx context.Context, userID, id string, do func(*user, accounts.Session) error,
) error {
	return s.write(ctx, func() error {
		u, ok := s.users[userID]
		if !ok {
			return accounts.ErrNoSession
		}
		session, ok := u.sessions[id]
		if !ok {
			return accounts.ErrNoSession
		}
		return do(u, session)
	})
}

// EndSession implements [accounts.Sessions].
func (s *accountStore) EndSession(ctx context.Context, userID, id string) error {
	return s.write(ctx, func() error {
		if u, ok := s.users[userID]; ok {
			delete(u.sessions, id)
		}
		return nil
	})
}

// EndSessions implements [accounts.Sessions].
func (s *accountStore) EndSessions(ctx context.Context, userID, except string) error {
	return s.write(ctx, func() error {
		if u, ok := s.users[userID]; ok {
			for id := range u.sessions {
				if id != except {
					delete(u.sessions, id)
				}
			}
		}
		return nil
	})
}

// RotateSession implements [accounts.Sessions].
func (s *accountStore) RotateSession(
	ctx context.Context, userID, id string, r accounts.Rotation,
) (result accounts.Rotated, err error) {
	err = s.changeSession(ctx, userID, id, func(u *user, session accounts.Session) error {
		session, replayed, err := session.Rotate(r)
		if errors.Is(err, accounts.ErrReused) {
			delete(u.sessions, session.ID)
		}
		if err != nil {
			return err
		}
		u.sessions[session.ID] = session
		result = accounts.Rotated{Session: session, User: shown(u.account.User), Replayed: replayed}
		return nil
	})
	return result, err
}

// PutCode implements [accounts.Codes].
func (s *accountStore) PutCode(
	ctx context.Context, userID string, code accounts.Code, limit int,
) error {
	return s.change(ctx, userID, func(u *user) error {
		if u.account.Disabled {
			return accounts.ErrNoUser
		}
		if u.code(code.Purpose, code.Secret, code.CreatedAt) != nil {
			return errors.New("memory: the code is there already")
		}
		u.codes = slices.DeleteFunc(u.codes, func(other accounts.Code) bool {
			return other.Purpose == code.Purpose && other.ExpiresAt.Before(code.CreatedAt)
		})
		slices.SortStableFunc(u.codes, func(a, b accounts.Code) int { return b.CreatedAt.Compare(a.CreatedAt) })
		others := 0
		u.codes = slices.DeleteFunc(u.codes, func(other accounts.Code) bool {
			if other.Purpose == code.Purpose {
				others++
			}
			return other.Purpose == code.Purpose && others >= limit
		})
		u.codes = append(u.codes, ownCode(code))
		return nil
	})
}

// use runs do alone with a user and a code that is live.
func (s *accountStore) use(
	ctx context.Context, userID string, purpose accounts.Purpose, secret accounts.Digest, at time.Time,
	do func(*user, accounts.Code) error,
) error {
	return s.write(ctx, func() error {
		u, ok := s.users[userID]
		if !ok {
			return accounts.ErrNoCode
		}
		code := u.code(purpose, secret, at)
		if code == nil {
			return accounts.ErrNoCode
		}
		return do(u, *code)
	})
}

// ResetPassword implements [accounts.Codes].
func (s *accountStore) ResetPassword(
	ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
) (result accounts.User, err error) {
	err = s.use(ctx, userID, accounts.ResetPassword, secret, at, func(u *user, code accounts.Code) error {
		if code.Email != u.account.Email {
			return accounts.ErrNoCode
		}
		u.account.Password, u.account.EmailVerified, u.account.UpdatedAt = strings.Clone(hash), true, at
		u.forget()
		result = shown(u.account.User)
		return nil
	})
	return result, err
}

// VerifyEmail implements [accounts.Codes].
func (s *accountStore) VerifyEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (result accounts.Account, err error) {
	err = s.use(ctx, userID, accounts.VerifyEmail, secret, at, func(u *user, code accounts.Code) error {
		if code.Email != u.account.Email {
			return accounts.ErrNoCode
		}
		account, anew := code.Verify(u.account, at)
		if u.account = account; anew {
			u.forget()
		}
		u.dropCodes(accounts.VerifyEmail)
		result = u.shown()
		return nil
	})
	return result, err
}

// ChangeEmail implements [accounts.Codes].
func (s *accountStore) ChangeEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (result accounts.User, err error) {
	err = s.use(ctx, userID, accounts.ChangeEmail, secret, at, func(u *user, code accounts.Code) error {
		if asked, ok := u.sessions[code.Session]; !ok || asked.ExpiresAt.Before(at) {
			return accounts.ErrNoCode
		}
		if holder, taken := s.emails[code.Email]; taken && holder != u.account.ID {
			return accounts.ErrEmailTaken
		}
		delete(s.emails, u.account.Email)
		s.emails[code.Email] = u.account.ID
		u.account.Email, u.account.EmailVerified, u.account.UpdatedAt = code.Email, true, at
		u.codes = nil
		result = shown(u.account.User)
		return nil
	})
	return result, err
}

// SigningKeys implements [accounts.Keys].
func (s *accountStore) SigningKeys(ctx context.Context) (keys []accounts.SigningKey, err error) {
	err = s.read(ctx, func() error {
		for _, key := range s.keys {
			keys = append(keys, ownKey(key))
		}
		return nil
	})
	return keys, err
}

// AddSigningKey implements [accounts.Keys].
func (s *accountStore) AddSigningKey(
	ctx context.Context, key accounts.SigningKey,
) (added bool, err error) {
	err = s.write(ctx, func() error {
		i, taken := slices.BinarySearchFunc(s.keys, key, byNumber)
		if added = !taken; added {
			s.keys = slices.Insert(s.keys, i, ownKey(key))
		}
		return nil
	})
	return added, err
}

// DropSigningKeys implements [accounts.Keys].
func (s *accountStore) DropSigningKeys(ctx context.Context, before time.Time) error {
	return s.write(ctx, func() error {
		if len(s.keys) == 0 {
			return nil
		}
		last := s.keys[len(s.keys)-1].Number
		s.keys = slices.DeleteFunc(s.keys, func(key accounts.SigningKey) bool {
			return key.DeadAt.Before(before) && key.Number != last
		})
		return nil
	})
}

func byNumber(a, b accounts.SigningKey) int { return cmp.Compare(a.Number, b.Number) }

// start adds a session, which is the user's whatever it says.
func (u *user) start(session accounts.Session) {
	session = ownSession(session)
	session.UserID = u.account.ID
	u.sessions[session.ID] = session
}

// latest returns all sessions, those that began last first.
func (u *user) latest() []accounts.Session {
	sessions := make([]accounts.Session, 0, len(u.sessions))
	for _, session := range u.sessions {
		sessions = append(sessions, session)
	}
	slices.SortFunc(sessions, func(a, b accounts.Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return sessions
}

// code returns a code that is live at a time, or nil.
func (u *user) code(purpose accounts.Purpose, secret accounts.Digest, at time.Time) *accounts.Code {
	for i, code := range u.codes {
		if code.Purpose == purpose && code.Secret == secret && !code.ExpiresAt.Before(at) {
			return &u.codes[i]
		}
	}
	return nil
}

// dropCodes removes the codes of one purpose.
func (u *user) dropCodes(purpose accounts.Purpose) {
	u.codes = slices.DeleteFunc(u.codes, func(code accounts.Code) bool { return code.Purpose == purpose })
}

// forget removes all sessions and all codes.
func (u *user) forget() {
	clear(u.sessions)
	u.codes = nil
}

// shown is a user for the caller, who may write into it.
func shown(u accounts.User) accounts.User {
	if u.Image != nil {
		image := *u.Image
		u.Image = &image
	}
	return u
}

func (u *user) shown() accounts.Account {
	return accounts.Account{User: shown(u.account.User), Password: u.account.Password}
}

// What is kept shares no memory with what callers have. Strings are copied too:
// one may be a part of a request's header block or body, all of which would stay
// in memory with it.

func ownUser(u accounts.User) accounts.User {
	u.ID, u.Email, u.Name = strings.Clone(u.ID), strings.Clone(u.Email), strings.Clone(u.Name)
	if u.Image != nil {
		image := strings.Clone(*u.Image)
		u.Image = &image
	}
	return u
}

func ownAccount(a accounts.Account) accounts.Account {
	a.User, a.Password = ownUser(a.User), strings.Clone(a.Password)
	return a
}

func ownSession(s accounts.Session) accounts.Session {
	s.UserID, s.ID = strings.Clone(s.UserID), strings.Clone(s.ID)
	s.Address, s.UserAgent = strings.Clone(s.Address), strings.Clone(s.UserAgent)
	return s
}

func ownCode(c accounts.Code) accounts.Code {
	c.Email, c.Session = strings.Clone(c.Email), strings.Clone(c.Session)
	return c
}

func ownKey(k accounts.SigningKey) accounts.SigningKey {
	k.ID, k.Public, k.Private = strings.Clone(k.ID), bytes.Clone(k.Public), bytes.Clone(k.Private)
	return k
}
