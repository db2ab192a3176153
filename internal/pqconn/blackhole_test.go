package pqconn_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/internal/pqconn"
)

// stuck is a call that a black hole swallows. prepare is run before, with a
// context that lives as long as the call is allowed to.
type stuck func(t *testing.T, ctx context.Context, db *sql.DB) (call func() error)

// patience is what callers have. All that happens before the black hole opens
// must fit into it.
const patience = time.Second

// long is more than there is room for between here and the proxy.
var long = strings.Repeat("x", 3<<20)

// longPatience is for calls with long arguments, which it takes a busy machine a
// while to copy before the first byte is sent.
const longPatience = 4 * patience

func patienceFor(call string) time.Duration {
	if call == "write" {
		return longPatience
	}
	return patience
}

// calls are all that a connection can wait in, and whether it stays uncertain
// what they did.
var calls = map[string]struct {
	prepare   stuck
	uncertain bool
}{
	"connect": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		db.SetMaxIdleConns(-1)
		return func() error { return db.PingContext(ctx) }
	}, false},
	"ping": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error { return db.PingContext(ctx) }
	}, false},
	"exec": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			_, err := db.ExecContext(ctx, `INSERT INTO k (v) VALUES ($1)`, "x")
			return err
		}
	}, true},
	"write": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			_, err := db.ExecContext(ctx, `INSERT INTO k (v) VALUES ($1)`, long)
			return err
		}
	}, true},
	"query": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			var n int
			return db.QueryRowContext(ctx, `SELECT $1::int`, 1).Scan(&n)
		}
	}, true},
	"prepare": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			_, err := db.PrepareContext(ctx, `SELECT 1`)
			return err
		}
	}, false},
	"prepared": {func(t *testing.T, ctx context.Context, db *sql.DB) func() error {
		stmt := prepare(t, db, `INSERT INTO k (v) VALUES ($1)`)
		return func() error {
			_, err := stmt.ExecContext(ctx, "x")
			return err
		}
	}, true},
	"asked": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			return ask(ctx, db, pqconn.Query{Text: `SELECT $1::int`, Args: []any{1}}, new(int64))
		}
	}, true},
	"asked, kept": {func(t *testing.T, ctx context.Context, db *sql.DB) func() error {
		kept := pqconn.Query{Text: `SELECT $1::int`, Args: []any{1}, Kept: true}
		if err := ask(t.Context(), db, kept, new(int64)); err != nil {
			t.Fatal(err)
		}
		return func() error { return ask(ctx, db, kept, new(int64)) }
	}, true},
	"begin": {func(_ *testing.T, ctx context.Context, db *sql.DB) func() error {
		return func() error {
			_, err := db.BeginTx(ctx, nil)
			return err
		}
	}, false},
	"statement of a transaction": {func(t *testing.T, ctx context.Context, db *sql.DB) func() error {
		tx := begin(t, ctx, db)
		return func() error {
			_, err := tx.ExecContext(context.Background(), `INSERT INTO k (v) VALUES ('x')`)
			return err
		}
	}, false},
	"commit": {func(t *testing.T, ctx context.Context, db *sql.DB) func() error {
		return begin(t, ctx, db).Commit
	}, true},
}

func begin(t *testing.T, ctx context.Context, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// TestBlackHole ends every call twice: by a deadline, and by cancelling a
// context that has none.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		patience := patienceFor(name)
		for _, ended := range []error{context.DeadlineExceeded, context.Canceled} {
			t.Run(name+"/"+ended.Error(), func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				db := l.open(t)
				one(t, db, 1)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				if ended == context.Canceled {
					ctx, cancel = context.WithCancel(t.Context())
				}
				defer cancel()
				run := call.prepare(t, ctx, db)
				l.set(t, faultproxy.BlackHole)
				if ended == context.Canceled {
					time.AfterFunc(patience, cancel)
				}
				err := within(t, patience+grace, run)
				if !errors.Is(err, ended) || !pqconn.Unavailable(err) ||
					errors.Is(err, pqconn.ErrUncertain) != call.uncertain {
					t.Errorf("error %v, want %v, uncertain %v", err, ended, call.uncertain)
				}
				l.set(t, faultproxy.Pass)
				one(t, db, 2)
			})
		}
	}
}

// TestBlackHoleWithoutDeadline: MaxStatement, and connect_timeout.
func TestBlackHoleWithoutDeadline(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		patience := patienceFor(name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			db := open(t, l.dsn+" connect_timeout=4",
				pqconn.Options{Grace: grace, MaxStatement: patience})
			one(t, db, 1)
			run := call.prepare(t, context.Background(), db)
			l.set(t, faultproxy.BlackHole)
			err := within(t, patience+grace, run)
			if !pqconn.Unavailable(err) || errors.Is(err, pqconn.ErrUncertain) != call.uncertain {
				t.Errorf("error %v, want it unavailable, uncertain %v", err, call.uncertain)
			}
		})
	}
}

// TestBlackHoleRows falls into it between two rows.
func TestBlackHoleRows(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	one(t, db, 1)
	rows, err := db.QueryContext(timeout(t, patience),
		`SELECT n, repeat('x', 1000) FROM generate_series(1, $1::int) n`, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	l.set(t, faultproxy.BlackHole)
	err = within(t, patience+grace, func() error {
		for rows.Next() {
		}
		return rows.Err()
	})
	if !errors.Is(err, context.DeadlineExceeded) || !pqconn.Unavailable(err) {
		t.Errorf("error %v, want the deadline", err)
	}
}

// TestBlackHoleClose: neither a pool nor a statement can be held up.
func TestBlackHoleClose(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	stmt := prepare(t, db, `SELECT 1`)
	l.set(t, faultproxy.BlackHole)
	if err := within(t, grace, stmt.Close); err != nil {
		t.Error(err)
	}
	if err := within(t, grace, db.Close); err != nil {
		t.Error(err)
	}
}

// TestBlackHolePlain is the trap: the deadline is long over.
func TestBlackHolePlain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.plain(t)
	one(t, db, 1)
	l.set(t, faultproxy.BlackHole)
	done := make(chan error, 1)
	ctx := timeout(t, time.Second) // enough to send the statement, on a busy machine too
	go func() {
		_, err := db.ExecContext(ctx, `SELECT $1::int`, 1)
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("%v: lib/pq has lost the trap", err)
	case <-time.After(2 * time.Second):
	}
	l.set(t, faultproxy.Reset)
	<-done
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	for _, f := range []faultproxy.Fault{faultproxy.Refuse, faultproxy.Reset, faultproxy.Close} {
		l.set(t, f)
		err := within(t, 0, func() error { return db.PingContext(t.Context()) })
		if !pqconn.Unavailable(err) || errors.Is(err, pqconn.ErrUncertain) {
			t.Errorf("fault %d: %v, want it unavailable", f, err)
		}
	}
	l.set(t, faultproxy.Pass)
	one(t, db, 1)
}
