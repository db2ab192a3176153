// Package pgtest gives every test package a PostgreSQL of its own: a private
// server that starts when a test first asks for a database, listens on a Unix
// socket in a private folder, and is gone with the test process, however that
// ends.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
//	func TestSomething(t *testing.T) {
//		db := pgtest.Migrated(t)
//		... sql.Open("postgres", db.URL)
//	}
//
// The programs are looked for in the folder AUTHTODO_PGBIN, in the newest
// /usr/lib/postgresql/*/bin, and on the PATH. Where they are missing, tests are
// skipped; with AUTHTODO_REQUIRE or CI=true in the environment they fail.
//
// AUTHTODO_TEST_DSN names a server that is there already: a connection string
// of key=value pairs, for a superuser. Each process makes a role and databases
// of its own on it and drops them again.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// current is what Run has for the tests of this process. It is a variable of
// the package because package testing hands nothing from TestMain to tests.
var current atomic.Pointer[process]

// process is the server of a test process, if a test has asked for it.
type process struct {
	mu     sync.Mutex
	server *server
	err    error
}

// Run runs the tests of a package and then stops what they have started.
func Run(m *testing.M) int {
	p := &process{}
	current.Store(p)
	defer p.stop()
	return m.Run()
}

// start starts the server at the first call.
func (p *process) start() (*server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server == nil && p.err == nil {
		p.server, p.err = start(context.Background())
	}
	return p.server, p.err
}

func (p *process) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		p.server.stop()
	}
}

// Database is a database that only one test uses.
type Database struct {
	// URL connects as the role that owns the database and so can migrate it.
	// The role is bound by row-level security: it is no superuser and has not
	// BYPASSRLS.
	URL string

	// AdminURL connects as a superuser, who bypasses row-level security.
	AdminURL string

	// Role is the name of the role of URL.
	Role string

	server *server
	name   string

	mu      sync.Mutex
	bouncer *bouncer // nil until it is asked for
}

// Both URLs and that of a pooler are key=value pairs: lib/pq takes the folder
// of a Unix socket in no other form, and tests add pairs that win over these.

// Empty returns a new database without tables. It is dropped when t ends.
func Empty(t testing.TB) *Database {
	t.Helper()
	s := get(t)
	return s.database(t, "template0")
}

// Migrated returns a new database with the tables of the module. It is dropped
// when t ends.
func Migrated(t testing.TB) *Database {
	t.Helper()
	s := get(t)
	template, err := s.template()
	if err != nil {
		t.Fatal(err)
	}
	return s.database(t, template)
}

// Private skips a test that changes more than its database, unless the server
// is one that this process has started.
func Private(t testing.TB) {
	t.Helper()
	if get(t).cluster == nil {
		t.Skip("pgtest: not on a server that others use too")
	}
}

// Pooler returns a URL like d.URL that leads through PgBouncer, which has four
// connections to the database and gives each to a client for one transaction.
func (d *Database) Pooler(t testing.TB) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bouncer == nil {
		b, err := startBouncer(d.URL)
		if err != nil {
			refuse(t, err)
		}
		d.bouncer = b
	}
	return d.bouncer.dsn(d.name)
}

// drop drops the database. Its pooler goes first: one that has a cancel request
// under way when the server ends a connection ends too (PgBouncer before 1.21,
// its issue 822).
func (d *Database) drop() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bouncer != nil {
		d.bouncer.stop()
	}
	_, err := d.server.admin.ExecContext(context.Background(), "DROP DATABASE "+d.name+" WITH (FORCE)")
	if err != nil {
		return fmt.Errorf("pgtest: dropping a database: %w", err)
	}
	return nil
}

// get returns the server. Without the programs it skips t or fails it.
func get(t testing.TB) *server {
	t.Helper()
	p := current.Load()
	if p == nil {
		t.Fatal("pgtest: the package needs func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }")
	}
	s, err := p.start()
	if err != nil {
		refuse(t, err)
	}
	return s
}

// missingError says that a program is not installed.
type missingError struct{ program string }

func (e missingError) Error() string {
	return "pgtest: there is no " + e.program + " on this machine; the tests with PostgreSQL need " +
		`"apt-get install postgresql pgbouncer" or the like, ` +
		"or AUTHTODO_PGBIN as the folder of the programs"
}

// refuse ends a test that cannot have its database. Only programs that are
// missing are a reason to skip it, and only where nobody counts on the test.
func refuse(t testing.TB, err error) {
	t.Helper()
	counted := os.Getenv("AUTHTODO_REQUIRE") != "" || os.Getenv("CI") == "true"
	if _, missing := errors.AsType[missingError](err); missing && !counted {
		t.Skip(err)
	}
	t.Fatal(err)
}
