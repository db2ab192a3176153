package pqconn_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
)

// BenchmarkQuery compares a query through this package with one through lib/pq
// in the same mode, each with a deadline as a request has it.
func BenchmarkQuery(b *testing.B) {
	url := pgtest.Empty(b).URL
	for _, way := range []struct {
		name string
		db   *sql.DB
	}{
		{"plain", openPlain(b, url+" binary_parameters=yes")},
		{"pqconn", open(b, url, pqconn.Options{})},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		stmt, err := way.db.Prepare(`SELECT $1::int`)
		if err != nil {
			b.Fatal(err)
		}
		defer stmt.Close()
		var n int
		b.Run("one trip/"+way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.db.QueryRowContext(ctx, `SELECT $1::int`, 1).Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
		for name, kept := range map[string]bool{"asked": false, "asked, kept": true} {
			b.Run(name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				var n int64
				for b.Loop() {
					query := pqconn.Query{Text: `SELECT $1::int`, Args: []any{1}, Kept: kept}
					if err := ask(ctx, way.db, query, &n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("prepared/"+way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := stmt.QueryRowContext(ctx, 1).Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
