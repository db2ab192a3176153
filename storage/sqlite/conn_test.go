package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/migrations"
	"github.com/authtodo/authtodo/todos"
)

// noted is another DB on the file of a path; what its connection for writes asks
// of the driver is written down.
func noted(t *testing.T, path string) (*DB, *book) {
	t.Helper()
	book := &book{}
	return rewired(t, path, func(plain driver.Connector) driver.Connector {
		return keeper{recorder{plain, book}}
	}), book
}

// count is how often something was done since the book was last taken.
func count(lines []string, what string) (n int) {
	for _, line := range lines {
		if strings.HasPrefix(line, what+" ") {
			n++
		}
	}
	return n
}

// writeAll writes in every way there is, and shares a transaction.
func writeAll(t *testing.T, db *DB) {
	t.Helper()
	store, d := db.Backend().Todos, draft(t, "title")
	d.Retry = &todos.Retry{Key: d.ID, Fingerprint: "f", ExpiredAt: d.CreatedAt.Add(-time.Hour)}
	_, err := store.CreateTodo(t.Context(), "anna", d)
	_, again := store.CreateTodo(t.Context(), "anna", d)
	change := todos.Change{Patch: todos.Patch{Title: todos.Some("changed")}, At: d.CreatedAt}
	create := func(ctx context.Context, tx *sql.Tx) error {
		_, err := insert(ctx, tx, "anna", draft(t, "shared"))
		return err
	}
	always := func(int) context.Context { return t.Context() }
	shared := behind(t, &db.group, always, create, create)()
	_, updated := store.UpdateTodo(t.Context(), "anna", d.ID, change)
	err = errors.Join(err, again, errors.Join(shared...), updated,
		store.DeleteTodo(t.Context(), "anna", d.ID, nil), store.(todos.Eraser).EraseTodos(t.Context(), "anna"))
	if err != nil {
		t.Fatal(err)
	}
}

// TestWritesArePreparedOnce also has the connection replaced: what was prepared
// is closed, and prepared on the next one.
func TestWritesArePreparedOnce(t *testing.T) {
	_, path := migrated(t)
	db, book := noted(t, path)
	writeAll(t, db)
	first := book.take("")
	writeAll(t, db)
	second := book.take("")
	if n := count(first, "prepare"); n == 0 || count(second, "prepare") != 0 ||
		count(second, "exec") != count(first, "exec") || count(second, "query") != count(first, "query") {
		t.Errorf("the first time %d statements are prepared, and then these are run:\n%s", n, strings.Join(second, "\n"))
	}
	conn, err := db.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Raw(func(any) error { return driver.ErrBadConn })
	closed := count(book.take(""), "close")
	writeAll(t, db)
	if n, third := count(first, "prepare"), count(book.take(""), "prepare"); closed != n || third != n {
		t.Errorf("of %d statements, %d are closed with their connection and %d prepared on the next", n, closed, third)
	}
	if err := db.writer.Close(); err != nil {
		t.Error(err)
	}
	if n := count(book.take(""), "close"); n != count(first, "prepare") {
		t.Errorf("when all is closed, %d statements are", n)
	}
}

// TestManyFirstWrites: writers whose statements are not prepared yet do not wait
// for one another.
func TestManyFirstWrites(t *testing.T) {
	db, _ := migrated(t)
	store := db.Backend().Todos
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range 64 {
		d := draft(t, "title")
		wait.Go(func() {
			<-start
			owner := fmt.Sprint("user", i%8)
			_, err := store.CreateTodo(ctx, owner, d)
			if err == nil {
				err = store.DeleteTodo(ctx, owner, d.ID, nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wait.Wait()
}

// TestStatementWithinItsRows runs a statement while its rows are being read.
func TestStatementWithinItsRows(t *testing.T) {
	_, path := migrated(t)
	db, book := noted(t, path)
	tx, err := db.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const text = `SELECT value FROM (SELECT 1 AS value UNION SELECT 2) WHERE value >= $1`
	book.take("")
	var got []int
	read := func(from int, each func()) {
		rows, err := tx.QueryContext(t.Context(), text, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
			each()
		}
	}
	read(1, func() { read(2, func() {}) })
	read(1, func() {})
	if want := "[1 2 2 2 1 2]"; fmt.Sprint(got) != want {
		t.Errorf("the rows are %v, want %s", got, want)
	}
	if lines := book.take(""); count(lines, "prepare")-count(lines, "close") != 1 {
		t.Errorf("it is kept more than once:\n%s", strings.Join(lines, "\n"))
	}
}

// TestSchemaChanges has another process change the tables under statements that
// are kept.
func TestSchemaChanges(t *testing.T) {
	db, path := migrated(t)
	writeAll(t, db)
	other := open(t, path)
	if _, err := other.writer.ExecContext(t.Context(), `ALTER TABLE authtodo_todos ADD COLUMN more TEXT`); err != nil {
		t.Fatal(err)
	}
	writeAll(t, db)
	if err := migrations.Down(t.Context(), other.writer.DB, migrations.SQLite); err != nil {
		t.Fatal(err)
	}
	_, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title"))
	if !errors.Is(err, todos.ErrUnavailable) || !strings.Contains(err.Error(), "migrations.Up") {
		t.Errorf("without tables there is the error %v, want %v that names migrations.Up", err, todos.ErrUnavailable)
	}
	if err := other.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	writeAll(t, db)
}

// TestBothPoolsKeep looks at the connections that [Open] makes.
func TestBothPoolsKeep(t *testing.T) {
	db, _ := migrated(t)
	writeAll(t, db)
	if _, err := db.Backend().Todos.ListTodos(t.Context(), "anna", todos.Query{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	for name, pool := range map[string]*sqlx.DB{"writer": db.writer, "readers": db.readers} {
		used, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		used.Raw(func(opened any) error {
			if len(opened.(*conn).idle) < 2 {
				t.Errorf("the connection of %s has kept nothing of what it ran", name)
			}
			return nil
		})
		used.Close()
	}
}
