package postgres

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// open opens url with options and closes it when the test ends.
func open(t testing.TB, options Options, url string) *DB {
	t.Helper()
	db, err := options.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// use is a DB on a pool of lib/pq as a host has it, which knows nothing of the
// connector of this module.
func use(t testing.TB, options Options, url string) *DB {
	t.Helper()
	db, err := options.Use(t.Context(), stock(t, url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// stock is a pool of lib/pq.
func stock(t testing.TB, url string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(10)
	pool.SetMaxIdleConns(10)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// modes are the ways in which a database is used.
func modes() map[string]func(t testing.TB, server *pgtest.Database) *DB {
	return map[string]func(t testing.TB, server *pgtest.Database) *DB{
		"open": func(t testing.TB, server *pgtest.Database) *DB {
			return open(t, Options{}, server.URL)
		},
		"open direct": func(t testing.TB, server *pgtest.Database) *DB {
			return open(t, Options{Direct: true}, server.URL)
		},
		"use": func(t testing.TB, server *pgtest.Database) *DB {
			return use(t, Options{}, server.URL)
		},
		"use direct": func(t testing.TB, server *pgtest.Database) *DB {
			return use(t, Options{Direct: true}, server.URL)
		},
		"open through a pooler": func(t testing.TB, server *pgtest.Database) *DB {
			return open(t, Options{}, server.Pooler(t))
		},
		"use through a pooler": func(t testing.TB, server *pgtest.Database) *DB {
			return use(t, Options{}, server.Pooler(t))
		},
	}
}

func TestStore(t *testing.T) {
	rows := 1_000_000
	if testing.Short() {
		rows = 20_000
	}
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin := mode(t, server), stock(t, server.AdminURL)
			storagetest.Suite{
				Rows:           map[string]int{"open": rows, "open direct": rows}[name],
				AnswersGetLost: true,
				Reopen: func(t *testing.T) todos.Store {
					return open(t, Options{MaxOpenConns: 5}, server.URL).Backend().Todos
				},
				Broken: func(t *testing.T) todos.Store {
					broken := open(t, Options{}, server.URL)
					broken.Close()
					return broken.Backend().Todos
				},
				Hold: func(ctx context.Context, owner string) (func(), error) {
					return hold(ctx, admin, owner)
				},
			}.Run(t, func(*testing.T) todos.Store { return loader{todoStore{db}, admin} })
		})
	}
}

// hold locks the row that every write of owner comes to.
func hold(ctx context.Context, admin *sql.DB, owner string) (release func(), err error) {
	tx, err := admin.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `
		SELECT 1 FROM authtodo_lists WHERE user_id = $1 FOR UPDATE`, owner)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return func() { tx.Rollback() }, nil
}

// loader is a store that is filled by the server.
type loader struct {
	todoStore
	admin *sql.DB
}

// Load implements [storagetest.Loader].
func (l loader) Load(ctx context.Context, owner string, n int) error {
	if _, err := l.admin.ExecContext(ctx, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT $1, CAST(lpad(to_hex(i), 32, '0') AS uuid), 'todo ' || md5(CAST(i AS text)),
			'what there is to be said about it', 'todo Xwhat there is to be said about it', i % 3 = 0,
			CASE WHEN i % 3 = 0 THEN to_timestamp(i) END, i * 65536, to_timestamp(i), to_timestamp(i), 1
		FROM generate_series(1, CAST($2 AS bigint)) AS i`, owner, n); err != nil {
		return err
	}
	if _, err := l.admin.ExecContext(ctx, `
		INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ($1, 'loaded', $2)`, owner, n); err != nil {
		return err
	}
	_, err := l.admin.ExecContext(ctx, `VACUUM ANALYZE authtodo_todos`)
	return err
}

func BenchmarkStore(b *testing.B) {
	for _, direct := range []bool{false, true} {
		b.Run(map[bool]string{false: "open", true: "open direct"}[direct], func(b *testing.B) {
			server := pgtest.Migrated(b)
			db := open(b, Options{Direct: direct}, server.URL)
			storagetest.Bench(b, func(b *testing.B) todos.Store {
				return loader{todoStore{db}, stock(b, server.AdminURL)}
			})
		})
	}
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

func create(t testing.TB, db *DB, owner string) todos.Todo {
	t.Helper()
	created, err := db.Backend().Todos.CreateTodo(t.Context(), owner, draft(t, "of "+owner))
	if err != nil {
		t.Fatal(err)
	}
	return created.Todo
}
