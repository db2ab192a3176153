package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

// temporaryLife is how long a session lives whose cookie ends with the browser,
// as at Better Auth.
const temporaryLife = 24 * time.Hour

// started is a session that was made for an answer, with the token that only the
// client will know.
type started struct {
	session Session
	token   string
	tokens  bool // the client has no cookies
}

// begin makes a session that has still to be stored.
func (s *Service) begin(c *gin.Context, userID string, temporary, tokens bool) started {
	now := millis(s.now())
	token := opaque{user: userID, session: newID(), secret: newSecret()}
	session := Session{
		UserID: userID, ID: token.session, CreatedAt: now, UpdatedAt: now,
		ExpiresAt: now.Add(s.opts.Idle), EndsAt: now.Add(s.opts.Life),
		Temporary: temporary && !tokens, Address: s.address(c), UserAgent: userAgent(c.Request),
	}
	if session.Temporary {
		session.ExpiresAt = now.Add(min(temporaryLife, s.opts.Idle))
	}
	if tokens {
		session.Refresh = digestOf(token.secret)
		return started{session, s.seal.seal(kindRefresh, token), true}
	}
	session.Secret = digestOf(token.secret)
	return started{session, s.seal.seal(kindSession, token), false}
}

// signInAnswer is the answer of a sign-in and, without Redirect, of a sign-up.
type signInAnswer struct {
	Redirect *bool       `json:"redirect,omitempty"`
	Token    *string     `json:"token"`
	User     *userAnswer `json:"user"`
}

// answer hands out a session that has been stored: as a cookie, or as tokens. An
// answer that only lacks the access token is a 503, and the client signs in anew.
func (s *Service) answer(
	ctx context.Context, c *gin.Context, begun started, account Account, a signInAnswer,
) error {
	user := account.User
	if begun.tokens {
		return s.writeTokens(ctx, c, begun.session, user, begun.token, showUser(user))
	}
	s.setSession(c, begun.session, begun.token)
	s.setDevice(c, account)
	a.Token, a.User = &begun.token, showUser(user)
	return write(c, a)
}

func (s *Service) writeTokens(ctx context.Context, c *gin.Context, session Session, user User,
	refresh string, shown *userAnswer) error {
	access, life, err := s.accessToken(ctx, session, user)
	if err != nil {
		return err
	}
	return write(c, tokensAnswer{
		User: shown, AccessToken: access, TokenType: "Bearer",
		ExpiresIn: int64(life / time.Second), RefreshToken: refresh,
	})
}

// getSession answers GET /get-session.
func (s *Service) getSession(ctx context.Context, c *gin.Context) error {
	who, err := s.caller(ctx, c)
	if err == nil {
		err = s.renew(ctx, c, &who)
	}
	switch {
	case err != nil && isRefused(err):
		if oneCookie(c.Request, s.cookieName(sessionCookie)) != "" && c.GetHeader("Authorization") == "" {
			s.clearSession(c)
		}
		return write(c, nil)
	case err != nil:
		return err
	}
	if !who.access {
		token, _, err := s.accessToken(ctx, who.session, who.user)
		if err != nil {
			return err
		}
		c.Header("set-auth-jwt", token)
		c.Header("Access-Control-Expose-Headers", "set-auth-jwt")
	}
	return write(c, struct {
		Session *sessionAnswer `json:"session"`
		User    *userAnswer    `json:"user"`
	}{s.showSession(who.session), showUser(who.user)})
}

// getToken answers GET /token. An access token is not good for another one: who
// has stolen one has it for its short life only.
func (s *Service) getToken(ctx context.Context, c *gin.Context) error {
	who, err := s.caller(ctx, c)
	if err == nil && who.access {
		err = errUnauthorized()
	}
	if err == nil {
		err = s.renew(ctx, c, &who)
	}
	if err != nil {
		return err
	}
	token, _, err := s.accessToken(ctx, who.session, who.user)
	if err != nil {
		return err
	}
	return write(c, struct {
		Token string `json:"token"`
	}{token})
}

// signOut answers POST /sign-out. To have no session is no error: then the user
// is signed out. A refresh token in the body ends its session, too, for clients
// whose access token has expired.
func (s *Service) signOut(ctx context.Context, c *gin.Context) error {
	b, err := readBody(c)
	if err != nil {
		return err
	}
	refresh, _ := b.optional("refresh_token")
	if err := b.err(); err != nil {
		return err
	}
	foreign := s.guard.SameOrigin(c)
	if foreign != nil && c.GetHeader("Authorization") == "" && refresh == "" {
		return foreign // or a page could sign its visitors out, whom no cookie is sent along for
	}
	session, err := s.toEnd(ctx, c, refresh)
	if err != nil && (!isRefused(err) || c.GetHeader("Authorization") != "" || refresh != "") {
		return err
	}
	if err == nil {
		if err := s.store.EndSession(ctx, session.UserID, session.ID); err != nil {
			return err
		}
		s.tell(ctx, s.event(c, EventSignOut, session.UserID, session.ID))
	}
	if foreign == nil {
		s.clearSession(c)
	}
	return write(c, struct {
		Success bool `json:"success"`
	}{true})
}

// toEnd is the session that a sign-out is about.
func (s *Service) toEnd(ctx context.Context, c *gin.Context, refresh string) (Session, error) {
	if refresh == "" {
		who, err := s.caller(ctx, c)
		return who.session, err
	}
	token, ok := s.seal.open(kindRefresh, refresh)
	if !ok {
		return Session{}, errUnauthorized()
	}
	session, _, err := s.live(ctx, token.user, token.session)
	if digest := digestOf(token.secret); err == nil &&
		!same(digest, session.Refresh) && !same(digest, session.Parent) {
		err = ErrNoSession
	}
	return session, err
}

// jwks answers GET /jwks.
func (s *Service) jwks(ctx context.Context, c *gin.Context) error {
	type jwk struct {
		Algorithm string `json:"alg"`
		Curve     string `json:"crv"`
		X         string `json:"x"`
		Type      string `json:"kty"`
		Use       string `json:"use"`
		ID        string `json:"kid"`
	}
	if _, err := s.ring.signer(ctx); err != nil { // so that the first key is there before its first token
		return err
	}
	published, err := s.ring.published(ctx)
	if err != nil {
		return err
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, key := range published {
		x := base64.RawURLEncoding.EncodeToString(key.Public)
		set.Keys = append(set.Keys, jwk{"EdDSA", "Ed25519", x, "OKP", "sig", key.ID})
	}
	text, err := json.Marshal(set)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "public, max-age=300")
	c.Writer.Header().Del("Vary")
	web.JSON(c, http.StatusOK, text)
	return nil
}

// listSessions answers GET /list-sessions.
func (s *Service) listSessions(ctx context.Context, c *gin.Context) error {
	who, err := s.caller(ctx, c)
	if err != nil {
		return err
	}
	sessions, err := s.store.Sessions(ctx, who.user.ID)
	if err != nil {
		return err
	}
	shown := []*sessionAnswer{}
	for _, session := range sessions {
		if !session.ExpiresAt.Before(s.now()) {
			shown = append(shown, s.showSession(session))
		}
	}
	return write(c, shown)
}

// revokeSession answers POST /revoke-session. A handle that is not one of the
// caller's sessions ends nothing, and the answer does not tell.
func (s *Service) revokeSession(ctx context.Context, c *gin.Context) error {
	who, b, err := s.told(ctx, c)
	if err != nil {
		return err
	}
	text := b.text("token")
	if err := b.err(); err != nil {
		return err
	}
	handle, ok := s.seal.open(kindHandle, text)
	if !ok || handle.user != who.user.ID {
		return write(c, statusAnswer{true})
	}
	if err := s.store.EndSession(ctx, handle.user, handle.session); err != nil {
		return err
	}
	s.tell(ctx, s.event(c, EventRevoked, handle.user, handle.session))
	if handle.session == who.session.ID {
		s.clearSession(c)
	}
	return write(c, statusAnswer{true})
}

// revokeOthers answers POST /revoke-other-sessions.
func (s *Service) revokeOthers(ctx context.Context, c *gin.Context) error {
	who, err := s.caller(ctx, c)
	if err != nil {
		return err
	}
	return s.revoke(ctx, c, who, who.session.ID)
}

// revokeAll answers POST /revoke-sessions.
func (s *Service) revokeAll(ctx context.Context, c *gin.Context) error {
	who, err := s.caller(ctx, c)
	if err != nil {
		return err
	}
	return s.revoke(ctx, c, who, "")
}

func (s *Service) revoke(ctx context.Context, c *gin.Context, who caller, except string) error {
	if err := s.store.EndSessions(ctx, who.user.ID, except); err != nil {
		return err
	}
	event := s.event(c, EventRevoked, who.user.ID, who.session.ID)
	event.Reason = "all others"
	if except == "" {
		event.Reason = "all"
		s.clearSession(c)
	}
	s.tell(ctx, event)
	return write(c, statusAnswer{true})
}
