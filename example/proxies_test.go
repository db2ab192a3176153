package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestProxies(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "[]",
		"127.0.0.1":               "[127.0.0.1/32]",
		"10.0.0.0/8, fd00::/64":   "[10.0.0.0/8 fd00::/64]",
		"::1,::ffff:10.0.0.1":     "[::1/128 ::ffff:10.0.0.1/128]",
		"fe80::1%eth0":            "[fe80::1/128]",
		"0.0.0.0/0":               "everybody",
		"::/0":                    "everybody",
		"*":                       "neither",
		"10.0.0.1,":               "neither",
		"localhost":               "neither",
		"10.0.0.1:8080":           "neither",
		"10.0.0.0/33":             "neither",
		"10.0.0.1, 10.0.0.256, x": "neither",
	} {
		cfg, err := parse(map[string]string{"TRUSTED_PROXIES": text})
		if err == nil && fmt.Sprint(cfg.proxies) != want ||
			err != nil && (!strings.HasPrefix(err.Error(), "TRUSTED_PROXIES has ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, %v", text, cfg.proxies, err)
		}
	}
}

// TestBehindAProxy: clients of a proxy that is listed are counted one by one, and
// those of another are one.
func TestBehindAProxy(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{"listed": {"TRUSTED_PROXIES=127.0.0.1"}, "another": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, t.TempDir(), env...)
			refused := 0
			for i := range 30 {
				r, err := http.NewRequestWithContext(t.Context(), "POST",
					p.url+"/api/auth/request-password-reset", strings.NewReader(`{"email":"nobody@example.com"}`))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if answer.StatusCode == http.StatusTooManyRequests {
					refused++
				}
			}
			if (refused > 0) != (env == nil) {
				t.Errorf("%d of 30 were refused", refused)
			}
		})
	}
}
