//go:build !race

package authtodo_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
)

// nowhere is a client that reads nothing.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(status int)      { n.status = status }

// TestAllocations holds what a request may allocate on its way through Gin, the
// guard and the API, over memory. A number that is lower now belongs here; one
// that is higher needs a reason. They were counted with Go 1.26.
func TestAllocations(t *testing.T) {
	engine := gin.New()
	engine.GET("/bare", func(*gin.Context) {})
	opts := options(authtodo.Options{Now: func() time.Time { return time.Unix(1_795_521_600, 0) }})
	module, err := authtodo.Register(engine, opts)
	if err != nil {
		t.Fatal(err)
	}
	engine.GET("/guarded", module.Guard(), func(*gin.Context) {})
	first := gin.New()
	opts.Auth.TokenCache = auth.NoCache
	uncached, err := authtodo.Register(first, opts)
	if err != nil {
		t.Fatal(err)
	}
	first.GET("/guarded", uncached.Guard(), func(*gin.Context) {})

	bearer := "Bearer " + sign(t, map[string]any{"sub": "anna", "exp": 1_795_525_200})
	ask := func(handler http.Handler, status int, method, path, body string) float64 {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", bearer)
		r.Header.Set("Content-Type", "application/json")
		w := &nowhere{header: make(http.Header)}
		read := strings.NewReader(body)
		once := func() {
			clear(w.header)
			w.status = 200
			read.Reset(body)
			r.Body = http.NoBody
			if body != "" {
				r.Body, r.ContentLength = readCloser{read}, int64(len(body))
			}
			handler.ServeHTTP(w, r)
			if w.status != status {
				t.Fatalf("%s %s: %d", method, path, w.status)
			}
		}
		once()
		return testing.AllocsPerRun(200, once)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/todos", strings.NewReader(`{"title":"x"}`))
	r.Header.Set("Authorization", bearer)
	r.Header.Set("Content-Type", "application/json")
	engine.ServeHTTP(w, r)
	location := w.Header().Get("Location")
	for _, test := range []struct {
		about        string
		engine       *gin.Engine
		status       int
		method, path string
		body         string
		want         float64
	}{
		{"Gin alone", engine, 200, "GET", "/bare", "", 0},
		{"a token that was seen", engine, 200, "GET", "/guarded", "", 2},
		{"a token at first sight", first, 200, "GET", "/guarded", "", 12},
		{"get", engine, 200, "GET", location, "", 22},
		{"list of one", engine, 200, "GET", "/todos", "", 24},
		{"update", engine, 200, "PATCH", location, `{"title":"x"}`, 28},
		{"missing", engine, 404, "GET", "/todos/0199a2f4-7c00-7000-8000-000000000001", "", 27},
	} {
		if got := ask(test.engine, test.status, test.method, test.path, test.body); got != test.want {
			t.Errorf("%s: %v allocations, want %v", test.about, got, test.want)
		}
	}
}

// readCloser is a body that is read again and again.
type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
