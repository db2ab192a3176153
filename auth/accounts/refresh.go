package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"
)

// refreshGrace is how long the parent of a refresh token is answered with the
// same successor again: after an answer that was lost, and for two tabs.
const refreshGrace = 10 * time.Second

func errRefresh() error {
	p := errUnauthorized()
	p.Detail = "The refresh token is not valid. Sign in again."
	p.Cause = errTold
	return p
}

// refreshTokens answers POST /refresh. Nothing of the request is looked at but
// its body: an access token that has expired is what brings clients here.
func (s *Service) refreshTokens(ctx context.Context, c *gin.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	text := b.text("refresh_token")
	if err := b.err(); err != nil {
		return err
	}
	if err := s.limitClient(ctx, c, refreshByClient(), "refresh by client"); err != nil {
		return err
	}
	old, ok := s.seal.open(kindRefresh, text)
	if !ok {
		event := s.event(c, EventRefreshRefused, "", "")
		event.Reason = "no token of this service"
		s.tell(ctx, event)
		return errRefresh()
	}
	now, next := millis(s.now()), old
	next.secret = s.successor(old, 0)
	rotated, err := s.store.RotateSession(ctx, old.user, old.session, Rotation{
		Old: digestOf(old.secret), New: digestOf(next.secret),
		At: now, Grace: refreshGrace, ExpiresAt: now.Add(s.opts.Idle),
	})
	switch {
	case errors.Is(err, ErrReused):
		s.tell(ctx, s.event(c, EventRefreshReused, old.user, old.session))
		return errRefresh()
	case errors.Is(err, ErrNoSession):
		s.tell(ctx, s.event(c, EventRefreshRefused, old.user, old.session))
		return errRefresh()
	case err != nil:
		return err
	}
	if rotated.Replayed && !s.again(&next, old, rotated.Session) {
		return errRefresh()
	}
	s.tell(ctx, s.refreshed(c, rotated))
	return s.writeTokens(ctx, c, rotated.Session, rotated.User, s.seal.seal(kindRefresh, next), nil)
}

// refreshed is the event of an exchange. One that is answered again is told apart:
// a client does that when it has lost an answer, and a thief each time.
func (s *Service) refreshed(c *gin.Context, r Rotated) Event {
	event := s.event(c, EventRefresh, r.User.ID, r.Session.ID)
	if !r.Replayed {
		return event
	}
	event.Kind = EventRefreshReplayed
	if event.Address != r.Session.Address || event.UserAgent != r.Session.UserAgent {
		event.Reason = "not from where the session began"
	}
	return event
}

// successor is the secret of the next refresh token. It is derived, so that who
// asks twice with one token gets the same, and nobody has to keep it.
func (s *Service) successor(old opaque, key int) (next [secretSize]byte) {
	text := append([]byte(old.session), 0)
	copy(next[:], mac(s.refresh[key], append(text, old.secret[:]...)))
	return next
}

// again finds the successor that another call has made: an instance that does
// not know the newest secret yet derives it with an older one.
func (s *Service) again(next *opaque, old opaque, session Session) bool {
	for key := range s.refresh {
		next.secret = s.successor(old, key)
		if same(digestOf(next.secret), session.Refresh) {
			return true
		}
	}
	return false
}
