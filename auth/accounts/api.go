package accounts

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/web"
)

// bodyLimit is how many bytes a request may have: far above what its members may
// have together.
const bodyLimit = 64 << 10

// handler answers a request; ctx is the request's, with the time that the store
// has.
type handler func(ctx context.Context, c *gin.Context) error

// Mount adds the routes below r, under /auth. The guard is the one that believes
// the service.
func (s *Service) Mount(r gin.IRouter, guard *auth.Guard) {
	s.guard = guard
	open := r.Group("/auth", web.Headers)
	s.post(open, "/sign-up/email", s.signUp)
	s.post(open, "/sign-in/email", s.signIn)
	s.post(open, "/sign-out", s.lasting(s.signOut))
	s.get(open, "/get-session", s.getSession)
	s.get(open, "/token", s.getToken)
	s.get(open, "/jwks", s.jwks)
	s.post(open, "/refresh", s.refreshTokens)
	s.get(open, "/ok", s.ok)

	s.get(open, "/list-sessions", s.listSessions)
	s.post(open, "/revoke-session", s.lasting(s.revokeSession))
	s.post(open, "/revoke-other-sessions", s.lasting(s.revokeOthers))
	s.post(open, "/revoke-sessions", s.lasting(s.revokeAll))

	s.post(open, "/update-user", s.updateUser)
	s.post(open, "/change-email", s.changeEmail)
	s.post(open, "/change-password", s.lasting(s.changePassword))
	s.post(open, "/verify-password", s.verifyPassword)
	s.post(open, "/delete-user", s.lasting(s.deleteUser))

	s.post(open, "/send-verification-email", s.sendVerification)
	s.route(open, "/verify-email", s.withPage(s.verifyPage, s.lasting(s.verifyEmail)))
	s.post(open, "/request-password-reset", s.requestReset)
	s.route(open, "/reset-password", s.withPage(s.resetPage, s.lasting(s.resetPassword)))
}

func (s *Service) get(r gin.IRouter, path string, h handler) {
	s.route(r, path, web.Methods{http.MethodGet: s.handle(h), http.MethodHead: s.handle(h)})
}

func (s *Service) post(r gin.IRouter, path string, h handler) {
	s.route(r, path, web.Methods{http.MethodPost: s.handle(h)})
}

// withPage are the methods of a path that has a page with a form.
func (s *Service) withPage(page, h handler) web.Methods {
	return web.Methods{
		http.MethodGet: s.handle(page), http.MethodHead: s.handle(page), http.MethodPost: s.handle(h),
	}
}

// route mounts a path in both spellings: Gin's redirect from one to the other
// would lose header fields.
func (s *Service) route(r gin.IRouter, path string, of web.Methods) {
	s.reporter.Route(r, path, of)
	s.reporter.Route(r, path+"/", of)
}

func (s *Service) handle(h handler) web.Handler {
	return func(c *gin.Context) error {
		ctx, cancel := context.WithTimeout(c.Request.Context(), s.timeout)
		defer cancel()
		if err := h(ctx, c); err != nil {
			return s.noted(c, err)
		}
		return nil
	}
}

// lasting is a handler that goes on when the client has left, for what ends
// sessions: whoever signs out and closes the page at once is signed out.
func (s *Service) lasting(h handler) handler {
	return func(ctx context.Context, c *gin.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
		defer cancel()
		return h(ctx, c)
	}
}

// ok answers GET /ok.
func (s *Service) ok(_ context.Context, c *gin.Context) error {
	return write(c, struct {
		OK bool `json:"ok"`
	}{true})
}

// event is one that a request makes happen.
func (s *Service) event(c *gin.Context, kind EventKind, userID, sessionID string) Event {
	return Event{
		Kind: kind, UserID: userID, SessionID: sessionID,
		Address: s.address(c), UserAgent: userAgent(c.Request),
	}
}

// address is that of the client, as text; empty if it has none.
func (s *Service) address(c *gin.Context) string {
	if addr := clientAddress(c.Request, s.opts.TrustedProxies); addr.IsValid() {
		return addr.String()
	}
	return ""
}

// bucket is what the client is counted by.
func (s *Service) bucket(c *gin.Context) string {
	return bucket(clientAddress(c.Request, s.opts.TrustedProxies))
}

// userAgent is what the client says it is, as text that can be stored.
func userAgent(r *http.Request) string {
	text := strings.ToValidUTF8(r.UserAgent(), "")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	if len(text) > MaxUserAgent {
		text = strings.ToValidUTF8(text[:MaxUserAgent], "")
	}
	return text
}
