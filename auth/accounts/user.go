package accounts

import "time"

// Limits of an account, in bytes. A store may rely on them.
const (
	MaxUserID    = 255
	MaxEmail     = 254 // RFC 5321 section 4.5.3.1.3 less the brackets
	MaxName      = 512
	MaxImage     = 2048
	MaxUserAgent = 512
	MaxHash      = 1024 // of a password in PHC form
)

// User is who has an account. Times are UTC, in whole milliseconds.
type User struct {
	// ID is 1 to [MaxUserID] bytes of UTF-8 without control characters. It is
	// never given to anybody else, not even after the account is gone.
	ID string

	// Email is in the form that [NormalEmail] gives it; no two users have the
	// same one. It proves nothing unless EmailVerified.
	Email         string
	EmailVerified bool

	Name     string
	Image    *string // nil is null
	Disabled bool    // can neither sign in nor refresh, and has no sessions

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Account is a user with what proves them.
type Account struct {
	User

	// Password is a hash in PHC form or one that was brought along from Better
	// Auth; empty if the account has none, and then no password is right.
	Password string
}

// Profile is what a user may change of themselves. Nil leaves a member as it is.
type Profile struct {
	Name  *string
	Image **string // pointing to nil: null
}
