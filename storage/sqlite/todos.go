package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// todoStore implements [todos.Store], [todos.CursorKeeper] and [todos.Eraser].
// Every statement has the owner as its first parameter. Writes are short
// transactions that hold the only connection there is for them: so what they
// read does not change until they commit.
type todoStore struct{ *DB }

var _ interface {
	todos.Store
	todos.CursorKeeper
	todos.Eraser
} = todoStore{}

// dialect is what lists need to know of SQLite.
func dialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Owner:    `user_id = $1`,
		Param:    func(n int, _ string) string { return "$" + strconv.Itoa(n) },
		Contains: `instr`,
		Time:     func(milliseconds int64) any { return milliseconds },
		Never: func(descending bool) any { // as in the columns completed_asc and completed_desc
			if descending {
				return int64(-9223372036854775807)
			}
			return int64(9223372036854775807)
		},
		// Without statistics SQLite takes two columns with "=" for a better way
		// than an index in the right order, and sorts the list for every page.
		Unindexed: func(column string) string { return "+" + column },
	}
}

// CreateTodo implements [todos.Store]. It never ends with [todos.ErrRetryInFlight]:
// all writers wait for one lock, whatever their keys, and may wait for another
// process.
func (s todoStore) CreateTodo(
	ctx context.Context, owner string, draft todos.Draft,
) (created todos.Created, err error) {
	if err := sqlstore.CheckDraft(draft); err != nil {
		return todos.Created{}, err
	}
	err = s.write(ctx, owner, func(ctx context.Context, tx *sql.Tx) (err error) {
		if draft.Retry != nil {
			created, err = answered(ctx, tx, owner, draft.Retry)
			if err != nil || created.Replayed {
				return err
			}
		}
		created.Todo, err = insert(ctx, tx, owner, draft)
		return err
	})
	if err != nil {
		return todos.Created{}, err
	}
	return created, nil
}

// answered returns the answer that is on record. Records that no longer count
// are deleted, this key's among them.
func answered(
	ctx context.Context, tx *sql.Tx, owner string, retry *todos.Retry,
) (todos.Created, error) {
	_, err := tx.ExecContext(ctx, `
		DELETE FROM authtodo_retries WHERE user_id = $1 AND created_at < $2`,
		owner, retry.ExpiredAt.UnixMilli())
	if err != nil {
		return todos.Created{}, err
	}
	var fingerprint, text string
	var position int64
	err = tx.QueryRowContext(ctx, `
		SELECT fingerprint, position, answer FROM authtodo_retries WHERE user_id = $1 AND key = $2`,
		owner, retry.Key).Scan(&fingerprint, &position, &text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return todos.Created{}, nil
	case err != nil:
		return todos.Created{}, err
	case fingerprint != retry.Fingerprint:
		return todos.Created{}, todos.ErrRetryMismatch
	}
	todo, err := sqlstore.Answered(text, position)
	return todos.Created{Todo: todo, Replayed: true}, err
}

// insert adds the todo, the record of its answer and a change of the list.
func insert(ctx context.Context, tx *sql.Tx, owner string, draft todos.Draft) (todos.Todo, error) {
	position, err := place(ctx, tx, owner, draft.Position)
	if err != nil {
		return todos.Todo{}, err
	}
	t := draft.Todo(position)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		owner, t.ID, t.Title, t.Description, todos.SearchText(t.Title, t.Description), t.Completed,
		completedAt(t), t.Position, t.CreatedAt.UnixMilli(), t.UpdatedAt.UnixMilli(), t.Version)
	if err != nil {
		return todos.Todo{}, err
	}
	if draft.Retry != nil {
		if err := record(ctx, tx, owner, draft, position); err != nil {
			return todos.Todo{}, err
		}
	}
	return t, changed(ctx, tx, owner)
}

// place is the position of a new todo.
func place(ctx context.Context, tx *sql.Tx, owner string, given *int64) (int64, error) {
	if given != nil {
		return *given, nil
	}
	var last int64
	err := tx.QueryRowContext(ctx, `
		SELECT position FROM authtodo_todos WHERE user_id = $1 AND deleted_at IS NULL
		ORDER BY position DESC LIMIT 1`, owner).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	return todos.NextPosition(last), nil
}

// record keeps the answer for another call with the same key.
func record(
	ctx context.Context, tx *sql.Tx, owner string, draft todos.Draft, position int64,
) error {
	answer, err := sqlstore.Answer(draft)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO authtodo_retries
			(user_id, key, fingerprint, todo_id, position, answer, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		owner, draft.Retry.Key, draft.Retry.Fingerprint, draft.ID, position, answer,
		draft.CreatedAt.UnixMilli())
	return err
}

// changed gives the list of owner its next revision.
func changed(ctx context.Context, tx *sql.Tx, owner string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ($1, $2, 1)
		ON CONFLICT (user_id) DO UPDATE SET revision = revision + 1`,
		owner, sqlstore.NewEpoch())
	return err
}

func completedAt(t todos.Todo) sql.NullInt64 {
	return sql.NullInt64{Int64: t.CompletedAt.UnixMilli(), Valid: t.Completed}
}

const selectTodo = `
	SELECT ` + sqlstore.Columns + ` FROM authtodo_todos
	WHERE user_id = $1 AND id = $2 AND deleted_at IS NULL`

// GetTodo implements [todos.Store].
func (s todoStore) GetTodo(ctx context.Context, owner, id string) (t todos.Todo, err error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	err = s.read(ctx, owner, func(r *reader) error {
		return r.query(ctx, selectTodo, []any{owner, id}, func(rows sqlstore.Rows) (err error) {
			t, err = oneTodo(rows)
			return err
		})
	})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

// oneTodo scans the only row of [selectTodo].
func oneTodo(rows sqlstore.Rows) (todos.Todo, error) {
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return todos.Todo{}, err
		}
		return todos.Todo{}, todos.ErrNotFound
	}
	row := sqlstore.NewRow()
	err := row.Scan(rows)
	return row.Todo, err
}

// ListTodos implements [todos.Store].
func (s todoStore) ListTodos(
	ctx context.Context, owner string, query todos.Query,
) (page todos.Page, err error) {
	if err := sqlstore.CheckQuery(query); err != nil {
		return todos.Page{}, err
	}
	head, list := dialect().List(owner, query), dialect().List(owner, query)
	state, rowsOf := selectState(head), list.Page(sqlstore.Columns, "")
	err = s.snapshot(ctx, owner, func(r *reader) error {
		err := r.query(ctx, state, head.Args, func(rows sqlstore.Rows) error {
			if !rows.Next() {
				return rows.Err()
			}
			return rows.Scan(&page.Revision.Epoch, &page.Revision.Number, &page.Total)
		})
		if err != nil || page.Revision == (todos.Revision{}) {
			return err
		}
		if page.NotModified = page.Revision == query.Known; page.NotModified {
			return nil
		}
		return r.query(ctx, rowsOf, list.Args, func(rows sqlstore.Rows) error {
			return sqlstore.ReadPage(rows, query.Limit, &page)
		})
	})
	if err != nil {
		return todos.Page{}, err
	}
	return page, nil
}

// selectState selects the revision and the total, if there is a list.
func selectState(list *sqlstore.List) string {
	return `
		SELECT l.epoch, l.revision, ` + list.Total() + ` FROM authtodo_lists AS l WHERE l.user_id = $1`
}

// UpdateTodo implements [todos.Store].
func (s todoStore) UpdateTodo(
	ctx context.Context, owner, id string, change todos.Change,
) (t todos.Todo, err error) {
	if err := sqlstore.CheckPatch(change.Patch); err != nil {
		return todos.Todo{}, err
	}
	err = s.write(ctx, owner, func(ctx context.Context, tx *sql.Tx) error {
		old, err := find(ctx, tx, owner, id, change.Versions)
		if err != nil {
			return err
		}
		var differs bool
		if t, differs = change.Patch.Apply(old, change.At); !differs {
			return nil
		}
		return replace(ctx, tx, owner, t)
	})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

// find returns the todo if it has one of the versions; nil is any.
func find(
	ctx context.Context, tx *sql.Tx, owner, id string, versions []int64,
) (todos.Todo, error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	rows, err := tx.QueryContext(ctx, selectTodo, owner, id)
	if err != nil {
		return todos.Todo{}, err
	}
	defer rows.Close()
	t, err := oneTodo(rows)
	if err == nil && versions != nil && !slices.Contains(versions, t.Version) {
		err = &todos.VersionError{Current: t.Version}
	}
	return t, err
}

// replace writes what a patch made of a todo.
func replace(ctx context.Context, tx *sql.Tx, owner string, t todos.Todo) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE authtodo_todos SET title = $3, description = $4, search_text = $5, completed = $6,
			completed_at = $7, position = $8, updated_at = $9, version = $10
		WHERE user_id = $1 AND id = $2`,
		owner, t.ID, t.Title, t.Description, todos.SearchText(t.Title, t.Description), t.Completed,
		completedAt(t), t.Position, t.UpdatedAt.UnixMilli(), t.Version)
	if err != nil {
		return err
	}
	return changed(ctx, tx, owner)
}

// DeleteTodo implements [todos.Store].
func (s todoStore) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	return s.write(ctx, owner, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := find(ctx, tx, owner, id, versions); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM authtodo_todos WHERE user_id = $1 AND id = $2`, owner, id)
		if err != nil {
			return err
		}
		return changed(ctx, tx, owner)
	})
}

// EraseTodos implements [todos.Eraser].
func (s todoStore) EraseTodos(ctx context.Context, owner string) error {
	return s.write(ctx, owner, func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			`DELETE FROM authtodo_todos WHERE user_id = $1`,
			`DELETE FROM authtodo_retries WHERE user_id = $1`,
			`DELETE FROM authtodo_lists WHERE user_id = $1`,
		} {
			if _, err := tx.ExecContext(ctx, statement, owner); err != nil {
				return err
			}
		}
		return nil
	})
}

// CursorKey implements [todos.CursorKeeper].
func (s todoStore) CursorKey(ctx context.Context) ([]byte, error) {
	var setting string
	err := s.readers.GetContext(ctx, &setting, `
		SELECT value FROM authtodo_settings WHERE name = 'cursor_key'`)
	if err != nil {
		return nil, failure(ctx, err)
	}
	return sqlstore.CursorKey(setting)
}
