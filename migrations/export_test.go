package migrations

import (
	"context"
	"database/sql"
	"io/fs"
)

// The tests are another package, because they use internal/pgtest, which uses
// this one. This is what they see of the inside.

// Table is the table of versions.
const Table = table

// LockKey is the advisory lock.
const LockKey int64 = lockKey

// Split is split.
func Split(script string) []string { return split(script) }

// Files are the migrations.
func Files() fs.FS { return files }

// UpFrom is Up with the migrations of files.
func UpFrom(ctx context.Context, files fs.FS, db *sql.DB, d Dialect) error {
	return runner{files, db, d}.up(ctx)
}

// CheckFrom is Check with the migrations of files.
func CheckFrom(ctx context.Context, files fs.FS, db *sql.DB, d Dialect) error {
	return runner{files, db, d}.check(ctx)
}
