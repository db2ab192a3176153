package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/internal/problem"
)

// Local is an issuer in this process. It hands out its keys without a fetch,
// and it knows which of its sessions have ended, so that a token is good no
// longer than its session. Package accounts is one. It is safe for concurrent
// use.
type Local interface {
	// Issuer is the issuer, without Keys. Its URL is the origin of its pages,
	// too. It is one of the issuers that [Options.Validate] compares.
	Issuer() Issuer

	// HasSecret reports whether a secret is one that the issuer's own are made
	// of.
	HasSecret(secret string) bool

	// PublicKey is the key with this kid: nil if there is none, and an error if
	// that cannot be told at the moment.
	PublicKey(ctx context.Context, kid string) (*PublicKey, error)

	// IsLive reports whether a session of a user has not ended. An error says
	// that it cannot be told at the moment.
	IsLive(ctx context.Context, userID, sessionID string) (bool, error)

	// Cookie is the session that the cookie of a request names, still to be
	// opened; nil if there is no cookie that could be of a session.
	Cookie(r *http.Request) OpenSession
}

// OpenSession returns who a session is of: nil if it has ended, and an error if
// that cannot be told at the moment.
type OpenSession func(ctx context.Context) (*Identity, error)

// PublicKey is a key that a [Local] issuer signs with. A guard that is given
// the same pointer again knows it for the same key.
type PublicKey struct{ key publicKey }

// NewPublicKey is an Ed25519 key, for tokens with the algorithm EdDSA.
func NewPublicKey(kid string, key ed25519.PublicKey) (*PublicKey, error) {
	if len(key) != ed25519.PublicKeySize || isSmallOrder(key) {
		return nil, errors.New("auth: not an Ed25519 key")
	}
	return &PublicKey{publicKey{kid, edDSA, jwt.SigningMethodEdDSA, key}}, nil
}

// NewClaims are the claims in a JSON object, for a [Local] issuer whose identity
// was in no token. Of a text that is none they are none.
func NewClaims(object string) Claims { return Claims{object} }

// localKeys is the source of a [Local] issuer.
type localKeys struct{ local Local }

// retryLocal is when to come back after the store of a [Local] issuer was down.
const retryLocal = 2 * time.Second

func (l localKeys) faults() []string { return nil }

// accept implements [source].
func (l localKeys) accept(h header) error {
	switch {
	case h.alg != edDSA:
		return refuse(reasonAlgorithm, "alg is %s, and the accounts of this service sign with EdDSA",
			quote(h.alg))
	case h.kid == "":
		return refuse(reasonMalformed, "the header has no kid, which tells the key")
	}
	return h.isJWT()
}

// verify implements [source].
func (l localKeys) verify(ctx context.Context, h header, input string, sig []byte) (
	*publicKey, error) {
	key, err := l.local.PublicKey(ctx, h.kid)
	switch {
	case err != nil:
		return nil, &unavailable{retryLocal, fmt.Errorf("accounts: %w", err)}
	case key == nil:
		return nil, refuse(reasonKey, "kid is %s, and the accounts have no such key", quote(h.kid))
	case !key.key.signed(input, sig):
		return nil, refuse(reasonSignature, "the key %s did not make this signature", quote(h.kid))
	}
	return &key.key, nil
}

// holds implements [source].
func (l localKeys) holds(ctx context.Context, key *publicKey, _ time.Time) bool {
	held, err := l.local.PublicKey(ctx, key.kid)
	return err == nil && held != nil && &held.key == key
}

// ended refuses the token of a session that is over.
func (g *Guard) ended(ctx context.Context, id *Identity) error {
	ctx, done := g.observe.Begin(ctx, "auth.session")
	live, err := g.local.IsLive(ctx, id.UserID, id.SessionID)
	done(err)
	switch {
	case err != nil:
		return &unavailable{retryLocal, fmt.Errorf("the session cannot be looked up: %w", err)}
	case !live:
		return refuse(reasonSession, "the session of the token has ended")
	}
	return nil
}

// cookie is the identity of a request without an Authorization field. Browsers
// send cookies whoever makes them ask, so a request that changes something has
// to come from a page of this service.
func (g *Guard) cookie(r *http.Request) (*Identity, error) {
	if g.local == nil {
		return nil, missing()
	}
	open := g.local.Cookie(r)
	if open == nil {
		return nil, missing()
	}
	if err := g.origins.Check(r); err != nil {
		return nil, &crossSite{r}
	}
	ctx, done := g.observe.Begin(r.Context(), "auth.session")
	id, err := open(ctx)
	done(err)
	switch {
	case err != nil:
		return nil, &unavailable{retryLocal, fmt.Errorf("the session cannot be looked up: %w", err)}
	case id == nil:
		return nil, &refusal{challenge, reasonSession, "the session of the cookie has ended"}
	}
	return id, nil
}

// SameOrigin is the defence against requests that other sites make a browser
// send (CSRF). It refuses those that could change something, with 403, unless
// they come from a page of this service, or from no browser. The guard applies
// it to whatever a cookie authenticates.
func (g *Guard) SameOrigin(c *gin.Context) error {
	if g.origins.Check(c.Request) == nil {
		return nil
	}
	return (&crossSite{c.Request}).problem()
}

// crossSite is the error of a request that another site may have made.
type crossSite struct{ request *http.Request }

func (*crossSite) Error() string { return "the request comes from another site" }

// problem is the answer.
func (x *crossSite) problem() error {
	refused := &refusal{reason: reasonCrossSite, hint: "Origin is " +
		quote(x.request.Header.Get("Origin")) + ", Sec-Fetch-Site is " +
		quote(x.request.Header.Get("Sec-Fetch-Site"))}
	p := problem.Problem{
		Status: http.StatusForbidden,
		Kind:   "cross-site",
		Code:   problem.AuthError,
		Detail: "The request comes from another site.",
		Note:   refused.note(x.request),
	}
	return p.With("Cache-Control", "no-store")
}
