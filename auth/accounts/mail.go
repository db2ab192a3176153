package accounts

import (
	"context"
	"time"
)

// Mailer sends the mails of the module. It may be slow: nobody waits for it.
// An error goes to the log; the user asks for another mail.
type Mailer interface {
	Send(ctx context.Context, mail Mail) error
}

// MailKind says what a [Mail] is for.
type MailKind string

// The kinds there are.
const (
	MailVerify   MailKind = "verify-email"
	MailReset    MailKind = "reset-password"
	MailChange   MailKind = "change-email"   // to the new address
	MailChanged  MailKind = "email-changed"  // to the old one, afterwards; without a link
	MailExisting MailKind = "existing-user"  // somebody signed up with the address of an account
	MailPassword MailKind = "password-reset" // afterwards; without a link
)

// Mail is a mail to a user. A Mailer may send Subject and Text as they are, or
// write its own from the other members. Link holds a secret: it belongs into
// the mail and nowhere else.
type Mail struct {
	Kind      MailKind
	To        string // the address, without a display name
	Name      string // of the user; anybody may have written it
	Link      string // empty for kinds without one
	ExpiresAt time.Time

	Subject string // one line
	Text    string // lines end with \n
}
