package storagetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// accountLab is a sound store that a broken one can be made of, as [lab] is: its
// methods can be replaced one by one. It remembers who was ever created and
// which codes were ever put, for what replaces them.
type accountLab struct {
	sound accounts.Store

	createUser     func(context.Context, accounts.Account, *accounts.Session, *accounts.Code) error
	account        func(ctx context.Context, userID string) (accounts.Account, error)
	accountByEmail func(ctx context.Context, email string) (accounts.Account, error)
	updateProfile  func(context.Context, string, accounts.Profile, time.Time) (accounts.User, error)
	renewHash      func(ctx context.Context, userID, old, hash string) error
	changePassword func(
		ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time) error
	setDisabled func(ctx context.Context, userID string, disabled bool, at time.Time) error
	deleteUser  func(ctx context.Context, userID string) error

	createSession func(
		ctx context.Context, session accounts.Session, password string, limit int) error
	session       func(ctx context.Context, userID, id string) (accounts.Session, accounts.User, error)
	sessions      func(ctx context.Context, userID string) ([]accounts.Session, error)
	extendSession func(ctx context.Context, userID, id string, expires, at time.Time) error
	endSession    func(ctx context.Context, userID, id string) error
	endSessions   func(ctx context.Context, userID, except string) error
	rotateSession func(context.Context, string, string, accounts.Rotation) (accounts.Rotated, error)

	putCode       func(ctx context.Context, userID string, code accounts.Code, limit int) error
	resetPassword func(
		context.Context, string, accounts.Digest, string, time.Time) (accounts.User, error)
	verifyEmail func(context.Context, string, accounts.Digest, time.Time) (accounts.Account, error)
	changeEmail func(context.Context, string, accounts.Digest, time.Time) (accounts.User, error)

	signingKeys     func(ctx context.Context) ([]accounts.SigningKey, error)
	addSigningKey   func(ctx context.Context, key accounts.SigningKey) (bool, error)
	dropSigningKeys func(ctx context.Context, before time.Time) error

	lost  error // of all writes
	mu    sync.Mutex
	users []accounts.Account
	codes map[string][]accounts.Code // by user
	held  map[string]chan struct{}   // by user; closed when released
}

func newAccountLab() *accountLab {
	s := memory.New().Backend().Accounts
	l := &accountLab{
		sound: s, codes: make(map[string][]accounts.Code), held: make(map[string]chan struct{}),
	}
	l.createUser, l.account, l.accountByEmail = s.CreateUser, s.Account, s.AccountByEmail
	l.updateProfile, l.renewHash, l.changePassword = s.UpdateProfile, s.RenewHash, s.ChangePassword
	l.setDisabled, l.deleteUser = s.SetDisabled, s.DeleteUser
	l.createSession, l.session, l.sessions = s.CreateSession, s.Session, s.Sessions
	l.extendSession, l.endSession, l.endSessions = s.ExtendSession, s.EndSession, s.EndSessions
	l.rotateSession, l.putCode, l.resetPassword = s.RotateSession, s.PutCode, s.ResetPassword
	l.verifyEmail, l.changeEmail = s.VerifyEmail, s.ChangeEmail
	l.signingKeys, l.addSigningKey, l.dropSigningKeys = s.SigningKeys, s.AddSigningKey, s.DropSigningKeys
	return l
}

// hold makes the writes for a user wait.
func (l *accountLab) hold(_ context.Context, userID string) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	released := make(chan struct{})
	l.held[userID] = released
	return func() { close(released) }, nil
}

// wait waits while a user is held, and takes the step that a fault may be in.
func (l *accountLab) wait(ctx context.Context, userID string) error {
	if l.lost != nil {
		return l.lost
	}
	l.mu.Lock()
	released := l.held[userID]
	l.mu.Unlock()
	if released != nil {
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return labStep(ctx)
}

// remember keeps what a user was created with, or a code of theirs.
func (l *accountLab) remember(userID string, a *accounts.Account, code *accounts.Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a != nil {
		l.users = append(l.users, *a)
	}
	if code != nil {
		l.codes[userID] = append(l.codes[userID], *code)
	}
}

// everybody is who was ever created.
func (l *accountLab) everybody() []accounts.Account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.users)
}

// begin adds a session whatever the password is.
func (l *accountLab) begin(ctx context.Context, session accounts.Session, limit int) error {
	a, err := l.sound.Account(ctx, session.UserID)
	if err != nil {
		return err
	}
	return l.sound.CreateSession(ctx, session, a.Password, limit)
}

// every is every code that a user ever had.
func (l *accountLab) every(userID string) []accounts.Code {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.codes[userID])
}

// again puts all codes of a user again.
func (l *accountLab) again(ctx context.Context, userID string) {
	for _, code := range l.every(userID) {
		l.sound.PutCode(ctx, userID, code, 100)
	}
}

// labFault fails a step of a call.
func labFault(l *accountLab) []Fault {
	return []Fault{{
		Name: "and a step fails", Store: l,
		Arm: func(ctx context.Context, n int) (context.Context, func() (accounts.Store, bool)) {
			left := &n
			return context.WithValue(ctx, labKey{}, left), func() (accounts.Store, bool) {
				return nil, *left <= 0
			}
		},
	}}
}

type labKey struct{}

// labStep is a step of a call.
func labStep(ctx context.Context) error {
	if left, ok := ctx.Value(labKey{}).(*int); ok {
		if *left--; *left == 0 {
			return errors.Join(errors.New("struck"), accounts.ErrUnavailable)
		}
	}
	return nil
}

func (l *accountLab) CreateUser(
	ctx context.Context, a accounts.Account, session *accounts.Session, code *accounts.Code,
) error {
	if err := l.wait(ctx, a.ID); err != nil {
		return err
	}
	l.remember(a.ID, &a, code)
	return l.createUser(ctx, a, session, code)
}

func (l *accountLab) Account(ctx context.Context, userID string) (accounts.Account, error) {
	return l.account(ctx, userID)
}

func (l *accountLab) AccountByEmail(ctx context.Context, email string) (accounts.Account, error) {
	return l.accountByEmail(ctx, email)
}

func (l *accountLab) UpdateProfile(
	ctx context.Context, userID string, p accounts.Profile, at time.Time,
) (accounts.User, error) {
	if err := l.wait(ctx, userID); err != nil {
		return accounts.User{}, err
	}
	return l.updateProfile(ctx, userID, p, at)
}

func (l *accountLab) RenewHash(ctx context.Context, userID, old, hash string) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.renewHash(ctx, userID, old, hash)
}

func (l *accountLab) ChangePassword(
	ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.changePassword(ctx, userID, old, hash, next, at)
}

func (l *accountLab) SetDisabled(ctx context.Context, userID string, disabled bool, at time.Time) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.setDisabled(ctx, userID, disabled, at)
}

func (l *accountLab) DeleteUser(ctx context.Context, userID string) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.deleteUser(ctx, userID)
}

func (l *accountLab) CreateSession(
	ctx context.Context, session accounts.Session, password string, limit int,
) error {
	if err := l.wait(ctx, session.UserID); err != nil {
		return err
	}
	return l.createSession(ctx, session, password, limit)
}

func (l *accountLab) Session(
	ctx context.Context, userID, id string,
) (accounts.Session, accounts.User, error) {
	return l.session(ctx, userID, id)
}

func (l *accountLab) Sessions(ctx context.Context, userID string) ([]accounts.Session, error) {
	return l.sessions(ctx, userID)
}

func (l *accountLab) ExtendSession(ctx context.Context, userID, id string, expires, at time.Time) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.extendSession(ctx, userID, id, expires, at)
}

func (l *accountLab) EndSession(ctx context.Context, userID, id string) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.endSession(ctx, userID, id)
}

func (l *accountLab) EndSessions(ctx context.Context, userID, except string) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	return l.endSessions(ctx, userID, except)
}

func (l *accountLab) RotateSession(
	ctx context.Context, userID, id string, r accounts.Rotation,
) (accounts.Rotated, error) {
	if err := l.wait(ctx, userID); err != nil {
		return accounts.Rotated{}, err
	}
	return l.rotateSession(ctx, userID, id, r)
}

func (l *accountLab) PutCode(ctx context.Context, userID string, code accounts.Code, limit int) error {
	if err := l.wait(ctx, userID); err != nil {
		return err
	}
	l.remember(userID, nil, &code)
	return l.putCode(ctx, userID, code, limit)
}

func (l *accountLab) ResetPassword(
	ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
) (accounts.User, error) {
	if err := l.wait(ctx, userID); err != nil {
		return accounts.User{}, err
	}
	return l.resetPassword(ctx, userID, secret, hash, at)
}

func (l *accountLab) VerifyEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (accounts.Account, error) {
	if err := l.wait(ctx, userID); err != nil {
		return accounts.Account{}, err
	}
	return l.verifyEmail(ctx, userID, secret, at)
}

func (l *accountLab) ChangeEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (accounts.User, error) {
	if err := l.wait(ctx, userID); err != nil {
		return accounts.User{}, err
	}
	return l.changeEmail(ctx, userID, secret, at)
}

func (l *accountLab) SigningKeys(ctx context.Context) ([]accounts.SigningKey, error) {
	return l.signingKeys(ctx)
}

func (l *accountLab) AddSigningKey(ctx context.Context, key accounts.SigningKey) (bool, error) {
	return l.addSigningKey(ctx, key)
}

func (l *accountLab) DropSigningKeys(ctx context.Context, before time.Time) error {
	return l.dropSigningKeys(ctx, before)
}

// lostAccounts is a store that has lost its storage.
func lostAccounts() *accountLab {
	l := newAccountLab()
	l.lost = accounts.ErrUnavailable
	l.account = func(context.Context, string) (accounts.Account, error) { return accounts.Account{}, l.lost }
	l.accountByEmail = l.account
	l.session = func(context.Context, string, string) (accounts.Session, accounts.User, error) {
		return accounts.Session{}, accounts.User{}, l.lost
	}
	l.sessions = func(context.Context, string) ([]accounts.Session, error) { return nil, l.lost }
	l.signingKeys = func(context.Context) ([]accounts.SigningKey, error) { return nil, l.lost }
	return l
}
