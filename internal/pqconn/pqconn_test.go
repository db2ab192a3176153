package pqconn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// grace is what the tests give the server; a bound of theirs has slack on top,
// for the machine may be busy.
const (
	grace = 200 * time.Millisecond
	slack = 10 * time.Second
)

// lab is a database, and the way to it through a proxy.
type lab struct {
	proxy *faultproxy.Proxy
	dsn   string  // through the proxy
	admin *sql.DB // past the proxy, by plain lib/pq
}

func newLab(t testing.TB) *lab {
	t.Helper()
	url := pgtest.Empty(t).AdminURL // some tests make roles, or end other people's connections
	config, err := pq.NewConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	if filepath.IsAbs(config.Host) {
		network, address = "unix", filepath.Join(config.Host, fmt.Sprintf(".s.PGSQL.%d", config.Port))
	}
	proxy, err := faultproxy.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{proxy: proxy, dsn: fmt.Sprintf("%s host=%s port=%s sslmode=disable", url, host, port)}
	l.admin = openPlain(t, url)
	mustExec(t, l.admin, `CREATE TABLE k (id bigint GENERATED ALWAYS AS IDENTITY, v text)`)
	return l
}

// open is a pool of connections of this package through the proxy.
func (l *lab) open(t testing.TB) *sql.DB {
	t.Helper()
	return open(t, l.dsn, pqconn.Options{Grace: grace})
}

// plain is a pool of connections of lib/pq, to show that it has the trap.
func (l *lab) plain(t testing.TB) *sql.DB {
	t.Helper()
	return openPlain(t, l.dsn+" binary_parameters=yes connect_timeout=2")
}

func (l *lab) set(t testing.TB, f faultproxy.Fault) {
	t.Helper()
	if err := l.proxy.Set(f); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dsn string, opts pqconn.Options) *sql.DB {
	t.Helper()
	connector, err := pqconn.New(dsn, opts)
	if err != nil {
		t.Fatal(err)
	}
	return keep(t, sql.OpenDB(connector))
}

func openPlain(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	connector, err := pq.NewConnector(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return keep(t, sql.OpenDB(connector))
}

func keep(t testing.TB, db *sql.DB) *sql.DB {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func mustExec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// one asks for the number n and gets it: the answer is that of this question.
func one(t testing.TB, db *sql.DB, n int) {
	t.Helper()
	var got int
	if err := db.QueryRow(`SELECT $1::int`, n).Scan(&got); err != nil || got != n {
		t.Errorf("SELECT %d: %d, %v", n, got, err)
	}
}

func (l *lab) rows(t testing.TB) int {
	t.Helper()
	var n int
	if err := l.admin.QueryRow(`SELECT count(*) FROM k`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// within runs f and fails the test if it takes longer than limit and slack.
func within(t testing.TB, limit time.Duration, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit + slack):
		t.Fatalf("still running after %v", time.Since(began))
		return nil
	}
}

func wantUncertain(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, pqconn.ErrUncertain) || errors.Is(err, driver.ErrBadConn) ||
		!pqconn.Unavailable(err) {
		t.Errorf("error %v, want ErrUncertain", err)
	}
}

func wantState(t testing.TB, err error, ended error, state string) {
	t.Helper()
	if !errors.Is(err, ended) || pqconn.SQLState(err) != state ||
		errors.Is(err, pqconn.ErrUncertain) || pq.As(err) == nil {
		t.Errorf("error %v, want %v and SQLSTATE %s", err, ended, state)
	}
}

func timeout(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
