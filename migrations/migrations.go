// Package migrations makes the tables of the module and brings them up to
// date. It is golang-migrate with a driver of its own, because the stock ones
// close the host's pool, wait for locks without an end, break behind a pooler,
// leave a failed migration half recorded, and let several processes corrupt an
// SQLite file that they start with at once.
//
// All migrations that are due run in one transaction, under a lock, and the
// version with them: a call does everything or nothing. The version is in the
// table authtodo_schema_migrations, in golang-migrate's form, so that its
// command-line tool can read it with x-migrations-table; a host's own table of
// versions is not touched.
//
// Nothing runs unless it is called. A service may call [Up] whenever it starts,
// or call [Check] and leave migrating to a release step.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
)

// Dialect is a kind of database. Both have the same migrations, by number and
// by name.
type Dialect string

// The dialects there are; each is the name of a folder.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// What the schema can be other than up to date. Errors of this package wrap
// one of these where it applies, and say what to do.
var (
	// ErrBehind: migrations of this build have not run. Call [Up].
	ErrBehind = errors.New("the schema is behind this build")

	// ErrAhead: a newer release has migrated. This build may well work with the
	// schema, as replicas do while a release is rolled out, but knows nothing
	// of it.
	ErrAhead = errors.New("the schema is newer than this build")

	// ErrDirty: golang-migrate's command-line tool was stopped by a failure
	// half-way. A person has to look. This package never leaves such a state.
	ErrDirty = errors.New("the schema was left half migrated")
)

// Up runs the migrations that have not run. If others are migrating it waits
// for them, until ctx ends. If there is nothing to do it only reads the
// version, and needs no right to make tables.
//
// Up works through any pool of a database/sql driver, one of a single
// connection too, and on Postgres through a transaction pooler. It takes a
// connection from db and gives it back; it never closes db. On an error nothing
// has changed, unless the connection was lost while committing: calling Up
// again finds out.
//
// An index on a table that is large already keeps writers waiting. Make it
// beforehand with CREATE INDEX CONCURRENTLY, which cannot run here: migrations
// of this module that add one say IF NOT EXISTS.
func Up(ctx context.Context, db *sql.DB, d Dialect) error {
	return runner{files, db, d}.up(ctx)
}

// Check returns nil if the schema is what this build wants, and otherwise an
// error that wraps [ErrBehind], [ErrAhead] or [ErrDirty], or tells why the
// version could not be read. It changes nothing.
func Check(ctx context.Context, db *sql.DB, d Dialect) error {
	return runner{files, db, d}.check(ctx)
}

// Down undoes all migrations. It DESTROYS ALL DATA of the module, and leaves
// nothing of it in the database. It is for tests, and for those who leave.
func Down(ctx context.Context, db *sql.DB, d Dialect) error {
	return runner{files, db, d}.down(ctx)
}

// runner runs the migrations that are in the folder of the dialect.
type runner struct {
	files   fs.FS
	db      *sql.DB
	dialect Dialect
}

func (r runner) up(ctx context.Context) error {
	err := r.check(ctx)
	if !errors.Is(err, ErrBehind) {
		return err
	}
	return r.run(ctx, (*migrate.Migrate).Up)
}

func (r runner) down(ctx context.Context) error {
	version, dirty, err := r.version(ctx)
	if err != nil || version == database.NilVersion && !dirty {
		return err
	}
	if err := r.check(ctx); err != nil && !errors.Is(err, ErrBehind) {
		return err
	}
	return r.run(ctx, (*migrate.Migrate).Down)
}

func (r runner) run(ctx context.Context, way func(*migrate.Migrate) error) error {
	src, err := r.source()
	if err != nil {
		return err
	}
	d := &driver{ctx: ctx, db: r.db, engine: r.dialect.engine()}
	m, err := migrate.NewWithInstance("iofs", src, string(r.dialect), d)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	m.LockTimeout = time.Duration(math.MaxInt64) // ctx is the limit
	err = way(m)
	if d.err != nil {
		err = d.err // the first failure; what core has is what followed from it
	}
	if errors.Is(err, migrate.ErrNoChange) {
		return nil // somebody else was faster
	}
	return failure(ctx, err)
}

// failure adds the end of the context, which drivers report in their own ways.
func failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		err = fmt.Errorf("%w: %w", end, err)
	}
	return fmt.Errorf("migrations: %w", err)
}

func (r runner) source() (source.Driver, error) {
	if r.dialect != Postgres && r.dialect != SQLite {
		return nil, fmt.Errorf("migrations: there is no dialect %q", string(r.dialect))
	}
	src, err := iofs.New(r.files, string(r.dialect))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return src, nil
}

func (r runner) check(ctx context.Context) error {
	known, err := r.known()
	if err != nil {
		return err
	}
	version, dirty, err := r.version(ctx)
	if err != nil {
		return err
	}
	return compare(version, dirty, known)
}

// version reads the version. It waits a while for an SQLite file that others
// are just creating: SQLite refuses at once, whatever its busy_timeout is, while
// they switch the file to WAL.
func (r runner) version(ctx context.Context) (version int, dirty bool, err error) {
	for end := time.Now().Add(5 * time.Second); ; {
		version, dirty, err = r.read(ctx)
		if !busy(err) || time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
	if err != nil {
		return 0, false, failure(ctx, fmt.Errorf("reading the version of the schema: %w", err))
	}
	return version, dirty, nil
}

func (r runner) read(ctx context.Context) (version int, dirty bool, err error) {
	conn, err := connect(ctx, r.db)
	if err != nil {
		return 0, false, err
	}
	defer conn.Close()
	return r.dialect.engine().version(ctx, conn)
}

// compare says what a version means to a build that knows these migrations.
func compare(version int, dirty bool, known []migration) error {
	newest := known[len(known)-1].number
	var due []string
	for _, m := range known {
		if m.number > version {
			due = append(due, m.String())
		}
	}
	switch {
	case dirty:
		return fmt.Errorf("migrations: %w: migration %d failed in golang-migrate's command-line tool; "+
			"look which of its statements have run, undo or finish them by hand, "+
			"and then tell the tool with force what the version is", ErrDirty, version)
	case version > newest:
		return fmt.Errorf("migrations: %w: its version is %d, and %s is the last that this build knows; "+
			"run a build that is as new as the schema", ErrAhead, version, known[len(known)-1])
	case version == database.NilVersion:
		return fmt.Errorf("migrations: %w: there is none yet; call migrations.Up to run %s",
			ErrBehind, strings.Join(due, ", "))
	case len(due) > 0:
		return fmt.Errorf("migrations: %w: its version is %d; call migrations.Up to run %s",
			ErrBehind, version, strings.Join(due, ", "))
	}
	return nil
}

// migration is one that this build has.
type migration struct {
	number int
	name   string
}

func (m migration) String() string { return fmt.Sprintf("%04d_%s", m.number, m.name) }

// known returns the migrations there are, the oldest first.
func (r runner) known() ([]migration, error) {
	src, err := r.source()
	if err != nil {
		return nil, err
	}
	var all []migration
	for number, err := src.First(); ; number, err = src.Next(number) {
		if errors.Is(err, fs.ErrNotExist) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		text, name, err := src.ReadUp(number)
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		_ = text.Close()
		all = append(all, migration{int(number), name})
	}
}
