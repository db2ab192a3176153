package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/migrations"
)

// AuditSchema returns the finding schema-differs if the schema is not what this
// build wants, and an error if that could not be told.
func AuditSchema(ctx context.Context, db *sql.DB, d migrations.Dialect) ([]auth.Finding, error) {
	err := migrations.Check(ctx, db, d)
	if !errors.Is(err, migrations.ErrBehind) && !errors.Is(err, migrations.ErrAhead) &&
		!errors.Is(err, migrations.ErrDirty) {
		return nil, err
	}
	return []auth.Finding{{
		Code: "schema-differs", Severity: auth.High, Field: "Storage",
		Detail: "requests can fail: " + err.Error(),
	}}, nil
}
