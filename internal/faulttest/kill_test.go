package faulttest

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// extent is how much is written and how often it is killed.
func extent() (writes, kills int) {
	if soak() {
		return 12_000, 24
	}
	return 500, 2
}

// TestKillServer kills the server of PostgreSQL, all its processes, and starts it
// again. The module is not started again.
func TestKillServer(t *testing.T) {
	mortal := pgtest.NewMortal(t)
	server := mortal.Migrated(t)
	db := look(t, server)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	leavesNothing(t, "server", func(t *testing.T) {
		h := serve(t, authtodo.Options{Storage: onPostgres(t, server, server.URL)})
		c := campaign{base: func() string { return h.url }}
		c.writes, c.kills = extent()
		c.kill = func() error {
			if err := mortal.Kill(); err != nil {
				return err
			}
			return mortal.Start(t.Context())
		}
		c.run(t).audit(t, db)
		if n := connections(t, server); n > pooled {
			t.Errorf("there are %d connections, want at most %d", n, pooled)
		}
	})
}

// TestKillProcess kills the process that the module is in.
func TestKillProcess(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		server := pgtest.NewMortal(t).Migrated(t)
		killProcess(t, "postgres "+server.URL).audit(t, look(t, server))
		until(t, "the connections of dead processes to end", func() bool { return connections(t, server) == 0 })
	})
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "todos.db")
		l := killProcess(t, "sqlite "+path)
		db := lookInto(t, path)
		l.audit(t, db)
		isWhole(t, db)
	})
}

// killProcess runs a campaign against another process, which is gone then.
func killProcess(t *testing.T, store string) *ledger {
	t.Helper()
	p := start(t, "serve", store)
	var url atomic.Value
	url.Store(p.ready)
	c := campaign{base: func() string { return url.Load().(string) }, mute: true}
	c.writes, c.kills = extent()
	c.kill = func() (err error) {
		p.kill()
		if p, err = spawn("serve", store); err == nil {
			url.Store(p.ready)
		}
		return err
	}
	defer func() { p.kill() }()
	l := c.run(t)
	if err := p.end(); err != nil {
		t.Error(err)
	}
	return l
}
