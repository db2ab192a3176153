package betterauthtest

import (
	"testing"

	"github.com/authtodo/authtodo/auth"
)

// TestAlgorithms: tokens of every algorithm that Better Auth signs with are good
// for their user's todos, and for no other's.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "Ed25519", "ES256", "ES512", "RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			i := of(t, alg)
			h := serve(t, auth.BetterAuth(i.url))
			ada, bob := i.signUp(), i.signUp()
			token := ada.token()
			if got := headerOf(t, token).Alg; got != alg {
				t.Fatalf("the token is %s", got)
			}
			h.accepts(token, ada.id)
			h.accepts(token, ada.id)
			h.accepts(bob.token(), bob.id)
			if a, b := h.count(ada.token()), h.count(bob.token()); a != 2 || b != 1 {
				t.Errorf("they see %d and %d todos, want 2 and 1", a, b)
			}
		})
	}
}

// TestOldBetterAuth: version 1.2, whose keys have no alg.
func TestOldBetterAuth(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "ES256", "ES512", "RS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			i := of(t, "1.2 "+alg)
			h := serve(t, auth.BetterAuth(i.url))
			ada := i.signUp()
			h.accepts(ada.token(), ada.id)
			h.refuses(ada.session, "malformed", "session token")
			h.refuses(ada.bearer, "malformed", "session token")
		})
	}
	// An RSA key without alg is taken for RS256, as [auth.KeySet] says.
	t.Run("PS256", func(t *testing.T) {
		t.Parallel()
		i := of(t, "1.2 PS256")
		serve(t, auth.BetterAuth(i.url)).refuses(i.signUp().token(), "algorithm", "for RS256", "PS256")
	})
}

// TestPayloads: sub is the user, whatever else the payload has or lacks.
func TestPayloads(t *testing.T) {
	t.Parallel()
	other := of(t, "other sub")
	ada := other.signUp()
	serve(t, auth.BetterAuth(other.url)).accepts(ada.token(), ada.email)

	bare := of(t, "bare payload")
	ada = bare.signUp()
	serve(t, auth.BetterAuth(bare.url)).accepts(ada.token(), ada.id)
}

// TestSharedSecret: HS256 with BETTER_AUTH_SECRET, by the two ways to have it
// from Better Auth.
func TestSharedSecret(t *testing.T) {
	t.Parallel()
	i := of(t, "HS256")
	ada := i.signUp()
	keys := auth.SharedSecret(issuers.said.Secret)
	h := serve(t, auth.Issuer{URL: i.url, Audience: []string{i.url}, Keys: keys})
	h.accepts(ada.token(), ada.id)
	h = serve(t, auth.Issuer{Keys: keys})
	h.accepts(i.ask("handmade", "user", ada.id), ada.id)
}

// TestSpaces: the users "1" of two servers are two users.
func TestSpaces(t *testing.T) {
	t.Parallel()
	one, two := of(t, "here, serial"), of(t, "there, serial")
	here, there := auth.BetterAuth(one.url), auth.BetterAuth(two.url)
	here.UserSpace, there.UserSpace = auth.DefaultSpace, "there"
	h := serve(t, here, there)
	ada, bob := one.signUp(), two.signUp()
	h.accepts(ada.token(), "1")
	h.accepts(bob.token(), "1")
	if a, b := h.count(ada.token()), h.count(bob.token()); a != 1 || b != 1 {
		t.Errorf("they see %d and %d todos, want 1 and 1", a, b)
	}
}
