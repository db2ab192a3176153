package accounts

import (
	"context"
	"errors"
	"net/url"
	"time"
)

// How long the links in mails work.
const (
	verifyLife = 24 * time.Hour
	resetLife  = time.Hour
	maxCodes   = 5 // of one purpose that a user has at once
)

// newCode makes a code for the address of a user, and the token for its link.
func (s *Service) newCode(purpose Purpose, to User) (Code, string) {
	token, now := opaque{user: to.ID, secret: newSecret()}, millis(s.now())
	k, life := kindVerify, verifyLife
	switch purpose {
	case ChangeEmail:
		k = kindChange
	case ResetPassword:
		k, life = kindReset, resetLife
	}
	return Code{
		Purpose: purpose, Secret: digestOf(token.secret), Email: to.Email,
		CreatedAt: now, ExpiresAt: now.Add(life),
	}, s.seal.seal(k, token)
}

// mail queues what is to be mailed. Without a Mailer it is nothing.
func (s *Service) mail(job func(ctx context.Context) error) {
	if s.outbox != nil {
		s.outbox.add(job)
	}
}

// mayMail counts the mails to an address, so that nobody has one flooded. Each
// kind is counted for itself: mails that somebody else causes, by signing up with
// an address, keep no other from who waits for it.
func (s *Service) mayMail(ctx context.Context, m Mail) bool {
	if s.take(ctx, mailsByAddress(), "mail", string(m.Kind), m.To) <= 0 {
		return true
	}
	s.logger.WarnContext(ctx, "authtodo: a mail was not sent: there were too many to its address")
	return false
}

// putAndSend stores a code and mails it.
func (s *Service) putAndSend(ctx context.Context, to User, code Code, token string) error {
	m := s.letter(to, code, token)
	if !s.mayMail(ctx, m) { // before the code takes the place of an older one
		return nil
	}
	err := s.store.PutCode(ctx, to.ID, code, maxCodes)
	switch {
	case errors.Is(err, ErrNoUser): // disabled or deleted meanwhile
		return nil
	case err != nil:
		return err
	}
	return s.opts.Mailer.Send(ctx, m)
}

// send sends a mail unless there are too many.
func (s *Service) send(ctx context.Context, m Mail) error {
	if !s.mayMail(ctx, m) {
		return nil
	}
	return s.opts.Mailer.Send(ctx, m)
}

// askToVerify mails a link that verifies the address of a user. It is proven if
// who has asked for it knew the password or had a session.
func (s *Service) askToVerify(ctx context.Context, user User, proven bool) error {
	code, token := s.newCode(VerifyEmail, user)
	code.Proven = proven
	return s.putAndSend(ctx, user, code, token)
}

// askToReset mails a link to choose a new password.
func (s *Service) askToReset(ctx context.Context, user User) error {
	code, token := s.newCode(ResetPassword, user)
	return s.putAndSend(ctx, user, code, token)
}

// letter is the mail with a code. Its texts quote nothing that anybody may have
// written, such as names: they come from this service and are believed.
func (s *Service) letter(to User, code Code, token string) Mail {
	m := Mail{To: to.Email, Name: to.Name, ExpiresAt: code.ExpiresAt}
	page, host := "/verify-email", s.opts.VerifyPage
	unasked := "If you did not ask for this, you need not do anything.\n"
	switch code.Purpose {
	case VerifyEmail:
		m.Kind, m.Subject = MailVerify, "Verify your email address"
		m.Text = "To verify your email address, open this link within a day:\n\n"
		unasked = "If you have not signed up, do not open it: whoever has would have an account " +
			"with your address.\n"
	case ChangeEmail:
		m.Kind, m.Subject = MailChange, "Confirm your new email address"
		m.Text = "To use this address for your account, open this link within a day:\n\n"
	case ResetPassword:
		page, host = "/reset-password", s.opts.ResetPage
		m.Kind, m.Subject = MailReset, "Choose a new password"
		m.Text = "To choose a new password, open this link within an hour:\n\n"
	}
	if host == "" {
		host = s.path + page
	}
	m.Link = s.origin + host + "?token=" + url.QueryEscape(token)
	m.Text += m.Link + "\n\n" + unasked
	return m
}

// sendExisting tells the owner of an account that somebody has signed up with
// their address.
func (s *Service) sendExisting(ctx context.Context, to User) error {
	return s.send(ctx, Mail{
		Kind: MailExisting, To: to.Email, Name: to.Name, Subject: "You already have an account",
		Text: "Somebody has signed up with your email address at " + s.origin + ".\n" +
			"If it was you, sign in instead, or ask for a new password.\n" +
			"If it was not, you need not do anything.\n",
	})
}

// notify tells the owner of an account what was done. It is not limited where to
// has verified the address: only who has shown to be the owner can cause it then.
func (s *Service) notify(kind MailKind, to User, email string) {
	m := Mail{Kind: kind, To: email, Name: to.Name}
	switch kind {
	case MailPassword:
		m.Subject = "Your password was changed"
		m.Text = "The password of your account at " + s.origin + " was changed.\n"
	case MailChanged:
		m.Subject = "Your email address was changed"
		m.Text = "Your account at " + s.origin + " has another email address now.\n"
	}
	m.Text += "If it was not you, answer this mail or ask for a new password at once.\n"
	s.mail(func(ctx context.Context) error {
		if !to.EmailVerified {
			return s.send(ctx, m)
		}
		return s.opts.Mailer.Send(ctx, m)
	})
}
