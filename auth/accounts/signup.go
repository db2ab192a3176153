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
	f.email = b.email("email")
	f.password = b.text("password")
	if image, ok := b.label("image", MaxImage); ok {
		f.image = &image
	}
	f.temporary, f.tokens = !b.flag("rememberMe", true), b.flag("tokens", false) || s.opts.TokensOnly
	if err := b.err(); err != nil {
		return f, err
	}
	if code, message := s.weakPassword(f.password, User{Email: f.email, Name: f.name}); code != "" {
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
	if err := s.limitClient(ctx, c, signUpByClient(), "sign-up by client"); err != nil {
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
	code, token := s.newCode(VerifyEmail, account.User)
	code.Proven = true // whoever has chosen the password knows it
	var begun started
	var session *Session
	if !s.opts.RequireVerification {
		begun = s.begin(c, account.ID, f.temporary, f.tokens)
		session = &begun.session
	}
	err = s.store.CreateUser(ctx, account, session, s.ifMailed(code))
	switch {
	case errors.Is(err, ErrEmailTaken) && s.opts.RequireVerification:
		s.signUpAgain(c, account.Email)
	case errors.Is(err, ErrEmailTaken):
		s.tell(ctx, s.event(c, EventSignUpAgain, "", ""))
		return errUserExists()
	case err != nil:
		return err
	default:
		s.tell(ctx, s.event(c, EventSignUp, account.ID, begun.session.ID))
		s.mail(func(ctx context.Context) error { return s.send(ctx, s.letter(account.User, code, token)) })
	}
	if s.opts.RequireVerification {
		return write(c, signInAnswer{User: showUser(account.User)})
	}
	return s.answer(ctx, c, begun, account, signInAnswer{})
}

// ifMailed is the code of a sign-up if there is anybody to mail it.
func (s *Service) ifMailed(code Code) *Code {
	if s.opts.Mailer == nil {
		return nil
	}
	return &code
}

// signUpAgain is a sign-up for an address that has an account, where nobody is to
// learn that from the answer. The reader of a verified address is told. If it was
// never verified, nobody knows which of the two who signed up reads its mail, and
// the reader may open the link of the other: so no password counts any more, and
// whoever opens a link gets another one, to choose theirs.
func (s *Service) signUpAgain(c *gin.Context, email string) {
	event := s.event(c, EventSignUpAgain, "", "")
	s.mail(func(ctx context.Context) error {
		old, err := s.store.AccountByEmail(ctx, email)
		if errors.Is(err, ErrNoUser) {
			return nil // deleted meanwhile: the user signs up once more
		}
		if err != nil {
			return err
		}
		event.UserID = old.ID
		s.tell(ctx, event)
		if old.EmailVerified || old.Disabled {
			return s.sendExisting(ctx, old.User)
		}
		if err := s.withdrawPassword(ctx, old); err != nil {
			return err
		}
		return s.askToVerify(ctx, old.User, false)
	})
}

// withdrawPassword leaves an account without a password.
func (s *Service) withdrawPassword(ctx context.Context, a Account) error {
	if a.Password == "" { // then links to choose one stay good
		return nil
	}
	err := s.store.ChangePassword(ctx, a.ID, a.Password, "", nil, millis(s.now()))
	if errors.Is(err, ErrPasswordChanged) || errors.Is(err, ErrNoUser) { // meanwhile
		return nil
	}
	return err
}
