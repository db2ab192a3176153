package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/todos"
)

// TestForeignRunsWhatMissingRuns: for a todo of somebody else's the same
// statements are run as for one that never was, with the same arguments.
func TestForeignRunsWhatMissingRuns(t *testing.T) {
	t.Parallel()
	_, path := migrated(t)
	book := &book{}
	store := recorded(t, path, book).Backend().Todos
	const foreign, missing = "0199a2f4-7c00-7000-8000-000000000001", "0199a2f4-7c00-7000-8000-00000000dead"
	at := time.UnixMilli(1_800_000_000_000)
	if _, err := store.CreateTodo(t.Context(), "anna", todos.Draft{ID: foreign, Title: "of anna", CreatedAt: at}); err != nil {
		t.Fatal(err)
	}
	title := todos.Some("stolen")
	for name, call := range map[string]func(id string) error{
		"get":    func(id string) error { _, err := store.GetTodo(t.Context(), "bob", id); return err },
		"delete": func(id string) error { return store.DeleteTodo(t.Context(), "bob", id, nil) },
		"delete of a version": func(id string) error {
			return store.DeleteTodo(t.Context(), "bob", id, []int64{1})
		},
		"update": func(id string) error {
			_, err := store.UpdateTodo(t.Context(), "bob", id, todos.Change{Patch: todos.Patch{Title: title}, At: at})
			return err
		},
		"update of a version": func(id string) error {
			_, err := store.UpdateTodo(t.Context(), "bob", id, todos.Change{Patch: todos.Patch{Title: title}, Versions: []int64{9}, At: at})
			return err
		},
		"update of nothing": func(id string) error {
			_, err := store.UpdateTodo(t.Context(), "bob", id, todos.Change{At: at})
			return err
		},
	} {
		book.take("")
		errMissing := call(missing)
		if !errors.Is(errMissing, todos.ErrNotFound) {
			t.Fatal(name, errMissing)
		}
		want := book.take(missing)
		errForeign := call(foreign)
		got := book.take(foreign)
		if !slices.Equal(got, want) || len(want) == 0 || fmt.Sprint(errForeign) != fmt.Sprint(errMissing) {
			t.Errorf("%s runs for somebody else's\n%s\n%v\nand for none\n%s\n%v",
				name, strings.Join(got, "\n"), errForeign, strings.Join(want, "\n"), errMissing)
		}
	}
	book.take("")
	if _, err := store.GetTodo(t.Context(), "anna", foreign); err != nil || len(book.take("")) == 0 {
		t.Error("nothing was written down", err)
	}
}

// recorded is another DB on the file of a path, that writes down what it runs.
func recorded(t *testing.T, path string, book *book) *DB {
	t.Helper()
	db := open(t, path)
	writer := sql.OpenDB(recorder{keeper{plain{db.writer.Driver(), writerDSN(path)}}, book})
	writer.SetMaxOpenConns(1)
	readers := sql.OpenDB(recorder{keeper{plain{db.readers.Driver(), readerDSN(path)}}, book})
	readers.SetMaxOpenConns(1)
	t.Cleanup(func() { writer.Close(); readers.Close() })
	return &DB{writer: sqlx.NewDb(writer, "sqlite"), readers: sqlx.NewDb(readers, "sqlite"), group: group{pool: writer}}
}

// book is what was run.
type book struct {
	mu    sync.Mutex
	lines []string
}

func (b *book) note(what, text string, args []driver.NamedValue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := what + " " + text
	for _, arg := range args {
		line += fmt.Sprintf(" %v", arg.Value)
	}
	b.lines = append(b.lines, line)
}

// take is what was run since the last time, where id stands for a todo.
func (b *book) take(id string) (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, line := range b.lines {
		if id != "" {
			line = strings.ReplaceAll(line, id, "the id")
		}
		lines = append(lines, line)
	}
	b.lines = nil
	return lines
}

type recorder struct {
	driver.Connector
	book *book
}

func (r recorder) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &recordedConn{opened.(session), r.book}, nil
}

type recordedConn struct {
	session
	book *book
}

func (c *recordedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.book.note("exec", text, args)
	return c.session.ExecContext(ctx, text, args)
}

func (c *recordedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.book.note("query", text, args)
	return c.session.QueryContext(ctx, text, args)
}

func (c *recordedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.book.note("begin", "", nil)
	return c.session.BeginTx(ctx, opts)
}

func (c *recordedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.book.note("prepare", text, nil)
	prepared, err := c.session.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &recordedStmt{prepared.(statement), text, c.book}, nil
}

type recordedStmt struct {
	statement
	text string
	book *book
}

func (s *recordedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.book.note("exec", s.text, args)
	return s.statement.ExecContext(ctx, args)
}

func (s *recordedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.book.note("query", s.text, args)
	return s.statement.QueryContext(ctx, args)
}

func (s *recordedStmt) Close() error {
	s.book.note("close", s.text, nil)
	return s.statement.Close()
}
