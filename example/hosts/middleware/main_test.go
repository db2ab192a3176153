package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

func listen(t *testing.T, backend storage.Backend, limiter *rate.Limiter, patience time.Duration) hosttest.Host {
	t.Helper()
	handler, err := newHandler(hosttest.Secret, backend, limiter, patience)
	if err != nil {
		t.Fatal(err)
	}
	return hosttest.Listen(t, handler)
}

func plenty() *rate.Limiter { return rate.NewLimiter(rate.Inf, 0) }

func bearer(t *testing.T, user string) string {
	return "Authorization: Bearer " + hosttest.Token(t, hosttest.Secret, user)
}

func TestCORS(t *testing.T) {
	host := listen(t, memory.New().Backend(), plenty(), time.Minute)
	const origin = "Origin: https://app.example.com"
	for _, path := range []string{"/api/todos", "/api/todos/", "/api/todos/x"} {
		host.Want(204, "OPTIONS", path, "", origin, "Access-Control-Request-Method: PATCH")
	}
	a := host.Want(401, "GET", "/api/todos", "", origin)
	if got := a.Header.Get("Access-Control-Allow-Origin"); got != "https://app.example.com" {
		t.Errorf("a refusal allows %q", got)
	}
}

// TestGzip: what is compressed is a whole page, and a problem stays one.
func TestGzip(t *testing.T) {
	host := listen(t, memory.New().Backend(), plenty(), time.Minute)
	for range 20 {
		host.Want(201, "POST", "/api/todos", `{"title":"the same title again and again"}`, bearer(t, "ada"))
	}
	a := host.Want(200, "GET", "/api/todos", "", bearer(t, "ada"), "Accept-Encoding: gzip")
	if a.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("the header is %v", a.Header)
	}
	reader, err := gzip.NewReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil || strings.Count(string(text), "again and again") != 20 {
		t.Errorf("%v: %s", err, text)
	}
	etag := a.Header.Get("ETag")
	host.Want(304, "GET", "/api/todos", "", bearer(t, "ada"), "Accept-Encoding: gzip", "If-None-Match: "+etag)
}

func TestRateLimit(t *testing.T) {
	host := listen(t, memory.New().Backend(), rate.NewLimiter(0, 2), time.Minute)
	host.Want(200, "GET", "/api/todos", "", bearer(t, "ada"))
	host.Want(401, "GET", "/api/todos", "")
	if a := host.Want(429, "GET", "/api/todos", "", bearer(t, "ada")); a.Header.Get("Retry-After") != "1" {
		t.Errorf("the header is %v", a.Header)
	}
}

// slow is a store that answers when it is let.
type slow struct {
	todos.Store
	goOn chan bool
}

func (s slow) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	<-s.goOn
	return s.Store.GetTodo(ctx, owner, id)
}

// TestTimeout: late requests are answered while their handlers are still at it,
// and nobody gets the answer or the identity of another.
func TestTimeout(t *testing.T) {
	const patience = 5 * time.Second // which those that are not slow must not need on a busy machine
	store := slow{memory.New().Backend().Todos, make(chan bool)}
	host := listen(t, storage.Backend{Todos: store}, plenty(), patience)
	const id = "/api/todos/0199a2f4-7c00-7000-8000-000000000001"
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { host.Want(503, "GET", id, "", bearer(t, "ada")) })
	}
	all.Wait()
	for i := range 40 {
		if i == 20 {
			close(store.goOn) // those that are late end in the middle
		}
		user := fmt.Sprintf("user-%d", i)
		host.Want(201, "POST", "/api/todos", `{"title":"x"}`, bearer(t, user))
		if a := host.Want(200, "GET", "/api/todos", "", bearer(t, user)); strings.Count(a.Body, `"user_id":"`+user+`"`) != 1 {
			t.Errorf("%s sees %s", user, a.Body)
		}
	}
}
