package accounts

import "time"

// Purpose is what a mailed code is good for. No code is good for two things.
type Purpose string

// The purposes there are.
const (
	VerifyEmail   Purpose = "verify-email"
	ChangeEmail   Purpose = "change-email"
	ResetPassword Purpose = "reset-password"
)

// Code is a secret that was mailed to show that somebody reads an address.
// It works once. Times are UTC, in whole milliseconds.
type Code struct {
	Purpose Purpose
	Secret  Digest
	Email   string // the address that it was mailed to

	// Proven says, of [VerifyEmail], that who asked for the code knew the
	// password or had a session: what the account has then outlives its use.
	// A code that anybody may have asked for leaves no password and no session
	// of an account that was not verified before, because whoever made those
	// may be somebody else than the reader of the mail.
	Proven bool

	// Session, of [ChangeEmail], is the session that asked: the code is good no
	// longer than that lives, so that who ends a session ends what it had begun,
	// too. Empty otherwise.
	Session string

	CreatedAt time.Time
	ExpiresAt time.Time
}
