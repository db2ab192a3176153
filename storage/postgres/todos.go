package postgres

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/internal/sqlstore"
	"github.com/authtodo/authtodo/todos"
)

// todoStore implements [todos.Store] and [todos.CursorKeeper].
type todoStore struct{ *DB }

var _ interface {
	todos.Store
	todos.CursorKeeper
} = todoStore{}

// Row-level security shows the rows of the user in the setting
// authtodo.user_id. The setting is made in the statement that needs it and is
// gone when that ends, so there is nothing to undo on a connection and nobody
// inherits it. The planner puts the gate above the scan of its part of the
// statement, as a filter that is asked once before any row is read; were it ever
// to choose another order, the part would see no rows. So the gate stands in
// each part that reads or writes a table, and user is what an INSERT has as
// user_id.
const (
	user = `set_config('authtodo.user_id', CAST($1 AS text), true)`
	gate = `(SELECT ` + user + `) IS NOT NULL AND user_id = CAST($1 AS text)`
)

// dialect is what lists need to know of Postgres.
func dialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		Owner: gate,
		Param: func(n int, sqlType string) string {
			return "CAST($" + strconv.Itoa(n) + " AS " + sqlType + ")"
		},
		Contains: `strpos`,
		Time:     func(milliseconds int64) any { return (&todos.Anchor{Number: milliseconds}).Time() },
		Never: func(descending bool) any { // as in the columns completed_asc and completed_desc
			if descending {
				return "-infinity"
			}
			return "infinity"
		},
		Unindexed: func(column string) string { return column }, // the planner has statistics
	}
}

// GetTodo implements [todos.Store].
func (s todoStore) GetTodo(ctx context.Context, owner, id string) (t todos.Todo, err error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	err = s.query(ctx, `
		SELECT `+sqlstore.Columns+` FROM authtodo_todos
		WHERE `+gate+` AND id = CAST($2 AS uuid) AND deleted_at IS NULL`,
		[]any{owner, id}, func(rows *sql.Rows) error {
			row := sqlstore.NewRow()
			err := one(rows, row.Scan)
			t = row.Todo
			return err
		})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

// one scans the only row of an answer.
func one(rows *sql.Rows, scan func(*sql.Rows) error) error {
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return todos.ErrNotFound
	}
	return scan(rows)
}

// ListTodos implements [todos.Store].
func (s todoStore) ListTodos(
	ctx context.Context, owner string, query todos.Query,
) (page todos.Page, err error) {
	if err := sqlstore.CheckQuery(query); err != nil {
		return todos.Page{}, err
	}
	statement, args := selectPage(owner, query)
	err = s.query(ctx, statement, args, func(rows *sql.Rows) error {
		page = todos.Page{}
		return sqlstore.ReadPage(rows, query.Limit, &page,
			&page.Revision.Epoch, &page.Revision.Number, &page.Total)
	})
	if err != nil {
		return todos.Page{}, err
	}
	page.NotModified = query.Known != todos.Revision{} && query.Known == page.Revision
	return page, nil
}

// selectPage is one statement, so that the page is of the revision that comes
// with it. No row is an owner without a list; a row without a todo is a page
// that is empty or not modified.
func selectPage(owner string, query todos.Query) (statement string, args []any) {
	list := dialect().List(owner, query)
	total, condition := list.Total(), ""
	if query.Known != (todos.Revision{}) {
		condition = ` AND ` + list.Modified()
	}
	page := list.Page(sqlstore.Columns+`, `+list.SortKey()+` AS sort_key`, condition)
	return `
		SELECT l.epoch, l.revision, ` + total + `, t.id, t.title, t.description, t.completed,
			t.completed_at, t.position, t.created_at, t.updated_at, t.version
		FROM authtodo_lists AS l LEFT JOIN LATERAL (` + page + `) AS t ON true
		WHERE ` + gate + `
		ORDER BY ` + list.By(`t.sort_key`, `t.id`), list.Args
}

// raiseRevision is the part of a statement that gives the list its next
// revision if the part before it, written, has changed a todo. $2 is a new
// epoch. All statements come to the list last, so they cannot wait for one
// another in a circle.
const raiseRevision = `
	list AS (
		INSERT INTO authtodo_lists AS l (user_id, epoch, revision)
		SELECT ` + user + `, CAST($2 AS text), 1 FROM written
		ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1
	)`

// rewrites is how often a write is run that finds nothing to write although the
// todo, looked at afterwards, has what it asks for: somebody else changed it in
// between, and changed it back.
const rewrites = 64

var errMoving = errors.New("the todo is there but cannot be written")

// UpdateTodo implements [todos.Store].
func (s todoStore) UpdateTodo(
	ctx context.Context, owner, id string, change todos.Change,
) (todos.Todo, error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	if err := sqlstore.CheckPatch(change.Patch); err != nil {
		return todos.Todo{}, err
	}
	args := updateArgs(owner, id, change)
	for range rewrites {
		row := sqlstore.NewRow()
		err := s.query(ctx, updateTodo, args, func(rows *sql.Rows) error { return one(rows, row.Scan) })
		if err == nil {
			return row.Todo, nil
		}
		if !errors.Is(err, todos.ErrNotFound) {
			return todos.Todo{}, err
		}
		t, err := s.unwritten(ctx, owner, id, change.Versions)
		if err != nil {
			return todos.Todo{}, err
		}
		if _, differs := change.Patch.Apply(t, change.At); !differs {
			return t, nil
		}
	}
	return todos.Todo{}, failure(ctx, errMoving)
}

// unwritten looks at a todo that a statement has not written: the todo, if it
// has one of the versions, or the error that says why. That nothing was written
// is never taken for an answer by itself.
func (s todoStore) unwritten(
	ctx context.Context, owner, id string, versions []int64,
) (todos.Todo, error) {
	t, err := s.GetTodo(ctx, owner, id)
	if err == nil && versions != nil && !slices.Contains(versions, t.Version) {
		err = &todos.VersionError{Current: t.Version}
	}
	return t, err
}

// updateTodo merges the patch into the row, if that makes a difference. The
// statement reads nothing but the row that it writes: so when it had to wait for
// another writer, the server compares and computes anew with what that one has
// left, whatever the statement's snapshot holds. A CTE that reads the row first
// loses updates unless it locks the row, and takes the planner half as long
// again.
const updateTodo = `
	WITH written AS (
		UPDATE authtodo_todos SET
			title = COALESCE(CAST($6 AS text), title),
			description = CASE WHEN CAST($8 AS boolean) THEN CAST($9 AS text) ELSE description END,
			search_text = COALESCE(CAST($7 AS text), split_part(search_text, '` + todos.SearchSeparator + `', 1))
				|| CASE WHEN CAST($8 AS boolean) THEN CAST($10 AS text)
				ELSE substr(search_text, length(split_part(search_text, '` + todos.SearchSeparator + `', 1)) + 1) END,
			completed = COALESCE(CAST($11 AS boolean), completed),
			completed_at = CASE
				WHEN COALESCE(CAST($11 AS boolean), completed) = completed THEN completed_at
				WHEN CAST($11 AS boolean) THEN CAST($5 AS timestamptz) END,
			position = COALESCE(CAST($12 AS bigint), position),
			updated_at = CAST($5 AS timestamptz),
			version = version + 1
		WHERE ` + gate + ` AND id = CAST($3 AS uuid) AND deleted_at IS NULL
			AND COALESCE(version = ANY (CAST($4 AS bigint[])), true)
			AND (title <> CAST($6 AS text)
				OR CAST($8 AS boolean) AND description IS DISTINCT FROM CAST($9 AS text)
				OR completed <> CAST($11 AS boolean)
				OR position <> CAST($12 AS bigint))
		RETURNING ` + sqlstore.Columns + `
	), ` + raiseRevision + `
	SELECT ` + sqlstore.Columns + ` FROM written`

// updateArgs are the arguments of updateTodo; those of members that stay are
// null.
func updateArgs(owner, id string, change todos.Change) []any {
	patch := change.Patch
	var title, folded, completed, position any
	if patch.Title.Set {
		title, folded = patch.Title.Value, todos.Fold(patch.Title.Value)
	}
	if patch.Completed.Set {
		completed = patch.Completed.Value
	}
	if patch.Position.Set {
		position = patch.Position.Value
	}
	described := "" // the part of the search text from its separator on
	if patch.Description.Value != nil {
		described = todos.SearchText("", patch.Description.Value)
	}
	return []any{
		owner, sqlstore.NewEpoch(), id, array(change.Versions), change.At,
		title, folded, patch.Description.Set, patch.Description.Value, described, completed, position,
	}
}

// array is the text of an array of numbers; null for nil.
func array(numbers []int64) any {
	if numbers == nil {
		return nil
	}
	text := []byte{'{'}
	for i, n := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, n, 10)
	}
	return string(append(text, '}'))
}

const deleteTodo = `
	WITH written AS (
		DELETE FROM authtodo_todos
		WHERE ` + gate + ` AND id = CAST($3 AS uuid) AND deleted_at IS NULL
			AND COALESCE(version = ANY (CAST($4 AS bigint[])), true)
		RETURNING id
	), ` + raiseRevision + `
	SELECT true FROM written`

// DeleteTodo implements [todos.Store].
func (s todoStore) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	if !sqlstore.IsID(id) {
		return todos.ErrNotFound
	}
	args := []any{owner, sqlstore.NewEpoch(), id, array(versions)}
	for range rewrites {
		err := s.query(ctx, deleteTodo, args, func(rows *sql.Rows) error {
			return one(rows, func(*sql.Rows) error { return nil })
		})
		if !errors.Is(err, todos.ErrNotFound) {
			return err
		}
		if _, err := s.unwritten(ctx, owner, id, versions); err != nil {
			return err
		}
	}
	return failure(ctx, errMoving)
}

// CursorKey implements [todos.CursorKeeper].
func (s todoStore) CursorKey(ctx context.Context) ([]byte, error) {
	var setting string
	err := s.within(ctx, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(ctx, q, &setting, `
			SELECT value FROM authtodo_settings WHERE name = 'cursor_key'`)
	})
	if err != nil {
		return nil, failure(ctx, err)
	}
	return sqlstore.CursorKey(setting)
}
