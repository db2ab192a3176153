package accounts

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Names of cookies. The first is Better Auth's.
const (
	sessionCookie = "better-auth.session_token"
	deviceCookie  = "better-auth.known_device"
)

// deviceLife is how long a browser is remembered.
const deviceLife = 365 * 24 * time.Hour

func (s *Service) isSecure() bool { return strings.HasPrefix(s.origin, "https:") }

// cookieName is the name of a cookie as browsers have it: with a prefix that
// keeps pages over http from setting it, where the service has https.
func (s *Service) cookieName(name string) string {
	if s.isSecure() {
		return "__Secure-" + name
	}
	return name
}

// SessionCookie is the name of the cookie of a session; empty with
// [Options].TokensOnly, where there is none.
func (s *Service) SessionCookie() string {
	if s.opts.TokensOnly {
		return ""
	}
	return s.cookieName(sessionCookie)
}

// cookieToken is what the session cookie of a request says. If there are several
// that differ, a page of a neighbouring host may have set one, and none counts.
func (s *Service) cookieToken(r *http.Request) (token opaque, ok bool) {
	if s.opts.TokensOnly {
		return token, false
	}
	return s.seal.open(kindSession, oneCookie(r, s.cookieName(sessionCookie)))
}

func oneCookie(r *http.Request, name string) (value string) {
	for i, cookie := range r.CookiesNamed(name) {
		if i > 0 && cookie.Value != value {
			return ""
		}
		value = cookie.Value
	}
	return value
}

// setCookie sets a cookie; one that lives for no time ends with the browser.
func (s *Service) setCookie(c *gin.Context, name, value string, life time.Duration) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(math.Ceil(life.Seconds())),
		HttpOnly: true, Secure: s.isSecure(), SameSite: http.SameSiteLaxMode,
	})
}

// setSession sets the cookie of a session.
func (s *Service) setSession(c *gin.Context, session Session, token string) {
	life := session.ExpiresAt.Sub(s.now())
	if session.Temporary {
		life = 0
	}
	s.setCookie(c, sessionCookie, token, life)
}

// clearSession has the browser forget the session.
func (s *Service) clearSession(c *gin.Context) {
	if !s.opts.TokensOnly {
		s.setCookie(c, sessionCookie, "", -time.Second)
	}
}
