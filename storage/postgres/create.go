package postgres

import (
	"context"
	"database/sql"
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
	err := s.query(ctx, insertTodo, insertArgs(owner, draft), func(rows *sql.Rows) error {
		return one(rows, func(rows *sql.Rows) error { return rows.Scan(&position) })
	})
	if err != nil {
		return todos.Created{}, err
	}
	return todos.Created{Todo: draft.Todo(position)}, nil
}

// place is the position of a new todo: the one that is given or, as
// [todos.NextPosition] has it, one step behind the last.
const place = `
	COALESCE(CAST($9 AS bigint), LEAST(9007199254740991, 65536 + COALESCE((
		SELECT position FROM authtodo_todos WHERE ` + gate + ` AND deleted_at IS NULL
		ORDER BY position DESC LIMIT 1), 0)))`

const insertTodo = `
	WITH written AS (
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text,
			completed, completed_at, position, created_at, updated_at, version)
		VALUES (` + user + `, CAST($3 AS uuid), CAST($4 AS text), CAST($5 AS text), CAST($6 AS text),
			CAST($7 AS boolean), CAST($8 AS timestamptz), ` + place + `,
			CAST($10 AS timestamptz), CAST($10 AS timestamptz), 1)
		RETURNING position
	), ` + raiseRevision + `
	SELECT position FROM written`

// insertArgs are the arguments of insertTodo, and the first ones of
// insertTodoOnce.
func insertArgs(owner string, d todos.Draft) []any {
	var completedAt any
	if d.Completed {
		completedAt = d.CreatedAt
	}
	return []any{
		owner, sqlstore.NewEpoch(), d.ID, d.Title, d.Description,
		todos.SearchText(d.Title, d.Description), d.Completed, completedAt, d.Position, d.CreatedAt,
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
	args := append(insertArgs(owner, draft), retry.Key, retry.Fingerprint, answer, retry.ExpiredAt)
	var created todos.Created
	err = s.run(ctx, insertTodoOnce, args, func(rows *sql.Rows) error {
		var id, fingerprint, answer string
		var position int64
		err := one(rows, func(rows *sql.Rows) error {
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

// insertTodoOnce takes or finds the record of the key first: a racer waits
// there until the one before it has committed, and then finds its record. DO
// UPDATE, because only a row that was written is returned; a record that still
// counts is written as it is. The todo is inserted if the record is this
// call's own. Other records that have expired go at this occasion, those that
// other calls hold excepted, for which these might be waiting.
const insertTodoOnce = `
	WITH retry AS (
		INSERT INTO authtodo_retries AS r
			(user_id, key, fingerprint, todo_id, position, answer, created_at)
		VALUES (` + user + `, CAST($11 AS text), CAST($12 AS text), CAST($3 AS uuid), ` + place + `,
			CAST($13 AS text), CAST($10 AS timestamptz))
		ON CONFLICT (user_id, key) DO UPDATE SET
			fingerprint = CASE WHEN r.created_at < CAST($14 AS timestamptz)
				THEN excluded.fingerprint ELSE r.fingerprint END,
			todo_id = CASE WHEN r.created_at < CAST($14 AS timestamptz)
				THEN excluded.todo_id ELSE r.todo_id END,
			position = CASE WHEN r.created_at < CAST($14 AS timestamptz)
				THEN excluded.position ELSE r.position END,
			answer = CASE WHEN r.created_at < CAST($14 AS timestamptz)
				THEN excluded.answer ELSE r.answer END,
			created_at = CASE WHEN r.created_at < CAST($14 AS timestamptz)
				THEN excluded.created_at ELSE r.created_at END
		RETURNING todo_id, fingerprint, answer, position
	), written AS (
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text,
			completed, completed_at, position, created_at, updated_at, version)
		SELECT ` + user + `, todo_id, CAST($4 AS text), CAST($5 AS text), CAST($6 AS text),
			CAST($7 AS boolean), CAST($8 AS timestamptz), position,
			CAST($10 AS timestamptz), CAST($10 AS timestamptz), 1
		FROM retry WHERE todo_id = CAST($3 AS uuid)
		RETURNING id
	), ` + raiseRevision + `, expired AS (
		DELETE FROM authtodo_retries
		WHERE ` + gate + ` AND key IN (
			SELECT key FROM authtodo_retries
			WHERE ` + gate + ` AND created_at < CAST($14 AS timestamptz) AND key <> CAST($11 AS text)
			ORDER BY created_at LIMIT 100
			FOR UPDATE SKIP LOCKED)
	)
	SELECT todo_id, fingerprint, answer, position FROM retry`
