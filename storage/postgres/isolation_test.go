package postgres

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

// unbound are databases as a superuser, whom row-level security does not bind.
func unbound() map[string]func(t testing.TB, server *pgtest.Database) *DB {
	return map[string]func(t testing.TB, server *pgtest.Database) *DB{
		"unbound": func(t testing.TB, server *pgtest.Database) *DB {
			return open(t, Options{AllowBypassRLS: true}, server.AdminURL)
		},
		"unbound direct": func(t testing.TB, server *pgtest.Database) *DB {
			return open(t, Options{AllowBypassRLS: true, Direct: true}, server.AdminURL)
		},
	}
}

// TestStatementsAlone has what keeps users apart when row-level security does
// not: each statement names the owner all the same.
func TestStatementsAlone(t *testing.T) {
	for name, mode := range unbound() {
		t.Run(name, func(t *testing.T) {
			db := mode(t, pgtest.Migrated(t))
			storagetest.Suite{AnswersGetLost: true}.Run(t, func(*testing.T) todos.Store {
				return db.Backend().Todos
			})
			storagetest.AccountsSuite{AnswersGetLost: true}.Run(t, func(*testing.T) accounts.Store {
				return db.Backend().Accounts
			})
		})
	}
}

// TestOthersRowsStay makes each call of both stores for one user, and looks at
// the rows of another one, byte for byte and past row-level security.
func TestOthersRowsStay(t *testing.T) {
	all := unbound()
	maps.Copy(all, modes())
	for _, name := range []string{"open", "open direct", "unbound", "unbound direct"} {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db := all[name](t, server)
			everyCall(t, db, "bob")
			everyAccountCall(t, db, "bob")
			before := rowsOf(t, server, "bob")
			for range 2 { // the second time with rows of her own
				erase(t, db, "anna")
				everyCall(t, db, "anna")
				everyAccountCall(t, db, "anna")
				foreignCalls(t, db, "anna")
				if after := rowsOf(t, server, "bob"); !slices.Equal(after, before) {
					t.Fatalf("the rows of bob are\n%q\nand were\n%q", after, before)
				}
				if err := db.Backend().Accounts.DeleteUser(t.Context(), "anna"); err != nil {
					t.Fatal(err)
				}
			}
			erase(t, db, "anna")
			if after := rowsOf(t, server, "bob"); !slices.Equal(after, before) {
				t.Errorf("without anna the rows of bob are\n%q\nand were\n%q", after, before)
			}
			if rest := rowsOf(t, server, "anna"); len(rest) > 0 {
				t.Errorf("of anna there is still %q", rest)
			}
		})
	}
}

// TestDeleteMeetsAnUpdate has a delete that waits for an update, which gives the
// todo the version that the delete is for. Another user has a todo of that id.
func TestDeleteMeetsAnUpdate(t *testing.T) {
	all := unbound()
	maps.Copy(all, modes())
	for _, name := range []string{"open", "unbound"} {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin, d := all[name](t, server), stock(t, server.AdminURL), draft(t, "of both")
			for _, owner := range []string{"anna", "bob"} {
				if _, err := db.Backend().Todos.CreateTodo(t.Context(), owner, d); err != nil {
					t.Fatal(err)
				}
			}
			tx, err := admin.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if _, err := tx.ExecContext(t.Context(),
				`UPDATE authtodo_todos SET version = 2 WHERE user_id = 'anna'`); err != nil {
				t.Fatal(err)
			}
			deleted := make(chan error, 1)
			go func() { deleted <- db.Backend().Todos.DeleteTodo(t.Context(), "anna", d.ID, []int64{2}) }()
			for waiting := false; !waiting; {
				err := admin.QueryRowContext(t.Context(), `SELECT count(*) > 0 FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(tx.Commit(), <-deleted); err != nil {
				t.Fatal(err)
			}
			if n := count(t, admin, "authtodo_todos"); n != 1 {
				t.Errorf("%d todos are left, want that of bob", n)
			}
			if _, err := db.Backend().Todos.GetTodo(t.Context(), "bob", d.ID); err != nil {
				t.Errorf("the todo of bob: %v", err)
			}
		})
	}
}

func erase(t testing.TB, db *DB, owner string) {
	t.Helper()
	if err := db.Backend().Todos.(todos.Eraser).EraseTodos(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
}

// rowsOf are all rows of a user in all tables.
func rowsOf(t testing.TB, server *pgtest.Database, userID string) []string {
	t.Helper()
	tables := []string{"authtodo_todos", "authtodo_lists", "authtodo_retries"}
	for table := range accountTables() {
		tables = append(tables, table)
	}
	slices.Sort(tables)
	admin := stock(t, server.AdminURL)
	var all []string
	for _, table := range tables {
		rows, err := admin.QueryContext(t.Context(),
			`SELECT '`+table+` ' || r::text FROM `+table+` AS r WHERE user_id = $1 ORDER BY 1`, userID)
		if err != nil {
			t.Fatal(err)
		}
		n := len(all)
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all = append(all, row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if n == len(all) && userID == "bob" {
			t.Fatalf("%s has no row of %s", table, userID)
		}
	}
	return all
}

// foreignCalls makes the calls of a user that name what another one has: ids,
// sessions and addresses.
func foreignCalls(t testing.TB, db *DB, userID string) {
	t.Helper()
	ctx, now := t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	store := db.Backend()
	page, err := store.Todos.ListTodos(ctx, "bob", todos.Query{Limit: 1})
	if err != nil || len(page.Todos) != 1 {
		t.Fatalf("the todos of bob are %v, %v", page, err)
	}
	id := page.Todos[0].ID
	patch := todos.Change{Patch: todos.Patch{Title: todos.Some("taken")}, At: now}
	_, get := store.Todos.GetTodo(ctx, userID, id)
	_, update := store.Todos.UpdateTodo(ctx, userID, id, patch)
	remove := store.Todos.DeleteTodo(ctx, userID, id, nil)
	for what, err := range map[string]error{"get": get, "update": update, "delete": remove} {
		if err == nil || err.Error() != todos.ErrNotFound.Error() {
			t.Errorf("%s of another user's todo: %v, want %v", what, err, todos.ErrNotFound)
		}
	}
}
