package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/race"
	"github.com/authtodo/authtodo/migrations"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

func open(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return db
}

// migrated is a new file with tables.
func migrated(t testing.TB) (*DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "todos.db")
	db := open(t, path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, path
}

// loader is a store that is filled in one statement.
type loader struct {
	todoStore
}

// Load implements [storagetest.Loader].
func (l loader) Load(ctx context.Context, owner string, n int) error {
	if _, err := l.writer.ExecContext(ctx, `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT $1, printf('0199a2f4-7c00-7000-8000-%012x', i), printf('todo %x', i * 7919 % 1000003),
			'what there is to be said about it', printf('todo %xXwhat there is to be said', i),
			i % 3 = 0, CASE WHEN i % 3 = 0 THEN i * 1000 END, i * 65536, i * 1000, i * 1000, 1
		FROM n`, owner, n); err != nil {
		return err
	}
	_, err := l.writer.ExecContext(ctx, `
		INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ($1, 'loaded', $2)`, owner, n)
	return err
}

func TestStore(t *testing.T) {
	db, path := migrated(t)
	suite := storagetest.Suite{
		Rows:   1_000_000,
		Reopen: func(t *testing.T) todos.Store { return open(t, path).Backend().Todos },
		Broken: func(t *testing.T) todos.Store {
			db, _ := migrated(t)
			db.Close()
			return db.Backend().Todos
		},
		Hold: func(ctx context.Context, _ string) (func(), error) { return hold(ctx, path) },
	}
	if testing.Short() || race.Enabled {
		suite.Rows = 20_000
	}
	suite.Run(t, func(t *testing.T) todos.Store { return loader{todoStore{db}} })
}

func BenchmarkStore(b *testing.B) {
	storagetest.Bench(b, func(b *testing.B) todos.Store {
		db, _ := migrated(b)
		return loader{todoStore{db}}
	})
}

// hold locks the file as another process does that writes.
func hold(ctx context.Context, path string) (release func(), err error) {
	other, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	tx, err := other.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, other.Close())
	}
	return func() {
		tx.Rollback()
		other.Close()
	}, nil
}

func draft(t testing.TB, title string) todos.Draft {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	id, err := todos.NewID(at)
	if err != nil {
		t.Fatal(err)
	}
	return todos.Draft{ID: id, Title: title, CreatedAt: at}
}

func TestPathsAreTakenLiterally(t *testing.T) {
	for _, name := range []string{
		"plain", "with blanks in it.db", "100%.db", "%41.db", "a?mode=memory", "a#b", "a&_pragma=query_only(1)",
		"file:a.db", ":memory:?cache=shared", "a;b'c\"d", "\u00e9\u20ac\U0001F600.db", `back\slash`, "+", "-wal",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			db := open(t, path)
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title")); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if !strings.HasPrefix(file, path) {
					t.Errorf("there is the file %q, want only %q and those beside it", file, path)
				}
			}
			again, err := open(t, path).Backend().Todos.ListTodos(t.Context(), "anna", todos.Query{Limit: 1})
			if err != nil || len(again.Todos) != 1 {
				t.Errorf("opened again, there are %d todos, %v", len(again.Todos), err)
			}
		})
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "todos.db")
	if _, err := os.Stat("todos.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"no path", "", "package memory"},
		{"memory", ":memory:", "package memory"},
		{"a folder", dir, "must be writable"},
		{"a folder that is not there", filepath.Join(dir, "none", "todos.db"), "must be writable"},
		{"a folder that takes no files", "/proc/todos.db", "must be writable"},
		{"another file", text, "must be an SQLite file"},
		{"a path that no file can have", dir + "/a\x00b", "must be writable"},
	} {
		db, err := Open(t.Context(), c.path)
		if err == nil {
			db.Close()
			t.Errorf("%s is opened", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got the error %q, want one with %q", c.name, err, c.want)
		}
	}
}

// TestFilesArePrivate has a umask that would let everybody read.
func TestFilesArePrivate(t *testing.T) {
	db, path := migrated(t)
	if _, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if mode := info.Mode(); mode != fs.FileMode(0o600) {
			t.Errorf("%s has the mode %v, want 0600", filepath.Base(name), mode)
		}
	}
}

func TestConnections(t *testing.T) {
	db, _ := migrated(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1", "query_only": "0",
	} {
		var got string
		if err := db.writer.GetContext(t.Context(), &got, "PRAGMA "+pragma); err != nil || got != want {
			t.Errorf("the writer has %s %s, %v, want %s", pragma, got, err, want)
		}
	}
	if _, err := db.readers.ExecContext(t.Context(), `DELETE FROM authtodo_settings`); err == nil {
		t.Error("a reader can write")
	}
	if n := db.writer.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("there may be %d writers, want 1", n)
	}
}

// TestReadsDoNotWait reads while a write is under way in this process and the
// file is locked.
func TestReadsDoNotWait(t *testing.T) {
	db, _ := migrated(t)
	store := db.Backend().Todos
	created, err := store.CreateTodo(t.Context(), "anna", draft(t, "title"))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := store.GetTodo(ctx, "anna", created.Todo.ID); err != nil {
		t.Errorf("a get beside a writer: %v", err)
	}
	if _, err := store.ListTodos(ctx, "anna", todos.Query{Limit: 1, Count: true}); err != nil {
		t.Errorf("a list beside a writer: %v", err)
	}
}

// TestWaitForWriterEnds has the only connection for writes taken.
func TestWaitForWriterEnds(t *testing.T) {
	db, _ := migrated(t)
	tx, err := db.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = db.Backend().Todos.CreateTodo(ctx, "anna", draft(t, "late"))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, todos.ErrUnavailable) {
		t.Errorf("got the error %v, want %v and %v", err, context.DeadlineExceeded, todos.ErrUnavailable)
	}
	if took := time.Since(start); took > 4*time.Second { // less than busy_timeout, which would end it, too
		t.Errorf("the wait took %v", took)
	}
}

func TestWithoutTables(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "todos.db"))
	if err := db.Check(t.Context()); err == nil {
		t.Error("Check finds nothing behind")
	}
	_, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title"))
	if !errors.Is(err, todos.ErrUnavailable) || !strings.Contains(err.Error(), "migrations.Up") {
		t.Errorf("got the error %v, want %v that names migrations.Up", err, todos.ErrUnavailable)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Check(t.Context()), db.Ping(t.Context())); err != nil {
		t.Errorf("after Migrate: %v", err)
	}
	if err := migrations.Check(t.Context(), db.writer.DB, migrations.SQLite); err != nil {
		t.Error(err)
	}
}

func TestTakenIDIsNotUnavailable(t *testing.T) {
	db, _ := migrated(t)
	store, d := db.Backend().Todos, draft(t, "title")
	if _, err := store.CreateTodo(t.Context(), "anna", d); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateTodo(t.Context(), "anna", d); err == nil || errors.Is(err, todos.ErrUnavailable) {
		t.Errorf("got the error %v, want one that is not %v", err, todos.ErrUnavailable)
	}
}

// TestManyFirstLists: each list takes one connection at a time, also when its
// statements are not prepared yet. With two, as many lists at once as there are
// connections waited for one another until their contexts ended.
func TestManyFirstLists(t *testing.T) {
	db, _ := migrated(t)
	store := db.Backend().Todos
	if _, err := store.CreateTodo(t.Context(), "anna", draft(t, "a")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, field := range []todos.SortField{todos.ByPosition, todos.ByTitle, todos.ByCreatedAt} {
		var wait sync.WaitGroup
		start := make(chan struct{})
		for range 64 {
			wait.Go(func() {
				<-start
				page, err := store.ListTodos(ctx, "anna", todos.Query{Limit: 10, Sort: todos.Sort{Field: field}})
				if err != nil || len(page.Todos) != 1 {
					t.Errorf("by %s: %d todos, %v", field, len(page.Todos), err)
				}
			})
		}
		close(start)
		wait.Wait()
	}
}
