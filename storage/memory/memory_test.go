package memory

import (
	"testing"

	"github.com/authtodo/authtodo/internal/race"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

func TestStore(t *testing.T) {
	suite := storagetest.Suite{Rows: 1_000_000}
	if testing.Short() || race.Enabled {
		suite.Rows = 20_000
	}
	suite.Run(t, func(*testing.T) todos.Store { return New().Backend().Todos })
}

func BenchmarkStore(b *testing.B) {
	storagetest.Bench(b, func(*testing.B) todos.Store { return New().Backend().Todos })
}

// TestReadingMakesNoOwner guards the memory of a service that strangers with
// sound tokens ask for lists they never had.
func TestReadingMakesNoOwner(t *testing.T) {
	db := New()
	store := db.Backend().Todos
	store.GetTodo(t.Context(), "nobody", "unknown")
	store.ListTodos(t.Context(), "nobody", todos.Query{Limit: 1})
	db.owners.Range(func(owner, _ any) bool {
		t.Errorf("%q was made by reading", owner)
		return true
	})
}

func TestDatabasesShareNothing(t *testing.T) {
	one, other := New().Backend().Todos, New().Backend().Todos
	draft := todos.Draft{ID: "0199a2f4-7c00-7000-8000-000000000001", Title: "of one"}
	if _, err := one.CreateTodo(t.Context(), "anna", draft); err != nil {
		t.Fatal(err)
	}
	page, err := other.ListTodos(t.Context(), "anna", todos.Query{Limit: 1})
	if err != nil || len(page.Todos) > 0 {
		t.Errorf("the other database has %+v, %v", page, err)
	}
	key, err := one.(todos.CursorKeeper).CursorKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := other.(todos.CursorKeeper).CursorKey(t.Context()); string(same) == string(key) {
		t.Errorf("two databases have one cursor key")
	}
}
