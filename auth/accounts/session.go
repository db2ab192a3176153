package accounts

import "time"

// Digest is the SHA-256 of a secret, which is all that a store ever sees of
// one. The zero Digest is that of no secret.
type Digest [32]byte

// Session is one sign-in of one user on one device. Times are UTC, in whole
// milliseconds.
type Session struct {
	UserID string
	ID     string // 1 to 64 visible ASCII characters; the sid of its access tokens

	// Secret is what the session token, in the cookie, is compared with; zero for
	// a session that has refresh tokens instead.
	Secret Digest

	// Refresh is what the live refresh token is compared with and Parent the one
	// before it, exchanged at RotatedAt. Zero where there is none.
	Refresh   Digest
	Parent    Digest
	RotatedAt time.Time

	CreatedAt time.Time // when the user signed in
	UpdatedAt time.Time // when ExpiresAt was last moved
	ExpiresAt time.Time // moves on with use
	EndsAt    time.Time // never moves; ExpiresAt is never behind it

	// Temporary is a session whose cookie ends with the browser (rememberMe
	// false).
	Temporary bool

	Address   string // of the client at sign-in, for the user to recognise it
	UserAgent string // at most [MaxUserAgent] bytes
}

// Rotation exchanges one refresh token of a session for the next.
type Rotation struct {
	Old, New  Digest
	At        time.Time
	Grace     time.Duration // how long Old is still answered after its exchange
	ExpiresAt time.Time     // of the session, if the exchange takes place
}

// Rotated is the outcome of a [Rotation].
type Rotated struct {
	Session  Session // as it is now
	User     User
	Replayed bool // Old was exchanged before, within Grace; nothing was written
}
