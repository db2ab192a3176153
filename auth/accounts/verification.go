package accounts

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// sendVerification answers POST /send-verification-email. Whoever is signed in
// asks for themselves; of anybody else's address the answer tells nothing.
func (s *Service) sendVerification(ctx context.Context, c *gin.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	if s.opts.Mailer == nil {
		return badRequest("VERIFICATION_EMAIL_NOT_ENABLED", "Verification email isn't enabled")
	}
	email := b.email("email")
	if err := b.err(); err != nil {
		return err
	}
	who, err := s.caller(ctx, c)
	signedIn := err == nil
	switch {
	case err != nil && !isRefused(err):
		return err
	case signedIn && who.user.Email != email:
		return badRequest("EMAIL_MISMATCH", "Email mismatch")
	case signedIn && who.user.EmailVerified:
		return badRequest("EMAIL_ALREADY_VERIFIED", "Email is already verified")
	}
	if err := s.limitClient(ctx, c, mailsByClient(), "mails by client"); err != nil {
		return err
	}
	event := s.event(c, EventVerifyAsked, who.user.ID, who.session.ID)
	s.mail(func(ctx context.Context) error {
		account, err := s.store.AccountByEmail(ctx, email)
		if err != nil && !errors.Is(err, ErrNoUser) {
			return err
		}
		event.UserID = account.ID
		s.tell(ctx, event)
		if account.ID == "" || account.Disabled || account.EmailVerified {
			return nil
		}
		return s.askToVerify(ctx, account.User, signedIn && who.user.ID == account.ID)
	})
	return write(c, statusAnswer{true})
}

// verifyAnswer is what Better Auth answers: the user only after a change of the
// address.
type verifyAnswer struct {
	Status bool        `json:"status"`
	User   *userAnswer `json:"user"`
}

// verifyEmail answers POST /verify-email: for the first address of an account
// and for another one.
func (s *Service) verifyEmail(ctx context.Context, c *gin.Context) error {
	b, err := readForm(c)
	if err != nil {
		return err
	}
	text, _ := b.optional("token")
	if err := b.err(); err != nil {
		return err
	}
	answer, err := s.useCode(ctx, c, or(text, c.Query("token")))
	if b.isForm {
		return s.showOutcome(c, pageVerify, err)
	}
	if err != nil {
		return err
	}
	return write(c, answer)
}

func (s *Service) useCode(ctx context.Context, c *gin.Context, text string) (a verifyAnswer, err error) {
	if err := s.limitClient(ctx, c, codesByClient(), "codes by client"); err != nil {
		return a, err
	}
	if strings.HasPrefix(text, string(kindChange)) {
		a.User, err = s.useChange(ctx, c, text)
	} else {
		err = s.useVerification(ctx, c, text)
	}
	a.Status = err == nil
	switch {
	case errors.Is(err, ErrNoCode), errors.Is(err, ErrNoUser):
		return a, errToken(http.StatusUnauthorized)
	case errors.Is(err, ErrEmailTaken):
		return a, errUserExists() // they have just shown that they read its mail
	}
	return a, err
}

func (s *Service) useVerification(ctx context.Context, c *gin.Context, text string) error {
	token, ok := s.seal.open(kindVerify, text)
	if !ok {
		return ErrNoCode
	}
	account, err := s.store.VerifyEmail(ctx, token.user, digestOf(token.secret), millis(s.now()))
	if err != nil {
		return err
	}
	s.liftAll(ctx, account.Email)
	s.setOwnDevice(c, account)
	s.tell(ctx, s.event(c, EventVerified, account.ID, ""))
	if account.Password == "" { // that of somebody who never read the mail is gone
		s.mail(func(ctx context.Context) error { return s.askToReset(ctx, account.User) })
	}
	return nil
}

func (s *Service) useChange(ctx context.Context, c *gin.Context, text string) (*userAnswer, error) {
	token, ok := s.seal.open(kindChange, text)
	if !ok {
		return nil, ErrNoCode
	}
	before, err := s.store.Account(ctx, token.user)
	if err != nil {
		return nil, err
	}
	user, err := s.store.ChangeEmail(ctx, token.user, digestOf(token.secret), millis(s.now()))
	if err != nil {
		return nil, err
	}
	s.tell(ctx, s.event(c, EventEmailChanged, user.ID, ""))
	if before.EmailVerified { // else it may be the address of anybody
		s.notify(MailChanged, user, before.Email)
	}
	return showUser(user), nil
}
