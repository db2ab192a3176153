package betterauth

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// pageSize is how many users are read at once.
const pageSize = 2000

// tables are those of a Better Auth database.
type tables struct {
	db      *sql.DB
	columns []string // of "user" that are there and wanted
	after   string   // the placeholder for the last id
}

// open looks at what columns there are.
func open(ctx context.Context, db *sql.DB, dialect Dialect) (*tables, error) {
	t := &tables{db: db}
	switch dialect {
	case Postgres:
		t.after = "$1"
	case SQLite:
		t.after = "?"
	default:
		return nil, fmt.Errorf("the dialect is %q, want %q or %q", dialect, Postgres, SQLite)
	}
	rows, err := db.QueryContext(ctx, `SELECT * FROM "user" WHERE 1 = 0`)
	if err != nil {
		return nil, fmt.Errorf(`the table "user": %w`, err)
	}
	defer rows.Close()
	there, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"id", "email", "emailVerified", "name", "createdAt", "updatedAt"} {
		if !slices.Contains(there, name) {
			return nil, fmt.Errorf(`the table "user" has no column %q`, name)
		}
		t.columns = append(t.columns, name)
	}
	for _, name := range []string{"image", "banned", "banExpires", "twoFactorEnabled"} {
		if slices.Contains(there, name) {
			t.columns = append(t.columns, name)
		}
	}
	return t, rows.Err()
}

// query is a page of users with their passwords. Better Auth has one account of
// the provider "credential" for a user; if there were more, one of them counts.
func (t *tables) query(first bool) string {
	var b strings.Builder
	b.WriteString("SELECT a.\"password\"")
	for _, name := range t.columns {
		b.WriteString(`, u."` + name + `"`)
	}
	b.WriteString(` FROM "user" u LEFT JOIN (
			SELECT "userId", MAX("password") AS "password" FROM "account"
			WHERE "providerId" = 'credential' GROUP BY "userId"
		) a ON a."userId" = u."id"`)
	if !first {
		b.WriteString(` WHERE u."id" > ` + t.after)
	}
	fmt.Fprintf(&b, ` ORDER BY u."id" LIMIT %d`, pageSize)
	return b.String()
}

// each calls take with every user, by id.
func (t *tables) each(ctx context.Context, take func(context.Context, row) error) error {
	var last []any
	for {
		page, err := t.page(ctx, last)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := take(ctx, r); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		last = []any{page[len(page)-1]["id"]} // of the type that the column has
	}
}

// page reads the users behind the last one.
func (t *tables) page(ctx context.Context, last []any) ([]row, error) {
	rows, err := t.db.QueryContext(ctx, t.query(len(last) == 0), last...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []row
	for rows.Next() {
		values := make([]any, 1+len(t.columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r := make(row, len(values))
		for i, name := range append([]string{"password"}, t.columns...) {
			if b, ok := values[i].([]byte); ok {
				values[i] = string(b)
			}
			r[name] = values[i]
		}
		page = append(page, r)
	}
	return page, rows.Err()
}
