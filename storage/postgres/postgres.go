// Package postgres keeps todos and accounts in PostgreSQL, behind row-level
// security: a statement that has not said which user it acts for sees no rows.
//
//	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
//	...
//	err = db.Migrate(ctx)
//	module, err := authtodo.Register(router, authtodo.Options{Storage: db.Backend(), …})
//
// Every operation on todos is one statement and one round trip, and so is looking
// at a session; what writes an account is a transaction. All of it works behind a
// transaction pooler such as PgBouncer. [Options.Use] takes a pool that the host
// has already, of any driver.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/migrations"
	"github.com/authtodo/authtodo/storage"
)

// Options are the ways in which a database is used. The zero Options are safe
// with every server and every pooler.
type Options struct {
	// Direct keeps statements prepared, which makes a service 1.3 to 1.5 times as
	// fast at reading one todo and 1.1 to 1.2 times at all else. Set it only if
	// no pooler is between the service and the server. Behind one that shares
	// connections between transactions, kept statements run those of other
	// clients without any error: a read can delete.
	Direct bool

	// AllowBypassRLS accepts a role that row-level security does not bind: a
	// superuser or one with BYPASSRLS. The statements name the user all the
	// same; what is lost is the second line of defence.
	AllowBypassRLS bool

	// MaxOpenConns bounds the connections of a pool that Open makes; callers
	// beyond it wait as long as their contexts let them. Zero is 10. The
	// server's max_connections, 100 by default, must suffice for all processes.
	// It means nothing to Use.
	MaxOpenConns int
}

// ErrBypassRLS says that the role of the connection is not bound by row-level
// security.
var ErrBypassRLS = errors.New("postgres: the role is not bound by row-level security")

// DB is a database. It is safe for concurrent use.
type DB struct {
	pool  *sqlx.DB
	owned bool // by this DB and not by the host

	// within calls do with what runs a statement in a way that is right for
	// the pool. What do has run counts only if within returns nil.
	within func(ctx context.Context, do func(sqlx.QueryerContext) error) error

	direct bool       // [Options.Direct]
	kept   statements // with that, on a pool of the host's
}

// Open opens the database at url with the zero [Options].
func Open(ctx context.Context, url string) (*DB, error) { return Options{}.Open(ctx, url) }

// Open opens the database at url, a connection string of libpq in either form
// ("postgres://user:password@host/name?sslmode=verify-full" or "host=… user=…").
// The role it names must be able to read and write the tables but should not be
// able to bypass row-level security: see [ErrBypassRLS].
//
// Open connects once and returns an error that wraps todos.ErrUnavailable if it
// cannot. It does not make the tables: see [DB.Migrate].
func (o Options) Open(ctx context.Context, url string) (*DB, error) {
	connector, err := pqconn.New(url, pqconn.Options{})
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	n := o.MaxOpenConns
	switch {
	case n < 0:
		return nil, errors.New("postgres: Options.MaxOpenConns cannot be negative")
	case n == 0:
		n = 10
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)                  // else each burst ends in reconnecting
	pool.SetConnMaxIdleTime(time.Minute)     // gives the connections of a burst back
	pool.SetConnMaxLifetime(5 * time.Minute) // leaves a server that was demoted
	db := &DB{pool: sqlx.NewDb(pool, "postgres"), owned: true}
	db.within = db.alone
	if err := o.start(ctx, db); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// Use takes a pool that the host has, of any driver for PostgreSQL, and never
// closes it. Nothing is known of how its driver speaks to a pooler, so each
// operation on todos is a transaction, of four round trips; with Direct it is
// one statement that stays prepared.
func (o Options) Use(ctx context.Context, pool *sql.DB) (*DB, error) {
	db := &DB{pool: sqlx.NewDb(pool, "postgres")}
	db.within = db.transacted
	if err := o.start(ctx, db); err != nil {
		return nil, err
	}
	return db, nil
}

// start looks at the role and decides how statements are run.
func (o Options) start(ctx context.Context, db *DB) error {
	var role struct {
		Name   string `db:"rolname"`
		Super  bool   `db:"rolsuper"`
		Bypass bool   `db:"rolbypassrls"`
	}
	err := db.within(ctx, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(ctx, q, &role, `
			SELECT rolname, rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user`)
	})
	if err != nil {
		return failure(ctx, err)
	}
	if (role.Super || role.Bypass) && !o.AllowBypassRLS {
		return fmt.Errorf("%w: %q is a superuser or has BYPASSRLS; connect as a role with "+
			"NOSUPERUSER and NOBYPASSRLS, or set Options.AllowBypassRLS", ErrBypassRLS, role.Name)
	}
	if db.direct = o.Direct; o.Direct && !db.owned {
		db.kept.pool = db.pool.DB
		db.within = db.prepared
	}
	return nil
}

// Backend is the DB as the storage of a module.
func (db *DB) Backend() storage.Backend {
	return storage.Backend{Todos: todoStore{db}, Accounts: db.accounts()}
}

// Migrate makes the tables or brings them up to date, in a transaction, and
// waits if another process is doing it. The role must own the tables.
func (db *DB) Migrate(ctx context.Context) error {
	return migrations.Up(ctx, db.pool.DB, migrations.Postgres)
}

// Check returns an error if the tables are not up to date.
func (db *DB) Check(ctx context.Context) error {
	return migrations.Check(ctx, db.pool.DB, migrations.Postgres)
}

// Ping returns an error that wraps todos.ErrUnavailable if the server does not
// answer.
func (db *DB) Ping(ctx context.Context) error { return failure(ctx, db.pool.PingContext(ctx)) }

// Close closes what Open has opened. A pool that the host gave to Use stays
// open.
func (db *DB) Close() error {
	db.kept.close()
	if !db.owned {
		return nil
	}
	return db.pool.Close()
}
