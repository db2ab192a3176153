package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// Keys are what the tokens of an issuer are verified with. However they are
// printed, logged or encoded, what is secret of them does not show.
type Keys struct {
	// open returns the source. It is a function because printers that go by
	// reflection and never ask for a String method cannot look into one.
	open func() source
}

// SharedSecret are the keys of an issuer that signs with HMAC SHA-256 (HS256)
// and a secret that it shares with this service, as Better Auth's
// BETTER_AUTH_SECRET. The key is the bytes of the string as they are.
//
// To change the secret, list the new one first and the old one behind it, and
// drop the old one when the last token signed with it has expired. At most 8
// previous secrets are taken.
//
// Whoever knows the secret can act as every user. One that is shorter than 32
// bytes, or published somewhere as an example, is a fault.
func SharedSecret(current string, previous ...string) Keys {
	secrets := append([]string{current}, previous...)
	src := &sharedSecret{secrets: secrets, keys: make([]any, len(secrets))}
	for i, s := range secrets {
		src.keys[i] = []byte(s)
	}
	return Keys{open: func() source { return src }}
}

const hidden = "auth.Keys(hidden)"

// Format implements [fmt.Formatter] for every verb and flag.
func (k Keys) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// String implements [fmt.Stringer]. Of keys it shows nothing, and of a key set
// the URL without its user, password and query.
func (k Keys) String() string {
	if set := k.set(); set != nil {
		return "auth.Keys(" + set.String() + ")"
	}
	return hidden
}

// GoString implements [fmt.GoStringer].
func (k Keys) GoString() string { return k.String() }

// LogValue implements [slog.LogValuer].
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText implements [encoding.TextMarshaler].
func (k Keys) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// MarshalJSON implements [json.Marshaler].
func (k Keys) MarshalJSON() ([]byte, error) { return jsontext.AppendQuote(nil, k.String()) }

// set is the key set that the keys are, or nil.
func (k Keys) set() *keySet {
	if k.open == nil {
		return nil
	}
	set, _ := k.open().(*keySet)
	return set
}

// shares reports whether whoever signs with the one keys signs with the other:
// they have a secret in common, or are one key set. The key sets of OpenID
// providers do not count: many a provider signs for all its tenants with one.
func (k Keys) shares(other Keys) bool {
	if k.open == nil || other.open == nil {
		return false
	}
	if a, b := k.set(), other.set(); a != nil && b != nil {
		return a.address == b.address && !(a.generic && b.generic)
	}
	a, ok := k.open().(*sharedSecret)
	b, too := other.open().(*sharedSecret)
	return ok && too && slices.ContainsFunc(a.secrets, func(s string) bool {
		return slices.Contains(b.secrets, s)
	})
}

// source holds the keys of one issuer. Its methods may be called at once by
// many.
type source interface {
	// faults says what makes the keys unfit, without showing them.
	faults() []string

	// accept says whether the source has keys for a token with this header. The
	// configuration decides that; the header never chooses a kind of key.
	accept(h header) error

	// verify checks the signature. The key is the one that made it, and nil if
	// keys never go. The error is a refusal, or [unavailable] if the keys cannot
	// be had at the moment.
	verify(ctx context.Context, h header, signingInput string, signature []byte) (*publicKey, error)

	// holds reports whether a key that verify returned may still be used, as far
	// as that can be told at once: false is no refusal, but sends to verify.
	holds(ctx context.Context, key *publicKey, now time.Time) bool
}

// unavailable is the error of a source that cannot tell whether a signature is
// good: its keys are elsewhere, and cannot be fetched.
type unavailable struct {
	after time.Duration // when to try again
	cause error
}

func (u *unavailable) Error() string { return "keys are unavailable: " + u.cause.Error() }
func (u *unavailable) Unwrap() error { return u.cause }

// sharedSecret is the source of [SharedSecret].
type sharedSecret struct {
	secrets []string // the current one first
	keys    []any    // the secrets as []byte, boxed once for golang-jwt's Verify
}

func (s *sharedSecret) accept(h header) error {
	switch {
	case h.alg == jwt.SigningMethodHS256.Alg():
	case isAsymmetric(h.alg):
		return refuse(reasonAlgorithm,
			"alg is %s, which signs with a key pair, and Keys is a shared secret; "+
				"Better Auth's jwt plugin signs so: its issuer needs a key set", quote(h.alg))
	default:
		return refuse(reasonAlgorithm, "alg is %s and a shared secret is for HS256 only", quote(h.alg))
	}
	return h.isJWT()
}

func (s *sharedSecret) verify(_ context.Context, _ header, input string, sig []byte) (
	*publicKey, error) {
	for _, key := range s.keys {
		if jwt.SigningMethodHS256.Verify(input, sig, key) == nil {
			return nil, nil
		}
	}
	return nil, refuse(reasonSignature, "no secret of the issuer made this signature; "+
		"is the issuer's secret the same, and was it replaced lately?")
}

// holds implements [source]. Secrets go with the guard.
func (s *sharedSecret) holds(context.Context, *publicKey, time.Time) bool { return true }

func isAsymmetric(alg string) bool {
	switch alg {
	case "EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512",
		"PS256", "PS384", "PS512":
		return true
	}
	return false
}
