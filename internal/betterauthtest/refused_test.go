package betterauthtest

import (
	"cmp"
	"testing"

	"github.com/authtodo/authtodo/auth"
)

// TestWrongTokens: tokens that Better Auth signs as a server is configured, and
// that are not for this service.
func TestWrongTokens(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		issuer, reason string
		hints          []string
	}{
		{"expired", "expired", []string{"expired 1m"}},
		{"number of seconds", "expired", nil}, // 900 is a time in 1970
		{"other audience", "audience", []string{`["https://other.example"]`, "Audience is"}},
		{"slash at the end", "issuer", []string{"the slash at the end"}},
	} {
		t.Run(test.issuer, func(t *testing.T) {
			t.Parallel()
			i := of(t, test.issuer)
			serve(t, auth.BetterAuth(i.url)).refuses(i.signUp().token(), test.reason, test.hints...)
		})
	}
	t.Run("other issuer", func(t *testing.T) {
		t.Parallel()
		i, other := of(t, "EdDSA"), of(t, "ES256")
		h := serve(t, auth.BetterAuth(i.url))
		h.refuses(other.signUp().token(), "issuer", i.url, other.url, "issuers of their own")
	})
}

// Cookies of Better Auth's.
const (
	session = "better-auth.session_token"
	cached  = "better-auth.session_data"
)

// believers are the services that a host may mount for a Better Auth server:
// with its key set, with its secret, and with both.
func believers(t *testing.T, i issuer) map[string]*host {
	t.Helper()
	secret := auth.SharedSecret(issuers.said.Secret)
	set := auth.BetterAuth(i.url)
	set.UserSpace = auth.DefaultSpace
	return map[string]*host{
		"key set":    serve(t, set),
		"secret":     serve(t, auth.Issuer{Keys: secret}),
		"secret of":  serve(t, auth.Issuer{URL: i.url, Audience: []string{i.url}, Keys: secret}),
		"either way": serve(t, set, auth.Issuer{Keys: secret, UserSpace: auth.DefaultSpace}),
	}
}

// TestNoAccessTokens: what Better Auth gives beside the JWT is no credential
// here, though the secret or the key set that it is signed with is believed.
func TestNoAccessTokens(t *testing.T) {
	t.Parallel()
	type reasons map[string]string // by believer; "" for all others
	malformed := reasons{"": "malformed"}
	symmetric := reasons{"": "claims", "key set": "issuer", "secret of": "issuer"}
	asymmetric := reasons{"": "type", "secret": "issuer", "secret of": "algorithm"}
	cookie := func(name string) func(person) string {
		return func(p person) string { return p.cookie(name) }
	}
	for _, test := range []struct {
		name, issuer string
		token        func(person) string
		reasons      reasons
	}{
		{"session token", "EdDSA", func(p person) string { return p.session }, malformed},
		{"signed session token", "EdDSA", func(p person) string { return p.bearer }, malformed},
		{"session cookie", "EdDSA", cookie(session), malformed},
		{"raw session cookie", "EdDSA", func(p person) string { return p.cookies[session] }, malformed},
		{"link to verify an address", "EdDSA", person.mailed, symmetric},
		{"compact session cache", "compact", cookie(cached), malformed},
		{"session cache as JWE", "jwe", cookie(cached), malformed},
		{"session cache as JWT", "jwt", cookie(cached), symmetric},
		{"session cache of the key set", "signed jwt", cookie(cached), asymmetric},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := of(t, test.issuer).signUp()
			for name, h := range believers(t, p.issuer) {
				h.refuses(test.token(p), cmp.Or(test.reasons[name], test.reasons[""]))
			}
		})
	}
}

// TestHints: the log says what to do about the three usual mistakes.
func TestHints(t *testing.T) {
	t.Parallel()
	i := of(t, "EdDSA")
	ada := i.signUp()
	to := believers(t, i)
	for _, token := range []string{ada.session, ada.bearer, ada.cookies[session]} {
		for _, h := range to {
			h.refuses(token, "malformed", "session token", "/api/auth/token")
		}
	}

	to["secret of"].refuses(ada.token(), "algorithm", "Better Auth's jwt plugin", "needs a key set")
	symmetric := of(t, "HS256")
	h := serve(t, auth.BetterAuth(symmetric.url))
	h.refuses(symmetric.signUp().token(), "algorithm", "HS256", "shared secret", "has a key set")

	to["key set"].refuses(i.ask("handmade", "user", ada.id), "issuer", "HS256", "shared secret")

	to["secret"].refuses(ada.token(), "issuer", i.url, "URL is not set")
	other := auth.BetterAuth(i.url)
	other.Audience = []string{"https://api.example.com"}
	h = serve(t, other)
	h.refuses(ada.token(), "audience", i.url, "https://api.example.com")
}
