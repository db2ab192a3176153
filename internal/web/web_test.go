package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// serve has one route with handlers and answers one request.
func serve(r *http.Request, handlers ...gin.HandlerFunc) *httptest.ResponseRecorder {
	engine := gin.New()
	engine.Handle(r.Method, "/todos/:id", handlers...)
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	return w
}

func request(method, body string) *http.Request {
	return httptest.NewRequest(method, "/todos/7", strings.NewReader(body))
}

// record is what a log has of a request.
type record struct {
	Level, Msg, Instance, Method, Route, Extra string
	RequestID                                  string `json:"request_id"`
	Status                                     int
	Error                                      any
}

// log is a logger, and what it has written.
func log(t *testing.T) (*slog.Logger, func() []record) {
	var text bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return logger, func() (all []record) {
		t.Helper()
		for line := range strings.Lines(text.String()) {
			var r record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		return all
	}
}

func TestHandle(t *testing.T) {
	conflict := &problem.Problem{
		Status: 409, Kind: "taken", Code: problem.Conflict, Detail: "It is taken.",
	}
	noted := &problem.Problem{Status: 401, Kind: "no", Code: problem.AuthError, Note: &problem.Note{
		Level: slog.LevelWarn, Message: "refused", Attrs: []slog.Attr{slog.String("extra", "why")},
	}}
	down := &problem.Problem{
		Status: 503, Kind: "down", Code: problem.Unavailable, Cause: errors.New("secret cause"),
	}
	for _, c := range []struct {
		name   string
		do     web.Handler
		status int
		code   problem.Code // of the body
		level  string       // of what is logged
		logged string       // is in its error, or its extra
	}{
		{"nothing", func(c *gin.Context) error { web.Empty(c, 204); return nil }, 204, "", "", ""},
		{"a problem", func(*gin.Context) error { return conflict }, 409, problem.Conflict, "", ""},
		{"a problem within", func(*gin.Context) error { return fmt.Errorf("secret: %w", conflict) },
			409, problem.Conflict, "", ""},
		{"a problem with a note", func(*gin.Context) error { return noted },
			401, problem.AuthError, "WARN", "why"},
		{"a problem of ours", func(*gin.Context) error { return down },
			503, problem.Unavailable, "ERROR", "secret cause"},
		{"another error", func(*gin.Context) error { return errors.New("secret text") },
			500, problem.InternalError, "ERROR", "secret text"},
		{"a panic", func(*gin.Context) error { panic("secret value") },
			500, problem.InternalError, "ERROR", "secret value"},
		{"an error behind an answer", func(c *gin.Context) error { web.Empty(c, 204); return down },
			204, "", "ERROR", "secret cause"},
	} {
		t.Run(c.name, func(t *testing.T) {
			logger, records := log(t)
			next := false
			w := serve(request("GET", ""), web.Headers, web.Reporter{Logger: logger}.Handle(c.do),
				func(*gin.Context) { next = true })
			var body struct {
				Code     problem.Code `json:"error_code"`
				Instance string
			}
			if w.Body.Len() > 0 {
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
					t.Fatal(err)
				}
			}
			if w.Code != c.status || body.Code != c.code || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, c.status, c.code)
			}
			if failed := c.name != "nothing"; next == failed {
				t.Errorf("that the next handler runs is %t", next)
			}
			checkLog(t, records(), c.level, c.logged)
			if all := records(); len(all) == 1 {
				if id := w.Header().Get("X-Request-Id"); all[0].RequestID != id || id == "" {
					t.Errorf("the log has the request id %q, the answer %q", all[0].RequestID, id)
				}
				if body.Instance != all[0].Instance && w.Body.Len() > 0 {
					t.Errorf("the log has the instance %q, the answer %q", all[0].Instance, body.Instance)
				}
			}
		})
	}
}

func checkLog(t *testing.T, all []record, level, words string) {
	t.Helper()
	if level == "" {
		if len(all) != 0 {
			t.Errorf("the log has %+v", all)
		}
		return
	}
	if len(all) != 1 || all[0].Level != level ||
		all[0].Method != "GET" || all[0].Route != "/todos/:id" ||
		!strings.Contains(fmt.Sprint(all[0].Error, all[0].Extra), words) {
		t.Errorf("the log has %+v, want %s with %q", all, level, words)
	}
}

// TestClientIsGone: nobody has to be woken for it.
func TestClientIsGone(t *testing.T) {
	logger, records := log(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	handle := web.Reporter{Logger: logger}.Handle(func(c *gin.Context) error {
		return c.Request.Context().Err()
	})
	serve(request("GET", "").WithContext(ctx), handle)
	checkLog(t, records(), "DEBUG", "canceled")
}

// TestAbort: net/http and hosts drop a connection by this panic.
func TestAbort(t *testing.T) {
	logger, records := log(t)
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got the panic %v", v)
		}
		checkLog(t, records(), "", "")
	}()
	serve(request("GET", ""), web.Reporter{Logger: logger}.Handle(func(*gin.Context) error {
		panic(http.ErrAbortHandler)
	}))
}

func TestHeaders(t *testing.T) {
	handle := func(c *gin.Context) { web.Empty(c, 204) }
	host := func(c *gin.Context) { c.Header("Vary", "Origin") }
	w := serve(request("GET", ""), host, web.Headers, handle)
	for name, want := range map[string]string{
		"Cache-Control":                "no-store",
		"Vary":                         "Origin, Authorization",
		"X-Content-Type-Options":       "nosniff",
		"Content-Security-Policy":      "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := strings.Join(w.Header().Values(name), ", "); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestRequestID(t *testing.T) {
	handle := func(c *gin.Context) { web.Empty(c, 204) }
	long := strings.Repeat("a", 128)
	for id, kept := range map[string]bool{
		"": false, "0af7-65_1.2:3/4+5=": true, long: true, long + "a": false,
		"a b": false, "a\nb": false, "<script>": false, "é": false, `a"b`: false,
	} {
		r := request("GET", "")
		r.Header.Set("X-Request-Id", id)
		got := serve(r, web.Headers, handle).Header().Get("X-Request-Id")
		if got == "" || (got == id) != kept {
			t.Errorf("the id %q becomes %q", id, got)
		}
		host := func(c *gin.Context) { c.Header("X-Request-Id", "the host's") }
		if got := serve(r, host, web.Headers, handle).Header().Get("X-Request-Id"); got != "the host's" {
			t.Errorf("the id of the host becomes %q", got)
		}
	}
}

func TestJSON(t *testing.T) {
	for method, want := range map[string]string{"GET": `{"a":1}`, "HEAD": ""} {
		w := serve(request(method, ""), func(c *gin.Context) { web.JSON(c, 201, []byte(`{"a":1}`)) })
		if w.Code != 201 || w.Body.String() != want || w.Header().Get("Content-Length") != "7" ||
			w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: got %d %q %v", method, w.Code, w.Body, w.Header())
		}
	}
	if w := serve(request("DELETE", ""), func(c *gin.Context) { web.Empty(c, 204) }); w.Code != 204 ||
		w.Body.Len() != 0 {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestMethodNotAllowed(t *testing.T) {
	reporter := web.Reporter{Logger: slog.New(slog.DiscardHandler)}
	handle := reporter.Handle(web.MethodNotAllowed("GET, HEAD"))
	for range 2 { // the second answer has nothing of the first
		w := serve(request("PUT", ""), handle)
		if w.Code != 405 || strings.Join(w.Header().Values("Allow"), "|") != "GET, HEAD" {
			t.Errorf("got %d, allowed is %q", w.Code, w.Header().Values("Allow"))
		}
	}
}
