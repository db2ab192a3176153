package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// client sends requests as one user.
type client struct {
	http  *http.Client
	base  func() string // where the service is, which may move
	token string
}

// as is a client of a host. It waits for an answer for as long as a test is
// patient, which is longer than anything that is bound by Options.Timeout.
func (h *host) as(user string) *client { return h.with(tokenOf(h.t, user)) }

func (h *host) with(token string) *client {
	return &client{http: newHTTP(h.t, 64), base: func() string { return h.url }, token: token}
}

// newHTTP is what clients share who are to have connections of their own.
func newHTTP(t testing.TB, connections int) *http.Client {
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// answer is what came of a request: an answer, or err if there was none.
type answer struct {
	what   string
	status int // 0 without an answer
	header http.Header
	body   string
	err    error
	took   time.Duration
}

// send sends a request; fields are "Name: value".
func (c *client) send(ctx context.Context, method, path, body string, fields ...string) (a answer) {
	a.what = method + " " + path
	defer func(begun time.Time) { a.took = time.Since(begun) }(time.Now())
	req, err := http.NewRequestWithContext(ctx, method, c.base()+path, strings.NewReader(body))
	if err != nil {
		a.err = err
		return a
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		a.err = err
		return a
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.err = err
		return a
	}
	a.status, a.header, a.body = resp.StatusCode, resp.Header, string(text)
	return a
}

// todo is what answers show of one.
type todo struct {
	ID          string  `json:"id"`
	UserID      string  `json:"user_id"`
	Title       string  `json:"title"`
	Description *string `json:"description"`
	CreatedAt   string  `json:"created_at"`
	UpdatedAt   string  `json:"updated_at"`
	Version     int64   `json:"version"`
}

// todo is the todo of an answer that must be good.
func (a answer) todo(t testing.TB, status int) (v todo) {
	t.Helper()
	if a.is(t, status); a.status == status {
		if err := json.Unmarshal([]byte(a.body), &v); err != nil {
			t.Errorf("%s: %v: %.300s", a.what, err, a.body)
		}
	}
	return v
}

// is fails unless the answer has the status.
func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: got %s, want %d", a.what, a, status)
	}
	return a
}

func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %.300s", a.status, a.body)
}

// isUnavailable fails unless the answer is the 503 of the module.
func (a answer) isUnavailable(t testing.TB) answer {
	t.Helper()
	if fault := a.unavailable(); fault != "" {
		t.Errorf("%s: got %s, %s", a.what, a, fault)
	}
	return a
}

// isInTime fails unless the answer has come within many times what
// Options.Timeout gives: there are slow machines, but nothing may wait for what
// never comes.
func (a answer) isInTime(t testing.TB) {
	t.Helper()
	if a.took > 10*timeout {
		t.Errorf("%s: %s took %v", a.what, a, a.took)
	}
}

// unavailable is what is wrong with an answer as a 503: it says when to come
// again, and not what has happened inside.
func (a answer) unavailable() string {
	var problem struct {
		Type, Title string
		Status      int
		Detail      string
		ErrorCode   string `json:"error_code"`
		Instance    string
	}
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	switch {
	case a.status != http.StatusServiceUnavailable:
		return "want 503"
	case err != nil || seconds < 1 || seconds > 60:
		return fmt.Sprintf("Retry-After is %q", a.header.Get("Retry-After"))
	case decoder.Decode(&problem) != nil || problem.ErrorCode != "UNAVAILABLE":
		return "which is no problem document of it"
	case regexp.MustCompile(`(?i)sql|postgres|pq:|dial|disk|127\.0\.0\.1|jwk`).MatchString(a.body):
		return "which tells too much"
	}
	return ""
}

// create sends a todo, with a key unless that is empty.
func (c *client) create(ctx context.Context, title, key string) answer {
	body, err := json.Marshal(map[string]string{"title": title})
	if err != nil {
		return answer{err: err}
	}
	if key == "" {
		return c.send(ctx, "POST", "/api/todos", string(body))
	}
	return c.send(ctx, "POST", "/api/todos", string(body), "Idempotency-Key: "+strings.ReplaceAll(key, " ", "-"))
}

// every sends one request of each kind that asks the store, all at once: title is
// for the two that create, the first of which with the title for its key. What
// deletes has a version that no todo has.
func (c *client) every(t testing.TB, made todo, title string) []answer {
	t.Helper()
	ctx, path := t.Context(), "/api/todos/"+made.ID
	requests := []func() answer{
		func() answer { return c.create(ctx, title, title) },
		func() answer { return c.create(ctx, title+" without a key", "") },
		func() answer { return c.send(ctx, "GET", path, "") },
		func() answer { return c.send(ctx, "GET", "/api/todos", "") },
		func() answer { return c.send(ctx, "GET", "/api/todos?q=made", "", "Prefer: count=exact") },
		func() answer { return c.send(ctx, "PATCH", path, `{"completed":true}`, `If-Match: "1"`) },
		func() answer { return c.send(ctx, "DELETE", path, "", `If-Match: "99"`) },
	}
	answers := make([]answer, len(requests))
	var wait sync.WaitGroup
	for i, request := range requests {
		wait.Go(func() { answers[i] = request() })
	}
	wait.Wait()
	return answers
}

// pause is what a client waits before it comes again. It is shorter than what
// Retry-After says, because the tests want many in the middle of the fault.
func pause() { time.Sleep(10 * time.Millisecond) }
