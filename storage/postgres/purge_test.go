package postgres

import (
	"fmt"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
)

// TestPurgePolicies: whoever names a moment sees and deletes what has ended, for
// whomever, and can do nothing else with it; of what has not ended nothing shows,
// whatever moment is named.
func TestPurgePolicies(t *testing.T) {
	server := pgtest.Migrated(t)
	admin := stock(t, server.AdminURL)
	for _, row := range []string{
		`INSERT INTO authtodo_retries (user_id, key, fingerprint, todo_id, position, answer, created_at)
			SELECT 'anna', n, '', gen_random_uuid(), 0, '', now() - n * interval '23 hours' FROM generate_series(0, 3) AS n`,
		`INSERT INTO authtodo_sessions (user_id, id, created_at, updated_at, expires_at, ends_at, temporary, address, user_agent)
			SELECT 'anna', n, now(), now(), now() + n * interval '1 hour', now(), false, '', '' FROM generate_series(-2, 1) AS n`,
		`INSERT INTO authtodo_codes (user_id, purpose, secret, email, proven, session_id, created_at, expires_at)
			SELECT 'anna', n, '', '', false, '', now(), now() + n * interval '1 hour' FROM generate_series(-2, 1) AS n`,
	} {
		if _, err := admin.ExecContext(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	pool := stock(t, server.URL)
	pool.SetMaxOpenConns(1)
	do := func(statement string) string {
		result, err := pool.ExecContext(t.Context(), statement)
		if err != nil {
			return "refused"
		}
		n, err := result.RowsAffected()
		return fmt.Sprint(n, " ", err)
	}
	for _, test := range []struct{ named, column, want string }{
		{"", "created_at", "0 <nil>"}, {"", "expires_at", "0 <nil>"},
		{"infinity", "created_at", "2 <nil>"}, {"infinity", "expires_at", "3 <nil>"},
	} {
		tables := []string{"authtodo_sessions", "authtodo_codes"}
		if test.column == "created_at" {
			tables = []string{"authtodo_retries"}
		}
		do(`SELECT set_config('authtodo.ended_before', '` + test.named + `', false)`)
		for _, table := range tables {
			for statement, want := range map[string]string{
				`SELECT 1 FROM ` + table: test.want,
				`UPDATE ` + table + ` SET ` + test.column + ` = now() + interval '1 day'`: "0 <nil>",
			} {
				if got := do(statement); got != want {
					t.Errorf("with %q named, %s: %s, want %s", test.named, statement, got, want)
				}
			}
			if got := do(`DELETE FROM ` + table); got != test.want {
				t.Errorf("with %q named, of %s are deleted %s, want %s", test.named, table, got, test.want)
			}
		}
	}
}
