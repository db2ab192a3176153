package postgres

import (
	"database/sql"
	"maps"
	"slices"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
)

// TestTablesAreOwned asks the server itself. Each table of users' data is under
// row-level security, for its owner too. And each of its unique keys starts with
// the user: one that does not tells that somebody else has a value, which
// row-level security cannot hide.
func TestTablesAreOwned(t *testing.T) {
	admin := stock(t, pgtest.Migrated(t).AdminURL)
	tables := pairs(t, admin, `
		SELECT c.relname, concat_ws(' ', CASE WHEN a.attname IS NULL THEN 'nobody''s' ELSE 'users''' END,
			CASE WHEN c.relrowsecurity THEN 'secured' END, CASE WHEN c.relforcerowsecurity THEN 'forced' END,
			(SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid))
		FROM pg_class AS c LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'user_id'
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`)
	want := map[string]string{
		"authtodo_todos": "users' secured forced 1", "authtodo_lists": "users' secured forced 1",
		"authtodo_retries": "users' secured forced 3", "authtodo_users": "users' secured forced 1",
		"authtodo_sessions": "users' secured forced 3", "authtodo_codes": "users' secured forced 3",
		"authtodo_emails":   "users' secured forced 2", // the other one is for the address that is named
		"authtodo_settings": "nobody's 0", "authtodo_signing_keys": "nobody's 0",
		"authtodo_schema_migrations": "nobody's 0",
	}
	if !maps.Equal(tables, want) {
		t.Errorf("the tables are\n%v\nwant\n%v", tables, want)
	}

	keys := pairs(t, admin, `
		SELECT i.indexrelid::regclass::text, a.attname
		FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indisunique AND i.indrelid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'user_id')`)
	for key, column := range keys {
		// The exception says that an address is taken, and sign-up has to say so.
		if column != "user_id" && key != "authtodo_emails_pkey" {
			t.Errorf("the unique key %s starts with %s", key, column)
		}
	}
	if len(keys) != 7 {
		t.Errorf("the unique keys are %v", slices.Sorted(maps.Keys(keys)))
	}
}

// pairs are the two columns of a query.
func pairs(t testing.TB, pool *sql.DB, query string) map[string]string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := make(map[string]string)
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			t.Fatal(err)
		}
		all[key] = value
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
