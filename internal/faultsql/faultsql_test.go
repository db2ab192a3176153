package faultsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"modernc.org/sqlite"

	"github.com/authtodo/authtodo/internal/faultsql"
)

// memory opens one database in memory.
type memory struct{}

func (memory) Connect(context.Context) (driver.Conn, error) {
	return (&sqlite.Driver{}).Open(":memory:")
}
func (memory) Driver() driver.Driver { return &sqlite.Driver{} }

// add adds a row in a transaction: four steps.
func add(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM rows`).Scan(&n); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO rows (n) VALUES ($1)`, n); err != nil {
		return err
	}
	return tx.Commit()
}

func TestSteps(t *testing.T) {
	struck := errors.New("struck")
	fails := func(context.Context, driver.Conn) error { return struck }
	for name, c := range map[string]struct {
		strike faultsql.Strike
		rows   [6]int // after a strike in that step
	}{
		"before": {strike: faultsql.Strike{Before: fails}, rows: [6]int{5: 1}},
		// what was in memory goes with the connection: no table is no row
		"after": {strike: faultsql.Strike{After: fails}, rows: [6]int{1: -1, 2: -1, 3: -1, 4: -1, 5: 1}},
	} {
		for n := 1; n <= 5; n++ {
			db := sql.OpenDB(faultsql.Connector(memory{}))
			db.SetMaxOpenConns(1)
			if _, err := db.Exec(`CREATE TABLE rows (n INTEGER)`); err != nil {
				t.Fatal(err)
			}
			ctx, met := faultsql.Arm(t.Context(), n, c.strike)
			if err := add(ctx, db); met() != (n < 5) || errors.Is(err, struck) != met() {
				t.Errorf("%s step %d: %v, met: %t", name, n, err, met())
			}
			rows := -1
			if err := db.QueryRow(`SELECT count(*) FROM rows`).Scan(&rows); err != nil && rows != -1 {
				t.Fatal(err)
			}
			if rows != c.rows[n] {
				t.Errorf("%s step %d: there are %d rows, want %d", name, n, rows, c.rows[n])
			}
			db.Close()
		}
	}
}
