package auth

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// BenchmarkKeySet is a request through the guard with a token of the size that
// Better Auth makes, at first sight and when it was seen before, and beside it
// what none can do without: golang-jwt's verification of the signature, decoded
// already.
func BenchmarkKeySet(b *testing.B) {
	for _, alg := range []string{"EdDSA", "ES256", "ES512", "RS256", "PS256"} {
		p := newPair(b, alg, "WT06PXACh1UhLdEozrL6DQHZ9SIqNgtk")
		claims := `{"iat":1795486373,"name":"Ada","email":"ada@example.test","emailVerified":false,` +
			`"createdAt":"2026-11-24T02:12:52.812Z","updatedAt":"2026-11-24T02:12:52.812Z",` +
			`"id":"6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P",` + claimsOf(appURL, "6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P")[1:]
		token := p.sign(`{"alg":"`+alg+`","kid":"`+p.kid+`"}`, claims)
		guard := func(b *testing.B, size int) {
			h := newHost(b, Options{Issuers: []Issuer{app(newPublisher(b, p.named()))}, TokenCache: size})
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			h.want(b, 200, token)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.engine.ServeHTTP(w, r)
				w.Body.Reset()
			}
		}
		b.Run(alg+"/guard", func(b *testing.B) { guard(b, NoCache) })
		b.Run(alg+"/seen", func(b *testing.B) { guard(b, 0) })
		b.Run(alg+"/raw", func(b *testing.B) {
			end := strings.LastIndexByte(token, '.')
			signature, err := decode(nil, token[end+1:])
			if err != nil {
				b.Fatal(err)
			}
			m, key := jwt.GetSigningMethod(alg), p.private.Public()
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Verify(token[:end], signature, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
