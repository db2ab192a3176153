package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/todos"
)

// TestPoolerMixesNothing checks each answer that sixteen callers with five
// owners get through a pooler that gives a few connections to all of them.
func TestPoolerMixesNothing(t *testing.T) {
	for name, mode := range modes() {
		if !strings.HasSuffix(name, "through a pooler") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			faults := hammer(t, mode(t, pgtest.Migrated(t)))
			for _, fault := range faults[:min(len(faults), 5)] {
				t.Error(fault)
			}
			t.Logf("%d wrong answers and errors", len(faults))
		})
	}
}

// TestPoolerMixesWithoutConnector shows that the test above can fail: with
// lib/pq as it comes, outside a transaction, callers get one another's answers.
func TestPoolerMixesWithoutConnector(t *testing.T) {
	db := &DB{pool: sqlx.NewDb(stock(t, pgtest.Migrated(t).Pooler(t)), "postgres")}
	db.within = db.alone
	faults := hammer(t, db)
	if len(faults) == 0 {
		t.Error("no answer was wrong")
	}
	t.Logf("%d wrong answers and errors", len(faults))
}

// hammer returns what was wrong, if anything.
func hammer(t *testing.T, db *DB) (faults []string) {
	rounds := 50
	if testing.Short() {
		rounds = 10
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	key, err := db.Backend().Todos.(todos.CursorKeeper).CursorKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			c := &caller{Store: db.Backend().Todos, owner: fmt.Sprintf("owner %d:", i%5), key: key}
			for round := range rounds {
				if err := c.round(ctx, t, fmt.Sprint(i, "/", round)); err != nil {
					mu.Lock()
					faults = append(faults, fmt.Sprintf("%s %v", c.owner, err))
					mu.Unlock()
				}
			}
		})
	}
	callers.Wait()
	return faults
}

// caller knows what is right for its owner.
type caller struct {
	todos.Store
	owner string
	key   []byte
}

// round makes each call once, on todos that no other caller changes.
func (c *caller) round(ctx context.Context, t *testing.T, name string) error {
	d := draft(t, c.owner+" "+name)
	d.Retry = &todos.Retry{Key: name, Fingerprint: "body", ExpiredAt: d.CreatedAt.Add(-time.Hour)}
	made, err := c.CreateTodo(ctx, c.owner, d)
	if err != nil || made.Todo.ID != d.ID || made.Todo.Title != d.Title {
		return fmt.Errorf("created %+v, %v", made, err)
	}
	d.ID = draft(t, "").ID
	if again, err := c.CreateTodo(ctx, c.owner, d); err != nil || !again.Replayed || again.Todo != made.Todo {
		return fmt.Errorf("replayed %+v, %v", again, err)
	}
	if got, err := c.GetTodo(ctx, c.owner, made.Todo.ID); err != nil || got != made.Todo {
		return fmt.Errorf("got %+v, %v", got, err)
	}
	if got, err := c.GetTodo(ctx, c.owner+"another", made.Todo.ID); !errors.Is(err, todos.ErrNotFound) {
		return fmt.Errorf("as another, got %+v, %v", got, err)
	}
	if err := c.list(ctx, name); err != nil {
		return err
	}
	changed, err := c.UpdateTodo(ctx, c.owner, made.Todo.ID, todos.Change{
		Patch: todos.Patch{Position: todos.Some(int64(7))}, At: d.CreatedAt, Versions: []int64{1},
	})
	if err != nil || changed.Title != d.Title || changed.Position != 7 || changed.Version != 2 {
		return fmt.Errorf("updated to %+v, %v", changed, err)
	}
	if err := c.DeleteTodo(ctx, c.owner, made.Todo.ID, []int64{2}); err != nil {
		return fmt.Errorf("deleted with %v", err)
	}
	key, err := c.Store.(todos.CursorKeeper).CursorKey(ctx)
	if err != nil || !bytes.Equal(key, c.key) {
		return fmt.Errorf("another cursor key, %v", err)
	}
	return nil
}

func (c *caller) list(ctx context.Context, name string) error {
	page, err := c.ListTodos(ctx, c.owner, todos.Query{Limit: 100, Count: true})
	if err != nil || len(page.Todos) == 0 || page.Total != int64(len(page.Todos)) {
		return fmt.Errorf("a page of %d todos of %d, %v", len(page.Todos), page.Total, err)
	}
	for _, todo := range page.Todos {
		if !strings.HasPrefix(todo.Title, c.owner) {
			return fmt.Errorf("the list has %q", todo.Title)
		}
	}
	search := c.owner + " " + name
	page, err = c.ListTodos(ctx, c.owner, todos.Query{Limit: 1, Search: search})
	if err != nil || len(page.Todos) != 1 || !strings.HasPrefix(page.Todos[0].Title, search) {
		return fmt.Errorf("a search for %q finds %+v, %v", search, page, err)
	}
	return nil
}
