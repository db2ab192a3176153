package faulttest

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/postgres"
)

// TestPoolExhausted: the host does other things with the pool that it gives to the
// module, with all connections of it.
func TestPoolExhausted(t *testing.T) {
	server := pgtest.Migrated(t)
	leavesNothing(t, "a pool of the host's", func(t *testing.T) {
		connector, err := pq.NewConnector(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		pool := closing(t, sql.OpenDB(connector))
		pool.SetMaxOpenConns(pooled)
		store, err := postgres.Options{}.Use(t.Context(), pool)
		if err != nil {
			t.Fatal(err)
		}
		h := serve(t, authtodo.Options{Storage: store.Backend(), Timeout: timeout})
		anna := h.as("anna")
		made := anna.create(t.Context(), "made before", "").todo(t, 201)
		var taken []*sql.Conn
		for range pooled {
			conn, err := pool.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			taken = append(taken, conn)
		}
		inRounds(t, anna, made)
		for _, conn := range taken {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		recovers(t, anna, made, look(t, server), false)
		if n := pool.Stats().InUse; n != 0 {
			t.Errorf("%d connections are not given back", n)
		}
	})
}

// inRounds sends requests of each kind that must all be 503.
func inRounds(t *testing.T, c *client, made todo) {
	t.Helper()
	for round := range rounds {
		for _, a := range c.every(t, made, fmt.Sprint("made in round ", round)) {
			a.isUnavailable(t).isInTime(t)
		}
	}
}

// TestServerExhausted: the server takes no more connections of this role, and has
// ended those that there were.
func TestServerExhausted(t *testing.T) {
	server := pgtest.Migrated(t)
	pgtest.Private(t) // the role is that of all tests of this process
	leavesNothing(t, "a server", func(t *testing.T) {
		h := serve(t, authtodo.Options{Storage: onPostgres(t, server, server.URL), Timeout: timeout})
		anna := h.as("anna")
		made := anna.create(t.Context(), "made before", "").todo(t, 201)
		db := look(t, server)
		limit := func(n int) {
			if _, err := db.Exec(fmt.Sprintf(`ALTER ROLE %s CONNECTION LIMIT %d`, server.Role, n)); err != nil {
				t.Error(err)
			}
		}
		defer limit(-1)
		limit(0)
		_, err := db.Exec(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1`, server.Role)
		if err != nil {
			t.Fatal(err)
		}
		inRounds(t, anna, made)
		if !strings.Contains(h.log.String(), "too many connections") {
			t.Error("the log does not say what is wrong")
		}
		limit(-1)
		recovers(t, anna, made, db, false)
	})
}

// TestBlockedWriter: writes of one user wait for a lock that is held for longer
// than there is time, and take all connections with them; then they give them
// back. A write with a key may be told 409: it cannot know that it is not another
// request with its key that it waits for, and to come again is right for both.
func TestBlockedWriter(t *testing.T) {
	server := pgtest.Migrated(t)
	leavesNothing(t, "a lock", func(t *testing.T) {
		h := serve(t, authtodo.Options{Storage: onPostgres(t, server, server.URL), Timeout: timeout})
		anna, bob := h.as("anna"), h.as("bob")
		made := anna.create(t.Context(), "made before", "").todo(t, 201)
		db := look(t, server)
		release := hold(t, db, "anna")
		var wait sync.WaitGroup
		for round := range rounds {
			wait.Go(func() {
				title := fmt.Sprint("made in round ", round)
				a := anna.create(t.Context(), title, title)
				if a.status != 409 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "in-flight") {
					a.isUnavailable(t)
				}
			})
			for i := range 2 * pooled {
				wait.Go(func() {
					title := fmt.Sprint("made in round ", i, " without a key")
					anna.create(t.Context(), title, "").isUnavailable(t)
				})
			}
			wait.Wait()
			anna.send(t.Context(), "GET", "/api/todos/"+made.ID, "").is(t, 200)
			bob.create(t.Context(), "of bob", "").is(t, 201)
		}
		release()
		recovers(t, anna, made, db, false)
		if n := connections(t, server); n > pooled {
			t.Errorf("there are %d connections, want at most %d", n, pooled)
		}
	})
}

// hold locks the list of an owner, who has one, until release.
func hold(t *testing.T, db *sql.DB, owner string) (release func()) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	if _, err := tx.Exec(`SELECT 1 FROM authtodo_lists WHERE user_id = $1 FOR UPDATE`, owner); err != nil {
		t.Fatal(err)
	}
	return release
}
