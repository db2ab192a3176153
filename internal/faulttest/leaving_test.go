package faulttest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// TestClientsGone: clients go away while the server works for them. It stops, long
// before the time of the module is up, and has written nothing.
func TestClientsGone(t *testing.T) {
	server := pgtest.Migrated(t)
	leavesNothing(t, "clients", func(t *testing.T) {
		h := serve(t, authtodo.Options{Storage: onPostgres(t, server, server.URL), Timeout: authtodo.MaxTimeout})
		anna := h.as("anna")
		made := anna.create(t.Context(), "made before", "").todo(t, 201)
		db := look(t, server)
		release := hold(t, db, "anna")
		waiting := func() int64 {
			return number(t, db, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND usename = $1 AND wait_event_type = 'Lock'`, server.Role)
		}
		for range rounds {
			ctx, leave := context.WithCancel(t.Context())
			var gone sync.WaitGroup
			for i := range 3 * pooled {
				gone.Go(func() {
					title, key := fmt.Sprint("made in round ", i%rounds), ""
					if i%2 == 0 {
						title += " without a key"
					} else {
						key = title
					}
					if a := anna.create(ctx, title, key); a.err == nil {
						t.Errorf("%q: got %s, and nobody was there", title, a)
					}
				})
			}
			until(t, "all connections to wait", func() bool { return waiting() == pooled })
			leave()
			gone.Wait()
			until(t, "the server to notice", func() bool { return waiting() == 0 })
		}
		release()
		recovers(t, anna, made, db, false)
		if log := h.log.String(); strings.Contains(log, "level=ERROR") {
			t.Errorf("that clients go away is an error in the log:\n%s", log)
		}
	})
}

// TestKeyOfOneWhoIsGone: a client goes away while its creation waits for another
// with the same key, and comes again when that is done.
func TestKeyOfOneWhoIsGone(t *testing.T) {
	backends := map[string]func(t *testing.T) (authtodo.Options, *sql.DB){
		"postgres": func(t *testing.T) (authtodo.Options, *sql.DB) {
			server := pgtest.Migrated(t)
			return authtodo.Options{Storage: onPostgres(t, server, server.URL)}, look(t, server)
		},
		"sqlite": func(t *testing.T) (authtodo.Options, *sql.DB) {
			backend, path := onSQLite(t, t.TempDir())
			return authtodo.Options{Storage: backend}, lookInto(t, path)
		},
	}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			opts, db := open(t)
			h := serve(t, opts)
			anna := h.as("anna")
			for round := range 20 {
				title := fmt.Sprint("made in round ", round)
				ctx, leave := context.WithCancel(t.Context())
				var racers sync.WaitGroup
				for range 4 {
					racers.Go(func() { anna.create(ctx, title, title) })
				}
				// Somewhere in the middle of it, or before or behind it; all are right.
				time.AfterFunc(time.Duration(round)*time.Millisecond/2, leave)
				racers.Wait()
				leave()
				anna.create(t.Context(), title, title).is(t, 201)
				if n := count(t, db, title); n != 1 {
					t.Errorf("there are %d todos %q", n, title)
				}
			}
		})
	}
}

// TestHalfRequests: clients go away before they have said what they want, in an
// orderly way or not, also behind what would be a whole todo.
func TestHalfRequests(t *testing.T) {
	leavesNothing(t, "halves", func(t *testing.T) {
		backend, path := onSQLite(t, t.TempDir())
		h := serve(t, authtodo.Options{Storage: backend})
		whole := fmt.Sprintf("POST /api/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/json\r\nContent-Length: 64\r\n\r\n"+`{"title":"half"}`+"%32s", tokenOf(t, "anna"), "")
		var wait sync.WaitGroup
		for sent := 1; sent <= len(whole); sent += 7 {
			for _, reset := range []bool{false, true} {
				wait.Go(func() {
					conn, err := net.Dial("tcp", h.url[len("http://"):])
					if err != nil {
						t.Error(err)
						return
					}
					_, err = io.WriteString(conn, whole[:sent])
					if err == nil && reset {
						err = conn.(*net.TCPConn).SetLinger(0)
					}
					if err := conn.Close(); err != nil {
						t.Error(err)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		wait.Wait()
		h.as("anna").create(t.Context(), "whole", "").is(t, 201)
		if n := number(t, lookInto(t, path), `SELECT count(*) FROM authtodo_todos`); n != 1 {
			t.Errorf("there are %d todos, want 1", n)
		}
		if log := h.log.String(); strings.Contains(log, "level=ERROR") {
			t.Errorf("that clients go away is an error in the log:\n%s", log)
		}
	})
}
