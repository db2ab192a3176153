package accounts

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

// updateUser answers POST /update-user.
func (s *Service) updateUser(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	var profile Profile
	if name, ok := b.label("name", MaxName); ok {
		profile.Name = &name
	}
	if b.isNull("image") {
		profile.Image = new(*string)
	} else if image, ok := b.label("image", MaxImage); ok {
		text := &image
		profile.Image = &text
	}
	if b.has("email") {
		return badRequest("EMAIL_CAN_NOT_BE_UPDATED", "Email can not be updated")
	}
	if err := b.err(); err != nil {
		return err
	}
	if profile == (Profile{}) {
		return badRequest("NO_FIELDS_TO_UPDATE", "No fields to update")
	}
	if _, err := s.store.UpdateProfile(ctx, who.user.ID, profile, millis(s.now())); err != nil {
		return err
	}
	s.tell(ctx, s.event(c, EventProfileChanged, who.user.ID, who.session.ID))
	return write(c, statusAnswer{true})
}

// changeEmail answers POST /change-email. The address changes when the link in
// the mail to it is used. Whether it is somebody else's already, nobody learns.
func (s *Service) changeEmail(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	email := b.email("newEmail")
	password, given := b.optional("password")
	if err := b.err(); err != nil {
		return err
	}
	switch {
	case email == who.user.Email:
		return badRequest("EMAIL_IS_THE_SAME", "Email is the same")
	case s.opts.Mailer == nil:
		return badRequest("VERIFICATION_EMAIL_NOT_ENABLED", "Verification email isn't enabled")
	case !given && !s.isFresh(who):
		return refuse(http.StatusForbidden, "SESSION_NOT_FRESH", "Session is not fresh")
	}
	if given {
		if _, err := s.checkPassword(ctx, c, who, password); err != nil {
			return err
		}
	}
	if err := s.limitClient(ctx, c, mailsByClient(), "mails by client"); err != nil {
		return err
	}
	s.tell(ctx, s.event(c, EventEmailAsked, who.user.ID, who.session.ID))
	s.mail(func(ctx context.Context) error {
		_, err := s.store.AccountByEmail(ctx, email)
		if !errors.Is(err, ErrNoUser) {
			return err // somebody else has it: nothing to mail
		}
		to := who.user
		to.Email = email
		code, token := s.newCode(ChangeEmail, to)
		code.Session = who.session.ID
		return s.putAndSend(ctx, to, code, token)
	})
	return write(c, statusAnswer{true})
}

// deleteUser answers POST /delete-user.
func (s *Service) deleteUser(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	password, given := b.optional("password")
	if err := b.err(); err != nil {
		return err
	}
	if given {
		if _, err = s.checkPassword(ctx, c, who, password); err == nil {
			_, _, err = s.live(ctx, who.user.ID, who.session.ID) // it may have taken a while
		}
	} else if !s.isFresh(who) {
		err = badRequest("SESSION_EXPIRED", "Session expired. Re-authenticate to perform this action.")
	}
	if err != nil {
		return err
	}
	if err := s.eraseAll(ctx, who.user.ID); err != nil {
		return err
	}
	s.tell(ctx, s.event(c, EventDeleted, who.user.ID, who.session.ID))
	s.clearSession(c)
	return write(c, struct {
		Success bool   `json:"success"`
		Message string `json:"message"`
	}{true, "User deleted"})
}
