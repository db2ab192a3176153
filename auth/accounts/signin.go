package accounts

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/unicode/norm"
)

// isTooLong reports whether a text is longer than any password, so that nobody
// has it hashed.
func isTooLong(password string) bool {
	return len(password) > maxPasswordBytes ||
		utf8.RuneCountInString(norm.NFC.String(password)) > maxPassword
}

// signIn answers POST /sign-in/email. An unknown address, a wrong password, a
// disabled account and an address that has still to be verified are one and the
// same, in the work that they make, too.
func (s *Service) signIn(ctx context.Context, c *gin.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	address, password := b.text("email"), b.text("password")
	temporary, tokens := !b.flag("rememberMe", true), b.flag("tokens", false) || s.opts.TokensOnly
	if err := b.err(); err != nil {
		return err
	}
	if !tokens {
		if err := s.guard.SameOrigin(c); err != nil { // or a page could sign its visitors in as somebody
			return err
		}
	}
	email, ok := NormalEmail(address)
	switch {
	case !ok:
		return errEmail()
	case isTooLong(password):
		return errTooLong()
	}
	account, err := s.passwordOf(ctx, c, email, password)
	if err != nil {
		return err
	}
	begun := s.begin(c, account.ID, temporary, tokens)
	if account, err = s.signInAs(ctx, c, account, password, begun.session); err != nil {
		return err
	}
	if !tokens {
		s.replace(ctx, c, account.ID)
	}
	s.tell(ctx, s.event(c, EventSignIn, account.ID, begun.session.ID))
	redirect := false
	return s.answer(ctx, c, begun, account, signInAnswer{Redirect: &redirect})
}

// signInAs stores a session of an account whose password was right a moment ago.
// If the account has another hash by now, that decides: it may be a better one of
// the same password, from a sign-in beside this one.
func (s *Service) signInAs(
	ctx context.Context, c *gin.Context, account Account, password string, session Session,
) (Account, error) {
	create := func() error {
		return s.store.CreateSession(ctx, session, account.Password, s.opts.MaxSessions)
	}
	err := create()
	if errors.Is(err, ErrPasswordChanged) {
		var is Account
		var right bool
		if is, err = s.store.Account(ctx, account.ID); err == nil {
			right, _, err = s.hasher.verify(ctx, is.Password, password)
		}
		switch {
		case err == nil && right:
			account = is
			err = create()
		case err == nil:
			err = ErrPasswordChanged
		}
	}
	if errors.Is(err, ErrNoUser) || errors.Is(err, ErrPasswordChanged) {
		event := s.event(c, EventSignInFailed, account.ID, "")
		event.Reason = "changed meanwhile"
		s.tell(ctx, event)
		err = errSignIn()
	}
	return account, err
}

// passwordOf is the account of an address if the password is right.
func (s *Service) passwordOf(
	ctx context.Context, c *gin.Context, email, password string,
) (Account, error) {
	if err := s.limitSignIn(ctx, c, email); err != nil {
		return Account{}, err
	}
	account, err := s.store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return Account{}, err
	}
	right, outdated, err := s.hasher.verify(ctx, account.Password, password)
	if err != nil {
		return Account{}, err
	}
	if reason := s.refusal(account, right); reason != "" {
		event := s.event(c, EventSignInFailed, account.ID, "")
		event.Reason = reason
		s.tell(ctx, event)
		return Account{}, errSignIn()
	}
	s.liftFailures(ctx, email)
	if outdated {
		account.Password = s.renewHash(ctx, account, password)
	}
	return account, nil
}

// refusal is why nobody is let into an account; empty if they are. Whoever has
// the right password of an address that is not verified gets a mail, and the
// answer that everybody gets: another one would tell who signs up first and then
// in that the address had no account.
func (s *Service) refusal(account Account, right bool) (reason string) {
	switch {
	case account.ID == "":
		return "unknown address"
	case account.Disabled:
		return "disabled"
	case !right:
		return "wrong password"
	case s.opts.RequireVerification && !account.EmailVerified:
		s.mail(func(ctx context.Context) error { return s.askToVerify(ctx, account.User, true) })
		return "address not verified"
	}
	return ""
}

// renewHash makes a better hash of a password that was right, and is the one that
// the account has then. If it cannot, the next sign-in does.
func (s *Service) renewHash(ctx context.Context, account Account, password string) string {
	hash, err := s.hasher.hash(ctx, password)
	if err == nil {
		err = s.store.RenewHash(ctx, account.ID, account.Password, hash)
	}
	if err != nil {
		s.logger.WarnContext(ctx, "authtodo: an outdated hash was not renewed", "error", err)
		return account.Password
	}
	return hash
}

// replace ends the session that the browser had before, of the same user: the
// cookie of the new one takes its place (ASVS 7.2.4).
func (s *Service) replace(ctx context.Context, c *gin.Context, userID string) {
	token, ok := s.cookieToken(c.Request)
	if !ok || token.user != userID {
		return
	}
	old, _, err := s.live(ctx, token.user, token.session)
	if err == nil && same(digestOf(token.secret), old.Secret) {
		err = s.store.EndSession(ctx, userID, old.ID)
	}
	if err != nil && !errors.Is(err, ErrNoSession) {
		s.logger.WarnContext(ctx, "authtodo: the session before was not ended", "error", err)
	}
}
