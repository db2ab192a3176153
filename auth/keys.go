package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

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
func (Keys) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// String implements [fmt.Stringer].
func (Keys) String() string { return hidden }

// GoString implements [fmt.GoStringer].
func (Keys) GoString() string { return hidden }

// LogValue implements [slog.LogValuer].
func (Keys) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements [encoding.TextMarshaler].
func (Keys) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON implements [json.Marshaler].
func (Keys) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// shares reports whether the two have a secret in common.
func (k Keys) shares(other Keys) bool {
	if k.open == nil || other.open == nil {
		return false
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

	// verify checks the signature. Its error is a refusal, or [unavailable] if
	// the keys cannot be had at the moment.
	verify(ctx context.Context, h header, signingInput string, signature []byte) error
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

func (s *sharedSecret) verify(_ context.Context, _ header, input string, signature []byte) error {
	for _, key := range s.keys {
		if jwt.SigningMethodHS256.Verify(input, signature, key) == nil {
			return nil
		}
	}
	return refuse(reasonSignature, "no secret of the issuer made this signature; "+
		"is the issuer's secret the same, and was it replaced lately?")
}

func isAsymmetric(alg string) bool {
	switch alg {
	case "EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512",
		"PS256", "PS384", "PS512":
		return true
	}
	return false
}
