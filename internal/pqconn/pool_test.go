package pqconn_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pqconn"
)

// TestLongError: lib/pq leaves an error over 30,000 bytes in the stream.
func TestLongError(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	db.SetMaxOpenConns(1)
	for name, run := range map[string]func() error{
		"exec": func() error {
			_, err := db.Exec(`SELECT $1::uuid`, strings.Repeat("x", 40_000))
			return err
		},
		"query": func() error { return db.QueryRow(`SELECT $1::uuid`, strings.Repeat("x", 40_000)).Err() },
		"prepared": func() error {
			_, err := prepare(t, db, `SELECT $1::text::uuid`).Exec(strings.Repeat("x", 40_000))
			return err
		},
		"asked": func() error {
			return ask(t.Context(), db, pqconn.Query{Text: `SELECT $1::uuid`, Args: []any{strings.Repeat("x", 40_000)}})
		},
		"behind rows": func() error { // the server sends what it has when its buffer is full
			rows, err := db.Query(`
				SELECT CASE WHEN n < $1::int THEN repeat('a', 1000)::text
					ELSE repeat('x', 40000 + n)::int::text END
				FROM generate_series(1, $1::int) n`, 1000)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
		"in a transaction": func() error {
			tx, err := db.Begin()
			if err != nil {
				return err
			}
			_, err = tx.Exec(`SELECT $1::uuid`, strings.Repeat("x", 40_000))
			if commit := tx.Commit(); commit == nil {
				t.Error("a transaction out of step was committed")
			}
			return err
		},
	} {
		if err := within(t, 0, run); err == nil || len(err.Error()) > 500 {
			t.Errorf("%s: %.100v, want a short error", name, err)
		}
		if err := within(t, 0, func() error { one(t, db, 7); return nil }); err != nil {
			t.Error(err)
		}
	}
}

// TestPoisoned: an error arrives, and what ends it does not.
func TestPoisoned(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, trap := range []bool{true, false} {
		db := l.open(t)
		if trap {
			db = l.plain(t)
		}
		db.SetMaxOpenConns(1)
		one(t, db, 1)
		l.proxy.Cut(faultproxy.Cut{Before: "Z\x00\x00\x00\x05I", By: faultproxy.Close})
		_, err := db.Exec(`SELECT $1::uuid`, "no uuid")
		if pqconn.SQLState(err) != "22P02" || errors.Is(err, pqconn.ErrUncertain) {
			t.Errorf("error %v, want SQLSTATE 22P02", err)
		}
		if !trap {
			one(t, db, 2)
			continue
		}
		var n int
		if err := db.QueryRow(`SELECT $1::int`, 2).Scan(&n); err == nil {
			t.Error("lib/pq has lost the trap")
		}
	}
}

// TestUnsendable: lib/pq believes that a query which it could not send is
// being processed.
func TestUnsendable(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`SELECT 1`, make([]any, 70_000)...)
	if err == nil || pqconn.Unavailable(err) {
		t.Errorf("70,000 arguments: %v", err)
	}
	one(t, db, 1)
}

// TestIdleClosed: idle connections that are gone cost nobody an error.
func TestIdleClosed(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(l *lab){
		"terminated": func(l *lab) {
			mustExec(t, l.admin, `
				SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		},
		"reset":  func(l *lab) { l.set(t, faultproxy.Reset); l.set(t, faultproxy.Pass) },
		"closed": func(l *lab) { l.set(t, faultproxy.Close); l.set(t, faultproxy.Pass) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			db := l.open(t)
			db.SetMaxIdleConns(5)
			var conns []*sql.Conn
			for range 5 {
				c, err := db.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, c)
			}
			for _, c := range conns {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
			}
			kill(l)
			time.Sleep(500 * time.Millisecond) // until the news has come through the proxy
			for range 10 {
				mustExec(t, db, `INSERT INTO k (v) VALUES ($1)`, "x")
			}
			if n := l.rows(t); n != 10 {
				t.Errorf("%d rows, want 10", n)
			}
		})
	}
}

// TestDeadlineOfIdle: the time that the last statement had does not count for
// the connection, which is kept.
func TestDeadlineOfIdle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := open(t, l.dsn, pqconn.Options{Grace: time.Millisecond})
	one(t, db, 1) // so that connecting does not take of the time
	const short = 2 * time.Second
	backend := func() (pid int) {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		if err := db.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	before := backend()
	time.Sleep(short + 50*time.Millisecond)
	if after := backend(); after != before {
		t.Errorf("backend %d, then %d: an idle connection was thrown away", before, after)
	}
}

// TestCancelled: the server stops, its answer and the context's are both seen.
func TestCancelled(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := open(t, l.dsn, pqconn.Options{Grace: slack}) // for the server's answer, however busy it is
	sleeper := prepare(t, db, `SELECT pg_sleep($1)`)
	for name, run := range map[string]func(ctx context.Context) error{
		"exec": func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `SELECT pg_sleep($1)`, 30)
			return err
		},
		"query": func(ctx context.Context) error {
			var void string
			return db.QueryRowContext(ctx, `SELECT pg_sleep($1)`, 30).Scan(&void)
		},
		"prepared": func(ctx context.Context) error {
			_, err := sleeper.ExecContext(ctx, 30)
			return err
		},
		"transaction": func(ctx context.Context) error {
			_, err := begin(t, ctx, db).Exec(`SELECT pg_sleep(30)`)
			return err
		},
		"asked": func(ctx context.Context) error {
			return ask(ctx, db, pqconn.Query{Text: `SELECT pg_sleep($1)`, Args: []any{30}}, new(string))
		},
		"asked, kept": func(ctx context.Context) error {
			return ask(ctx, db, pqconn.Query{Text: `SELECT pg_sleep($1)`, Args: []any{30}, Kept: true}, new(string))
		},
	} {
		const soon = time.Second // and long enough to get to the server
		one(t, db, 1)            // so that connecting is not what ends
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(soon, cancel)
		wantState(t, within(t, 0, func() error { return run(ctx) }), context.Canceled, "57014")

		one(t, db, 1)
		ctx = timeout(t, soon)
		wantState(t, within(t, 0, func() error { return run(ctx) }), context.DeadlineExceeded, "57014")
		one(t, db, 1)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	var running int
	if err := l.admin.QueryRow(`
		SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(%'
			AND pid <> pg_backend_pid()`).Scan(&running); err != nil || running != 0 {
		t.Errorf("%d statements still run, %v", running, err)
	}
}

// TestMaxStatement ends on the server, too, what nobody set a deadline for.
func TestMaxStatement(t *testing.T) {
	t.Parallel()
	db := open(t, newLab(t).dsn, pqconn.Options{MaxStatement: 2 * time.Second})
	_, err := db.ExecContext(context.Background(), `SELECT pg_sleep(30)`)
	wantState(t, err, context.DeadlineExceeded, "57014")
	rows, err := db.Query(`SELECT n FROM generate_series(1, 3) n`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestStorm cancels at random: no answer goes to another question, and no
// cancel request hits another statement.
func TestStorm(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(4)
	kept := prepare(t, db, `SELECT $1::int, pg_sleep($2)`)
	var workers sync.WaitGroup
	for w := range 6 {
		workers.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithCancel(t.Context())
				victim := i%8 < 4
				if victim {
					time.AfterFunc(rand.N(4*time.Millisecond), cancel)
				}
				var n int64
				var void string
				var err error
				args := []any{w*1000 + i, 0.002}
				if text := `SELECT $1::int, pg_sleep($2)`; i%4 > 1 {
					err = ask(ctx, db, pqconn.Query{Text: text, Args: args, Kept: i%4 == 2}, &n, &void)
				} else if i%4 == 1 {
					err = kept.QueryRowContext(ctx, args...).Scan(&n, &void)
				} else {
					err = db.QueryRowContext(ctx, text, args...).Scan(&n, &void)
				}
				cancel()
				if err == nil && n != int64(w*1000+i) || err != nil && (!victim || !errors.Is(err, context.Canceled)) {
					t.Errorf("victim %v: answer %d, %v", victim, n, err)
				}
			}
		})
	}
	workers.Wait()
}

// TestNothingIsLeft counts goroutines after every fault. It is not parallel:
// it runs while the parallel tests wait.
func TestNothingIsLeft(t *testing.T) {
	l := newLab(t)
	one(t, l.admin, 1)
	before := runtime.NumGoroutine()
	for f := faultproxy.Pass; f <= faultproxy.Close; f++ {
		l.set(t, faultproxy.Pass)
		connector, err := pqconn.New(l.dsn,
			pqconn.Options{Grace: 50 * time.Millisecond, MaxStatement: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(connector)
		stmt := prepare(t, db, `SELECT $1::int`)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		l.set(t, f)
		ctx := timeout(t, 50*time.Millisecond)
		for range 3 {
			_, _ = db.ExecContext(ctx, `SELECT $1::int`, 1)
			_, _ = stmt.ExecContext(ctx, 1)
			_ = ask(ctx, db, pqconn.Query{Text: `SELECT $1::int`, Args: []any{1}, Kept: true}, new(int64))
			_, _ = tx.ExecContext(ctx, `SELECT 1`)
		}
		_ = tx.Rollback()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	l.set(t, faultproxy.Reset)
	for end := time.Now().Add(slack); runtime.NumGoroutine() > before; {
		if time.Now().After(end) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before,
				stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}
