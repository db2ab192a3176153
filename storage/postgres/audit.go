package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/migrations"
)

// standing is what the server says about a connection and the tables.
type standing struct {
	Role   string  `db:"role"`
	Bypass bool    `db:"bypass"` // row-level security does not bind the role
	Owner  bool    `db:"owner"`  // of the tables, which it can change
	Open   *string `db:"open"`   // tables that row-level security does not guard
	Clear  bool    `db:"clear"`  // over the network, without TLS
}

const askStanding = `
	SELECT r.rolname AS role,
		r.rolsuper OR r.rolbypassrls AS bypass,
		coalesce(bool_or(pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')), false) AS owner,
		string_agg(c.relname::text, ', ' ORDER BY c.relname)
			FILTER (WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS open,
		coalesce((SELECT NOT s.ssl FROM pg_catalog.pg_stat_ssl s
			WHERE s.pid = pg_catalog.pg_backend_pid()), false)
			AND coalesce(NOT pg_catalog.inet_client_addr() << '127.0.0.0/8'
				AND pg_catalog.inet_client_addr() <> '::1', false) AS clear
	FROM pg_catalog.pg_roles r
	LEFT JOIN pg_catalog.pg_class c ON c.oid IN (SELECT to_regclass(name) FROM unnest(CAST($1 AS text[])) name)
	WHERE r.rolname = current_user
	GROUP BY r.oid, r.rolname, r.rolsuper, r.rolbypassrls`

// guarded are the tables with rows of users.
const guarded = `{authtodo_todos,authtodo_lists,authtodo_retries,authtodo_users,authtodo_emails,authtodo_sessions,authtodo_codes}`

// Audit implements storage.Auditor. The codes are schema-differs,
// role-bypasses-security, tables-without-security, connection-without-tls and
// role-owns-tables.
func (s todoStore) Audit(ctx context.Context) ([]auth.Finding, error) {
	found, err := sqlstore.AuditSchema(ctx, s.DB.pool.DB, migrations.Postgres)
	var now standing
	askErr := s.DB.within(ctx, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(ctx, q, &now, askStanding, guarded)
	})
	if askErr != nil {
		return found, errors.Join(err, failure(ctx, askErr))
	}
	return append(found, now.findings()...), err
}

func (now standing) findings() (found []auth.Finding) {
	add := func(code string, severity auth.Severity, format string, args ...any) {
		found = append(found, auth.Finding{
			Code: code, Severity: severity, Field: "Storage", Detail: fmt.Sprintf(format, args...),
		})
	}
	if now.Bypass {
		add("role-bypasses-security", auth.High,
			"row-level security does not bind the role %q; connect as one with NOSUPERUSER and NOBYPASSRLS", now.Role)
	}
	if now.Open != nil {
		add("tables-without-security", auth.High,
			"row-level security is not enabled and forced on %s, as the migrations leave it", *now.Open)
	}
	if now.Clear {
		add("connection-without-tls", auth.Medium,
			"what goes to the server can be read on the way; connect with sslmode=verify-full")
	}
	if now.Owner && !now.Bypass {
		add("role-owns-tables", auth.Low,
			"the role %q can change the tables and switch row-level security off; migrate as another role", now.Role)
	}
	return found
}
