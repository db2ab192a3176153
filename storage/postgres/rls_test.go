package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/todos"
)

// everyCall makes each call of a store for owner, so that each table has rows.
func everyCall(t testing.TB, db *DB, owner string) todos.Todo {
	t.Helper()
	store := db.Backend().Todos
	todo, gone, keyed := create(t, db, owner), create(t, db, owner), draft(t, "keyed")
	keyed.Retry = &todos.Retry{Key: "key", Fingerprint: "body"}
	_, err := store.CreateTodo(t.Context(), owner, keyed)
	if err != nil {
		t.Fatal(err)
	}
	page, err := store.ListTodos(t.Context(), owner, todos.Query{Limit: 10, Count: true})
	if err != nil || page.Total != 3 {
		t.Fatalf("%d todos are counted, %v, want 3", page.Total, err)
	}
	page, err = store.ListTodos(t.Context(), owner, todos.Query{Limit: 10, Known: page.Revision})
	if err != nil || !page.NotModified {
		t.Fatalf("not modified: %t, %v", page.NotModified, err)
	}
	change := todos.Change{Patch: todos.Patch{Title: todos.Some("changed")}, At: todo.CreatedAt}
	if todo, err = store.UpdateTodo(t.Context(), owner, todo.ID, change); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteTodo(t.Context(), owner, gone.ID, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := store.GetTodo(t.Context(), owner, todo.ID); err != nil || got.Title != "changed" {
		t.Fatalf("got %+v, %v", got, err)
	}
	return todo
}

// TestForgottenUser has the role of the service and statements that do not say
// for whom they are, or for nobody.
func TestForgottenUser(t *testing.T) {
	server := pgtest.Migrated(t)
	everyCall(t, open(t, Options{}, server.URL), "anna")
	for _, setting := range []string{"RESET authtodo.user_id", "SET authtodo.user_id = ''"} {
		pool := stock(t, server.URL)
		pool.SetMaxOpenConns(1)
		if _, err := pool.ExecContext(t.Context(), setting); err != nil {
			t.Fatal(err)
		}
		for table, insert := range map[string]string{
			"authtodo_todos": `INSERT INTO authtodo_todos (user_id, id, title, search_text, completed,
				position, created_at, updated_at, version) VALUES
				('anna', gen_random_uuid(), 't', 't', false, 1, now(), now(), 1)`,
			"authtodo_lists": `INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ('new', 'e', 1)`,
			"authtodo_retries": `INSERT INTO authtodo_retries (user_id, key, fingerprint, todo_id, position,
				answer, created_at) VALUES ('anna', 'k', 'f', gen_random_uuid(), 1, '{}', now())`,
		} {
			if n := count(t, stock(t, server.AdminURL), table); n == 0 {
				t.Fatalf("%s is empty", table)
			}
			if n := count(t, pool, table); n != 0 {
				t.Errorf("%s: %d rows of %s are seen", setting, n, table)
			}
			if n := affected(t, pool, "UPDATE "+table+" SET user_id = user_id"); n != 0 {
				t.Errorf("%s: %d rows of %s are written", setting, n, table)
			}
			if n := affected(t, pool, "DELETE FROM "+table); n != 0 {
				t.Errorf("%s: %d rows of %s are deleted", setting, n, table)
			}
			_, err := pool.ExecContext(t.Context(), insert)
			if pqconn.SQLState(err) != "42501" {
				t.Errorf("%s: an insert into %s ends with %v, want 42501", setting, table, err)
			}
		}
	}
}

func count(t testing.TB, pool *sql.DB, table string) (n int) {
	t.Helper()
	if err := pool.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func affected(t testing.TB, pool *sql.DB, statement string) int64 {
	t.Helper()
	result, err := pool.ExecContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestUserDoesNotStay looks at the one connection after every call.
func TestUserDoesNotStay(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			db := mode(t, pgtest.Migrated(t))
			db.pool.SetMaxOpenConns(1)
			everyCall(t, db, "anna")
			var setting string
			err := db.pool.GetContext(t.Context(), &setting,
				`SELECT COALESCE(current_setting('authtodo.user_id', true), '')`)
			if err != nil || setting != "" {
				t.Errorf("the connection is left with the user %q, %v", setting, err)
			}
			if n := count(t, db.pool.DB, "authtodo_todos"); n != 0 {
				t.Errorf("the next statement on the connection sees %d rows", n)
			}
		})
	}
}

// TestGateComesFirst has connections that somebody left with another user. If a
// policy were asked before the gate of its part, the part would see the rows of
// that user, and so none of its own.
func TestGateComesFirst(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			db := mode(t, pgtest.Migrated(t))
			db.pool.SetMaxOpenConns(1)
			bobs := create(t, db, "bob")
			if _, err := db.pool.ExecContext(t.Context(), `SET authtodo.user_id = 'bob'`); err != nil {
				t.Fatal(err)
			}
			everyCall(t, db, "anna")
			if _, err := db.Backend().Todos.GetTodo(t.Context(), "anna", bobs.ID); !errors.Is(err, todos.ErrNotFound) {
				t.Errorf("another user's todo is got with %v, want %v", err, todos.ErrNotFound)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	server := pgtest.Migrated(t)
	admin := stock(t, server.AdminURL)
	for role, attributes := range map[string]string{
		"test_super": "SUPERUSER NOBYPASSRLS", "test_bypass": "NOSUPERUSER BYPASSRLS",
	} {
		statement := fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'test' %s IN ROLE %s",
			role, attributes, server.Role)
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if _, err := admin.ExecContext(context.Background(), "DROP ROLE "+role); err != nil {
				t.Errorf("dropping the role %s, which all databases share: %v", role, err)
			}
		})
		url := server.URL + " user=" + role + " password=test"
		if _, err := (Options{}).Open(t.Context(), url); !errors.Is(err, ErrBypassRLS) {
			t.Errorf("Open as a role with %s: %v, want %v", attributes, err, ErrBypassRLS)
		}
		if _, err := (Options{}).Use(t.Context(), stock(t, url)); !errors.Is(err, ErrBypassRLS) {
			t.Errorf("Use as a role with %s: %v, want %v", attributes, err, ErrBypassRLS)
		}
		everyCall(t, open(t, Options{AllowBypassRLS: true}, url), role)
	}
}
