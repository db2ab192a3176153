package pqconn_test

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pqconn"
)

// ask scans the only row of an answer.
func ask(ctx context.Context, db *sql.DB, query pqconn.Query, into ...any) error {
	return query.Run(ctx, db, func(rows *pqconn.Rows) error {
		if !rows.Next() {
			return cmp.Or(rows.Err(), sql.ErrNoRows)
		}
		return rows.Scan(into...)
	})
}

// TestQueryValues: what comes back is what database/sql would have made of the
// arguments.
func TestQueryValues(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	type name string
	word, at := "word", time.Date(2026, 11, 30, 12, 0, 0, 5e6, time.UTC)
	for _, c := range []struct {
		cast string
		arg  any
		want string
	}{
		{"text", "a 'b' \\ é", "a 'b' \\ é"},
		{"text", name("named"), "named"},
		{"text", &word, "word"},
		{"text", (*string)(nil), "null"},
		{"text", nil, "null"},
		{"int", 7, "7"},
		{"bigint", int64(1 << 60), "1152921504606846976"},
		{"boolean", true, "true"},
		{"timestamptz", at, "2026-11-30 12:00:00.005+00"},
		{"bytea", []byte{0, 255}, "\\x00ff"},
		{"text", sql.NullString{String: "valuer", Valid: true}, "valuer"},
	} {
		for _, kept := range []bool{false, true} {
			var got string
			text := `SELECT COALESCE(CAST(CAST($1 AS ` + c.cast + `) AS text), 'null')`
			err := ask(t.Context(), db, pqconn.Query{Text: text, Args: []any{c.arg}, Kept: kept}, &got)
			if err != nil || got != c.want {
				t.Errorf("%T %v: %q, %v, want %q", c.arg, c.arg, got, err, c.want)
			}
		}
	}
	err := ask(t.Context(), db, pqconn.Query{Text: `SELECT $1::int`, Args: []any{struct{}{}}})
	if err == nil || !strings.Contains(err.Error(), "argument 1") {
		t.Errorf("a struct as an argument: %v", err)
	}
}

func TestQueryScan(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	var n int64
	var text string
	var maybe sql.NullString
	row := pqconn.Query{Text: `SELECT 7::bigint, 'x'::text, null::text`}
	if err := ask(t.Context(), db, row, &n, &text, &maybe); err != nil || n != 7 || text != "x" || maybe.Valid {
		t.Errorf("%d, %q, %v, %v", n, text, maybe, err)
	}
	for _, into := range [][]any{
		{&n, &text},
		{&n, &text, &maybe, &maybe},
		{&text, &text, &maybe},
		{&n, &n, &maybe},
		{&n, &text, &text},
		{&n, &text, new(time.Time)},
	} {
		if err := ask(t.Context(), db, row, into...); err == nil {
			t.Errorf("no error for %T", into)
		}
	}
	if err := ask(t.Context(), db, pqconn.Query{Text: `SELECT 1 WHERE false`}); err != sql.ErrNoRows {
		t.Errorf("no row: %v", err)
	}
}

// TestQueryOutdated: a statement that was kept is prepared again when the tables
// have changed.
func TestQueryOutdated(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	db := l.open(t)
	db.SetMaxOpenConns(1)
	query := pqconn.Query{Text: `SELECT * FROM k WHERE v = $1`, Args: []any{"x"}, Kept: true}
	columns := func() int {
		t.Helper()
		for n := 1; n < 9; n++ {
			into := make([]any, n)
			for i := range into {
				into[i] = new(sql.NullString)
			}
			err := ask(t.Context(), db, query, into...)
			if err == nil {
				return n
			}
			if pqconn.SQLState(err) != "" {
				t.Fatal(err)
			}
		}
		return 0
	}
	mustExec(t, l.admin, `INSERT INTO k (v) VALUES ('x')`)
	var before, after int
	if err := db.QueryRow(`SELECT pg_backend_pid()`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if n := columns(); n != 2 {
		t.Errorf("%d columns, want 2", n)
	}
	mustExec(t, l.admin, `ALTER TABLE k ADD w text`)
	if n := columns(); n != 3 {
		t.Errorf("%d columns, want 3", n)
	}
	mustExec(t, l.admin, `DROP TABLE k`)
	for range 2 {
		if err := ask(t.Context(), db, query); pqconn.SQLState(err) != "42P01" {
			t.Errorf("a table that is gone: %v", err)
		}
	}
	if err := db.QueryRow(`SELECT pg_backend_pid()`).Scan(&after); err != nil || after != before {
		t.Errorf("the connection was %d and is %d, %v", before, after, err)
	}
}

// TestQueryGone: the server has lost a statement that was kept. That is told, and
// the next one has another connection.
func TestQueryGone(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(1)
	query := pqconn.Query{Text: `SELECT pg_backend_pid()::bigint`, Kept: true}
	var before, after int64
	if err := ask(t.Context(), db, query, &before); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, `DEALLOCATE ALL`)
	if err := ask(t.Context(), db, query, &after); pqconn.SQLState(err) != "26000" {
		t.Errorf("a statement that is gone: %v", err)
	}
	if err := ask(t.Context(), db, query, &after); err != nil || after == before {
		t.Errorf("the connection was %d and is %d, %v", before, after, err)
	}
}

// TestQueryKept: it is prepared once on a connection, and only if it says so.
func TestQueryKept(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(1)
	for _, kept := range []bool{false, true} {
		for range 3 {
			if err := ask(t.Context(), db, pqconn.Query{Text: `SELECT 1`, Kept: kept}, new(int64)); err != nil {
				t.Fatal(err)
			}
		}
		var names int64
		count := pqconn.Query{Text: `SELECT count(*) FROM pg_prepared_statements WHERE name <> ''`}
		if err := ask(t.Context(), db, count, &names); err != nil || names > 0 != kept || names > 1 {
			t.Errorf("kept: %t: %d are prepared, %v", kept, names, err)
		}
	}
}

// TestQueryPanics: the connection of a panic is not used again, and no other one is
// waited for.
func TestQueryPanics(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(1)
	func() {
		defer func() {
			if got := recover(); got != "scan" {
				t.Errorf("recovered %v", got)
			}
		}()
		query := pqconn.Query{Text: `SELECT n FROM generate_series(1, 100000) n`}
		query.Run(t.Context(), db, func(rows *pqconn.Rows) error {
			rows.Next()
			panic("scan")
		})
	}()
	one(t, db, 1)
}

// TestQueryErrors: scan's own error comes out, and what is left of the answer does
// not stay in the connection.
func TestQueryErrors(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	db.SetMaxOpenConns(1)
	enough := errors.New("enough")
	query := pqconn.Query{Text: `SELECT n FROM generate_series(1, 10) n`}
	if err := query.Run(t.Context(), db, func(*pqconn.Rows) error { return enough }); err != enough {
		t.Errorf("error %v, want that of scan", err)
	}
	one(t, db, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := query.Run(ctx, db, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	// A statement can fail behind its last row.
	late := pqconn.Query{Text: `SELECT 1 / (3 - n) FROM generate_series(1, 3) n`}
	n := 0
	err := late.Run(t.Context(), db, func(rows *pqconn.Rows) error {
		for rows.Next() {
			n++
		}
		return nil
	})
	if pqconn.SQLState(err) != "22012" || n > 2 {
		t.Errorf("%d rows and %v", n, err)
	}
	one(t, db, 1)
}

// mortals are connections that are dead but for those that were opened later.
type mortals struct{ generation, opened atomic.Int64 }

func (m *mortals) Connect(context.Context) (driver.Conn, error) {
	m.opened.Add(1)
	return &mortal{m, m.generation.Load()}, nil
}
func (m *mortals) Driver() driver.Driver { return nil }

type mortal struct {
	*mortals
	born int64
}

func (c *mortal) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	if c.born < c.generation.Load() {
		return nil, driver.ErrBadConn
	}
	return nil, errors.New("alive")
}
func (*mortal) CheckNamedValue(*driver.NamedValue) error { return driver.ErrSkip }
func (*mortal) Prepare(string) (driver.Stmt, error)      { return nil, driver.ErrSkip }
func (*mortal) Begin() (driver.Tx, error)                { return nil, driver.ErrSkip }
func (*mortal) Close() error                             { return nil }

// TestQueryOfDeadPool: however many connections are dead, a new one is found; and
// where all that are opened are, that has an end.
func TestQueryOfDeadPool(t *testing.T) {
	t.Parallel()
	var m mortals
	db := sql.OpenDB(&m)
	defer db.Close()
	const size = 20
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	var conns []*sql.Conn
	for range size {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.Close()
	}
	m.generation.Add(1)
	query := pqconn.Query{Text: `SELECT 1`}
	if err := query.Run(t.Context(), db, nil); err == nil || err.Error() != "alive" {
		t.Errorf("with %d dead connections: %v", size, err)
	}
	if n := m.opened.Load(); n != size+1 {
		t.Errorf("%d connections were opened, want one more than %d", n, size)
	}
	m.generation.Store(1 << 40)
	stillborn := sql.OpenDB(dead{&m})
	defer stillborn.Close()
	if err := query.Run(t.Context(), stillborn, nil); err != driver.ErrBadConn {
		t.Errorf("where nothing lives: %v", err)
	}
}

// dead opens connections that are dead already.
type dead struct{ *mortals }

func (d dead) Connect(context.Context) (driver.Conn, error) { return &mortal{d.mortals, 0}, nil }
