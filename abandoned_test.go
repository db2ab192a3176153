package authtodo_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// slow is a store during whose calls the context is given to another request.
type slow struct {
	todos.Store
	c **gin.Context
}

func (s slow) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	s.recycle()
	return s.Store.GetTodo(ctx, owner, id)
}

func (s slow) ListTodos(ctx context.Context, owner string, q todos.Query) (todos.Page, error) {
	s.recycle()
	return s.Store.ListTodos(ctx, owner, q)
}

func (s slow) recycle() { (*s.c).Request = httptest.NewRequest("GET", "/", nil) }

// TestRecycledContext: behind middleware that leaves handlers running and gives
// their context back, a todo that comes late reaches nobody.
func TestRecycledContext(t *testing.T) {
	t.Parallel()
	var current *gin.Context
	store := memory.New().Backend().Todos
	engine := gin.New()
	engine.Use(func(c *gin.Context) { current = c })
	_, err := authtodo.Register(engine, options(authtodo.Options{Storage: storage.Backend{Todos: slow{store, &current}}}))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token(t, "anna"))
		engine.ServeHTTP(w, r)
		return w
	}
	made := ask("POST", "/todos", `{"title":"secret"}`)
	if made.Code != 201 {
		t.Fatal(made)
	}
	for _, path := range []string{made.Header().Get("Location"), "/todos"} {
		if w := ask("GET", path, ""); w.Body.Len() > 0 || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %v %s", path, w.Header(), w.Body)
		}
	}
}
