package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/authtodo/authtodo/auth"
)

// issuer issues tokens of the size that Better Auth makes. One that has a key
// pair publishes its key where Better Auth does.
type issuer struct {
	alg, url string
	private  any              // what golang-jwt signs with
	public   crypto.PublicKey // nil with HS256
	set      jwk.Set
}

const (
	keyID       = "WT06PXACh1UhLdEozrL6DQHZ9SIqNgtk"
	guardSecret = "a secret of the guard benchmarks, 32 bytes and more"
)

func newIssuer(b *testing.B, alg string) *issuer {
	iss := &issuer{alg: alg, set: jwk.NewSet()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(iss.set)
	}))
	b.Cleanup(server.Close)
	iss.url = server.URL
	if alg == "HS256" {
		iss.private = []byte(guardSecret)
		return iss
	}
	pair, err := newPair(alg)
	if err != nil {
		b.Fatal(err)
	}
	iss.private, iss.public = pair, pair.Public()
	key, err := jwk.Import(iss.public)
	if err != nil {
		b.Fatal(err)
	}
	for name, value := range map[string]string{jwk.KeyIDKey: keyID, jwk.AlgorithmKey: alg} {
		if err := key.Set(name, value); err != nil {
			b.Fatal(err)
		}
	}
	if err := iss.set.AddKey(key); err != nil {
		b.Fatal(err)
	}
	return iss
}

func newPair(alg string) (crypto.Signer, error) {
	switch alg {
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
}

// keys is where the key set is.
func (iss *issuer) keys() string { return iss.url + "/api/auth/jwks" }

// trusted is the issuer as the guard is told of it.
func (iss *issuer) trusted() auth.Issuer {
	trusted := auth.BetterAuth(iss.url)
	if iss.public == nil {
		trusted.Keys = auth.SharedSecret(guardSecret)
	}
	return trusted
}

func (iss *issuer) token(b *testing.B, user string) string {
	now := time.Now().UTC()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(iss.alg), jwt.MapClaims{
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"iss": iss.url, "aud": iss.url, "sub": user, "id": user,
		"name": "Ada", "email": "ada@example.test", "emailVerified": false,
		"createdAt": "2026-11-24T02:12:52.812Z", "updatedAt": "2026-11-24T02:12:52.812Z",
	})
	token.Header = map[string]any{"alg": iss.alg}
	if iss.public != nil {
		token.Header["kid"] = keyID
	}
	text, err := token.SignedString(iss.private)
	if err != nil {
		b.Fatal(err)
	}
	return text
}
