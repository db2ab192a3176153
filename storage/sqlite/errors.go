package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// failure makes an error of the file or the driver into one of the store. All
// of them are [todos.ErrUnavailable], with their cause, but for those that the
// same call would always get.
func failure(ctx context.Context, err error) error {
	if err == nil || sqlstore.IsAnswer(err) {
		return err
	}
	return classify(ctx, err, todos.ErrUnavailable)
}

// classify is failure for an error that is no answer; unavailable is what most
// of them are.
func classify(ctx context.Context, err, unavailable error) error {
	// The end of a context comes as its own error, as an interrupted statement
	// or as a transaction that has been rolled back.
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	var coded *sqlite.Error
	if errors.As(err, &coded) {
		switch coded.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return fmt.Errorf("sqlite: %w", err)
		case sqlite3.SQLITE_ERROR: // there is no code of its own for a missing table
			return fmt.Errorf("%w: sqlite: if the schema is behind, migrations.Up has to run: %w",
				unavailable, err)
		}
	}
	return fmt.Errorf("%w: sqlite: %w", unavailable, err)
}

// busy reports whether others have locked the file.
func busy(err error) bool {
	var coded *sqlite.Error
	return errors.As(err, &coded) && coded.Code()&0xff == sqlite3.SQLITE_BUSY
}
