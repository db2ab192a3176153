package faulttest

import (
	"bytes"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lib/pq"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	os.Exit(pgtest.Run(m))
}

const secret = "a secret of the tests, 32 bytes and more"

// What a test gives a module to answer in, what it waits for an answer or for
// the end of something, how many connections a pool has, and how often requests
// of each kind are sent in a fault.
const (
	timeout  = time.Second // enough for a good answer, on a slow machine with the race detector
	patience = 30 * time.Second
	pooled   = 4
	rounds   = 2
)

// host is a service with a module, in this process.
type host struct {
	t   testing.TB
	url string
	log *logged
}

// serve mounts a module for a test. What opts lack, they get.
func serve(t testing.TB, opts authtodo.Options) *host {
	t.Helper()
	h := &host{t: t, log: &logged{}}
	if opts.Auth.Issuers == nil && opts.Accounts == nil {
		opts.Auth.Issuers = []auth.Issuer{{Keys: auth.SharedSecret(secret)}}
	}
	opts.Logger = slog.New(slog.NewTextHandler(h.log, nil))
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/api"), opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		server.Close() // waits for requests that are under way
		if err := module.Close(); err != nil {
			t.Error(err)
		}
	})
	h.url = server.URL
	return h
}

// logged is what a module has logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// onPostgres is the database at url, which may lead through a proxy to server.
// When the test is over, no connection of it may be left.
func onPostgres(t testing.TB, server *pgtest.Database, url string) storage.Backend {
	t.Helper()
	db, err := postgres.Options{MaxOpenConns: pooled}.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		until(t, "the connections of a closed pool to end", func() bool { return connections(t, server) == 0 })
	})
	return db.Backend()
}

// onSQLite is a new file in a folder, and its path.
func onSQLite(t testing.TB, dir string) (storage.Backend, string) {
	t.Helper()
	path := filepath.Join(dir, "todos.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db.Backend(), path
}

// look opens a database past the module: past row-level security, too.
func look(t testing.TB, server *pgtest.Database) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnector(server.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, sql.OpenDB(connector))
}

func lookInto(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	return closing(t, db)
}

func closing(t testing.TB, db *sql.DB) *sql.DB {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// number is the answer to a question that has a number as its answer.
func number(t testing.TB, db *sql.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// connections are those that the role of the module has to a database, as the
// server counts them.
func connections(t testing.TB, server *pgtest.Database) int64 {
	t.Helper()
	connector, err := pq.NewConnector(server.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return number(t, db, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = $1`, server.Role)
}

// until returns when what is waited for has come.
func until(t testing.TB, what string, come func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !come(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// leavesNothing runs a test and fails if, when all that it has started has been
// closed, there are more goroutines than before it.
func leavesNothing(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	before := runtime.NumGoroutine()
	if !t.Run(name, test) {
		return
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Fatalf("%s: there are %d goroutines, %d before:\n%s", name, runtime.NumGoroutine(), before, &stacks)
		}
	}
}

// tokenOf is a token of user that is good for two days.
func tokenOf(t testing.TB, user string) string {
	t.Helper()
	return sign(t, jwt.MapClaims{"sub": user, "exp": time.Now().Add(48 * time.Hour).Unix()})
}

func sign(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
