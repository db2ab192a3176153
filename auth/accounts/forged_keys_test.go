package accounts_test

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth/accounts"
)

// planted is a store into which somebody else has written.
type planted struct {
	accounts.Store
	write func([]accounts.SigningKey) []accounts.SigningKey
}

func (p planted) SigningKeys(ctx context.Context) ([]accounts.SigningKey, error) {
	keys, err := p.Store.SigningKeys(ctx)
	return p.write(keys), err
}

// TestPlantedKeys: whoever can write to the store, but does not know the secret,
// signs for nobody: neither with a key of their own, nor by putting theirs in the
// place of the module's, nor are theirs published.
func TestPlantedKeys(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	for name, write := range map[string]func([]accounts.SigningKey) []accounts.SigningKey{
		"nothing": func(keys []accounts.SigningKey) []accounts.SigningKey { return keys },
		"one more": func(keys []accounts.SigningKey) []accounts.SigningKey {
			return append(keys, accounts.SigningKey{
				Number: 100, ID: "planted", Public: public, Private: []byte("anything"),
				CreatedAt: now, SignsFrom: now.Add(-time.Hour), DeadAt: now.Add(time.Hour),
			})
		},
		"one more, with the private half of another": func(keys []accounts.SigningKey) []accounts.SigningKey {
			for _, key := range keys {
				key.Number, key.ID, key.Public = 100, "planted", public
				return append(keys, key)
			}
			return keys
		},
		"another public half": func(keys []accounts.SigningKey) []accounts.SigningKey {
			for i := range keys {
				if keys[i].Number == 1 {
					keys[i].Public = public
				}
			}
			return keys
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first *options
			h := newHouse(t, all(unlimited, func(o *options) { first = o }))
			up := signUp(h.app(t, ""), "ada@example.com", object{"tokens": true})
			own, _, err := jwt.NewParser().ParseUnverified(up.text("access_token"), jwt.MapClaims{})
			if err != nil {
				t.Fatal(err)
			}
			struck := newHouse(t, all(unlimited, func(o *options) {
				o.Storage, o.Accounts.BaseURL = first.Storage, first.Accounts.BaseURL
				o.Storage.Accounts = planted{first.Storage.Accounts, write}
			}))
			for _, kid := range []string{"planted", own.Header["kid"].(string)} {
				forged := jwt.NewWithClaims(jwt.SigningMethodEdDSA, own.Claims)
				forged.Header["kid"] = kid
				text, err := forged.SignedString(private)
				if err != nil {
					t.Fatal(err)
				}
				struck.app(t, text).must(401, "GET", "/api/todos", nil)
				struck.app(t, text).must(401, "POST", "/reports", nil)
			}
			want := 200
			if name == "another public half" { // the key is gone, and with it its tokens
				want = 401
			}
			struck.app(t, up.text("access_token")).must(want, "GET", "/api/todos", nil)
			if text := struck.app(t, "").must(200, "GET", "/api/auth/jwks", nil).Text; strings.Contains(text, `"planted"`) || !strings.Contains(text, `"kid"`) {
				t.Errorf("the keys are %s", text)
			}
		})
	}
}
