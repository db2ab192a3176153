package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

// betterAuth is a server with the key set of Better Auth's jwt plugin.
type betterAuth struct {
	*httptest.Server
	key ed25519.PrivateKey
}

func newBetterAuth(t *testing.T) *betterAuth {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/auth/jwks", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"alg":"EdDSA","crv":"Ed25519","x":%q,"kty":"OKP","kid":"k"}]}`,
			base64.RawURLEncoding.EncodeToString(public))
	})
	b := &betterAuth{httptest.NewServer(mux), private}
	t.Cleanup(b.Close)
	return b
}

// token is what the plugin's /api/auth/token answers.
func (b *betterAuth) token(t *testing.T, user string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": b.URL, "aud": b.URL, "sub": user, "id": user, "email": user + "@example.com",
		"exp": time.Now().Add(time.Minute).Unix(),
	})
	token.Header["kid"] = "k"
	delete(token.Header, "typ")
	text, err := token.SignedString(b.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestBetterAuthURL(t *testing.T) {
	t.Parallel()
	first, second := newBetterAuth(t), newBetterAuth(t)
	p := launch(t, t.TempDir(), "BETTER_AUTH_URL="+first.URL+" , "+second.URL+"/")
	if !strings.Contains(p.greeting, "\ntokens: of Better Auth at "+first.URL+
		"\ntokens: of Better Auth at "+second.URL+"\n") {
		t.Errorf("the greeting is %s", p.greeting)
	}
	promised(t, p.paste(), "[Buy milk]")
	p.get("/api/me", first.token(t, "ada")).is(t, 200, `{"email":"ada@example.com","user_id":"ada"}`)
	// The first server's users are the secret's, the second one's are not.
	p.get("/api/todos", first.token(t, "alice")).is(t, 200, "Buy milk")
	if got := p.get("/api/todos", second.token(t, "alice")); got.status != 200 || got.body != "[]" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	second.URL = first.URL // its key, the other's name
	p.get("/api/todos", second.token(t, "alice")).is(t, 401, "AUTH_ERROR")
	p.signal(os.Interrupt)
	if err := p.wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestBetterAuthStartsLater: until then requests are told to come back.
func TestBetterAuthStartsLater(t *testing.T) {
	t.Parallel()
	b := newBetterAuth(t)
	b.Close()
	p := launch(t, t.TempDir(), "BETTER_AUTH_URL="+b.URL)
	got := p.get("/api/todos", b.token(t, "ada")).is(t, 503, "UNAVAILABLE")
	got.has(t, "Retry-After", "1")
	p.get("/api/todos", p.token("alice")).is(t, 200, "[]")
}

func TestParseBetterAuth(t *testing.T) {
	t.Parallel()
	issuers, err := parseBetterAuth("https://a.example,http://localhost:3000/, https://b.example/auth", "https://c.example")
	if err != nil || len(issuers) != 3 {
		t.Fatalf("%v %v", issuers, err)
	}
	want := []struct{ url, space, keys string }{
		{"https://a.example", auth.DefaultSpace, "auth.Keys(https://a.example/api/auth/jwks)"},
		{"http://localhost:3000", "localhost-3000-", "auth.Keys(http://localhost:3000/api/auth/jwks)"},
		{"https://b.example", "b-example-", "auth.Keys(https://b.example/auth/jwks)"},
	}
	for i, issuer := range issuers {
		if issuer.URL != want[i].url || !strings.HasPrefix(issuer.UserSpace, want[i].space) ||
			issuer.Keys.String() != want[i].keys {
			t.Errorf("%+v", issuer)
		}
	}
	reordered, err := parseBetterAuth("https://x.example,https://b.example/auth", "")
	if err != nil || reordered[1].UserSpace != issuers[2].UserSpace {
		t.Errorf("the users of b.example have moved: %v %v", reordered, err)
	}
	cfg, err := parse(map[string]string{"BETTER_AUTH_URL": "https://a.example", "BETTER_AUTH_SECRET": testSecret})
	if all := cfg.acceptedIssuers(); err != nil || len(all) != 2 || all[0].UserSpace != auth.DefaultSpace {
		t.Errorf("%+v %v", all, err)
	}
}

// TestSpaceOf: a name for each origin, all of them valid.
func TestSpaceOf(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, url := range []string{
		"https://a.b-c.example", "https://a-b.c.example", "http://a.b-c.example", "http://[::1]:3000", "http://1.2.3.4",
		"https://" + strings.Repeat("long.", 40) + "example", "https://" + strings.Repeat("-", 30) + ".example",
	} {
		space := spaceOf(url)
		if twin, ok := seen[space]; ok {
			t.Errorf("%s and %s are %s", url, twin, space)
		}
		seen[space] = url
		issuer := auth.BetterAuth(url)
		issuer.UserSpace, issuer.InsecureHTTP = space, true
		if err := (auth.Options{Issuers: []auth.Issuer{issuer}}).Validate(); err != nil {
			t.Errorf("%s: %v", space, err)
		}
	}
}

func TestBetterAuthFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://app.example.com":                "BETTER_AUTH_URL: http is for key sets on this machine; to another machine it must be https",
		"app.example.com":                       "BETTER_AUTH_URL: the URL must be like https://app.example.com",
		"localhost:3000":                        "BETTER_AUTH_URL: the URL must be like https://app.example.com",
		"https://a.example,":                    "BETTER_AUTH_URL: the URL must be like https://app.example.com",
		"https://u:hunter2@a.example":           "BETTER_AUTH_URL: the URL must not hold a user or a password: key sets are public",
		"https://a.example?x=hunter2":           "BETTER_AUTH_URL: the URL must end before ? and #",
		"https://a.example,https://A.example/x": "BETTER_AUTH_URL has https://a.example twice",
		"https://b.example,https://c.example":   "BETTER_AUTH_URL has the AUTH_ISSUER https://c.example: a token of it is signed in the one way or in the other",
	} {
		_, err := parse(map[string]string{"BETTER_AUTH_URL": text, "AUTH_ISSUER": "https://c.example",
			"BETTER_AUTH_SECRET": testSecret})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	line := fails(t, example(t, t.TempDir(), "BETTER_AUTH_URL=http://u:hunter2@10.0.0.1,http://10.0.0.1"), 1,
		"BETTER_AUTH_URL: the URL must not hold a user or a password: key sets are public; BETTER_AUTH_URL: http is for")
	if strings.Contains(line, "hunter2") {
		t.Errorf("%s shows the password", line)
	}
}
