package pqconn_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pqconn"
)

// inserts are the ways to run an autocommit statement. Each returns the
// statement, prepared as far as it can be before its answer is lost.
var inserts = map[string]func(t *testing.T, db *sql.DB) func() error{
	"exec": func(t *testing.T, db *sql.DB) func() error {
		one(t, db, 1)
		return func() error {
			_, err := db.Exec(`INSERT INTO k (v) VALUES ('x')`)
			return err
		}
	},
	"exec with arguments": func(t *testing.T, db *sql.DB) func() error {
		one(t, db, 1)
		return func() error {
			_, err := db.Exec(`INSERT INTO k (v) VALUES ($1)`, "x")
			return err
		}
	},
	"query row": func(t *testing.T, db *sql.DB) func() error {
		one(t, db, 1)
		return func() error {
			var id int
			return db.QueryRow(`INSERT INTO k (v) VALUES ($1) RETURNING id`, "x").Scan(&id)
		}
	},
	"prepared exec": func(t *testing.T, db *sql.DB) func() error {
		stmt := prepare(t, db, `INSERT INTO k (v) VALUES ($1)`)
		return func() error {
			_, err := stmt.Exec("x")
			return err
		}
	},
	"prepared query row": func(t *testing.T, db *sql.DB) func() error {
		stmt := prepare(t, db, `INSERT INTO k (v) VALUES ($1) RETURNING id`)
		return func() error {
			var id int
			return stmt.QueryRow("x").Scan(&id)
		}
	},
	"asked": func(t *testing.T, db *sql.DB) func() error {
		one(t, db, 1)
		return func() error {
			return ask(t.Context(), db, pqconn.Query{Text: insert, Args: []any{"x"}}, new(int64))
		}
	},
	"asked, kept": func(t *testing.T, db *sql.DB) func() error {
		kept := pqconn.Query{Text: insert, Args: []any{"x"}, Kept: true}
		if err := ask(t.Context(), db, kept, new(int64)); err != nil {
			t.Fatal(err)
		}
		mustExec(t, db, `DELETE FROM k`)
		return func() error { return ask(t.Context(), db, kept, new(int64)) }
	},
}

const insert = `INSERT INTO k (v) VALUES ($1) RETURNING id`

func prepare(t *testing.T, db *sql.DB, query string) *sql.Stmt {
	t.Helper()
	stmt, err := db.Prepare(query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stmt.Close() })
	return stmt
}

// answers is where the answer to an insert is cut: before all of it, and
// between its row and its end.
var answers = map[string]string{
	"nothing arrives":  "",
	"no end arrives":   "INSERT 0 1",
	"no ready arrives": "Z\x00\x00\x00\x05I",
}

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, insert := range inserts {
		for arrives, before := range answers {
			for how, by := range map[string]faultproxy.Fault{"close": faultproxy.Close, "reset": faultproxy.Reset} {
				t.Run(fmt.Sprintf("%s/%s/%s", name, arrives, how), func(t *testing.T) {
					mustExec(t, l.admin, `TRUNCATE k`)
					db := l.open(t)
					run := insert(t, db)
					l.lose(name, before, by)
					wantUncertain(t, within(t, 0, run))
					if n := l.rows(t); n != 1 {
						t.Errorf("%d rows, want 1", n)
					}
					one(t, db, 2)
				})
			}
		}
	}
}

// lose cuts the next answer. The first byte of it is that of ParseComplete,
// BindComplete (prepared) or CommandComplete (simple).
func (l *lab) lose(name, before string, by faultproxy.Fault) {
	if before == "" {
		before = "1\x00\x00\x00\x04"
		switch name {
		case "exec":
			before = "C\x00\x00\x00\x0fINSERT"
		case "prepared exec", "prepared query row", "asked, kept":
			before = "2\x00\x00\x00\x04"
		}
	}
	l.proxy.Cut(faultproxy.Cut{Before: before, By: by})
}

// TestLostAnswerPlain is the trap: two rows and no error.
func TestLostAnswerPlain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, insert := range inserts {
		t.Run(name, func(t *testing.T) {
			mustExec(t, l.admin, `TRUNCATE k`)
			run := insert(t, l.plain(t))
			l.lose(name, "", faultproxy.Close)
			if err := within(t, 0, run); err != nil || l.rows(t) != 2 {
				t.Errorf("%d rows, %v: lib/pq has lost the trap", l.rows(t), err)
			}
		})
	}
}

func TestLostCommit(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	for _, by := range []faultproxy.Fault{faultproxy.Close, faultproxy.Reset} {
		mustExec(t, l.admin, `TRUNCATE k`)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`INSERT INTO k (v) VALUES ($1)`, "x"); err != nil {
			t.Fatal(err)
		}
		l.proxy.Cut(faultproxy.Cut{Before: "COMMIT", By: by})
		wantUncertain(t, within(t, 0, tx.Commit))
		if n := l.rows(t); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	}
	one(t, db, 1)
}

// A statement of a transaction is not uncertain: it is rolled back.
func TestLostInTransaction(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	l.proxy.Cut(faultproxy.Cut{Before: "INSERT 0 1", By: faultproxy.Close})
	_, err = tx.Exec(`INSERT INTO k (v) VALUES ($1)`, "x")
	if err == nil || errors.Is(err, pqconn.ErrUncertain) || !pqconn.Unavailable(err) {
		t.Errorf("insert: %v, want it lost but not uncertain", err)
	}
	if err := tx.Commit(); err == nil || errors.Is(err, pqconn.ErrUncertain) {
		t.Errorf("commit: %v", err)
	}
	if n := l.rows(t); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

// What changes nothing may be sent again: database/sql hides the loss.
func TestLostHarmless(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for name, run := range map[string]func(db *sql.DB) error{
		"begin": func(db *sql.DB) error {
			tx, err := db.Begin()
			if err != nil {
				return err
			}
			return tx.Rollback()
		},
		"prepare": func(db *sql.DB) error {
			stmt, err := db.Prepare(`SELECT 1`)
			if err != nil {
				return err
			}
			return stmt.Close()
		},
	} {
		db := l.open(t)
		one(t, db, 1)
		l.proxy.Cut(faultproxy.Cut{Before: "Z\x00\x00\x00\x05", By: faultproxy.Close})
		if err := within(t, 0, func() error { return run(db) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExactlyOnce creates 600 rows, each in one statement with its key, while
// every other answer is lost. The caller tries again with the same key.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	mustExec(t, l.admin, `CREATE TABLE keys (owner text, key text, PRIMARY KEY (owner, key))`)
	db := l.open(t)
	db.SetMaxOpenConns(8)
	var tries, lost atomic.Int64
	create := func(key string) error {
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_, err := db.ExecContext(ctx, `
				WITH fresh AS (
					INSERT INTO keys (owner, key) VALUES ('o', $1) ON CONFLICT DO NOTHING RETURNING key
				)
				INSERT INTO k (v) SELECT key FROM fresh`, key)
			cancel()
			tries.Add(1)
			if !errors.Is(err, pqconn.ErrUncertain) {
				return err
			}
			lost.Add(1)
		}
	}
	l.proxy.Cut(faultproxy.Cut{Before: "INSERT 0 ", By: faultproxy.Close, Every: 2})
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := range 150 {
				if err := create(fmt.Sprintf("%d-%d", w, i)); err != nil {
					t.Error(err)
				}
				if i == 75 { // the one worker's half: whichever comes first
					l.proxy.Cut(faultproxy.Cut{Before: "INSERT 0 ", By: faultproxy.Reset, Every: 2})
				}
			}
		})
	}
	workers.Wait()
	var rows, keys int
	err := l.admin.QueryRow(`SELECT count(*), count(DISTINCT v) FROM k`).Scan(&rows, &keys)
	if err != nil || rows != 600 || keys != 600 {
		t.Errorf("%d rows of %d keys, %v; want 600", rows, keys, err)
	}
	if cuts := l.proxy.Cuts(); cuts < 300 || int64(cuts) != lost.Load() {
		t.Errorf("%d answers cut, %d uncertain: every cut is seen once", cuts, lost.Load())
	}
	t.Logf("%d tries, %d answers lost", tries.Load(), lost.Load())
}
