package authtodo_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
)

// TestHeadersOfEveryRoute asks whatever the router has, with and without a token:
// every answer has the header fields that browsers go by (ASVS 3.4.3 to 3.4.6 and
// 3.5.8), and none is kept by anybody but the public keys.
func TestHeadersOfEveryRoute(t *testing.T) {
	t.Parallel()
	s := serve(t, authtodo.Options{
		Auth: auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret), UserSpace: auth.DefaultSpace}}},
		Accounts: &accounts.Options{
			BaseURL: "https://app.example.com", Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", UserSpace: "accounts",
			Limiter: accounts.Unlimited{},
		},
	})
	asked := 0
	for _, route := range s.engine.Routes() {
		if route.Method == http.MethodConnect { // a client sends that to proxies only
			continue
		}
		for _, user := range []string{"", "anna"} {
			path := strings.Replace(route.Path, ":id", "0199a2f4-7c00-7000-8000-000000000001", 1)
			a := s.request(user, route.Method, path, "")
			asked++
			policy := a.header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
					t.Errorf("%s: %d with the policy %q", a.what, a.status, policy)
				}
			}
			a.has("X-Content-Type-Options", "nosniff").has("Referrer-Policy", "no-referrer").
				has("Cross-Origin-Resource-Policy", "same-origin")
			isPublic := a.status == http.StatusOK && strings.Contains(path, "/jwks")
			if kept := a.header.Get("Cache-Control"); (kept != "no-store") != isPublic {
				t.Errorf("%s: %d with Cache-Control: %s", a.what, a.status, kept)
			}
			if a.status >= http.StatusInternalServerError || a.header.Get("Location") != "" {
				t.Errorf("%s: %d %v", a.what, a.status, a.header)
			}
		}
	}
	if asked < 500 {
		t.Errorf("only %d answers", asked)
	}
}
