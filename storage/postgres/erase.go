package postgres

import (
	"context"
	"database/sql"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

var _ todos.Eraser = todoStore{}

// EraseTodos implements [todos.Eraser]. The list goes first: writers come to it
// last, so those that have begun wait, and write what counts for the list that
// follows. Who never had a list has nothing else.
func (s todoStore) EraseTodos(ctx context.Context, owner string) error {
	if err := sqlstore.CheckOwner(owner); err != nil {
		return err
	}
	return failure(ctx, s.transact(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"authtodo_lists", "authtodo_todos", "authtodo_retries"} {
			result, err := tx.ExecContext(ctx, `
				DELETE FROM `+table+`
				WHERE (SELECT `+namedUser+`) IS NOT NULL AND user_id = CAST($1 AS text)`, owner)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 && table == "authtodo_lists" {
				return nil
			}
		}
		return nil
	}))
}
