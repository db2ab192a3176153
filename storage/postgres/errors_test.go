package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

func TestWithoutTables(t *testing.T) {
	db := open(t, Options{}, pgtest.Empty(t).URL)
	if err := db.Check(t.Context()); err == nil {
		t.Error("Check finds nothing behind")
	}
	_, got := db.Backend().Todos.GetTodo(t.Context(), "anna", draft(t, "").ID)
	_, listed := db.Backend().Todos.ListTodos(t.Context(), "anna", todos.Query{Limit: 1, Count: true})
	for code, err := range map[string]error{"42883": got, "42P01": listed} { // no function, no table
		if !errors.Is(err, todos.ErrUnavailable) || !strings.Contains(err.Error(), "migrations.Up") {
			t.Errorf("got the error %v, want %v that names migrations.Up", err, todos.ErrUnavailable)
		}
		if pqconn.SQLState(err) != code {
			t.Errorf("the cause %s is not in the error %v", code, err)
		}
	}
	if err := errors.Join(db.Migrate(t.Context()), db.Check(t.Context()), db.Ping(t.Context())); err != nil {
		t.Fatal(err)
	}
	everyCall(t, db, "anna")
}

// TestDeadlineIsKept has a write that waits for a lock.
func TestDeadlineIsKept(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db := mode(t, server)
			todo := create(t, db, "anna")
			release, err := hold(t.Context(), stock(t, server.AdminURL), "anna")
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			err = db.Backend().Todos.DeleteTodo(ctx, "anna", todo.ID, nil)
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, todos.ErrUnavailable) {
				t.Errorf("got the error %v, want %v and %v", err, context.DeadlineExceeded, todos.ErrUnavailable)
			}
			if took := time.Since(start); took > 10*time.Second { // a statement without a deadline has 30 s
				t.Errorf("the wait took %v", took)
			}
		})
	}
}

// TestKeyInFlight has another transaction that has used the key and is not at
// its end.
func TestKeyInFlight(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db := mode(t, server)
			tx, err := stock(t, server.AdminURL).BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			_, err = tx.ExecContext(t.Context(), `
				INSERT INTO authtodo_retries (user_id, key, fingerprint, todo_id, position, answer, created_at)
				VALUES ('anna', 'key', 'body', gen_random_uuid(), 1, '{}', now())`)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // enough to connect and to meet the key
			defer cancel()
			d := draft(t, "late")
			d.Retry = &todos.Retry{Key: "key", Fingerprint: "body"}
			_, err = db.Backend().Todos.CreateTodo(ctx, "anna", d)
			if !errors.Is(err, todos.ErrRetryInFlight) || errors.Is(err, todos.ErrUnavailable) {
				t.Errorf("got the error %v, want %v", err, todos.ErrRetryInFlight)
			}
		})
	}
}

// TestConflictsAreRetried has a function that fails as in a conflict, a few
// times: a sequence is not undone with the rest.
func TestConflictsAreRetried(t *testing.T) {
	server := pgtest.Migrated(t)
	admin := stock(t, server.AdminURL)
	_, err := admin.ExecContext(t.Context(), `
		CREATE SEQUENCE attempts;
		CREATE FUNCTION attempt(conflicts text, code text) RETURNS bigint SECURITY DEFINER LANGUAGE plpgsql AS $$
		DECLARE n bigint := nextval('attempts');
		BEGIN
			IF n <= CAST(conflicts AS bigint) THEN RAISE 'conflict' USING ERRCODE = code; END IF;
			RETURN n;
		END $$`)
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			db := mode(t, server)
			for _, code := range []string{"40001", "40P01"} {
				for _, conflicts := range []int{0, 1, 3, attempts - 1, attempts} {
					if _, err := admin.ExecContext(t.Context(), `ALTER SEQUENCE attempts RESTART`); err != nil {
						t.Fatal(err)
					}
					var n int64
					err := db.query(t.Context(), `SELECT attempt(CAST($1 AS text), CAST($2 AS text))`,
						[]any{strconv.Itoa(conflicts), code}, func(rows sqlstore.Rows) error {
							return one(rows, func(rows sqlstore.Rows) error { return rows.Scan(&n) })
						})
					if conflicts < attempts && (err != nil || int(n) != conflicts+1) {
						t.Errorf("after %d times %s: %d, %v", conflicts, code, n, err)
					}
					if conflicts == attempts && (!errors.Is(err, todos.ErrUnavailable) || pqconn.SQLState(err) != code) {
						t.Errorf("after %d times %s: %v, want %v", conflicts, code, err, todos.ErrUnavailable)
					}
				}
			}
		})
	}
}

// TestExpiredKeys has callers who renew and delete one another's expired
// records, which must not wait in a circle.
func TestExpiredKeys(t *testing.T) {
	server := pgtest.Migrated(t)
	db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
	const rounds, callers = 5, 16
	keyed := func(round, key int) todos.Draft {
		d := draft(t, "title")
		d.CreatedAt = d.CreatedAt.Add(time.Duration(round) * time.Hour)
		d.Retry = &todos.Retry{
			Key: "key " + strconv.Itoa(key), Fingerprint: "body", ExpiredAt: d.CreatedAt.Add(-time.Minute),
		}
		return d
	}
	for round := range rounds {
		done := make(chan error)
		for i := range callers {
			d := keyed(round, round*callers/2+i) // half of the keys are those of the last round
			go func() {
				_, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", d)
				done <- err
			}()
		}
		for range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	if n := count(t, admin, "authtodo_todos"); n != rounds*callers {
		t.Errorf("there are %d todos, want %d", n, rounds*callers)
	}
	if _, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", keyed(rounds-1, -1)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, admin, "authtodo_retries"); n != callers+1 {
		t.Errorf("there are %d records, of which %d have not expired", n, callers+1)
	}
}

// TestHeldRecordsAreSkipped has an expired record that another transaction
// holds.
func TestHeldRecordsAreSkipped(t *testing.T) {
	server := pgtest.Migrated(t)
	db := open(t, Options{}, server.URL)
	create := func(key string, later time.Duration) error {
		d := draft(t, "title")
		d.CreatedAt = d.CreatedAt.Add(later)
		d.Retry = &todos.Retry{Key: key, Fingerprint: "body", ExpiredAt: d.CreatedAt}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := db.Backend().Todos.CreateTodo(ctx, "anna", d)
		return err
	}
	if err := create("held", 0); err != nil {
		t.Fatal(err)
	}
	tx, err := stock(t, server.AdminURL).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT 1 FROM authtodo_retries FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if err := create("new", time.Hour); err != nil {
		t.Errorf("beside a record that is held: %v", err)
	}
}

// TestWritesAreWhole has a list that cannot be raised, which the server finds out
// when it has written the todo.
func TestWritesAreWhole(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin := mode(t, server), stock(t, server.AdminURL)
			todo := create(t, db, "anna")
			affected(t, admin, `UPDATE authtodo_lists SET revision = 9223372036854775807`)
			store := db.Backend().Todos
			_, created := store.CreateTodo(t.Context(), "anna", draft(t, "title"))
			_, updated := store.UpdateTodo(t.Context(), "anna", todo.ID, todos.Change{
				Patch: todos.Patch{Title: todos.Some("changed")}, At: todo.CreatedAt,
			})
			deleted := store.DeleteTodo(t.Context(), "anna", todo.ID, nil)
			for call, err := range map[string]error{"create": created, "update": updated, "delete": deleted} {
				if pqconn.SQLState(err) != "22003" {
					t.Errorf("%s ends with %v, want 22003", call, err)
				}
			}
			if got, err := store.GetTodo(t.Context(), "anna", todo.ID); err != nil || got != todo {
				t.Errorf("the todo has become %+v, %v", got, err)
			}
			if n := count(t, admin, "authtodo_todos"); n != 1 {
				t.Errorf("there are %d todos, want 1", n)
			}
		})
	}
}

// TestFailureBehindTheAnswer has a commit fail, of which the server tells when it
// has sent all rows: a trigger of the host's that is asked at the end.
func TestFailureBehindTheAnswer(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin := mode(t, server), stock(t, server.AdminURL)
			affected(t, admin, `
				CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'P0042'; END $$`)
			affected(t, admin, `
				CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON authtodo_todos
				DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
			_, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title"))
			if pqconn.SQLState(err) != "P0042" {
				t.Errorf("got the error %v, want P0042", err)
			}
			if n := count(t, admin, "authtodo_todos"); n != 0 {
				t.Errorf("there are %d todos, want 0", n)
			}
		})
	}
}

func TestTakenIDIsNotUnavailable(t *testing.T) {
	db := open(t, Options{}, pgtest.Migrated(t).URL)
	d := draft(t, "title")
	for i := range 2 {
		_, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", d)
		if i == 1 && (pqconn.SQLState(err) != "23505" || errors.Is(err, todos.ErrUnavailable)) {
			t.Errorf("got the error %v, want one that is not %v", err, todos.ErrUnavailable)
		}
	}
}

// TestLongArgumentsAreRefused has what the server would quote in an error.
func TestLongArgumentsAreRefused(t *testing.T) {
	db := open(t, Options{}, pgtest.Migrated(t).URL)
	store, long := db.Backend().Todos, strings.Repeat("x", 40_000)
	d := draft(t, "title")
	d.ID = long
	_, created := store.CreateTodo(t.Context(), "anna", d)
	_, got := store.GetTodo(t.Context(), long, draft(t, "").ID)
	_, listed := store.ListTodos(t.Context(), "anna", todos.Query{Limit: 1, After: &todos.Anchor{ID: long}})
	for _, err := range []error{created, got, listed} {
		if err == nil || errors.Is(err, todos.ErrUnavailable) || len(err.Error()) > 200 {
			t.Errorf("got the error %.300v", err)
		}
	}
	if _, err := store.GetTodo(t.Context(), "anna", long); !errors.Is(err, todos.ErrNotFound) {
		t.Errorf("got the error %.300v, want %v", err, todos.ErrNotFound)
	}
}

func TestCloseLeavesTheHostsPool(t *testing.T) {
	server := pgtest.Migrated(t)
	pool := stock(t, server.URL)
	for _, options := range []Options{{}, {Direct: true}} {
		db, err := options.Use(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		create(t, db, "anna")
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := pool.PingContext(t.Context()); err != nil {
			t.Errorf("after Close the pool is broken: %v", err)
		}
	}
}
