package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// failure makes an error of the server, the network or the driver into one of
// the store. All of them are [todos.ErrUnavailable], with their cause, but for
// those that the same call would always get. Answers stay as they are.
func failure(ctx context.Context, err error) error {
	if err == nil || sqlstore.IsAnswer(err) {
		return err
	}
	err = withEnd(ctx, err)
	switch code := pqconn.SQLState(err); {
	case code == "42P01" || code == "42703" || code == "42883": // no such table, column or function
		return fmt.Errorf("%w: postgres: the schema is behind, migrations.Up has to run: %w",
			todos.ErrUnavailable, err)
	case len(code) == 5 && (code[:2] == "22" || code[:2] == "23"): // bad data, a constraint
		return fmt.Errorf("postgres: %w", err)
	}
	return fmt.Errorf("%w: postgres: %w", todos.ErrUnavailable, err)
}

// withEnd adds to an error the end of the context that it may come from: with a
// pool of the host's, that end may show only as a query that was cancelled or a
// transaction that has been rolled back.
func withEnd(ctx context.Context, err error) error {
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}

// conflict reports whether the statement was undone because of another
// transaction and may succeed when it is run again.
func conflict(err error) bool {
	code := pqconn.SQLState(err)
	return code == "40001" || code == "40P01" // serialization failure, deadlock
}

// gaveUp reports whether the server ended a statement for its time, which with
// statements this short means that it was waiting for a lock.
func gaveUp(err error) bool {
	code := pqconn.SQLState(err)
	return code == "57014" || code == "55P03" // cancelled or timed out, lock timeout
}
