package accounts

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"
)

// signUpForm is the body of a sign-up.
type signUpForm struct {
	name, email, password string
	image                 *string
	temporary, tokens     bool
}

func (s *Service) readSignUp(c *gin.Context) (f signUpForm, err error) {
	b, err := readBody(c)
	if err != nil {
		return f, err
	}
	if !b.has("name") {
		b.text("name")
	}
	f.name, _ = b.label("name", MaxName)
	address := b.text("email")
	f.password = b.text("password")
	if image, ok := b.label("image", MaxImage); ok && !b.isNull("image") {
		f.image = &image
	}
	f.temporary, f.tokens = !b.flag("rememberMe", true), b.flag("tokens", false) || s.opts.TokensOnly
	email, ok := NormalEmail(address)
	if !ok && len(b.faults) == 0 {
		return f, errEmail()
	}
	if err := b.err(); err != nil {
		return f, err
	}
	f.email = email
	if code, message := weakPassword(f.password, email); code != "" {
		return f, badRequest(code, message)
	}
	return f, nil
}

// signUp answers POST /sign-up/email.
func (s *Service) signUp(ctx context.Context, c *gin.Context) error {
	f, err := s.readSignUp(c)
	if err != nil {
		return err
	}
	if !f.tokens {
		if err := s.guard.SameOrigin(c); err != nil { // or a page could sign its visitors up
			return err
		}
	}
	if err := s.limit(ctx, c, signUpByClient(), "sign-up by client", s.bucket(c)); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, f.password)
	if err != nil {
		return err
	}
	now := millis(s.now())
	account := Account{User: User{
		ID: newID(), Email: f.email, Name: f.name, Image: f.image, CreatedAt: now, UpdatedAt: now,
	}, Password: hash}
	code, link := s.signUpCode(account)
	var begun started
	var session *Session
	if !s.opts.RequireVerification {
		begun = s.begin(c, account.ID, f.temporary, f.tokens)
		session = &begun.session
	}
	err = s.store.CreateUser(ctx, account, session, code)
	switch {
	case errors.Is(err, ErrEmailTaken) && s.opts.RequireVerification:
		if err := s.signUpAgain(ctx, c, account); err != nil {
			return err
		}
	case errors.Is(err, ErrEmailTaken):
		s.tell(ctx, s.event(c, EventSignUpAgain, "", ""))
		return errUserExists()
	case err != nil:
		return err
	default:
		s.tell(ctx, s.event(c, EventSignUp, account.ID, begun.session.ID))
		s.mail(ctx, account.User, link)
	}
	if s.opts.RequireVerification {
		return write(c, signInAnswer{User: showUser(account.User)})
	}
	return s.answer(ctx, c, begun, account.User, signInAnswer{})
}
