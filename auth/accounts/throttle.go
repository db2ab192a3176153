package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// The rates of the limits.
func signInByClient() Rate    { return Rate{Burst: 20, Every: 6 * time.Second} }
func signInByAccount() Rate   { return Rate{Burst: 10, Every: time.Minute} }
func signUpByClient() Rate    { return Rate{Burst: 10, Every: time.Minute} }
func codesByClient() Rate     { return Rate{Burst: 20, Every: 10 * time.Second} }
func refreshByClient() Rate   { return Rate{Burst: 120, Every: time.Second} }
func passwordsByUser() Rate   { return Rate{Burst: 10, Every: time.Minute} }
func mailsByAddress() Rate    { return Rate{Burst: 5, Every: 10 * time.Minute} }
func mailsByClient() Rate     { return Rate{Burst: 20, Every: time.Minute} }
func eventsByAttempts() Rate  { return Rate{Burst: 1, Every: time.Minute} }
func signInByOwnDevice() Rate { return signInByAccount() }

// limit counts an attempt, and refuses it if there were too many. A limiter that
// fails lets everybody through: it must not keep them out.
func (s *Service) limit(ctx context.Context, c *gin.Context, rate Rate, key ...string) error {
	wait := s.take(ctx, rate, key...)
	if wait <= 0 {
		return nil
	}
	// The refused are many when it matters; one line a minute tells as much.
	if s.take(ctx, eventsByAttempts(), append([]string{"event"}, key...)...) <= 0 {
		event := s.event(c, EventLimited, "", "")
		event.Reason = key[0]
		s.tell(ctx, event)
	}
	return errLimited(wait)
}

func (s *Service) take(ctx context.Context, rate Rate, key ...string) time.Duration {
	wait, err := s.limits.Take(ctx, strings.Join(key, ":"), rate)
	if err != nil {
		s.logger.ErrorContext(ctx, "authtodo: the limiter failed, and lets everything through", "error", err)
		return 0
	}
	return wait
}

// limitSignIn counts a sign-in by its client and by its account. Whoever makes
// many for the account of somebody else does not lock its owner out: a browser
// that the owner has signed in with, or an address that one of the owner's live
// sessions began at, is counted for itself.
func (s *Service) limitSignIn(ctx context.Context, c *gin.Context, email string, account Account) error {
	if err := s.limit(ctx, c, signInByClient(), "sign-in by client", s.bucket(c)); err != nil {
		return err
	}
	if device, ok := s.device(c); ok && device.user == account.ID {
		return s.limit(ctx, c, signInByOwnDevice(), "sign-in by device", account.ID, device.session)
	}
	err := s.limit(ctx, c, signInByAccount(), "sign-in by account", email)
	if err == nil || account.ID == "" {
		return err
	}
	sessions, fault := s.store.Sessions(ctx, account.ID)
	if fault != nil {
		return fault
	}
	here := s.bucket(c)
	for _, session := range sessions {
		if !session.ExpiresAt.Before(s.now()) && bucket(peerAddress(session.Address)) == here {
			return s.limit(ctx, c, signInByOwnDevice(), "sign-in by address", account.ID, here)
		}
	}
	return err
}

// device is what the cookie of a browser says that the owner of an account has
// signed in with before.
func (s *Service) device(c *gin.Context) (device opaque, ok bool) {
	if s.opts.TokensOnly {
		return device, false
	}
	return s.seal.open(kindDevice, oneCookie(c.Request, s.cookieName(deviceCookie)))
}

// setDevice remembers the browser for the account.
func (s *Service) setDevice(c *gin.Context, userID string) {
	device, ok := s.device(c)
	if !ok || device.user != userID {
		device = opaque{user: userID, session: newID()}
	}
	s.setCookie(c, deviceCookie, s.seal.seal(kindDevice, device), deviceLife)
}
