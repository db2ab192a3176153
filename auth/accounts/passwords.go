package accounts

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"
)

// checkPassword is the account of a caller if the password is right, whatever
// their session says.
func (s *Service) checkPassword(
	ctx context.Context, c *gin.Context, who caller, password string,
) (Account, error) {
	if isTooLong(password) {
		return Account{}, errTooLong()
	}
	if err := s.limit(ctx, c, passwordsByUser(), "password", who.user.ID); err != nil {
		return Account{}, err
	}
	if err := s.limitFailures(ctx, c, failuresByUser, who.user.Email); err != nil {
		return Account{}, err
	}
	account, err := s.store.Account(ctx, who.user.ID)
	if err != nil {
		return Account{}, err
	}
	right, _, err := s.hasher.verify(ctx, account.Password, password)
	switch {
	case err != nil:
		return Account{}, err
	case !right || account.Disabled:
		s.tell(ctx, s.event(c, EventPasswordFailed, who.user.ID, who.session.ID))
		return Account{}, errPassword()
	}
	s.liftFailures(ctx, who.user.Email)
	return account, nil
}

// verifyPassword answers POST /verify-password.
func (s *Service) verifyPassword(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	password := b.text("password")
	if err := b.err(); err != nil {
		return err
	}
	if _, err := s.checkPassword(ctx, c, who, password); err != nil {
		return err
	}
	return write(c, statusAnswer{true})
}

// changePassword answers POST /change-password. All sessions end and the caller
// gets a new one, in the same step, unless the body says otherwise.
func (s *Service) changePassword(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	current, password := b.text("currentPassword"), b.text("newPassword")
	revoke := b.flag("revokeOtherSessions", true)
	if err := b.err(); err != nil {
		return err
	}
	if code, message := s.weakPassword(password, who.user); code != "" {
		return badRequest(code, message)
	}
	account, err := s.checkPassword(ctx, c, who, current)
	if err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	var next *Session
	begun := s.begin(c, who.user.ID, who.session.Temporary, who.access)
	if revoke {
		next = &begun.session
	}
	now := millis(s.now())
	err = s.store.ChangePassword(ctx, account.ID, account.Password, hash, next, now)
	switch {
	case errors.Is(err, ErrPasswordChanged): // by another request, a moment ago
		return errPassword()
	case err != nil:
		return err
	}
	account.UpdatedAt, account.Password = now, hash
	event := s.event(c, EventPasswordChanged, account.ID, who.session.ID)
	if revoke {
		event.SessionID = begun.session.ID
	}
	s.tell(ctx, event)
	s.notify(MailPassword, account.User, account.Email)
	if !revoke {
		if !who.access {
			s.setDevice(c, account)
		}
		return write(c, signInAnswer{User: showUser(account.User)})
	}
	return s.answer(ctx, c, begun, account, signInAnswer{})
}

// requestReset answers POST /request-password-reset, the same whether there is an
// account or not.
func (s *Service) requestReset(ctx context.Context, c *gin.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	if s.opts.Mailer == nil {
		return badRequest("RESET_PASSWORD_DISABLED", "Reset password isn't enabled")
	}
	email := b.email("email")
	if err := b.err(); err != nil {
		return err
	}
	if err := s.limitClient(ctx, c, mailsByClient(), "mails by client"); err != nil {
		return err
	}
	event := s.event(c, EventResetAsked, "", "")
	s.mail(func(ctx context.Context) error {
		account, err := s.store.AccountByEmail(ctx, email)
		if err != nil && !errors.Is(err, ErrNoUser) {
			return err
		}
		event.UserID = account.ID
		s.tell(ctx, event)
		if account.ID == "" || account.Disabled {
			return nil
		}
		return s.askToReset(ctx, account.User)
	})
	return write(c, struct {
		Status  bool   `json:"status"`
		Message string `json:"message"`
	}{true, "If this email exists in our system, check your email for the reset link"})
}

// resetPassword answers POST /reset-password.
func (s *Service) resetPassword(ctx context.Context, c *gin.Context) error {
	b, err := readForm(c)
	if err != nil {
		return err
	}
	text, _ := b.optional("token")
	password := b.text("newPassword")
	if err := b.err(); err != nil {
		return err
	}
	err = s.reset(ctx, c, or(text, c.Query("token")), password)
	if b.isForm {
		return s.showOutcome(c, pageReset, err)
	}
	if err != nil {
		return err
	}
	return write(c, statusAnswer{true})
}

func (s *Service) reset(ctx context.Context, c *gin.Context, text, password string) error {
	if err := s.limitClient(ctx, c, codesByClient(), "codes by client"); err != nil {
		return err
	}
	const status = 400 // Better Auth's
	token, ok := s.seal.open(kindReset, text)
	if !ok {
		return errToken(status)
	}
	account, err := s.store.Account(ctx, token.user)
	switch {
	case errors.Is(err, ErrNoUser):
		return errToken(status)
	case err != nil:
		return err
	}
	if code, message := s.weakPassword(password, account.User); code != "" {
		return badRequest(code, message)
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	user, err := s.store.ResetPassword(ctx, token.user, digestOf(token.secret), hash, millis(s.now()))
	switch {
	case errors.Is(err, ErrNoCode):
		return errToken(status)
	case err != nil:
		return err
	}
	s.liftAll(ctx, user.Email)
	s.setOwnDevice(c, Account{user, hash})
	s.tell(ctx, s.event(c, EventPasswordReset, user.ID, ""))
	s.notify(MailPassword, user, user.Email)
	return nil
}
