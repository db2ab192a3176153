package accounts

import (
	"context"
	"errors"
	"time"
)

// What a [Store] reports. Each may be wrapped.
var (
	// ErrNoUser: there is no such user.
	ErrNoUser = errors.New("accounts: no such user")

	// ErrUserExists: a user of this id is there already.
	ErrUserExists = errors.New("accounts: the user exists")

	// ErrEmailTaken: another user has this address.
	ErrEmailTaken = errors.New("accounts: the address is taken")

	// ErrNoSession: the user has no such session, or is disabled.
	ErrNoSession = errors.New("accounts: no such session")

	// ErrReused: a refresh token was used that had been exchanged long ago, and
	// the session has been ended because of it.
	ErrReused = errors.New("accounts: refresh token was used again")

	// ErrNoCode: there is no such code, or it was used, replaced or expired.
	ErrNoCode = errors.New("accounts: no such code")

	// ErrPasswordChanged: the password is another by now.
	ErrPasswordChanged = errors.New("accounts: the password has been changed")

	// ErrUnavailable: the store cannot answer now. 503 with Retry-After, and the
	// cause in the log only.
	ErrUnavailable = errors.New("accounts: storage is unavailable")
)

// Store keeps accounts. It is the contract that storage/storagetest runs
// against a store; the numbers in brackets are cited by its cases.
//
// Of every method:
//
//   - [A1] What belongs to one user is never read, changed or hinted at in a
//     call for another. Ids, addresses and digests are equal only byte for byte.
//     A session that is passed along with a user is that user's, whatever its
//     UserID says.
//   - [A2] It is safe for concurrent use and keeps nothing of its arguments.
//   - [A3] It is atomic: whoever looks sees all that it writes or nothing of it,
//     also if the process or the connection dies on the way. When it has
//     failed, nothing of it was written; the only exception is a connection
//     lost after a write was sent, when nobody can know.
//   - [A4] It returns when ctx ends, with an error for which
//     errors.Is(err, ctx.Err()) or errors.Is(err, [ErrUnavailable]) holds. A
//     failure of the store itself wraps ErrUnavailable.
//   - [A5] Text comes back byte for byte; times (UTC, milliseconds) and digests
//     come back equal.
//
// Callers have validated what they pass. A store has no clock: what is expired
// is judged by the times it is given, and live up to the millisecond of its
// ExpiresAt. The rules for single values are methods of theirs, for stores to
// use: [Profile.Apply], [Session.Extend], [Session.Rotate], [Code.Verify].
type Store interface {
	Users
	Sessions
	Codes
	Keys
}

// Users are the accounts of a [Store].
type Users interface {
	// CreateUser adds an account, with a first session unless that is nil, and a
	// first code unless that is nil.
	//
	//   - [AU1] All of it is there afterwards.
	//   - [AU2] [ErrUserExists] if the id is taken, looked at first; else
	//     [ErrEmailTaken] if the address is. Of calls that race for one, one
	//     succeeds.
	CreateUser(ctx context.Context, account Account, session *Session, code *Code) error

	// Account returns an account by its id. [AU3] [ErrNoUser] if there is none.
	Account(ctx context.Context, userID string) (Account, error)

	// AccountByEmail returns the account that has an address. [AU4] [ErrNoUser]
	// if none has; an address that was changed or deleted is nobody's.
	AccountByEmail(ctx context.Context, email string) (Account, error)

	// UpdateProfile changes what profile has and sets UpdatedAt to at; the
	// result is the user as it is then. [AU5] Changes of different members that
	// race all stay. [ErrNoUser].
	UpdateProfile(ctx context.Context, userID string, profile Profile, at time.Time) (User, error)

	// RenewHash replaces the hash of a password by a better one of the same
	// password. [AU6] If the password is not old any more, nothing happens and
	// that is no error. Sessions and UpdatedAt stay.
	RenewHash(ctx context.Context, userID, old, hash string) error

	// ChangePassword replaces the password, sets UpdatedAt to at and, if next is
	// not nil, ends all sessions and starts next in the same step.
	//
	//   - [AU7] [ErrPasswordChanged] if the password is not old any more, and
	//     then nothing happens: of calls that race with one old, one succeeds.
	//     [ErrNoUser], also for one who is disabled.
	//   - [AU8] No code for [ResetPassword] works afterwards.
	ChangePassword(
		ctx context.Context, userID, old, hash string, next *Session, at time.Time,
	) error

	// SetDisabled disables a user or enables it again, and sets UpdatedAt to at.
	// [AU9] A user who is disabled has no session and no code afterwards.
	// [ErrNoUser].
	SetDisabled(ctx context.Context, userID string, disabled bool, at time.Time) error

	// DeleteUser removes an account with its address, sessions and codes.
	// [AU10] Nothing of it is there afterwards, and its address may be taken.
	// [ErrNoUser].
	DeleteUser(ctx context.Context, userID string) error
}

// Sessions are the sessions of a [Store].
type Sessions interface {
	// CreateSession adds a session to those of its user, who has shown to know
	// the password with the given hash.
	//
	//   - [AS1] [ErrNoUser] if the user is not there or is disabled, also if that
	//     happens while the call runs: no session is left behind.
	//   - [AS13] [ErrPasswordChanged] if the password is not that any more, in the
	//     same way: whoever began to sign in before a new password is not signed in
	//     behind it.
	//   - [AS2] Sessions of the user that expired before session.CreatedAt are
	//     gone afterwards; and if there are more than limit then, the oldest (by
	//     CreatedAt) of the others are gone.
	CreateSession(ctx context.Context, session Session, password string, limit int) error

	// Session returns a session and its user. [AS3] [ErrNoSession] if it is not
	// there; an expired one is returned as long as it is there.
	Session(ctx context.Context, userID, id string) (Session, User, error)

	// Sessions returns all sessions of a user, those that began last first.
	// [AS4] Of a user who is not there it is none.
	Sessions(ctx context.Context, userID string) ([]Session, error)

	// ExtendSession moves ExpiresAt, to EndsAt at most, and sets UpdatedAt to at.
	// [AS5] [ErrNoSession]; a session that ended, or expired before at, is not
	// brought back.
	ExtendSession(ctx context.Context, userID, id string, expires, at time.Time) error

	// EndSession removes a session. [AS6] One that is not there is no error.
	EndSession(ctx context.Context, userID, id string) error

	// EndSessions removes all sessions of a user but the one named except, which
	// may be empty. [AS7]
	EndSessions(ctx context.Context, userID, except string) error

	// RotateSession exchanges the refresh token of a session.
	//
	//   - [AS8] If Old is the live one, it becomes Parent and New the live one,
	//     with RotatedAt and UpdatedAt = At and ExpiresAt as given (at most
	//     EndsAt).
	//   - [AS9] If Old is Parent and At is at most Grace behind RotatedAt, nothing
	//     is written and the result is Replayed. A clock that went back counts as
	//     no time.
	//   - [AS10] If Old is neither, or Parent for longer, the session ends:
	//     [ErrReused].
	//   - [AS11] [ErrNoSession] if the session is not there, has no refresh
	//     tokens, expired before At, or the user is disabled.
	//   - [AS12] Of calls that race with one Old one exchanges and the others are
	//     Replayed, if all have the same New.
	RotateSession(ctx context.Context, userID, id string, r Rotation) (Rotated, error)
}

// Codes are the mailed codes of a [Store].
type Codes interface {
	// PutCode adds a code of a user, and takes away those of its purpose that
	// expired before code.CreatedAt, and the oldest others beyond limit. [AC1]
	// [ErrNoUser], also for one who is disabled.
	PutCode(ctx context.Context, userID string, code Code, limit int) error

	// ResetPassword uses a code of the purpose [ResetPassword]: the password is
	// hash, the address is verified, UpdatedAt is at, and every session and every
	// code of the user is gone.
	//
	//   - [AC2] [ErrNoCode] if there is none that is live at at; of calls that
	//     race with one code one succeeds.
	//   - [AC8] [ErrNoCode] if the code was mailed to another address than the user
	//     has now: who reads that one may be somebody else.
	ResetPassword(
		ctx context.Context, userID string, secret Digest, hash string, at time.Time,
	) (User, error)

	// VerifyEmail uses a code of the purpose [VerifyEmail]. The address is
	// verified, UpdatedAt is at, and all codes of the user for this purpose are
	// gone.
	//
	//   - [AC3] [ErrNoCode] as in [AC2], and if the code was mailed to another
	//     address than the user has now.
	//   - [AC4] If the user was not verified before and the code is not Proven, the
	//     account is left without a password, and every session and every other
	//     code is gone.
	//   - [AC5] If the user was verified before, nothing but the codes changes.
	VerifyEmail(ctx context.Context, userID string, secret Digest, at time.Time) (Account, error)

	// ChangeEmail uses a code of the purpose [ChangeEmail]: the user has the
	// address that it was mailed to, verified, UpdatedAt is at, and all codes of
	// the user are gone.
	//
	//   - [AC6] [ErrNoCode] as in [AC2]; [ErrEmailTaken] if another has the address
	//     by now, and then nothing changes.
	//   - [AC7] [ErrNoCode] if the user has no session of the id that is the code's
	//     Session, or it is not live at at.
	ChangeEmail(ctx context.Context, userID string, secret Digest, at time.Time) (User, error)
}

// Keys are the signing keys of a [Store]. They belong to no user.
type Keys interface {
	// SigningKeys returns all of them, by number. [AK1]
	SigningKeys(ctx context.Context) ([]SigningKey, error)

	// AddSigningKey adds a key if no other has its number, and reports whether
	// it did. [AK2] Of calls that race with one number one adds, so that
	// instances that start together agree.
	AddSigningKey(ctx context.Context, key SigningKey) (added bool, err error)

	// DropSigningKeys removes keys whose DeadAt is before the given time, but
	// never the one with the highest number. [AK3]
	DropSigningKeys(ctx context.Context, before time.Time) error
}
