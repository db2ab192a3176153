package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// caller is who a request comes from, by what the store says now: what changes
// accounts never trusts a session that was seen a moment ago.
type caller struct {
	session Session
	user    User
	access  bool   // by an access token, and so in no browser's session
	token   string // the session token
}

// caller reads the credentials of a request. An Authorization field decides
// alone, as it does for the guard.
func (s *Service) caller(ctx context.Context, c *gin.Context) (caller, error) {
	fields := c.Request.Header["Authorization"]
	if len(fields) == 0 {
		return s.browser(ctx, c)
	}
	scheme, text, _ := strings.Cut(fields[0], " ")
	text = strings.TrimLeft(text, " ")
	if len(fields) > 1 || !strings.EqualFold(scheme, "Bearer") || s.opts.TokensOnly ||
		!strings.HasPrefix(text, string(kindSession)) {
		return s.bearer(ctx, c)
	}
	token, ok := s.seal.open(kindSession, text)
	if !ok {
		return caller{}, errUnauthorized()
	}
	return s.ofToken(ctx, token, text)
}

// told is who a request comes from and what it says. The body comes first: it
// takes as long as its sender likes, and what it says is done for a session that
// is live behind it. To nobody its faults are not told.
func (s *Service) told(ctx context.Context, c *gin.Context) (caller, *body, error) {
	b, fault := readBody(c)
	who, err := s.caller(ctx, c)
	if err == nil {
		err = fault
	}
	return who, b, err
}

// browser is who the cookie of a request says it is.
func (s *Service) browser(ctx context.Context, c *gin.Context) (caller, error) {
	token, ok := s.cookieToken(c.Request)
	if !ok {
		return caller{}, errUnauthorized()
	}
	if err := s.guard.SameOrigin(c); err != nil {
		return caller{}, err
	}
	return s.ofToken(ctx, token, oneCookie(c.Request, s.cookieName(sessionCookie)))
}

// bearer is who an access token of ours says it is.
func (s *Service) bearer(ctx context.Context, c *gin.Context) (caller, error) {
	id, err := s.guard.Authenticate(c)
	switch {
	case err != nil:
		return caller{}, err
	case id.Issuer != s.origin || id.UserSpace != s.space() || id.SessionID == "":
		return caller{}, errUnauthorized()
	}
	session, user, err := s.live(ctx, id.UserID, id.SessionID)
	return caller{session: session, user: user, access: true}, err
}

// ofToken is whose session token it is.
func (s *Service) ofToken(ctx context.Context, token opaque, text string) (caller, error) {
	session, user, err := s.live(ctx, token.user, token.session)
	if err == nil && !same(digestOf(token.secret), session.Secret) {
		err = ErrNoSession
	}
	return caller{session: session, user: user, token: text}, err
}

// live is a session that has not ended, by the store.
func (s *Service) live(ctx context.Context, userID, id string) (Session, User, error) {
	session, user, err := s.store.Session(ctx, userID, id)
	if err == nil && !isLive(session, user, s.now()) {
		err = ErrNoSession
	}
	return session, user, err
}

// renewAfter is how long a session is used before its end moves on.
func (s *Service) renewAfter() time.Duration { return min(24*time.Hour, s.opts.Idle/2) }

// renew moves the end of a session that is used, at most once a day.
func (s *Service) renew(ctx context.Context, c *gin.Context, who *caller) error {
	now := millis(s.now())
	if who.access || who.session.Temporary || now.Sub(who.session.UpdatedAt) < s.renewAfter() ||
		who.session.ExpiresAt.Equal(who.session.EndsAt) {
		return nil
	}
	next, err := who.session.Extend(now.Add(s.opts.Idle), now)
	if err != nil {
		return err
	}
	err = s.store.ExtendSession(ctx, next.UserID, next.ID, next.ExpiresAt, now)
	if err != nil {
		return err
	}
	if who.session = next; c.GetHeader("Authorization") == "" {
		s.setSession(c, next, who.token)
	}
	return nil
}

// isFresh reports whether the user has signed in lately, as Better Auth has it.
func (s *Service) isFresh(who caller) bool {
	const fresh = 24 * time.Hour
	return !who.access && s.now().Sub(who.session.CreatedAt) < fresh
}
