package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// remote is a source whose keys are elsewhere: what a key set looks like to the
// guard.
type remote struct{ err error }

func (r remote) faults() []string  { return nil }
func (remote) accept(header) error { return nil }
func (r remote) verify(context.Context, header, string, []byte) (*publicKey, error) {
	return nil, r.err
}
func (remote) holds(context.Context, *publicKey, time.Time) bool { return false }

// TestUnavailable: keys that cannot be had are 503, never 401, and the client
// does not learn why.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	gone := errors.New("dial tcp 10.1.2.3:443: connection refused")
	for _, test := range []struct {
		err        error
		status     int
		retryAfter string
	}{
		{&unavailable{after: 7 * time.Second, cause: gone}, 503, "7"},
		{&unavailable{cause: gone}, 503, "1"},
		{fmt.Errorf("key set: %w", &unavailable{after: time.Minute, cause: gone}), 503, "60"},
		{refuse(reasonSignature, "no key"), 401, ""},
		{gone, 500, ""},
		{nil, 200, ""},
	} {
		var log strings.Builder
		keys := Keys{open: func() source { return remote{test.err} }}
		g, err := New(Options{Issuers: []Issuer{{Keys: keys}}},
			Deps{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		engine := gin.New()
		engine.GET("/", g.Handler())
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		encode := base64.RawURLEncoding.EncodeToString
		r.Header.Set("Authorization", "Bearer "+encode([]byte(`{"alg":"ES256"}`))+"."+
			encode([]byte(`{"sub":"ada","exp":99999999999}`))+"."+encode([]byte("signature")))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		if w.Code != test.status || w.Header().Get("Retry-After") != test.retryAfter {
			t.Errorf("%v: %d, Retry-After %q", test.err, w.Code, w.Header().Get("Retry-After"))
		}
		if (w.Header().Get("WWW-Authenticate") != "") != (test.status == 401) {
			t.Errorf("%v: WWW-Authenticate %q", test.err, w.Header().Get("WWW-Authenticate"))
		}
		if strings.Contains(w.Body.String(), "10.1.2.3") {
			t.Errorf("%v: the cause is in %s", test.err, w.Body)
		}
		if logged := strings.Contains(log.String(), "10.1.2.3"); logged != (test.status >= 500) {
			t.Errorf("%v: log %s", test.err, log.String())
		}
	}
}

func TestHeadersBounded(t *testing.T) {
	t.Parallel()
	var hs headers
	for i := range 100 {
		hs.add(fmt.Sprint(i), header{kid: fmt.Sprint(i)})
		if n := len(*hs.seen.Load()); n > maxHeaders {
			t.Fatalf("%d headers", n)
		}
		if h, ok := hs.get(fmt.Sprint(i)); !ok || h.kid != fmt.Sprint(i) {
			t.Errorf("%d: %v %v", i, h, ok)
		}
	}
}
