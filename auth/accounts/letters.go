package accounts

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
)

// How long the links in mails work.
const (
	verifyLife = 24 * time.Hour
	resetLife  = time.Hour
	maxCodes   = 5 // of one purpose that a user has at once
)

// newCode makes a code for the address of a user, and the token for its link.
func (s *Service) newCode(purpose Purpose, k kind, userID, email string, life time.Duration) (Code, string) {
	token, now := opaque{user: userID, secret: newSecret()}, millis(s.now())
	return Code{
		Purpose: purpose, Secret: digestOf(token.secret), Email: email,
		CreatedAt: now, ExpiresAt: now.Add(life),
	}, s.seal.seal(k, token)
}

// signUpCode is the code that a sign-up mails. Whoever makes it knows the
// password, having chosen it.
func (s *Service) signUpCode(account Account) (*Code, *Mail) {
	if s.opts.Mailer == nil {
		return nil, nil
	}
	return nil, nil
}

func (s *Service) mail(context.Context, User, *Mail) {}

func (s *Service) signUpAgain(context.Context, *gin.Context, Account) error { return nil }

func (s *Service) notVerified(context.Context, *gin.Context, Account) error { return errNotVerified() }
