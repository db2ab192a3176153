// Package sqlite keeps todos and accounts in one SQLite file, without a server
// and without cgo.
//
//	db, err := sqlite.Open(ctx, "todos.db")
//	...
//	err = db.Migrate(ctx)
//	module, err := authtodo.Register(router, authtodo.Options{Storage: db.Backend(), …})
//
// The file belongs on a local disk: SQLite's locks do not work on network file
// systems. Several processes on one machine may use one file.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"github.com/authtodo/authtodo/migrations"
	"github.com/authtodo/authtodo/storage"
)

// DB is an open SQLite file. It is safe for concurrent use.
//
// It has two pools on the file. Writes go through one connection, one at a
// time: SQLite admits one writer anyway, and callers who wait for a connection
// are served in turn and can give up, whereas those who wait for SQLite's lock
// poll for it (p99 of half a second, measured with eight of them). Reads go
// through connections that cannot write and that a writer does not keep waiting.
type DB struct {
	writer  *sqlx.DB
	group   group // of writes of todos
	readers *sqlx.DB
}

// Open opens the file at path and creates it if it is not there, readable by
// its owner only; its folder must be there and writable. Any path is taken
// literally, with whatever characters it has. An empty path and ":memory:" are
// errors: for todos without a file there is the package memory.
//
// Open does not make the tables: see [DB.Migrate].
func Open(ctx context.Context, path string) (*DB, error) {
	if path == "" || path == ":memory:" {
		return nil, fmt.Errorf("sqlite: %q is not a file; to keep nothing, use the package memory", path)
	}
	name, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := create(name); err != nil {
		return nil, err
	}
	db, err := connect(name)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := db.await(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("opening %s, which must be an SQLite file in a folder that is writable, "+
			"because SQLite keeps two more files beside it: %w", name, err)
	}
	return db, nil
}

// create makes the file, so that it has the right mode from the start. SQLite
// would make it with the mode that the umask leaves, often readable by
// everyone; the files that it makes beside it later have the mode of this one.
func create(name string) error {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("sqlite: the file must be writable, and its folder too: %w", err)
	}
	return file.Close()
}

func connect(name string) (*DB, error) {
	writer, err := pool(writerDSN(name), 1)
	if err != nil {
		return nil, err
	}
	readers, err := pool(readerDSN(name), max(4, 2*runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &DB{
		writer:  sqlx.NewDb(writer, "sqlite"),
		group:   group{pool: writer},
		readers: sqlx.NewDb(readers, "sqlite"),
	}, nil
}

// pool is n connections at most that keep their statements.
func pool(dsn string, n int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(keeper{connector})
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// readerDSN is what the connections for reads are opened with.
func readerDSN(name string) string {
	return dsn(name, url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}})
}

// writerDSN is what the connection for writes is opened with.
func writerDSN(name string) string {
	return dsn(name, url.Values{
		"_txlock": {"immediate"}, // else a transaction that reads and then writes fails beside another
		"_pragma": {
			"busy_timeout(5000)", // first, because the next one may have to wait
			"journal_mode(WAL)",
			"synchronous(FULL)", // with NORMAL a loss of power loses the last commits
			"foreign_keys(1)",
		},
	})
}

// await returns when the file can be used. While another process that has just
// made the file switches it to WAL, SQLite refuses at once, whatever its
// busy_timeout is.
func (db *DB) await(ctx context.Context) error {
	for end := time.Now().Add(5 * time.Second); ; {
		err := db.Ping(ctx)
		if !busy(err) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// dsn is a file URI. Whatever could end its path is escaped: with the plain
// name of a file, the driver takes what is behind a question mark for options.
func dsn(name string, options url.Values) string {
	path := filepath.ToSlash(name)
	if !strings.HasPrefix(path, "/") { // a drive letter
		path = "/" + path
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// Backend is the DB as the storage of a module.
func (db *DB) Backend() storage.Backend {
	return storage.Backend{Todos: todoStore{db}, Accounts: db.accounts()}
}

// Migrate makes the tables or brings them up to date. Several processes may do
// it at once.
func (db *DB) Migrate(ctx context.Context) error {
	return migrations.Up(ctx, db.writer.DB, migrations.SQLite)
}

// Check returns an error if the tables are not up to date.
func (db *DB) Check(ctx context.Context) error {
	return migrations.Check(ctx, db.readers.DB, migrations.SQLite)
}

// Ping returns an error if the file cannot be read and written.
func (db *DB) Ping(ctx context.Context) error {
	for _, pool := range []*sqlx.DB{db.writer, db.readers} {
		// A connection may open although what it opened is no database.
		if _, err := pool.ExecContext(ctx, `SELECT count(*) FROM sqlite_schema`); err != nil {
			return failure(ctx, err)
		}
	}
	return nil
}

// Close closes the file. Calls that are under way are finished first.
func (db *DB) Close() error {
	db.group.close()
	return errors.Join(db.readers.Close(), db.writer.Close())
}
