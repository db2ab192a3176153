package authtodo_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/todos"
)

// bring copies the tasks that a host has kept so far, list by list and in their
// order. Whoever calls it again gets none twice.
func bring(ctx context.Context, pool *sql.DB, store todos.Store) error {
	rows, err := pool.QueryContext(ctx, `
		SELECT id, owner, title, notes, created_at, done_at FROM tasks ORDER BY owner, sort, id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row, owner string
		var draft todos.Draft
		var done sql.NullTime
		if err := rows.Scan(&row, &owner, &draft.Title, &draft.Description, &draft.CreatedAt, &done); err != nil {
			return err
		}
		draft.CreatedAt = draft.CreatedAt.UTC().Truncate(time.Millisecond)
		if draft.ID, err = todos.NewID(draft.CreatedAt); err != nil {
			return err
		}
		draft.Retry = &todos.Retry{Key: "tasks-" + row, Fingerprint: row}
		created, err := store.CreateTodo(ctx, owner, draft)
		if err == nil && done.Valid {
			_, err = store.UpdateTodo(ctx, owner, created.Todo.ID, todos.Change{
				Patch: todos.Patch{Completed: todos.Some(true)},
				At:    done.Time.UTC().Truncate(time.Millisecond),
			})
		}
		if err != nil {
			return fmt.Errorf("task %s: %w", row, err)
		}
	}
	return rows.Err()
}

// TestBring has a host's table beside those of the module, as docs/storage.md
// tells it: with rows that do not fit, lists of two owners, and a second run.
func TestBring(t *testing.T) {
	ctx := t.Context()
	server := pgtest.Migrated(t)
	pool, err := sql.Open("postgres", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	_, err = pool.ExecContext(ctx, `
		CREATE TABLE tasks (id bigserial PRIMARY KEY, owner text NOT NULL, title text NOT NULL, notes text,
			sort int NOT NULL, created_at timestamptz NOT NULL, done_at timestamptz);
		INSERT INTO tasks (owner, title, notes, sort, created_at, done_at) VALUES
			('ada', 'Buy oil', NULL, 2, '2024-05-01T10:00:00.123456Z', NULL),
			('ada', 'Write to Charles', 'STRASSE', 1, '2024-05-02T10:00:00Z', '2024-05-03T10:00:00Z'),
			('bob', 'Ada is none of his business', NULL, 1, '2024-05-01T10:00:00Z', NULL),
			('bob', '', NULL, 2, '2024-05-01T10:00:00Z', NULL),
			('bob', repeat('x', 1025), NULL, 3, '2024-05-01T10:00:00Z', NULL)`)
	if err != nil {
		t.Fatal(err)
	}
	misfits := blocks(read(t, "docs/storage.md"), "sql")[1]
	if got := column(t, pool, misfits); !slices.Equal(got, []string{"4", "5"}) {
		t.Errorf("%s finds %q", misfits, got)
	}
	if _, err := pool.ExecContext(ctx, "DELETE FROM tasks WHERE id IN (4, 5)"); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Options{}.Use(ctx, pool)
	if err != nil {
		t.Fatal(err)
	}
	store := db.Backend().Todos
	var before todos.Page
	for range 2 {
		if err := bring(ctx, pool, store); err != nil {
			t.Fatal(err)
		}
		page, err := store.ListTodos(ctx, "ada", todos.Query{Limit: 10, Count: true})
		if err != nil || page.Total != 2 || page.Todos[0].Title != "Write to Charles" || page.Todos[1].Title != "Buy oil" {
			t.Fatalf("ada has %+v, %v", page, err)
		}
		if before.Revision.Number != 0 && page.Revision != before.Revision {
			t.Error("a second run has changed something")
		}
		before = page
	}
	charles, oil := before.Todos[0], before.Todos[1]
	if charles.Position != todos.PositionStep || oil.Position != 2*todos.PositionStep ||
		!charles.CompletedAt.Equal(time.Date(2024, 5, 3, 10, 0, 0, 0, time.UTC)) || oil.Completed ||
		!oil.CreatedAt.Equal(time.Date(2024, 5, 1, 10, 0, 0, 123e6, time.UTC)) {
		t.Errorf("ada has %+v, %+v", charles, oil)
	}
	page, err := store.ListTodos(ctx, "ada", todos.Query{Limit: 10, Search: todos.Fold("straße")})
	if err != nil || len(page.Todos) != 1 {
		t.Errorf("the search finds %+v, %v", page.Todos, err)
	}
	page, err = store.ListTodos(ctx, "bob", todos.Query{Limit: 10})
	if err != nil || len(page.Todos) != 1 || page.Todos[0].Title != "Ada is none of his business" {
		t.Errorf("bob has %+v, %v", page.Todos, err)
	}
}

// column is what a query of one column returns.
func column(t *testing.T, pool *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
