package faulttest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/postgres"
)

// through is a proxy in front of the server of a database, and the URL of the
// database through it.
func through(t testing.TB, server *pgtest.Database) (*faultproxy.Proxy, string) {
	t.Helper()
	config, err := pq.NewConfig(server.URL)
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
	return proxy, fmt.Sprintf("%s host=%s port=%s sslmode=disable", server.URL, host, port)
}

// TestNetwork breaks all connections to the server, those that are open and new
// ones, and heals them.
func TestNetwork(t *testing.T) {
	pgtest.Empty(t) // starts the server
	leavesNothing(t, "network", func(t *testing.T) {
		for _, c := range []struct {
			name  string
			fault faultproxy.Fault
			delay time.Duration
			sent  bool // a request may have reached the server
		}{
			{name: "reset", fault: faultproxy.Reset},
			{name: "closed", fault: faultproxy.Close},
			{name: "refused", fault: faultproxy.Refuse},
			{name: "silent", fault: faultproxy.BlackHole, sent: true}, // what is sent then arrives when it heals
			{name: "slow", delay: 3 * timeout, sent: true},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				server := pgtest.Migrated(t)
				proxy, url := through(t, server)
				h := serve(t, authtodo.Options{Storage: onPostgres(t, server, url), Timeout: timeout})
				anna := h.as("anna")
				made := anna.create(t.Context(), "made before", "").todo(t, 201)
				disturb(t, proxy, c.fault, c.delay)
				inRounds(t, anna, made) // more at once than there are connections, and again
				disturb(t, proxy, faultproxy.Pass, 0)
				recovers(t, anna, made, look(t, server), c.sent)
				if n := connections(t, server); n > pooled && !c.sent {
					t.Errorf("there are %d connections, want at most %d", n, pooled)
				}
			})
		}
	})
}

func disturb(t testing.TB, proxy *faultproxy.Proxy, fault faultproxy.Fault, delay time.Duration) {
	t.Helper()
	proxy.Delay(delay)
	if err := proxy.Set(fault); err != nil {
		t.Fatal(err)
	}
}

// TestSlowButInTime: a network that is slow is no fault.
func TestSlowButInTime(t *testing.T) {
	server := pgtest.Migrated(t)
	leavesNothing(t, "slow", func(t *testing.T) {
		proxy, url := through(t, server)
		h := serve(t, authtodo.Options{Storage: onPostgres(t, server, url)})
		proxy.Delay(20 * time.Millisecond)
		anna := h.as("anna")
		for i := range 3 {
			made := anna.create(t.Context(), fmt.Sprint("made ", i), "").todo(t, 201)
			anna.send(t.Context(), "GET", "/api/todos/"+made.ID, "").is(t, 200)
		}
	})
}

// TestLostAnswers: the server has done what it was asked to, and the connection
// ends before its answer has come, on connections of the module and of the host.
func TestLostAnswers(t *testing.T) {
	const bound, complete, committed = "2\x00\x00\x00\x04", "SELECT 1\x00", "COMMIT\x00"
	for _, c := range []struct {
		name   string
		before string
		by     faultproxy.Fault
		open   func(t testing.TB, server *pgtest.Database, url string) storage.Backend
	}{
		{"closed in front of it", bound, faultproxy.Close, onPostgres},
		{"reset in front of it", bound, faultproxy.Reset, onPostgres},
		{"closed in its middle", complete, faultproxy.Close, onPostgres},
		{"reset in its middle", complete, faultproxy.Reset, onPostgres},
		{"of a host's pool, closed", committed, faultproxy.Close, onPoolOfHost},
		{"of a host's pool, reset", committed, faultproxy.Reset, onPoolOfHost},
	} {
		server := pgtest.Migrated(t)
		leavesNothing(t, c.name, func(t *testing.T) {
			proxy, url := through(t, server)
			h := serve(t, authtodo.Options{Storage: c.open(t, server, url)})
			proxy.Cut(faultproxy.Cut{Before: c.before, By: c.by, Every: 5})
			l := campaign{base: func() string { return h.url }, writes: 100}.run(t)
			proxy.Cut(faultproxy.Cut{})
			l.audit(t, look(t, server))
			if proxy.Cuts() == 0 || l.uncertain.Load() == 0 {
				t.Errorf("%d answers were lost, and clients missed %d", proxy.Cuts(), l.uncertain.Load())
			}
			if n := connections(t, server); n > pooled {
				t.Errorf("there are %d connections, want at most %d", n, pooled)
			}
		})
	}
}

// onPoolOfHost is as onPostgres, over a pool of plain lib/pq.
func onPoolOfHost(t testing.TB, _ *pgtest.Database, url string) storage.Backend {
	t.Helper()
	connector, err := pq.NewConnector(url)
	if err != nil {
		t.Fatal(err)
	}
	pool := closing(t, sql.OpenDB(connector))
	pool.SetMaxOpenConns(pooled)
	db, err := postgres.Options{}.Use(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return db.Backend()
}

// TestLostResponses: the module has answered, and its client never hears it.
func TestLostResponses(t *testing.T) {
	for name, by := range map[string]faultproxy.Fault{"closed": faultproxy.Close, "reset": faultproxy.Reset} {
		server := pgtest.Migrated(t)
		leavesNothing(t, name, func(t *testing.T) {
			h := serve(t, authtodo.Options{Storage: onPostgres(t, server, server.URL)})
			proxy, err := faultproxy.Listen("tcp", h.url[len("http://"):])
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proxy.Close)
			proxy.Cut(faultproxy.Cut{Before: "HTTP/1.1 20", By: by, Every: 5})
			c := campaign{base: func() string { return "http://" + proxy.Addr() }, writes: 100, mute: true}
			l := c.run(t)
			l.audit(t, look(t, server))
			if proxy.Cuts() == 0 {
				t.Error("no answer was lost")
			}
		})
	}
}

// recovers fails unless the service is as it was before a fault, without having
// been started again: the first request is good, so is one of each kind, and what
// was sent in the fault with a key is there once, whether it had been done then
// or is done now. After faults in which requests are sent, connections may still
// be opening that were begun then; requests are 503 until there is room for others.
func recovers(t testing.TB, c *client, made todo, db *sql.DB, sent bool) {
	t.Helper()
	first := func() answer { return c.send(t.Context(), "GET", "/api/todos/"+made.ID, "") }
	if sent {
		until(t, "a good answer", func() bool {
			a := first()
			if a.status != 200 {
				a.isUnavailable(t)
			}
			return a.status == 200
		})
	}
	first().is(t, 200)
	for round := range rounds {
		title := fmt.Sprint("made in round ", round)
		if again := c.create(t.Context(), title, title).todo(t, 201); again.Title != title {
			t.Errorf("%q is %q", title, again.Title)
		}
		if n := count(t, db, title); n != 1 {
			t.Errorf("there are %d todos %q, want 1", n, title)
		}
		if n := count(t, db, title+" without a key"); n > 1 || n == 1 && !sent {
			t.Errorf("there are %d todos %q that nobody was told of", n, title)
		}
	}
	a := c.create(context.Background(), "made afterwards", "")
	later := a.todo(t, 201)
	path := "/api/todos/" + later.ID
	c.send(t.Context(), "PATCH", path, `{"completed":true}`, `If-Match: "1"`).is(t, 200)
	c.send(t.Context(), "GET", "/api/todos?q=made", "", "Prefer: count=exact").is(t, 200)
	c.send(t.Context(), "DELETE", path, "", `If-Match: "2"`).is(t, 204)
}

// count is how many todos have a title.
func count(t testing.TB, db *sql.DB, title string) int64 {
	t.Helper()
	return number(t, db, `SELECT count(*) FROM authtodo_todos WHERE title = $1`, title)
}
