package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// accountBreakage is a way to break one clause, as stores do in earnest.
type accountBreakage struct {
	clause string
	what   string
	in     func(*accountLab)
}

func accountBreakages() []accountBreakage {
	return slices.Concat(brokenForAll(), brokenUsers(), brokenPasswords(), brokenEndings(),
		brokenSessions(), brokenRotations(), brokenCodes(), brokenKeys())
}

// half makes of one step two: what is between them is where a process can die.
func half(ctx context.Context) error {
	time.Sleep(200 * time.Microsecond)
	return errors.Join(ctx.Err(), labStep(ctx))
}

func brokenForAll() []accountBreakage {
	return []accountBreakage{
		{"A1", "a session is found whoever asks", func(l *accountLab) {
			l.session = func(ctx context.Context, userID, id string) (accounts.Session, accounts.User, error) {
				s, u, err := l.sound.Session(ctx, userID, id)
				for _, other := range l.everybody() {
					if err != nil {
						s, u, err = l.sound.Session(ctx, other.ID, id)
					}
				}
				return s, u, err
			}
		}},
		{"A1", "a first session is that of whom it names", func(l *accountLab) {
			l.createUser = func(
				ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code,
			) error {
				err := l.sound.CreateUser(ctx, a, nil, c)
				if err != nil || s == nil {
					return err
				}
				return l.begin(ctx, *s, 100)
			}
		}},
		{"A1", "a next session is that of whom it names", func(l *accountLab) {
			l.changePassword = func(
				ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
			) error {
				err := l.sound.ChangePassword(ctx, userID, old, hash, nil, at)
				if err != nil || next == nil {
					return err
				}
				return errors.Join(l.sound.EndSessions(ctx, userID, ""), l.begin(ctx, *next, 100))
			}
		}},
		{"A1", "sessions of all users count for the limit", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				for _, u := range l.everybody() {
					if others, err := l.sound.Sessions(ctx, u.ID); err == nil && u.ID != s.UserID {
						limit -= len(others)
					}
				}
				return l.sound.CreateSession(ctx, s, password, max(1, limit))
			}
		}},
		{"A1", "codes of all users count for the limit", func(l *accountLab) {
			l.putCode = func(ctx context.Context, userID string, code accounts.Code, limit int) error {
				for _, u := range l.everybody() {
					if u.ID != userID {
						limit -= len(l.every(u.ID))
					}
				}
				return l.sound.PutCode(ctx, userID, code, max(1, limit))
			}
		}},
		{"A1", "codes of all users expire together", func(l *accountLab) {
			l.putCode = func(ctx context.Context, userID string, code accounts.Code, limit int) error {
				for _, u := range l.everybody() {
					for _, c := range l.every(u.ID) {
						if c.Purpose == code.Purpose && c.ExpiresAt.Before(code.CreatedAt) {
							c.Secret, c.CreatedAt = digest("one that is expired, too"), code.CreatedAt
							l.sound.PutCode(ctx, u.ID, c, 1)
						}
					}
				}
				return l.sound.PutCode(ctx, userID, code, limit)
			}
		}},
		{"A1", "a code is used for everybody who has it", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				for _, u := range l.everybody() {
					if u.ID != userID {
						l.sound.ChangeEmail(ctx, u.ID, secret, at.Add(-time.Hour))
					}
				}
				return l.sound.ChangeEmail(ctx, userID, secret, at)
			}
		}},
		{"A1", "addresses are folded", func(l *accountLab) {
			l.createUser = func(
				ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code,
			) error {
				a.Email = strings.ToLower(a.Email)
				return l.sound.CreateUser(ctx, a, s, c)
			}
		}},
		{"A1", "a code is good for everybody", func(l *accountLab) {
			l.resetPassword = func(
				ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
			) (u accounts.User, err error) {
				u, err = l.sound.ResetPassword(ctx, userID, secret, hash, at)
				for _, other := range l.everybody() {
					if err != nil {
						u, err = l.sound.ResetPassword(ctx, other.ID, secret, hash, at)
					}
				}
				return u, err
			}
		}},
		{"A1", "ending all sessions ends those of all", func(l *accountLab) {
			l.endSessions = func(ctx context.Context, _, except string) error {
				var err error
				for _, u := range l.everybody() {
					err = errors.Join(err, l.sound.EndSessions(ctx, u.ID, except))
				}
				return err
			}
		}},
		{"A2", "the stored image is returned", func(l *accountLab) {
			image := new("kept")
			l.account = func(ctx context.Context, userID string) (accounts.Account, error) {
				a, err := l.sound.Account(ctx, userID)
				if a.Image != nil {
					a.Image = image
				}
				return a, err
			}
		}},
		{"A3", "a password is changed before the sessions end", func(l *accountLab) {
			l.changePassword = func(
				ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
			) error {
				err := l.sound.ChangePassword(ctx, userID, old, hash, nil, at)
				if err == nil {
					err = half(ctx)
				}
				if err != nil || next == nil {
					return err
				}
				return errors.Join(l.sound.EndSessions(ctx, userID, ""), l.begin(ctx, *next, 100))
			}
		}},
		{"A3", "a user is created before the session", func(l *accountLab) {
			l.createUser = func(
				ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code,
			) error {
				err := l.sound.CreateUser(ctx, a, nil, c)
				if err == nil && s != nil {
					if err = half(ctx); err == nil {
						err = l.begin(ctx, *s, 100)
					}
				}
				return err
			}
		}},
		{"A3", "sessions end before a user is deleted", func(l *accountLab) {
			l.deleteUser = func(ctx context.Context, userID string) error {
				if err := l.sound.EndSessions(ctx, userID, ""); err != nil {
					return err
				}
				if err := half(ctx); err != nil {
					return err
				}
				return l.sound.DeleteUser(ctx, userID)
			}
		}},
		{"A3", "a refresh is written although it has failed", func(l *accountLab) {
			l.rotateSession = func(
				ctx context.Context, userID, id string, r accounts.Rotation,
			) (accounts.Rotated, error) {
				rotated, err := l.sound.RotateSession(ctx, userID, id, r)
				return rotated, errors.Join(err, half(ctx))
			}
		}},
		{"A3", "the codes are dropped after a reset", func(l *accountLab) {
			l.resetPassword = func(
				ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
			) (accounts.User, error) {
				u, err := l.sound.ResetPassword(ctx, userID, secret, hash, at)
				if err == nil {
					if err = half(ctx); err != nil {
						l.again(context.Background(), userID)
					}
				}
				return u, err
			}
		}},
		{"A4", "contexts are ignored", func(l *accountLab) {
			l.sessions = func(_ context.Context, userID string) ([]accounts.Session, error) {
				return l.sound.Sessions(context.Background(), userID)
			}
		}},
		{"A4", "a driver's error comes out as it is", func(l *accountLab) {
			l.account = func(ctx context.Context, userID string) (accounts.Account, error) {
				if ctx.Err() != nil {
					return accounts.Account{}, sql.ErrConnDone
				}
				return l.sound.Account(ctx, userID)
			}
		}},
		{"A5", "times are cut to seconds", func(l *accountLab) {
			l.sessionsAs(func(s *accounts.Session) { s.ExpiresAt = s.ExpiresAt.Truncate(time.Second) })
		}},
		{"A5", "times are local", func(l *accountLab) {
			l.sessionsAs(func(s *accounts.Session) { s.CreatedAt = s.CreatedAt.In(time.FixedZone("", 3600)) })
		}},
		{"A5", "names are trimmed", func(l *accountLab) {
			l.usersAs(func(a *accounts.Account) { a.Name = strings.TrimSpace(a.Name) })
		}},
		{"A5", "an empty image becomes null", func(l *accountLab) {
			l.usersAs(func(a *accounts.Account) {
				if a.Image != nil && *a.Image == "" {
					a.Image = nil
				}
			})
		}},
		{"A5", "a digest is kept as text", func(l *accountLab) {
			l.sessionsAs(func(s *accounts.Session) {
				copy(s.Secret[:], strings.ToValidUTF8(string(s.Secret[:]), "?"))
			})
		}},
	}
}

// sessionsAs makes a sign-in write another session than it was given.
func (l *accountLab) sessionsAs(other func(*accounts.Session)) {
	l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
		other(&s)
		return l.sound.CreateSession(ctx, s, password, limit)
	}
}

// usersAs makes a sign-up write another account than it was given.
func (l *accountLab) usersAs(other func(*accounts.Account)) {
	l.createUser = func(
		ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code,
	) error {
		other(&a)
		return l.sound.CreateUser(ctx, a, s, c)
	}
}

// codesAs makes putting a code write another one than it was given.
func (l *accountLab) codesAs(other func(userID string, c *accounts.Code)) {
	l.putCode = func(ctx context.Context, userID string, c accounts.Code, limit int) error {
		other(userID, &c)
		return l.sound.PutCode(ctx, userID, c, limit)
	}
}

// rotationsAs makes a refresh ask for another exchange than it was given.
func (l *accountLab) rotationsAs(other func(*accounts.Rotation)) {
	l.rotateSession = func(
		ctx context.Context, userID, id string, r accounts.Rotation,
	) (accounts.Rotated, error) {
		other(&r)
		return l.sound.RotateSession(ctx, userID, id, r)
	}
}

func brokenUsers() []accountBreakage {
	type create = func(context.Context, accounts.Account, *accounts.Session, *accounts.Code) error
	creates := func(do func(l *accountLab) create) func(*accountLab) {
		return func(l *accountLab) { l.createUser = do(l) }
	}
	return []accountBreakage{
		{"AU1", "the first session is forgotten", creates(func(l *accountLab) create {
			return func(ctx context.Context, a accounts.Account, _ *accounts.Session, c *accounts.Code) error {
				return l.sound.CreateUser(ctx, a, nil, c)
			}
		})},
		{"AU1", "the first code is forgotten", creates(func(l *accountLab) create {
			return func(ctx context.Context, a accounts.Account, s *accounts.Session, _ *accounts.Code) error {
				return l.sound.CreateUser(ctx, a, s, nil)
			}
		})},
		{"AU2", "the address is looked at first", creates(func(l *accountLab) create {
			return func(ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code) error {
				if _, err := l.sound.AccountByEmail(ctx, a.Email); err == nil {
					return accounts.ErrEmailTaken
				}
				return l.sound.CreateUser(ctx, a, s, c)
			}
		})},
		{"AU2", "who is refused leaves an address", creates(func(l *accountLab) create {
			return func(ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code) error {
				err := l.sound.CreateUser(ctx, a, s, c)
				if errors.Is(err, accounts.ErrUserExists) {
					a.ID += " of who was refused"
					l.sound.CreateUser(ctx, a, nil, nil)
				}
				return err
			}
		})},
		{"AU2", "all racers are told that they won", creates(func(l *accountLab) create {
			return func(ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code) error {
				if err := l.sound.CreateUser(ctx, a, s, c); !errors.Is(err, accounts.ErrEmailTaken) {
					return err
				}
				return nil
			}
		})},
		{"AU3", "nobody is an empty account", func(l *accountLab) {
			l.account = func(ctx context.Context, userID string) (accounts.Account, error) {
				a, err := l.sound.Account(ctx, userID)
				if errors.Is(err, accounts.ErrNoUser) {
					err = nil
				}
				return a, err
			}
		}},
		{"AU4", "an old address still leads to the user", oldAddresses},
		{"AU4", "an address that was given up stays taken", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				before, _ := l.sound.Account(ctx, userID)
				u, err := l.sound.ChangeEmail(ctx, userID, secret, at)
				if err == nil && u.Email != before.Email {
					before.ID += " of before"
					err = l.sound.CreateUser(ctx, before, nil, nil)
				}
				return u, err
			}
		}},
		{"AU5", "a profile is read and written apart", func(l *accountLab) {
			l.updateProfile = func(
				ctx context.Context, userID string, p accounts.Profile, at time.Time,
			) (accounts.User, error) {
				a, err := l.sound.Account(ctx, userID)
				if err != nil {
					return accounts.User{}, err
				}
				time.Sleep(time.Millisecond)
				u := p.Apply(a.User, at)
				return l.sound.UpdateProfile(ctx, userID, accounts.Profile{Name: &u.Name, Image: &u.Image}, at)
			}
		}},
		{"AU5", "an image cannot become null", func(l *accountLab) {
			l.updateProfile = func(
				ctx context.Context, userID string, p accounts.Profile, at time.Time,
			) (accounts.User, error) {
				if p.Image != nil && *p.Image == nil {
					p.Image = nil
				}
				return l.sound.UpdateProfile(ctx, userID, p, at)
			}
		}},
	}
}

// oldAddresses has an index of addresses that is only ever added to.
func oldAddresses(l *accountLab) {
	l.accountByEmail = func(ctx context.Context, email string) (accounts.Account, error) {
		a, err := l.sound.AccountByEmail(ctx, email)
		if !errors.Is(err, accounts.ErrNoUser) {
			return a, err
		}
		for _, u := range l.everybody() {
			if u.Email == email {
				return l.sound.Account(ctx, u.ID)
			}
		}
		return a, err
	}
}

func brokenPasswords() []accountBreakage {
	type change = func(
		ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time) error
	changes := func(do func(l *accountLab) change) func(*accountLab) {
		return func(l *accountLab) { l.changePassword = do(l) }
	}
	return []accountBreakage{
		{"AU6", "a hash is renewed whatever it was", func(l *accountLab) {
			l.renewHash = func(ctx context.Context, userID, _, hash string) error {
				a, err := l.sound.Account(ctx, userID)
				if errors.Is(err, accounts.ErrNoUser) {
					return nil
				}
				return errors.Join(err, l.sound.RenewHash(ctx, userID, a.Password, hash))
			}
		}},
		{"AU6", "another hash is an error", func(l *accountLab) {
			l.renewHash = func(ctx context.Context, userID, old, hash string) error {
				if a, _ := l.sound.Account(ctx, userID); a.Password != old {
					return accounts.ErrPasswordChanged
				}
				return l.sound.RenewHash(ctx, userID, old, hash)
			}
		}},
		{"AU6", "a renewal ends sessions", func(l *accountLab) {
			l.renewHash = func(ctx context.Context, userID, old, hash string) error {
				return errors.Join(l.sound.RenewHash(ctx, userID, old, hash),
					l.sound.EndSessions(ctx, userID, ""))
			}
		}},
		{"AU7", "the old password is not compared", changes(func(l *accountLab) change {
			return func(
				ctx context.Context, userID, _, hash string, next *accounts.Session, at time.Time,
			) error {
				a, err := l.sound.Account(ctx, userID)
				if err != nil {
					return err
				}
				return l.sound.ChangePassword(ctx, userID, a.Password, hash, next, at)
			}
		})},
		{"AU7", "sessions of before go on", changes(func(l *accountLab) change {
			return func(
				ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
			) error {
				err := l.sound.ChangePassword(ctx, userID, old, hash, nil, at)
				if err == nil && next != nil {
					err = l.begin(ctx, *next, 100)
				}
				return err
			}
		})},
		{"AU7", "sessions end although nothing was changed", changes(func(l *accountLab) change {
			return func(
				ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
			) error {
				err := l.sound.ChangePassword(ctx, userID, old, hash, next, at)
				if errors.Is(err, accounts.ErrPasswordChanged) {
					l.sound.EndSessions(ctx, userID, "")
				}
				return err
			}
		})},
		{"AU8", "codes for a reset still work", changes(func(l *accountLab) change {
			return func(
				ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
			) error {
				err := l.sound.ChangePassword(ctx, userID, old, hash, next, at)
				if err == nil {
					l.again(ctx, userID)
				}
				return err
			}
		})},
	}
}

func brokenEndings() []accountBreakage {
	disables := func(after func(ctx context.Context, l *accountLab, userID string, before []accounts.Session),
	) func(*accountLab) {
		return func(l *accountLab) {
			l.setDisabled = func(ctx context.Context, userID string, disabled bool, at time.Time) error {
				before, err := l.sound.Sessions(ctx, userID)
				if err == nil {
					err = l.sound.SetDisabled(ctx, userID, disabled, at)
				}
				if err == nil && disabled {
					after(ctx, l, userID, before)
				}
				return err
			}
		}
	}
	return []accountBreakage{
		{"AU9", "disabling is a column and nothing else", func(l *accountLab) {
			l.setDisabled = func(ctx context.Context, userID string, _ bool, at time.Time) error {
				_, err := l.sound.UpdateProfile(ctx, userID, accounts.Profile{}, at)
				return err
			}
		}},
		{"AU9", "enabling brings the codes back", func(l *accountLab) {
			l.setDisabled = func(ctx context.Context, userID string, disabled bool, at time.Time) error {
				err := l.sound.SetDisabled(ctx, userID, disabled, at)
				if err == nil && !disabled {
					l.again(ctx, userID)
				}
				return err
			}
		}},
		{"AU9", "the sessions go on", disables(func(
			ctx context.Context, l *accountLab, userID string, before []accounts.Session,
		) {
			l.sessions = func(context.Context, string) ([]accounts.Session, error) { return before, nil }
		})},
		{"AU10", "the address stays taken", func(l *accountLab) {
			l.deleteUser = func(ctx context.Context, userID string) error {
				a, err := l.sound.Account(ctx, userID)
				if err == nil {
					err = l.sound.DeleteUser(ctx, userID)
				}
				if err == nil {
					a.ID += " who was deleted"
					err = l.sound.CreateUser(ctx, a, nil, nil)
				}
				return err
			}
		}},
		{"AU10", "the codes are left behind", func(l *accountLab) {
			l.createUser = func(
				ctx context.Context, a accounts.Account, s *accounts.Session, c *accounts.Code,
			) error {
				err := l.sound.CreateUser(ctx, a, s, c)
				if err == nil {
					l.again(ctx, a.ID)
				}
				return err
			}
		}},
		{"AU10", "nobody can be deleted", func(l *accountLab) {
			l.deleteUser = func(ctx context.Context, userID string) error {
				if err := l.sound.DeleteUser(ctx, userID); !errors.Is(err, accounts.ErrNoUser) {
					return err
				}
				return nil
			}
		}},
	}
}

func brokenSessions() []accountBreakage {
	return []accountBreakage{
		{"AS1", "a disabled user can sign in", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				if a, _ := l.sound.Account(ctx, s.UserID); a.Disabled {
					return nil
				}
				return l.sound.CreateSession(ctx, s, password, limit)
			}
		}},
		{"AS1", "the user is looked at before", lateSessions},
		{"AS2", "there is no limit", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, _ int) error {
				return l.sound.CreateSession(ctx, s, password, 100)
			}
		}},
		{"AS2", "what has expired stays", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				before, err := l.sound.Sessions(ctx, s.UserID)
				if err == nil {
					err = l.sound.CreateSession(ctx, s, password, limit)
				}
				for _, old := range before {
					if err == nil && old.ExpiresAt.Before(s.CreatedAt) {
						err = l.begin(ctx, old, 100)
					}
				}
				return err
			}
		}},
		{"AS2", "the new one is the one to go", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				if err := l.sound.CreateSession(ctx, s, password, 100); err != nil {
					return err
				}
				all, err := l.sound.Sessions(ctx, s.UserID)
				for _, old := range all[min(limit, len(all)):] {
					err = errors.Join(err, l.sound.EndSession(ctx, s.UserID, old.ID))
				}
				return err
			}
		}},
		{"AS13", "the password is not compared", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, _ string, limit int) error {
				return l.begin(ctx, s, limit)
			}
		}},
		{"AS13", "the password is compared before", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				if a, err := l.sound.Account(ctx, s.UserID); err == nil && a.Password != password {
					return accounts.ErrPasswordChanged
				}
				time.Sleep(time.Millisecond)
				return l.begin(ctx, s, limit)
			}
		}},
		{"AS13", "sessions go although nobody is signed in", func(l *accountLab) {
			l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
				err := l.sound.CreateSession(ctx, s, password, limit)
				if errors.Is(err, accounts.ErrPasswordChanged) {
					l.sound.EndSessions(ctx, s.UserID, "")
				}
				return err
			}
		}},
		{"AS3", "an expired session is not there", func(l *accountLab) {
			l.session = func(ctx context.Context, userID, id string) (accounts.Session, accounts.User, error) {
				s, u, err := l.sound.Session(ctx, userID, id)
				if err == nil && s.ExpiresAt.Before(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
					return accounts.Session{}, accounts.User{}, accounts.ErrNoSession
				}
				return s, u, err
			}
		}},
		{"AS3", "the user of a session is as at sign-in", func(l *accountLab) {
			l.session = func(ctx context.Context, userID, id string) (accounts.Session, accounts.User, error) {
				s, u, err := l.sound.Session(ctx, userID, id)
				for _, then := range l.everybody() {
					if then.ID == userID && err == nil {
						u = then.User
					}
				}
				return s, u, err
			}
		}},
		{"AS4", "the oldest comes first", func(l *accountLab) {
			l.sessions = func(ctx context.Context, userID string) ([]accounts.Session, error) {
				all, err := l.sound.Sessions(ctx, userID)
				slices.Reverse(all)
				return all, err
			}
		}},
		{"AS5", "what has ended is extended", func(l *accountLab) {
			l.extendSession = func(ctx context.Context, userID, id string, expires, at time.Time) error {
				err := l.sound.ExtendSession(ctx, userID, id, expires, at)
				if errors.Is(err, accounts.ErrNoSession) {
					return nil
				}
				return err
			}
		}},
		{"AS5", "the time of the change is not kept", func(l *accountLab) {
			l.extendSession = func(ctx context.Context, userID, id string, expires, _ time.Time) error {
				s, _, err := l.sound.Session(ctx, userID, id)
				if err != nil {
					return err
				}
				return l.sound.ExtendSession(ctx, userID, id, expires, s.UpdatedAt)
			}
		}},
		{"AS6", "ending what is not there is an error", func(l *accountLab) {
			l.endSession = func(ctx context.Context, userID, id string) error {
				if _, _, err := l.sound.Session(ctx, userID, id); err != nil {
					return err
				}
				return l.sound.EndSession(ctx, userID, id)
			}
		}},
		{"AS6", "all sessions end", func(l *accountLab) {
			l.endSession = func(ctx context.Context, userID, _ string) error {
				return l.sound.EndSessions(ctx, userID, "")
			}
		}},
		{"AS7", "the one that was excepted ends", func(l *accountLab) {
			l.endSessions = func(ctx context.Context, userID, _ string) error {
				return l.sound.EndSessions(ctx, userID, "")
			}
		}},
		{"AS7", "only one of the others ends", func(l *accountLab) {
			l.endSessions = func(ctx context.Context, userID, except string) error {
				all, err := l.sound.Sessions(ctx, userID)
				for _, s := range all {
					if s.ID != except {
						return l.sound.EndSession(ctx, userID, s.ID)
					}
				}
				return err
			}
		}},
	}
}

// lateSessions looks at the user in one step and adds the session in another: it
// is there even if the user has gone in between.
func lateSessions(l *accountLab) {
	left := make(map[string]accounts.Session) // those of users who are gone
	l.createSession = func(ctx context.Context, s accounts.Session, password string, limit int) error {
		if a, err := l.sound.Account(ctx, s.UserID); err != nil || a.Disabled {
			return errors.Join(accounts.ErrNoUser, err)
		}
		time.Sleep(time.Millisecond)
		err := l.sound.CreateSession(ctx, s, password, limit)
		if errors.Is(err, accounts.ErrNoUser) {
			l.mu.Lock()
			defer l.mu.Unlock()
			left[s.UserID] = s
			return nil
		}
		return err
	}
	l.sessions = func(ctx context.Context, userID string) ([]accounts.Session, error) {
		all, err := l.sound.Sessions(ctx, userID)
		l.mu.Lock()
		defer l.mu.Unlock()
		if s, ok := left[userID]; ok {
			all = append(all, s)
		}
		return all, err
	}
}

func brokenRotations() []accountBreakage {
	type rotate = func(context.Context, string, string, accounts.Rotation) (accounts.Rotated, error)
	after := func(do func(context.Context, *accountLab, accounts.Rotated, error) (accounts.Rotated, error),
	) func(*accountLab) {
		return func(l *accountLab) {
			l.rotateSession = func(
				ctx context.Context, userID, id string, r accounts.Rotation,
			) (accounts.Rotated, error) {
				rotated, err := l.sound.RotateSession(ctx, userID, id, r)
				return do(ctx, l, rotated, err)
			}
		}
	}
	instead := func(do func(l *accountLab, s accounts.Session, u accounts.User, next rotate) rotate,
	) func(*accountLab) {
		return func(l *accountLab) {
			l.rotateSession = func(
				ctx context.Context, userID, id string, r accounts.Rotation,
			) (accounts.Rotated, error) {
				s, u, err := l.sound.Session(ctx, userID, id)
				if err != nil {
					return accounts.Rotated{}, err
				}
				return do(l, s, u, l.sound.RotateSession)(ctx, userID, id, r)
			}
		}
	}
	return []accountBreakage{
		{"AS8", "an exchange is not kept", instead(func(
			_ *accountLab, s accounts.Session, u accounts.User, _ rotate,
		) rotate {
			return func(_ context.Context, _, _ string, r accounts.Rotation) (accounts.Rotated, error) {
				next, replayed, err := s.Rotate(r)
				return accounts.Rotated{Session: next, User: u, Replayed: replayed}, err
			}
		})},
		{"AS8", "ExpiresAt stays", instead(func(
			_ *accountLab, s accounts.Session, _ accounts.User, next rotate,
		) rotate {
			return func(ctx context.Context, userID, id string, r accounts.Rotation) (accounts.Rotated, error) {
				r.ExpiresAt = s.ExpiresAt
				return next(ctx, userID, id, r)
			}
		})},
		{"AS9", "there is no grace", func(l *accountLab) {
			l.rotationsAs(func(r *accounts.Rotation) { r.Grace = math.MinInt64 })
		}},
		{"AS9", "a replay begins the grace anew", instead(func(
			l *accountLab, _ accounts.Session, _ accounts.User, next rotate,
		) rotate {
			return func(ctx context.Context, userID, id string, r accounts.Rotation) (accounts.Rotated, error) {
				rotated, err := next(ctx, userID, id, r)
				if rotated.Replayed {
					err = l.sound.ExtendSession(ctx, userID, id, rotated.Session.ExpiresAt, r.At)
				}
				return rotated, err
			}
		})},
		{"AS10", "a token that was used again is refused and nothing else", instead(func(
			_ *accountLab, s accounts.Session, _ accounts.User, next rotate,
		) rotate {
			return func(ctx context.Context, userID, id string, r accounts.Rotation) (accounts.Rotated, error) {
				if _, _, err := s.Rotate(r); err != nil {
					return accounts.Rotated{}, err
				}
				return next(ctx, userID, id, r)
			}
		})},
		{"AS10", "the grace has no end", func(l *accountLab) {
			l.rotationsAs(func(r *accounts.Rotation) { r.Grace = math.MaxInt64 })
		}},
		{"AS10", "no token is the parent of the first", instead(func(
			_ *accountLab, s accounts.Session, u accounts.User, next rotate,
		) rotate {
			return func(ctx context.Context, userID, id string, r accounts.Rotation) (accounts.Rotated, error) {
				if r.Old == s.Parent {
					return accounts.Rotated{Session: s, User: u, Replayed: true}, nil
				}
				return next(ctx, userID, id, r)
			}
		})},
		{"AS11", "an expired session is refreshed", func(l *accountLab) {
			l.rotationsAs(func(r *accounts.Rotation) { r.At = time.Time{} })
		}},
		{"AS11", "no session is a token that was used again", after(func(
			_ context.Context, _ *accountLab, rotated accounts.Rotated, err error,
		) (accounts.Rotated, error) {
			if errors.Is(err, accounts.ErrNoSession) {
				err = accounts.ErrReused
			}
			return rotated, err
		})},
		{"AS12", "all racers are told that they have exchanged", after(func(
			_ context.Context, _ *accountLab, rotated accounts.Rotated, err error,
		) (accounts.Rotated, error) {
			rotated.Replayed = false
			return rotated, err
		})},
		{"AS12", "who loses the race ends the session", after(func(
			ctx context.Context, l *accountLab, rotated accounts.Rotated, err error,
		) (accounts.Rotated, error) {
			if !rotated.Replayed {
				return rotated, err
			}
			l.sound.EndSession(ctx, rotated.User.ID, rotated.Session.ID)
			return accounts.Rotated{}, accounts.ErrReused
		})},
	}
}

func brokenCodes() []accountBreakage {
	return []accountBreakage{
		{"AC1", "there is no limit", func(l *accountLab) {
			l.putCode = func(ctx context.Context, userID string, c accounts.Code, _ int) error {
				return l.sound.PutCode(ctx, userID, c, 100)
			}
		}},
		{"AC1", "a disabled user gets a code", func(l *accountLab) {
			l.putCode = func(ctx context.Context, userID string, c accounts.Code, limit int) error {
				if err := l.sound.PutCode(ctx, userID, c, limit); !errors.Is(err, accounts.ErrNoUser) {
					return err
				}
				return nil
			}
		}},
		{"AC1", "there is one code for all purposes", func(l *accountLab) {
			l.putCode = func(ctx context.Context, userID string, c accounts.Code, limit int) error {
				if err := l.sound.PutCode(ctx, userID, c, limit); err != nil {
					return err
				}
				for _, other := range l.every(userID) {
					if other.Purpose == accounts.VerifyEmail && c.Purpose != accounts.VerifyEmail {
						l.sound.VerifyEmail(ctx, userID, other.Secret, c.CreatedAt)
					}
				}
				return nil
			}
		}},
		{"AC2", "a code can be used again", func(l *accountLab) {
			l.resetPassword = func(
				ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
			) (accounts.User, error) {
				u, err := l.sound.ResetPassword(ctx, userID, secret, hash, at)
				l.again(ctx, userID)
				return u, err
			}
		}},
		{"AC2", "the sessions go on after a reset", func(l *accountLab) {
			l.resetPassword = func(
				ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
			) (accounts.User, error) {
				before, _ := l.sound.Sessions(ctx, userID)
				u, err := l.sound.ResetPassword(ctx, userID, secret, hash, at)
				for _, s := range before {
					err = errors.Join(err, l.begin(ctx, s, 100))
				}
				return u, err
			}
		}},
		{"AC2", "a code that has expired works", func(l *accountLab) {
			l.codesAs(func(_ string, c *accounts.Code) { c.ExpiresAt = c.ExpiresAt.AddDate(1, 0, 0) })
		}},
		{"AC2", "a reset verifies no address", func(l *accountLab) {
			l.resetPassword = func(
				ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
			) (accounts.User, error) {
				before, _ := l.sound.Account(ctx, userID)
				u, err := l.sound.ResetPassword(ctx, userID, secret, hash, at)
				u.EmailVerified = before.EmailVerified
				return u, err
			}
		}},
		{"AC8", "the address of the code is not compared", func(l *accountLab) {
			l.codesAs(func(userID string, c *accounts.Code) {
				a, _ := l.sound.Account(context.Background(), userID)
				c.Email = a.Email
			})
		}},
		{"AC3", "the address of the code is not compared", func(l *accountLab) {
			l.codesAs(func(userID string, c *accounts.Code) {
				if a, _ := l.sound.Account(context.Background(), userID); c.Purpose == accounts.VerifyEmail {
					c.Email = a.Email
				}
			})
		}},
		{"AC3", "other codes for the same still work", func(l *accountLab) {
			l.verifyEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.Account, error) {
				a, err := l.sound.VerifyEmail(ctx, userID, secret, at)
				for _, c := range l.every(userID) {
					if c.Secret != secret {
						l.sound.PutCode(ctx, userID, c, 100)
					}
				}
				return a, err
			}
		}},
		{"AC4", "every code proves the owner", func(l *accountLab) {
			l.codesAs(func(_ string, c *accounts.Code) { c.Proven = true })
		}},
		{"AC4", "no code proves the owner", func(l *accountLab) {
			l.codesAs(func(_ string, c *accounts.Code) { c.Proven = false })
		}},
		{"AC5", "who is verified is verified again", func(l *accountLab) {
			l.verifyEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.Account, error) {
				a, err := l.sound.VerifyEmail(ctx, userID, secret, at)
				if err == nil {
					a.User, err = l.sound.UpdateProfile(ctx, userID, accounts.Profile{}, at)
				}
				return a, err
			}
		}},
		{"AC6", "the old address is kept, too", oldAddresses},
		{"AC6", "an address that is taken is no code", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				u, err := l.sound.ChangeEmail(ctx, userID, secret, at)
				if errors.Is(err, accounts.ErrEmailTaken) {
					err = accounts.ErrNoCode
				}
				return u, err
			}
		}},
		{"AC7", "the session that asked is not looked at", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				for _, c := range l.every(userID) {
					if c.Secret == secret {
						s := accounts.Session{UserID: userID, ID: c.Session, ExpiresAt: at}
						l.begin(ctx, s, 100) // it is as if it were there
					}
				}
				return l.sound.ChangeEmail(ctx, userID, secret, at)
			}
		}},
		{"AC7", "a session that has expired still asks", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				u, err := l.sound.ChangeEmail(ctx, userID, secret, at)
				if errors.Is(err, accounts.ErrNoCode) {
					u, err = l.sound.ChangeEmail(ctx, userID, secret, at.Add(-time.Millisecond))
				}
				return u, err
			}
		}},
		{"AC7", "any session of the user will do", func(l *accountLab) {
			l.codesAs(func(userID string, c *accounts.Code) {
				if all, _ := l.sound.Sessions(context.Background(), userID); c.Session != "" && len(all) > 0 {
					c.Session = all[0].ID
				}
			})
		}},
		{"AC6", "other codes still work", func(l *accountLab) {
			l.changeEmail = func(
				ctx context.Context, userID string, secret accounts.Digest, at time.Time,
			) (accounts.User, error) {
				u, err := l.sound.ChangeEmail(ctx, userID, secret, at)
				l.again(ctx, userID)
				return u, err
			}
		}},
	}
}

func brokenKeys() []accountBreakage {
	return []accountBreakage{
		{"AK1", "the last comes first", func(l *accountLab) {
			l.signingKeys = func(ctx context.Context) ([]accounts.SigningKey, error) {
				keys, err := l.sound.SigningKeys(ctx)
				slices.Reverse(keys)
				return keys, err
			}
		}},
		{"AK2", "all racers are told that they won", func(l *accountLab) {
			l.addSigningKey = func(ctx context.Context, key accounts.SigningKey) (bool, error) {
				_, err := l.sound.AddSigningKey(ctx, key)
				return true, err
			}
		}},
		{"AK2", "who comes late adds the next number", func(l *accountLab) {
			l.addSigningKey = func(ctx context.Context, key accounts.SigningKey) (bool, error) {
				added, err := l.sound.AddSigningKey(ctx, key)
				for !added && err == nil {
					key.Number++
					added, err = l.sound.AddSigningKey(ctx, key)
				}
				return added, err
			}
		}},
		{"AK3", "the last key goes, too", func(l *accountLab) {
			var cut time.Time
			l.dropSigningKeys = func(ctx context.Context, before time.Time) error {
				cut = before
				return l.sound.DropSigningKeys(ctx, before)
			}
			l.signingKeys = func(ctx context.Context) ([]accounts.SigningKey, error) {
				keys, err := l.sound.SigningKeys(ctx)
				return slices.DeleteFunc(keys, func(k accounts.SigningKey) bool {
					return k.DeadAt.Before(cut)
				}), err
			}
		}},
		{"AK3", "nothing is dropped", func(l *accountLab) {
			l.dropSigningKeys = func(context.Context, time.Time) error { return nil }
		}},
	}
}
