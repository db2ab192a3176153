package bench

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bytedance/sonic"
	"github.com/gin-gonic/gin"
	experiment "github.com/go-json-experiment/json"
	goccy "github.com/goccy/go-json"
	segmentio "github.com/segmentio/encoding/json"

	"github.com/authtodo/authtodo/todos"
)

// BenchmarkJSON compares a page of 50 todos from the module's API, whose store
// has it at hand, to Gin handlers that give the same todos to an encoder each.
// None has a guard. The module's handler does more than encode: it reads the
// query, and writes an entity tag and a deadline.
func BenchmarkJSON(b *testing.B) {
	page := pageOf(50)
	rows := rowsOf(page)
	api := todos.NewAPI(todos.APIOptions{
		Store: shelf{page: page}, Logger: slog.New(slog.DiscardHandler), Now: time.Now, BodyLimit: 1 << 18,
		Timeout: time.Minute,
		Caller:  func(*gin.Context) todos.Caller { return todos.Caller{Owner: "ada", UserID: "ada"} },
	})
	engine := gin.New()
	api.Mount(engine, func(*gin.Context) {})

	var rivals []rival
	for _, encoder := range []struct {
		name    string
		marshal func(any) ([]byte, error)
	}{
		{"encoding-json", stdjson.Marshal},
		{"go-json-experiment", func(v any) ([]byte, error) { return experiment.Marshal(v) }},
		{"goccy", goccy.Marshal},
		{"segmentio", segmentio.Marshal},
		{"sonic", sonic.ConfigStd.Marshal},
	} {
		handler := gin.New()
		handler.GET("/todos", func(c *gin.Context) {
			body, err := encoder.marshal(rows)
			if err != nil {
				c.String(http.StatusInternalServerError, err.Error())
				return
			}
			c.Data(http.StatusOK, "application/json", body)
		})
		rivals = append(rivals, rival{encoder.name, listing(b, handler, rows)})
	}
	duel(b, listing(b, engine, rows), rivals)
}

// shelf is a store that has one page. All else is not asked.
type shelf struct {
	todos.Store
	page todos.Page
}

func (s shelf) ListTodos(context.Context, string, todos.Query) (todos.Page, error) {
	return s.page, nil
}

func pageOf(n int) todos.Page {
	page := todos.Page{Revision: todos.Revision{Epoch: "loaded", Number: 1}}
	for i := range n {
		at := time.UnixMilli(1_795_521_600_123 + int64(i)*1000).UTC()
		t := todos.Todo{
			ID:    fmt.Sprintf("0199a2f4-7c00-7000-8000-%012x", i),
			Title: fmt.Sprint("Water the plants in room ", i), Position: int64(i) * todos.PositionStep,
			CreatedAt: at, UpdatedAt: at, Version: 1,
		}
		if i%2 == 0 {
			text := `The tall ones "by the window" first: Größe zählt, but not too much water.`
			t.Description = &text
		}
		if i%3 == 0 {
			t.Completed, t.CompletedAt = true, at
		}
		page.Todos = append(page.Todos, t)
	}
	return page
}

// row is a todo as the encoders get it.
type row struct {
	ID          string     `json:"id"`
	UserID      string     `json:"user_id"`
	Title       string     `json:"title"`
	Description *string    `json:"description"`
	Completed   bool       `json:"completed"`
	CompletedAt *time.Time `json:"completed_at"`
	Position    int64      `json:"position"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	Version     int64      `json:"version"`
}

// rowsOf is a page as a handler has it that encodes what it has scanned.
func rowsOf(page todos.Page) []row {
	rows := make([]row, len(page.Todos))
	for i, t := range page.Todos {
		rows[i] = row{
			ID: t.ID, UserID: "ada", Title: t.Title, Description: t.Description, Completed: t.Completed,
			Position: t.Position, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, Version: t.Version,
		}
		if t.Completed {
			rows[i].CompletedAt = &t.CompletedAt
		}
	}
	return rows
}

// listing asks for the page, which must be the rows as encoding/json has them.
func listing(b *testing.B, handler http.Handler, rows []row) func() error {
	r := httptest.NewRequest(http.MethodGet, "/todos?limit=50", nil)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	want, err := stdjson.Marshal(rows)
	if err != nil {
		b.Fatal(err)
	}
	if !bytes.Equal(w.Body.Bytes(), want) {
		b.Fatalf("got the page\n%s\nwant\n%s", w.Body, want)
	}
	return func() error {
		w.Body.Reset()
		clear(w.Header())
		handler.ServeHTTP(w, r)
		if w.Body.Len() != len(want) {
			return fmt.Errorf("a page of %d bytes, want %d", w.Body.Len(), len(want))
		}
		return nil
	}
}
