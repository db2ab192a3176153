package postgres

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/storagetest"
)

// auditOf are the codes of the findings.
func auditOf(t *testing.T, db *DB) []string {
	t.Helper()
	found, err := db.Backend().Todos.(storage.Auditor).Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return codes(found)
}

func codes(found []auth.Finding) []string {
	var codes []string
	for _, f := range found {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestAudit(t *testing.T) {
	empty := pgtest.Empty(t)
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			if got := auditOf(t, mode(t, pgtest.Migrated(t))); !slices.Equal(got, []string{"role-owns-tables"}) {
				t.Errorf("found %q of a role that has migrated", got)
			}
		})
	}
	if got := auditOf(t, open(t, Options{}, empty.URL)); !slices.Equal(got, []string{"schema-differs"}) {
		t.Errorf("found %q without tables", got)
	}
}

// TestAuditOfServingRole is about a role that may use the tables and does not
// own them, made as docs/storage.md says: nothing is to be said of it, and it can
// do all that a service does.
func TestAuditOfServingRole(t *testing.T) {
	server := pgtest.Migrated(t)
	pool := stock(t, server.URL)
	role := server.Role + "_serves"
	admin := stock(t, server.AdminURL)
	page, err := os.ReadFile("../../docs/storage.md")
	if err != nil {
		t.Fatal(err)
	}
	_, grants, _ := strings.Cut(string(page), "```sql\n")
	grants, _, _ = strings.Cut(grants, "```")
	grants = strings.NewReplacer("todo_service", role, "…", "serves").Replace(grants)
	if _, err := admin.ExecContext(t.Context(), grants); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin := stock(t, server.AdminURL)
		for _, statement := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			if _, err := admin.Exec(statement); err != nil {
				t.Error(err)
			}
		}
	})
	db := open(t, Options{}, server.URL+" password=serves user="+role)
	if got := auditOf(t, db); got != nil {
		t.Errorf("found %q", got)
	}
	everyCall(t, db, "anna")
	storagetest.RunAccounts(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
	if _, err := pool.ExecContext(t.Context(), "ALTER TABLE authtodo_codes NO FORCE ROW LEVEL SECURITY"); err != nil {
		t.Fatal(err)
	}
	if got := auditOf(t, db); !slices.Equal(got, []string{"tables-without-security"}) {
		t.Errorf("found %q of a table that is not forced", got)
	}
}

func TestAuditOfSuperuser(t *testing.T) {
	server := pgtest.Migrated(t)
	if got := auditOf(t, open(t, Options{AllowBypassRLS: true}, server.AdminURL)); !slices.Equal(got, []string{"role-bypasses-security"}) {
		t.Errorf("found %q of a superuser", got)
	}
	if got := fmt.Sprint(codes(standing{Clear: true}.findings())); got != "[connection-without-tls]" {
		t.Errorf("found %s of a connection without TLS", got)
	}
}
