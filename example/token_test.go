package main

import (
	"maps"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const testSecret = "Xk3v9QpZr7TmLw2YbNc8HsJd5FgAe4Uu"

// sign is a token of somebody else that knows the secret; a claim of nil is
// left out.
func sign(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"user_id": "carol", "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString([]byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// tries has the process judge tokens with these claims.
func tries(t *testing.T, p *process, good []jwt.MapClaims, bad []jwt.MapClaims) {
	t.Helper()
	p.get("/api/todos", p.token("alice")).is(t, 200, "[]")
	for _, claims := range good {
		if a := p.get("/api/me", sign(t, claims)); a.status != 200 {
			t.Errorf("%v: got %d %s", claims, a.status, a.body)
		}
	}
	for _, claims := range bad {
		if a := p.get("/api/me", sign(t, claims)); a.status != 401 {
			t.Errorf("%v: got %d %s", claims, a.status, a.body)
		}
	}
}

func TestTokensOfBetterAuth(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir(), "BETTER_AUTH_SECRET="+testSecret)
	p.find(`(signed with BETTER_AUTH_SECRET)`)
	past := time.Now().Add(-time.Hour).Unix()
	tries(t, p,
		[]jwt.MapClaims{{}, {"sub": "carol"}, {"sub": "carol", "email": "carol@example.com"}},
		[]jwt.MapClaims{
			{"exp": past}, {"sub": "dave"}, {"user_id": ""},
			{"iss": "https://app.example.com"}, {"aud": "todos"},
		})
	p.get("/api/me", sign(t, jwt.MapClaims{"email": "c@example.com"})).
		is(t, 200, `{"email":"c@example.com","user_id":"carol"}`)
	p.send("POST", "/api/todos", `{"title":"of carol"}`, "Content-Type: application/json",
		"Authorization: Bearer "+sign(t, nil)).is(t, 201, `"user_id":"carol"`)
	p.get("/api/todos", sign(t, jwt.MapClaims{"user_id": nil, "sub": "carol"})).is(t, 200, "of carol")
	p.get("/api/todos", p.token("alice")).is(t, 200, "[]")
}

func TestIssuerAndAudience(t *testing.T) {
	t.Parallel()
	const issuer = "https://app.example.com"
	iss, aud := jwt.MapClaims{"iss": issuer}, jwt.MapClaims{"aud": "todos"}
	both := jwt.MapClaims{"iss": issuer, "aud": []string{"more", "todos"}}
	for name, test := range map[string]struct {
		env       []string
		good, bad []jwt.MapClaims
	}{
		"issuer": {
			env:  []string{"AUTH_ISSUER=" + issuer},
			good: []jwt.MapClaims{iss},
			bad:  []jwt.MapClaims{{}, {"iss": issuer + "/"}, aud, both},
		},
		"audience": {
			env:  []string{"AUTH_AUDIENCE=todos"},
			good: []jwt.MapClaims{aud, {"aud": []string{"todos"}}},
			bad:  []jwt.MapClaims{{}, {"aud": "todo"}, iss, both},
		},
		"both": {
			env:  []string{"AUTH_ISSUER=" + issuer, "AUTH_AUDIENCE=todos"},
			good: []jwt.MapClaims{both},
			bad:  []jwt.MapClaims{{}, iss, aud, {"iss": "x", "aud": "todos"}, {"iss": issuer, "aud": "x"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, t.TempDir(), append(test.env, "BETTER_AUTH_SECRET="+testSecret)...)
			tries(t, p, test.good, test.bad)
		})
	}
}
