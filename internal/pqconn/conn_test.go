package pqconn_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
)

// TestSecrets: nothing that a user may get to see holds the password, or the
// part of it that a broken connection string leaves.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const canary = "canary271828"
	pgtest.Private(t) // it changes who may connect to the server
	l := newLab(t)
	// Only scram-sha-256 makes the password matter; other roles stay trusted.
	mustExec(t, l.admin, `CREATE ROLE watched LOGIN PASSWORD 'another'`)
	t.Cleanup(func() { mustExec(t, l.admin, `DROP ROLE watched`) })
	mustExec(t, l.admin, `DO $$ BEGIN EXECUTE format(
		'COPY (VALUES (%L), (%L)) TO %L', 'local all watched scram-sha-256', 'local all all trust',
		current_setting('hba_file')); END $$`)
	mustExec(t, l.admin, `SELECT pg_reload_conf()`)
	for name, dsn := range map[string]string{
		"wrong password":       l.dsn + " user=watched password=" + canary,
		"no database":          l.dsn + " dbname=nowhere password=" + canary,
		"TLS is not there":     l.dsn + " sslmode=require password=" + canary,
		"unreachable":          "postgres://u:" + canary + "@127.0.0.1:1/db?sslmode=disable",
		"unknown host":         "postgres://u:" + canary + "@nowhere.invalid/db?sslmode=disable",
		"slash":                "postgres://u:12345" + canary + "/x@127.0.0.1:1/db",
		"slash, a port before": "postgres://u:271828/x" + canary + "@127.0.0.1:1/db",
		"question mark":        "postgres://u:271828?x" + canary + "@127.0.0.1:1/db",
		"percent":              "postgres://u:" + canary + "%zz@127.0.0.1:1/db",
		"space":                "host=127.0.0.1 port=1 password=" + canary + " " + canary,
		"quote":                "host=127.0.0.1 port=1 password='" + canary,
		"bad value":            "password=" + canary + " port=" + canary,
		"bad sslmode":          "password=x sslmode=" + canary,
	} {
		connector, err := pqconn.New(dsn, pqconn.Options{})
		if err == nil {
			db := sql.OpenDB(connector)
			err = db.PingContext(t.Context())
			_ = db.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)} {
			if strings.Contains(text, "canary") || strings.Contains(text, "271828") {
				t.Errorf("%s: %s", name, text)
			}
		}
		if name == "wrong password" && pqconn.SQLState(err) != "28P01" {
			t.Errorf("%s: %v, want SQLSTATE 28P01", name, err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, opts := range []pqconn.Options{{Grace: -1}, {MaxStatement: -1}} {
		if _, err := pqconn.New("host=x", opts); err == nil {
			t.Errorf("%+v is accepted", opts)
		}
	}
	connector, err := pqconn.New("postgresql://u:p%40%2F@h/d?application_name=a%40b", pqconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := connector.Driver().(*pq.Driver); !ok {
		t.Errorf("driver %T", connector.Driver())
	}
}

// TestTLSIsKept: without sslmode TLS is required, as by lib/pq.
func TestTLSIsKept(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dsn := strings.ReplaceAll(l.dsn, "sslmode=disable", "")
	if err := open(t, dsn, pqconn.Options{}).Ping(); !errors.Is(err, pq.ErrSSLNotSupported) {
		t.Errorf("error %v, want %v", err, pq.ErrSSLNotSupported)
	}
}

// TestValues is what the wrapping could have lost: arguments and column types
// that lib/pq knows, several results, the options of transactions.
func TestValues(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	ctx := t.Context()

	var ids []int64
	var raw []byte
	err := db.QueryRow(`SELECT $1::bigint[], $2::bytea`, []int64{3, 4}, []byte{0, 1}).
		Scan(pq.Array(&ids), &raw)
	if err != nil || len(ids) != 2 || ids[1] != 4 || string(raw) != "\x00\x01" {
		t.Errorf("%v %v, %v", ids, raw, err)
	}

	rows, err := db.Query(`SELECT 1::bigint AS n; SELECT 'x'::varchar(7) AS s`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for _, want := range []string{"INT8", "VARCHAR"} {
		types, err := rows.ColumnTypes()
		if err != nil || types[0].DatabaseTypeName() != want {
			t.Errorf("%v, %v, want %s", types, err, want)
		}
		for rows.Next() {
		}
		rows.NextResultSet()
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}

	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var level, readOnly string
	err = tx.QueryRow(`SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')`).
		Scan(&level, &readOnly)
	if err != nil || level != "serializable" || readOnly != "on" {
		t.Errorf("%s, read only %s, %v", level, readOnly, err)
	}
	_, err = tx.Exec(`INSERT INTO k (v) VALUES ('x')`)
	if pqconn.SQLState(err) != "25006" || !pqconn.Unavailable(err) {
		t.Errorf("a write: %v", err)
	}
	if err := tx.Commit(); !errors.Is(err, pq.ErrInFailedTransaction) {
		t.Errorf("commit: %v", err)
	}
}

func TestCopyIsRefused(t *testing.T) {
	t.Parallel()
	db := newLab(t).open(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Prepare(`COPY k (v) FROM STDIN`); err == nil {
		t.Error("COPY was prepared")
	}
	_ = tx.Rollback()
	one(t, db, 1)
}

// TestDriverForms uses a connection the way old callers of a driver do.
func TestDriverForms(t *testing.T) {
	t.Parallel()
	connector, err := pqconn.New(newLab(t).dsn, pqconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	tx, err := conn.Begin()
	if err != nil {
		t.Fatal(err)
	}
	stmt, err := conn.Prepare(`INSERT INTO k (v) VALUES ($1) RETURNING v`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stmt.Exec([]driver.Value{"a"}); err != nil {
		t.Error(err)
	}
	rows, err := stmt.Query([]driver.Value{"b"})
	if err != nil {
		t.Fatal(err)
	}
	values := make([]driver.Value, 1)
	if err := rows.Next(values); err != nil || fmt.Sprintf("%s", values[0]) != "b" {
		t.Errorf("%s, %v", values[0], err)
	}
	if err := errors.Join(rows.Close(), stmt.Close(), tx.Commit()); err != nil {
		t.Error(err)
	}
}

// TestConnectCancelled: nothing is opened for a caller who is gone.
func TestConnectCancelled(t *testing.T) {
	t.Parallel()
	connector, err := pqconn.New(newLab(t).dsn, pqconn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := connector.Connect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

type stateError string

func (e stateError) Error() string    { return "server error" }
func (e stateError) SQLState() string { return string(e) }

func TestUnavailable(t *testing.T) {
	t.Parallel()
	yes := []error{
		pqconn.ErrUncertain, io.EOF, io.ErrUnexpectedEOF, driver.ErrBadConn, sql.ErrConnDone,
		context.DeadlineExceeded, context.Canceled, &net.OpError{Op: "dial", Err: errors.New("refused")},
		&net.DNSError{}, fmt.Errorf("%w: %w", context.Canceled, stateError("57014")),
		fmt.Errorf("%w: %w", pqconn.ErrUncertain, stateError("22000")),
	}
	for _, state := range []string{
		"08000", "08006", "53300", "53200", "57P01", "57P02", "57P03", "25006", "57014", "55P03",
		"40001", "40P01",
	} {
		yes = append(yes, stateError(state), &pq.Error{Code: pq.ErrorCode(state)})
	}
	for _, err := range yes {
		if !pqconn.Unavailable(fmt.Errorf("todos: %w", err)) {
			t.Errorf("%v (%s) is not unavailable", err, pqconn.SQLState(err))
		}
	}
	no := []error{nil, errors.New("x"), sql.ErrNoRows, sql.ErrTxDone, pq.ErrSSLNotSupported}
	for _, state := range []string{"23505", "22P02", "42601", "28P01", "40002", "25P02", "XX000", "5", ""} {
		no = append(no, stateError(state))
	}
	for _, err := range no {
		if pqconn.Unavailable(err) {
			t.Errorf("%v (%s) is unavailable", err, pqconn.SQLState(err))
		}
	}
}
