package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/golang-migrate/migrate/v4/database"
)

// table is where the version is.
const table = "authtodo_schema_migrations"

// engine is in what the databases differ. No statement has parameters: lib/pq
// sends one with parameters in two parts, between which a pooler may give the
// connection to another client.
type engine interface {
	// lock begins a transaction that nobody else who migrates can be in at the
	// same time, or reports that somebody else is.
	lock(ctx context.Context, conn *sql.Conn) (held bool, err error)

	// version reads the version; there is none without the table.
	version(ctx context.Context, conn *sql.Conn) (version int, dirty bool, err error)
}

func (d Dialect) engine() engine {
	if d == SQLite {
		return sqlite{}
	}
	return postgres{}
}

type postgres struct{}

// lockKey is the advisory lock. It is of this module and of no meaning; a
// database has its own.
const lockKey = 7_307_211_930_452_118

// lock asks for the lock in a new transaction each time: one that waited in it
// would hold a snapshot, for which the holder may have to wait. A lock of the
// transaction, because one of the session is lost behind a pooler. READ
// COMMITTED, because a snapshot from before the lock would not have what the
// holder before has done.
func (postgres) lock(ctx context.Context, conn *sql.Conn) (held bool, err error) {
	if _, err := conn.ExecContext(ctx, `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`); err != nil {
		return false, err
	}
	ask := fmt.Sprintf(`SELECT pg_catalog.pg_try_advisory_xact_lock(%d)`, int64(lockKey))
	if err := conn.QueryRowContext(ctx, ask).Scan(&held); err != nil {
		return false, err
	}
	then := `ROLLBACK`
	if held { // what the role has is for requests; here, ctx is the limit
		then = `SET LOCAL statement_timeout = 0`
	}
	_, err = conn.ExecContext(ctx, then)
	return held, err
}

func (postgres) version(ctx context.Context, conn *sql.Conn) (int, bool, error) {
	return version(ctx, conn, `SELECT pg_catalog.to_regclass('`+table+`') IS NOT NULL`)
}

type sqlite struct{}

// lock takes the lock for writing. How long SQLite itself waits for it is set
// to nothing for the while, because contexts do not end that wait.
func (sqlite) lock(ctx context.Context, conn *sql.Conn) (held bool, err error) {
	var patience int
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&patience); err != nil {
		return false, err
	}
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout = 0`).Scan(new(int)); err != nil {
		return false, err
	}
	_, err = conn.ExecContext(ctx, `BEGIN IMMEDIATE`)
	held = err == nil
	if busy(err) {
		err = nil
	}
	reset := fmt.Sprintf(`PRAGMA busy_timeout = %d`, patience)
	return held, errors.Join(err,
		conn.QueryRowContext(context.WithoutCancel(ctx), reset).Scan(new(int)))
}

// busy reports whether others have the lock. The drivers for SQLite agree in no
// type of errors and in no method, but all of them pass on this text, which is
// SQLite's own.
func busy(err error) bool {
	return err != nil && strings.Contains(err.Error(), "database is locked")
}

func (sqlite) version(ctx context.Context, conn *sql.Conn) (int, bool, error) {
	return version(ctx, conn,
		`SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '`+table+`'`)
}

// version reads the version if the query says that the table exists.
func version(
	ctx context.Context, conn *sql.Conn, exists string,
) (version int, dirty bool, err error) {
	var found bool
	if err := conn.QueryRowContext(ctx, exists).Scan(&found); err != nil {
		return 0, false, err
	}
	version = database.NilVersion
	if found {
		row := conn.QueryRowContext(ctx, `SELECT version, dirty FROM `+table+` LIMIT 1`)
		err = row.Scan(&version, &dirty)
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return version, dirty, err
}

// errConnect stands for an error that is not shown.
var errConnect = errors.New("no connection could be opened; " +
	"what the driver says of it is not shown, because it quotes something " +
	"that may be the connection string with its password: ask db.Ping")

// connect takes a connection from the host's pool, which may have to open one.
// lib/pq quotes a connection string that it cannot read, password and all.
func connect(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err == nil || !strings.ContainsAny(err.Error(), "\"`") {
		return conn, err
	}
	var server interface{ SQLState() string }
	var network net.Error
	if _, parsing := errors.AsType[*url.Error](err); !parsing &&
		(errors.As(err, &server) || errors.As(err, &network)) {
		return nil, err
	}
	return nil, errConnect
}
