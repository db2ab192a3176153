package bench

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/authtodo/authtodo/storage/sqlite"
	"github.com/authtodo/authtodo/todos"
)

// Todos of the file.
const (
	liteOwner = "user1"
	liteTodos = 10_000
	litePage  = 50
)

// BenchmarkSQLite compares the store to direct calls of database/sql: the same
// statements on the same file with the same pragmas, kept prepared and scanned
// into plain fields.
func BenchmarkSQLite(b *testing.B) {
	store, direct := newOurs(b)
	n := 0
	for _, op := range []struct {
		name         string
		ours, theirs func(ctx context.Context, n int) error
	}{
		{"get", store.get, direct.get},
		{"list", store.list, direct.list},
		{"create", store.create, direct.create},
		{"update", store.update, direct.update},
	} {
		b.Run(op.name, func(b *testing.B) {
			numbered := func(do func(context.Context, int) error) contender {
				return alone(b, func() error { n++; return do(b.Context(), n) })
			}
			contest(b, func() {}, numbered(op.ours), peer{"direct", numbered(op.theirs)})
		})
	}
}

// BenchmarkSQLiteWriters is eight writers of the store, which lets those that wait
// for the disk share a commit; alone is the same store with one writer at a time,
// and so a commit for each; direct are eight callers of database/sql. synchronous
// is FULL. The file wants a disk, since what a commit costs is the wait for it.
func BenchmarkSQLiteWriters(b *testing.B) {
	const writers = 8
	store, direct := newOurs(b)
	var turn sync.Mutex
	single := func(ctx context.Context, n int) error {
		turn.Lock()
		defer turn.Unlock()
		return store.create(ctx, n)
	}
	together := func(do func(context.Context, int) error) contender {
		return func(d time.Duration) (ops int) {
			var wait sync.WaitGroup
			var done atomic.Int64
			one := alone(b, func() error { return do(b.Context(), 0) })
			for range writers {
				wait.Go(func() { done.Add(int64(one(d))) })
			}
			wait.Wait()
			return int(done.Load())
		}
	}
	contest(b, func() {}, together(store.create),
		peer{"alone", together(single)}, peer{"direct", together(direct.create)})
}

// newOurs is a file with todos, in the hands of the store and of database/sql.
func newOurs(b *testing.B) (ours, *lite) {
	path := filepath.Join(b.TempDir(), "todos.db")
	db, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return ours{db.Backend().Todos}, newLite(b, path)
}

// ours is the store; n is the number of the call.
type ours struct{ store todos.Store }

func (o ours) get(ctx context.Context, n int) error {
	_, err := o.store.GetTodo(ctx, liteOwner, liteID(n))
	return err
}

func (o ours) list(ctx context.Context, _ int) error {
	_, err := o.store.ListTodos(ctx, liteOwner, todos.Query{Limit: litePage})
	return err
}

func (o ours) create(ctx context.Context, _ int) error {
	now := time.Now().UTC().Truncate(time.Millisecond)
	id, err := todos.NewID(now)
	if err != nil {
		return err
	}
	_, err = o.store.CreateTodo(ctx, liteOwner, todos.Draft{ID: id, Title: "created", CreatedAt: now})
	return err
}

func (o ours) update(ctx context.Context, n int) error {
	_, err := o.store.UpdateTodo(ctx, liteOwner, liteID(n), todos.Change{
		Patch: todos.Patch{Title: todos.Some(fmt.Sprint("renamed ", n))},
		At:    time.Now().UTC().Truncate(time.Millisecond),
	})
	return err
}

// liteID is the id of the todo for the call of a number.
func liteID(n int) string { return fmt.Sprintf("0199a2f4-7c00-7000-8000-%012x", n%liteTodos+1) }

// lite is the file in the hands of database/sql.
type lite struct {
	selectOne, selectPage, selectList *sql.Stmt

	writer                     *sql.DB
	last, insert, change, bump *sql.Stmt
}

const liteColumns = `id, title, description, completed, completed_at, position,
	created_at, updated_at, version`

func newLite(b *testing.B, path string) *lite {
	open := func(options string) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"+options)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		return db
	}
	writer := open("&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)")
	writer.SetMaxOpenConns(1)
	_, err := writer.ExecContext(b.Context(), `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT $1, printf('0199a2f4-7c00-7000-8000-%012x', i), printf('todo %x', i * 7919 % 1000003),
			'what there is to be said about it', printf('todo %xXwhat there is to be said', i),
			i % 3 = 0, CASE WHEN i % 3 = 0 THEN i * 1000 END, i * 65536, i * 1000, i * 1000, 1
		FROM n`, liteOwner, liteTodos)
	if err == nil {
		_, err = writer.ExecContext(b.Context(), `
			INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ($1, 'loaded', 1)`, liteOwner)
	}
	if err != nil {
		b.Fatal(err)
	}
	return prepareLite(b, open("&_pragma=query_only(1)"), writer)
}

func prepareLite(b *testing.B, readers, writer *sql.DB) *lite {
	prepare := func(db *sql.DB, statement string) *sql.Stmt {
		prepared, err := db.PrepareContext(b.Context(), statement)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { prepared.Close() })
		return prepared
	}
	return &lite{
		writer: writer,
		selectOne: prepare(readers, `
			SELECT `+liteColumns+` FROM authtodo_todos
			WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`),
		selectPage: prepare(readers, `
			SELECT `+liteColumns+` FROM authtodo_todos
			WHERE user_id = $1 AND deleted_at IS NULL ORDER BY position, id LIMIT $2`),
		selectList: prepare(readers, `SELECT epoch, revision FROM authtodo_lists WHERE user_id = $1`),
		last: prepare(writer, `
			SELECT position FROM authtodo_todos WHERE user_id = $1 AND deleted_at IS NULL
			ORDER BY position DESC LIMIT 1`),
		insert: prepare(writer, `
			INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
				completed_at, position, created_at, updated_at, version)
			VALUES ($1, $2, $3, NULL, $3, 0, NULL, $4, $5, $5, 1)`),
		change: prepare(writer, `
			UPDATE authtodo_todos
			SET title = $3, search_text = $3, updated_at = $4, version = version + 1
			WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING `+liteColumns),
		bump: prepare(writer, `UPDATE authtodo_lists SET revision = revision + 1 WHERE user_id = $1`),
	}
}

// liteTodo is a row.
type liteTodo struct {
	id, title                               string
	description                             sql.NullString
	completed                               bool
	completedAt                             sql.NullInt64
	position, createdAt, updatedAt, version int64
}

func (t *liteTodo) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&t.id, &t.title, &t.description, &t.completed, &t.completedAt, &t.position,
		&t.createdAt, &t.updatedAt, &t.version)
}

func (l *lite) get(ctx context.Context, n int) error {
	var t liteTodo
	return t.scan(l.selectOne.QueryRowContext(ctx, liteOwner, liteID(n)))
}

// list reads the counter of the list too, as the store does.
func (l *lite) list(ctx context.Context, _ int) error {
	var epoch string
	var revision int64
	if err := l.selectList.QueryRowContext(ctx, liteOwner).Scan(&epoch, &revision); err != nil {
		return err
	}
	rows, err := l.selectPage.QueryContext(ctx, liteOwner, litePage)
	if err != nil {
		return err
	}
	defer rows.Close()
	page := make([]liteTodo, 0, litePage)
	for rows.Next() {
		var t liteTodo
		if err := t.scan(rows); err != nil {
			return err
		}
		page = append(page, t)
	}
	if len(page) != litePage {
		return fmt.Errorf("a page of %d: %w", len(page), rows.Err())
	}
	return rows.Err()
}

func (l *lite) create(ctx context.Context, _ int) error {
	id, err := todos.NewID(time.Now())
	if err != nil {
		return err
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		var last int64
		err := tx.StmtContext(ctx, l.last).QueryRowContext(ctx, liteOwner).Scan(&last)
		if err == nil {
			_, err = tx.StmtContext(ctx, l.insert).ExecContext(ctx, liteOwner, id, "created",
				last+todos.PositionStep, time.Now().UnixMilli())
		}
		return err
	})
}

func (l *lite) update(ctx context.Context, n int) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		var t liteTodo
		return t.scan(tx.StmtContext(ctx, l.change).QueryRowContext(ctx, liteOwner, liteID(n),
			fmt.Sprint("renamed ", n), time.Now().UnixMilli()))
	})
}

// write raises the counter of the list in the same transaction.
func (l *lite) write(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := l.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	if _, err := tx.StmtContext(ctx, l.bump).ExecContext(ctx, liteOwner); err != nil {
		return err
	}
	return tx.Commit()
}
