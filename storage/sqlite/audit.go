package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/migrations"
)

// Audit implements storage.Auditor. The codes are schema-differs and
// file-open-to-others.
func (s todoStore) Audit(ctx context.Context) ([]auth.Finding, error) {
	found, err := sqlstore.AuditSchema(ctx, s.DB.readers.DB, migrations.SQLite)
	var file string
	nameErr := s.DB.readers.GetContext(ctx, &file, `SELECT file FROM pragma_database_list WHERE name = 'main'`)
	if nameErr != nil {
		return found, errors.Join(err, failure(ctx, nameErr))
	}
	info, statErr := os.Stat(file)
	if statErr == nil && info.Mode().Perm()&0o077 != 0 {
		found = append(found, auth.Finding{
			Code: "file-open-to-others", Severity: auth.Medium, Field: "Storage",
			Detail: fmt.Sprintf("other users of the machine can open the file, whose mode is %v; make it 0600",
				info.Mode().Perm()),
		})
	}
	return found, errors.Join(err, statErr)
}
