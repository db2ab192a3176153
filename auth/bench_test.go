package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

// typedClaims are how a host without this package reads such a token.
type typedClaims struct {
	jwt.RegisteredClaims
	Email string `json:"email"`
}

// BenchmarkGuard is the guard with all its checks, of a token at first sight and
// of one that was seen before, and what to compare it with:
// golang-jwt alone, without a router; the MAC and base64 that no guard can do
// without; the router without a guard.
func BenchmarkGuard(b *testing.B) {
	payload := claims(`"iat":1795521600,"iss":"` + iss + `","aud":"` + aud + `",` +
		`"sub":"6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P","email":"ada@example.com","name":"Ada"`)
	token := sign(head, payload, secret)
	opts := auth.Options{Issuers: []auth.Issuer{{
		URL: iss, Audience: []string{aud}, Keys: auth.SharedSecret(secret),
	}}}
	b.Logf("a token of %d bytes", len(token))

	guard := func(b *testing.B, size int) {
		opts.TokenCache = size
		g, err := auth.New(opts, auth.Deps{Now: func() time.Time { time.Now(); return at }})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkRoute(b, token, g.Handler())
	}
	b.Run("guard", func(b *testing.B) { guard(b, auth.NoCache) })
	b.Run("seen", func(b *testing.B) { guard(b, 0) })
	b.Run("golang-jwt-typed", func(b *testing.B) {
		parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer(iss),
			jwt.WithAudience(aud), jwt.WithExpirationRequired(), jwt.WithLeeway(15*time.Second),
			jwt.WithTimeFunc(func() time.Time { return at }))
		key := func(*jwt.Token) (any, error) { return []byte(secret), nil }
		b.ReportAllocs()
		for b.Loop() {
			var c typedClaims
			if _, err := parser.ParseWithClaims(token, &c, key); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) { benchmarkFloor(b, token) })
	b.Run("no-guard", func(b *testing.B) { benchmarkRoute(b, token, func(*gin.Context) {}) })
}

func benchmarkRoute(b *testing.B, token string, guard gin.HandlerFunc) {
	router := gin.New()
	passed := 0
	router.GET("/who", guard, func(*gin.Context) { passed++ })
	r := httptest.NewRequest(http.MethodGet, "/who", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		router.ServeHTTP(w, r)
		n++
	}
	if passed != n {
		b.Fatalf("%d of %d passed: %s", passed, n, w.Body)
	}
}

// benchmarkFloor decodes three segments and compares one MAC, with everything
// pooled.
func benchmarkFloor(b *testing.B, token string) {
	pool := sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(secret)) }}
	segments := strings.Split(token, ".")
	input := []byte(token[:strings.LastIndexByte(token, '.')])
	room := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf := room
		for _, s := range segments {
			var err error
			if buf, err = base64.RawURLEncoding.AppendDecode(buf, []byte(s)); err != nil {
				b.Fatal(err)
			}
		}
		mac := pool.Get().(hash.Hash)
		mac.Reset()
		mac.Write(input)
		if !hmac.Equal(mac.Sum(buf)[len(buf):], buf[len(buf)-sha256.Size:]) {
			b.Fatal("another MAC")
		}
		pool.Put(mac)
	}
}
