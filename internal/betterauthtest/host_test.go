package betterauthtest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

// host is a service with a mounted module, over HTTP.
type host struct {
	t     *testing.T
	url   string
	ahead atomic.Int64 // of its clock
	log   record

	mu   sync.Mutex
	sent map[string]bool // parts of tokens
}

// serve is a service that believes the issuers. What it logs must have nothing
// of the tokens that it was sent.
func serve(t *testing.T, believed ...auth.Issuer) *host {
	t.Helper()
	h := &host{t: t, sent: make(map[string]bool)}
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: believed},
		Logger:  slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:     func() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(engine)
	h.url = listener.URL
	t.Cleanup(func() {
		listener.Close()
		module.Close()
		h.hides()
	})
	return h
}

// pass moves the clock of the host.
func (h *host) pass(d time.Duration) { h.ahead.Add(int64(d)) }

func (h *host) send(method, path, body, token string) answer {
	h.t.Helper()
	h.mu.Lock()
	for part := range strings.SplitSeq(token, ".") {
		h.sent[part] = true
	}
	h.mu.Unlock()
	return send(h.t, method, h.url+path, body, "Authorization: Bearer "+token)
}

// accepts fails unless the token is good for a todo of the user.
func (h *host) accepts(token, user string) {
	h.t.Helper()
	a := h.send("POST", "/api/todos", `{"title":"milk"}`, token)
	var todo struct {
		UserID string `json:"user_id"`
	}
	if err := json.Unmarshal([]byte(a.body), &todo); err != nil || a.status != 201 {
		h.t.Errorf("got %d, want 201; log: %s", a.status, h.log.last())
	} else if todo.UserID != user {
		h.t.Errorf("the todo is of %s, want %s", todo.UserID, user)
	}
}

// refuses fails unless the token is answered with 401, and the log says why and
// what to do about it.
func (h *host) refuses(token, reason string, hints ...string) {
	h.t.Helper()
	a := h.send("GET", "/api/todos", "", token)
	if a.status != 401 || !strings.Contains(a.body, `"error_code":"AUTH_ERROR"`) ||
		!strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
		h.t.Errorf("got %d, want 401: %v %s; log: %s", a.status, a.header, a.body, h.log.last())
	}
	var record struct{ Reason, Hint string }
	if err := json.Unmarshal([]byte(h.log.last()), &record); err != nil || record.Reason != reason {
		h.t.Errorf("the reason in the log is %q, want %q: %s", record.Reason, reason, record.Hint)
	}
	for _, hint := range hints {
		if !strings.Contains(record.Hint, hint) {
			h.t.Errorf("the hint %q lacks %q", record.Hint, hint)
		}
	}
}

// count is how many todos the token shows.
func (h *host) count(token string) int {
	h.t.Helper()
	a := h.send("GET", "/api/todos", "", token)
	var todos []json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &todos); err != nil {
		h.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return len(todos)
}

// hides fails if the log has a part of a token that could be used: a payload, a
// signature, an opaque token.
func (h *host) hides() {
	const short = 16
	log := h.log.String()
	for part := range h.sent {
		if len(part) >= short && strings.Contains(log, part) {
			h.t.Errorf("the log shows a part of a token")
		}
	}
}

// record is a log.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// last is the last record about a request. Records about a key set come when
// they like.
func (r *record) last() string {
	lines := strings.Split(strings.TrimSpace(r.String()), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, `"instance":`) {
			return line
		}
	}
	return "nothing about a request"
}

// eventually fails unless what becomes true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
