package auth

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
)

// reason is why credentials are refused, for the log only.
type reason string

const (
	reasonMissing   reason = "missing"   // no credentials, or of another scheme
	reasonMalformed reason = "malformed" // no token, or nothing that could be one
	reasonAlgorithm reason = "algorithm"
	reasonCritical  reason = "critical" // a crit that is not understood, as none is
	reasonType      reason = "type"
	reasonIssuer    reason = "issuer"
	reasonKey       reason = "key" // one that the key set does not hold
	reasonSignature reason = "signature"
	reasonExpired   reason = "expired"
	reasonNotYet    reason = "not-yet-valid"
	reasonAudience  reason = "audience"
	reasonClaims    reason = "claims"
	reasonSession   reason = "session"    // one that has ended
	reasonCrossSite reason = "cross-site" // a cookie, sent by the page of somebody else
)

// Challenges of RFC 6750 section 3. A request without credentials is told no
// error code.
const (
	challenge        = `Bearer`
	challengeRequest = `Bearer error="invalid_request"`
	challengeToken   = `Bearer error="invalid_token"`
)

// refusal is the error of credentials that are not believed. Nothing of it but
// the challenge is sent.
type refusal struct {
	challenge string
	reason    reason
	hint      string // a sentence that may quote iss and aud, and no other part of a token
}

func (r *refusal) Error() string { return string(r.reason) + ": " + r.hint }

// refuse is the refusal of a token.
func refuse(why reason, hint string, args ...any) *refusal {
	return &refusal{challengeToken, why, fmt.Sprintf(hint, args...)}
}

// level is what the refusal is worth to whoever watches the log: expired and
// missing tokens are everyday, and so are ended sessions.
func (r *refusal) level() slog.Level {
	if r.reason == reasonExpired || r.reason == reasonMissing || r.reason == reasonSession {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// problem is the answer to every refusal. Its body is one and the same.
func (r *refusal) problem(c *gin.Context) error {
	p := problem.Problem{
		Status: http.StatusUnauthorized,
		Kind:   "unauthorized",
		Code:   problem.AuthError,
		Detail: "Authentication required",
		Note:   r.note(c.Request),
	}
	return p.With("WWW-Authenticate", r.challenge).With("Cache-Control", "no-store")
}

// note is what the log gets.
func (r *refusal) note(request *http.Request) *problem.Note {
	return &problem.Note{
		Level:   r.level(),
		Message: "authtodo: credentials refused",
		Attrs: []slog.Attr{
			slog.String("reason", string(r.reason)),
			slog.String("hint", r.hint),
			slog.String("peer", peer(request)),
		},
	}
}

// problem is the answer when keys cannot be had: the credentials may be good.
func (u *unavailable) problem() error {
	p := problem.Problem{
		Status: http.StatusServiceUnavailable,
		Kind:   "unavailable",
		Code:   problem.Unavailable,
		Detail: "Credentials cannot be checked at the moment. Try again later.",
		Cause:  u,
	}
	seconds := max(1, int(math.Ceil(u.after.Seconds()))) // not earlier
	return p.With("Retry-After", strconv.Itoa(seconds)).With("Cache-Control", "no-store")
}

// peer is the address that the connection comes from. It is a proxy's where
// there is one; header fields that say more can be forged.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// quote is text from a token for the log: short, and in visible ASCII.
func quote(s string) string {
	const limit = 100
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.QuoteToASCII(s)
}
