package auth

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"time"
)

// KeySet are the keys that an issuer publishes at url: a JSON Web Key Set (RFC
// 7517 section 5), as Better Auth's /api/auth/jwks. Tokens are signed with
// EdDSA (also named Ed25519), ES256, ES512, RS256 or PS256, must name their key
// by kid, and have no typ or the typ JWT.
//
// The set is fetched when a token first needs it, not before: the issuer may
// start later than this service. It is renewed every 15 minutes, and earlier
// for a kid that it does not hold, though not more often than every 10 seconds.
// While it cannot be fetched, the last one serves for [Options.MaxStale]; with
// none, requests are answered with 503. Redirects are not followed, and a proxy
// of the environment (HTTPS_PROXY) is used.
//
// A key is used for one algorithm: its alg or, without one, that of its type:
// EdDSA, ES256 or ES512 by the curve, and RS256 for RSA. Keys of other kinds or
// for another use, RSA keys of less than 2048 bits, and private keys are passed
// over. So are two different keys of one kid and algorithm, since nobody can
// tell which of them is meant. A set of more than 100 keys is refused.
//
// http is for this machine only, see [Issuer.InsecureHTTP].
func KeySet(url string) Keys { return keysOf(&keySet{address: url}) }

// OIDCKeySet is [KeySet] for the tokens of OpenID providers of any make: a kid
// is not required (the first 8 keys of the algorithm are tried without one), typ
// may be at+jwt (RFC 9068), and ES384 is taken, too.
func OIDCKeySet(url string) Keys { return keysOf(&keySet{address: url, generic: true}) }

// keySet is the source of [KeySet], [OIDCKeySet] and [OIDC]. A guard uses a copy
// that has a renewal.
type keySet struct {
	address  string
	base     bool // address is no set, but a URL that others are made of
	discover bool // the set is where the configuration of the issuer says
	generic  bool // not Better Auth
	*renewal
}

func keysOf(k *keySet) Keys { return Keys{open: func() source { return k }} }

// String is the address without what may be secret of it.
func (k *keySet) String() string { return showAddress(k.address) }

// showAddress is a URL without its user, password and query.
func showAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "no URL"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// bind is the key set for one guard.
func (k *keySet) bind(maxStale time.Duration, now func() time.Time, log *slog.Logger) *keySet {
	bound := *k
	f := newFetcher()
	fetch := func(ctx context.Context) ([]byte, error) { return f.get(ctx, k.address) }
	if k.discover {
		fetch = func(ctx context.Context) ([]byte, error) { return f.discover(ctx, k.address) }
	}
	bound.renewal = newRenewal(fetch, usualPace(maxStale), now, log.With("key_set", k.String()))
	return &bound
}

// faults implements [source].
func (k *keySet) faults() []string {
	if fault := addressFault(k.address, k.base); fault != "" {
		return []string{fault}
	}
	return nil
}

// accept implements [source].
func (k *keySet) accept(h header) error {
	switch {
	case h.alg == "HS256", h.alg == "HS384", h.alg == "HS512":
		return refuse(reasonAlgorithm, "the token is %s, signed with a shared secret, and this issuer "+
			"has a key set; did another issuer sign it, or is it of a link that Better Auth mailed?", h.alg)
	case !k.signs(h.alg):
		return refuse(reasonAlgorithm, "alg is %s, which no key of a key set is for", quote(h.alg))
	case !k.generic && h.kid == "":
		return refuse(reasonMalformed, "the header has no kid, which tells the key of the set")
	case k.generic && isAccessToken(h.typ):
		return nil
	}
	return h.isJWT()
}

func (k *keySet) signs(alg string) bool {
	return slices.Contains([]string{edDSA, ed25519Name, es256, es512, rs256, ps256}, alg) ||
		k.generic && alg == es384
}

// verify implements [source]. A key that the set does not hold may be newer
// than the set: only one that was fetched after the request came is final.
func (k *keySet) verify(ctx context.Context, h header, input string, sig []byte) (
	*publicKey, error) {
	since := k.begun.Load()
	set, err := k.get(ctx)
	if err != nil {
		return nil, err
	}
	for {
		key, known, refusal := set.verify(h, input, sig)
		if known || set.number > since {
			return key, refusal
		}
		newer, err := k.newer(ctx, set)
		if err != nil {
			return nil, err
		}
		if newer == set {
			return nil, refusal
		}
		set = newer
	}
}

// holds implements [source]. A set that is due to be renewed sends to verify,
// which sees to that.
func (k *keySet) holds(_ context.Context, key *publicKey, now time.Time) bool {
	set := k.current.Load()
	if set == nil {
		return false
	}
	age := now.Sub(set.at)
	return 0 <= age && age < k.pace.renew && set.has(key)
}
