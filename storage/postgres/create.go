package postgres

import (
	"context"
	"fmt"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// CreateTodo implements [todos.Store].
func (s todoStore) CreateTodo(
	ctx context.Context, owner string, draft todos.Draft,
) (todos.Created, error) {
	if err := sqlstore.CheckDraft(draft); err != nil {
		return todos.Created{}, err
	}
	if draft.Retry != nil {
		return s.createOnce(ctx, owner, draft)
	}
	var position int64
	err := s.query(ctx, createTodo, createArgs(owner, draft), func(rows sqlstore.Rows) error {
		return one(rows, func(rows sqlstore.Rows) error { return rows.Scan(&position) })
	})
	if err != nil {
		return todos.Created{}, err
	}
	return todos.Created{Todo: draft.Todo(position)}, nil
}

const createTodo = `SELECT authtodo_create_todo($1, $2, $3, $4, $5, $6, $7, $8)`

// createArgs are the arguments of createTodo, and the first ones of
// createTodoOnce.
func createArgs(owner string, d todos.Draft) []any {
	var completedAt any
	if d.Completed {
		completedAt = d.CreatedAt
	}
	return []any{
		owner, d.ID, d.Title, d.Description, todos.SearchText(d.Title, d.Description),
		completedAt, d.Position, d.CreatedAt,
	}
}

// createOnce creates with a [todos.Retry].
func (s todoStore) createOnce(
	ctx context.Context, owner string, draft todos.Draft,
) (todos.Created, error) {
	answer, err := sqlstore.Answer(draft)
	if err != nil {
		return todos.Created{}, fmt.Errorf("postgres: %w", err)
	}
	retry := draft.Retry
	args := append(createArgs(owner, draft), retry.Key, retry.Fingerprint, answer, retry.ExpiredAt)
	var created todos.Created
	err = s.run(ctx, createTodoOnce, args, func(rows sqlstore.Rows) error {
		var id, fingerprint, answer string
		var position int64
		err := one(rows, func(rows sqlstore.Rows) error {
			return rows.Scan(&id, &fingerprint, &answer, &position)
		})
		switch {
		case err != nil:
			return err
		case id == draft.ID:
			created = todos.Created{Todo: draft.Todo(position)}
		case fingerprint != retry.Fingerprint:
			return todos.ErrRetryMismatch
		default:
			created.Replayed = true
			created.Todo, err = sqlstore.Answered(answer, position)
		}
		return err
	})
	switch {
	case gaveUp(err):
		return todos.Created{}, fmt.Errorf("%w: %w", todos.ErrRetryInFlight, withEnd(ctx, err))
	case err != nil:
		return todos.Created{}, failure(ctx, err)
	}
	return created, nil
}

const createTodoOnce = `
	SELECT todo_id, fingerprint, answer, position
	FROM authtodo_create_todo_once($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
