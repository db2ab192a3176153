package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	const page = "http://localhost:3000"
	p := launch(t, t.TempDir(), "CORS_ORIGINS=https://app.example.com, "+page)
	for _, path := range []string{"/api/todos", "/api/todos/", "/api/todos/x"} {
		got := p.send("OPTIONS", path, "", "Origin: "+page, "Access-Control-Request-Method: PATCH",
			"Access-Control-Request-Headers: authorization,if-match").is(t, 204, "")
		got.has(t, "Access-Control-Allow-Origin", page)
		got.has(t, "Access-Control-Allow-Methods", "GET,HEAD,POST,PUT,PATCH,DELETE")
		got.has(t, "Access-Control-Allow-Headers",
			"Authorization,Content-Type,If-Match,If-None-Match,Idempotency-Key,Prefer")
		got.has(t, "Access-Control-Max-Age", "600")
		got.has(t, "Access-Control-Allow-Credentials", "")
	}
	token := "Authorization: Bearer " + p.token("alice")
	for _, got := range []answer{
		p.send("GET", "/api/todos", "", "Origin: "+page, token).is(t, 200, "[]"),
		p.send("GET", "/api/todos", "", "Origin: "+page).is(t, 401, "AUTH_ERROR"), // readable, too
	} {
		got.has(t, "Access-Control-Allow-Origin", page)
		got.has(t, "Access-Control-Expose-Headers", "Etag,Link,Location,Retry-After,Ratelimit,"+
			"Ratelimit-Policy,X-Total-Count,X-Request-Id,Idempotency-Replayed")
		for _, name := range []string{"Origin", "Authorization"} {
			if vary := got.header.Values("Vary"); !slices.Contains(vary, name) {
				t.Errorf("Vary is %q, want %s too", vary, name)
			}
		}
	}
	for _, origin := range []string{"https://evil.example", "null", page + "0"} {
		for _, method := range []string{"OPTIONS", "GET"} {
			p.send(method, "/api/todos", "", "Origin: "+origin, token).is(t, 403, "").
				has(t, "Access-Control-Allow-Origin", "")
		}
	}
}

func TestWithoutCORS(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	token := "Authorization: Bearer " + p.token("alice")
	p.send("GET", "/api/todos", "", "Origin: http://localhost:3000", token).is(t, 200, "[]").
		has(t, "Access-Control-Allow-Origin", "")
}

// has fails unless the field of the header has the value; letters of other case
// are the same to browsers.
func (a answer) has(t *testing.T, name, value string) {
	t.Helper()
	if got := a.header.Get(name); !strings.EqualFold(got, value) {
		t.Errorf("%s is %q, want %q", name, got, value)
	}
}

// broken is a database that has gone away.
type broken struct{ database }

func (broken) Ping(context.Context) error { return errors.New("secret of the database") }

func TestNotReady(t *testing.T) {
	t.Parallel()
	engine := bareEngine(nil)
	engine.GET("/readyz", readyz(broken{}))
	got := httptest.NewRecorder()
	engine.ServeHTTP(got, httptest.NewRequest("GET", "/readyz", nil))
	if body := got.Body.String(); got.Code != 503 || body != `{"status":"unavailable"}` {
		t.Errorf("got %d %s", got.Code, body)
	}
}

// TestAudit: as it comes, nothing is to be said of the example; and what a
// setting takes away is said when it starts.
func TestAudit(t *testing.T) {
	t.Parallel()
	launch(t, t.TempDir()).stop() // which wants stderr to be empty
	p := launch(t, t.TempDir(), "RATE_LIMIT=off")
	p.signal(os.Interrupt)
	if err := p.wait(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.stderr.String(), "code=limiter-off severity=high field=Accounts.Limiter") {
		t.Errorf("without limits it says %s", &p.stderr)
	}
}
