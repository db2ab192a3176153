package authtodo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// spanKey marks the context of an operation.
type spanKey struct{}

// diary is an Options.Observe that writes down what it is told.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) observe(ctx context.Context, operation string) (context.Context, func(error)) {
	return context.WithValue(ctx, spanKey{}, operation), func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		how := "ok"
		if err != nil {
			how = "failed"
		}
		if errors.Is(err, todos.ErrNotFound) {
			how = "not found"
		}
		d.lines = append(d.lines, operation+" "+how)
	}
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

// within is a store that wants the context of its operation.
type within struct {
	todos.Store
	t *testing.T
}

func (w within) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	if ctx.Value(spanKey{}) != "todos.get" {
		w.t.Errorf("the context is that of %v", ctx.Value(spanKey{}))
	}
	return w.Store.GetTodo(ctx, owner, id)
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var d diary
	s := serve(t, authtodo.Options{
		Storage: storage.Backend{Todos: within{memory.New().Backend().Todos, t}}, Observe: d.observe,
	})
	check := func(want ...string) {
		t.Helper()
		if got := d.take(); !slices.Equal(got, want) {
			t.Errorf("observed %q, want %q", got, want)
		}
	}
	bearer := "Authorization: Bearer " + token(t, "anna")
	s.request("", "POST", "/api/todos", `{"title":"x"}`, bearer).is(201)
	check("auth.verify ok", "todos.create ok")
	s.request("", "GET", "/api/todos", "", bearer).is(200)
	check("todos.list ok") // the token was seen before
	id := s.create("anna", "y").ID
	d.take()
	s.request("", "GET", "/api/todos/"+id, "", bearer).is(200)
	s.request("", "PATCH", "/api/todos/"+id, `{"title":"z"}`, bearer).is(200)
	s.request("", "DELETE", "/api/todos/"+id, "", bearer).is(204)
	s.request("", "GET", "/api/todos/"+id, "", bearer).is(404)
	check("todos.get ok", "todos.update ok", "todos.delete ok", "todos.get not found")
	s.request("", "GET", "/api/todos", "", bearer+"x").is(401)
	s.request("", "GET", "/api/todos", "").is(401)
	s.request("", "GET", "/api/todos/none", "", bearer).is(404)
	check("auth.verify failed") // the others need nobody
}

// TestFailureNamesUser: who was failed stands in the log, by request and user.
func TestFailureNamesUser(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := serve(t, authtodo.Options{
		Storage: storage.Backend{Todos: memory.Over(func(context.Context, string, bool, func(*memory.List) error) error {
			return fmt.Errorf("%w: out of order", todos.ErrUnavailable)
		})},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	s.request("anna", "GET", "/api/todos", "", "X-Request-Id: r-1").is(503)
	for _, want := range []string{"request_id=r-1", "user_id=anna", "out of order"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, &log)
		}
	}
}
