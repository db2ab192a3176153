package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo/migrations"
)

// server is a server on which this process has a role and databases.
type server struct {
	cluster *cluster // nil if others have started it
	dsn     string   // of a superuser, without a database
	admin   *sql.DB
	role    string
	secret  string // password of role

	databases atomic.Int64
	template  func() (string, error) // the name of a database that is migrated
}

// start finds a server or starts one, and makes the role.
func start(ctx context.Context) (*server, error) {
	dsn := os.Getenv("AUTHTODO_TEST_DSN")
	if strings.Contains(dsn, "://") {
		return nil, errors.New("pgtest: AUTHTODO_TEST_DSN is not of the form host=… port=… user=…")
	}
	if dsn != "" {
		return newServer(ctx, dsn, nil)
	}
	return startServer(ctx, fast())
}

// startServer starts a server and makes the role.
func startServer(ctx context.Context, settings []string) (*server, error) {
	c, err := startCluster(ctx, settings)
	if err != nil {
		return nil, err
	}
	return newServer(ctx, c.dsn(), c)
}

// newServer makes the role on a server that runs.
func newServer(ctx context.Context, dsn string, c *cluster) (*server, error) {
	secret := strings.ToLower(rand.Text())
	s := &server{
		cluster: c,
		dsn:     dsn,
		role:    "authtodo_" + secret[:8], // other processes may be on the same server
		secret:  secret[8:],
	}
	s.template = sync.OnceValues(s.migrate)
	if err := s.makeRole(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// open is a pool of the database that a connection string names. The driver is
// not looked up by its name, which the tests may have to register.
func open(dsn string) (*sql.DB, error) {
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return sql.OpenDB(connector), nil
}

func (s *server) makeRole(ctx context.Context) (err error) {
	if s.admin, err = open(s.dsn + " dbname=postgres"); err != nil {
		return err
	}
	_, err = s.admin.ExecContext(ctx, fmt.Sprintf(
		`CREATE ROLE %s LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '%s'`, s.role, s.secret))
	if err != nil {
		return fmt.Errorf("pgtest: making a role: %w", err)
	}
	return nil
}

func (s *server) roleDSN() string {
	return fmt.Sprintf("%s user=%s password=%s", s.dsn, s.role, s.secret)
}

// create makes a database that belongs to the role, as a copy of template.
func (s *server) create(ctx context.Context, template string) (name string, err error) {
	name = fmt.Sprintf("%s_%d", s.role, s.databases.Add(1))
	_, err = s.admin.ExecContext(ctx, fmt.Sprintf(
		`CREATE DATABASE %s OWNER %s TEMPLATE %s`, name, s.role, template))
	if err != nil {
		return "", fmt.Errorf("pgtest: making a database: %w", err)
	}
	return name, nil
}

// newDatabase makes a database that its server takes along when it goes.
func (s *server) newDatabase(t testing.TB, template string) *Database {
	t.Helper()
	name, err := s.create(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	return &Database{
		URL:      s.roleDSN() + " dbname=" + name,
		AdminURL: s.dsn + " dbname=" + name,
		Role:     s.role,
		server:   s,
		name:     name,
	}
}

// database makes a database for one test.
func (s *server) database(t testing.TB, template string) *Database {
	t.Helper()
	d := s.newDatabase(t, template)
	t.Cleanup(func() {
		if err := d.drop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// migrate makes the database that those of [Migrated] are copies of. Copying
// takes a hundredth of the time of migrating, and works only while nobody is
// connected to what is copied.
func (s *server) migrate() (name string, err error) {
	ctx := context.Background()
	if name, err = s.create(ctx, "template0"); err != nil {
		return "", err
	}
	db, err := open(s.roleDSN() + " dbname=" + name)
	if err != nil {
		return "", err
	}
	if err := errors.Join(migrations.Up(ctx, db, migrations.Postgres), db.Close()); err != nil {
		return "", err
	}
	_, err = s.admin.ExecContext(ctx, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	if err != nil {
		return "", fmt.Errorf("pgtest: closing the template: %w", err)
	}
	return name, nil
}

// stop ends what this process has started, and drops what it has made on a
// server of others.
func (s *server) stop() {
	if s.admin != nil && s.cluster == nil {
		s.drop()
	}
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.cluster != nil {
		s.cluster.stop()
	}
}

// drop takes the template, of which there may be none, and the role off a
// server. There is nobody to tell of a failure but the one who looks there.
func (s *server) drop() {
	ctx := context.Background()
	rows, err := s.admin.QueryContext(ctx,
		`SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, '`+s.role+`_')`)
	if err != nil {
		return
	}
	var names []string
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil {
			names = append(names, name)
		}
	}
	_ = rows.Close()
	for _, name := range names {
		_, _ = s.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	}
	_, _ = s.admin.ExecContext(ctx, "DROP ROLE "+s.role)
}
