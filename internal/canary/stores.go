package canary

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
)

// SeeFiles adds all files of a folder, byte for byte: a database in files, with
// what stands beside it.
func (w *Watch) SeeFiles(where, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		w.See(where, string(text))
	}
	return nil
}

// SeeTables adds every row of every table of a Postgres, as text. The pool should
// be of a superuser, from whom row-level security hides nothing.
func (w *Watch) SeeTables(ctx context.Context, where string, pool *sql.DB) error {
	tables, err := texts(ctx, pool, `
		SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_catalog.pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		return err
	}
	for _, table := range tables {
		rows, err := texts(ctx, pool, fmt.Sprintf(`SELECT t::text FROM %s t`, table))
		if err != nil {
			return err
		}
		for _, row := range rows {
			w.See(where, row)
		}
	}
	return nil
}

// texts are the rows of a query for one text.
func texts(ctx context.Context, pool *sql.DB, query string) (all []string, err error) {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
