package postgres

import (
	"context"
	"database/sql"
	"errors"
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
// revision if the part before it, %s, has changed a todo. $2 is a new epoch. All
// statements come to the list last, so they cannot wait for one another in a
// circle.
const raiseRevision = `
	list AS (
		INSERT INTO authtodo_lists AS l (user_id, epoch, revision)
		SELECT ` + user + `, CAST($2 AS text), 1 FROM written
		ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1
	)`

// UpdateTodo implements [todos.Store].
func (s todoStore) UpdateTodo(
	ctx context.Context, owner, id string, change todos.Change,
) (t todos.Todo, err error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	if err := sqlstore.CheckPatch(change.Patch); err != nil {
		return todos.Todo{}, err
	}
	err = s.query(ctx, updateTodo, updateArgs(owner, id, change), func(rows *sql.Rows) error {
		var written, fits, differs bool
		row := sqlstore.NewRow(&written, &fits, &differs)
		if err := one(rows, row.Scan); err != nil {
			return err
		}
		t = row.Todo
		return checkWritten(written, fits, differs, t.Version)
	})
	if err != nil {
		return todos.Todo{}, err
	}
	return t, nil
}

// updateTodo merges the patch into old, which is locked and so the newest there
// is, whatever the statement's snapshot holds: the row is compared, computed and
// written from it. That nothing was written is never taken for "unchanged": the
// last part says why.
const updateTodo = `
	WITH old AS (
		SELECT ` + sqlstore.Columns + `, search_text,
			COALESCE(version = ANY (CAST($4 AS bigint[])), true) AS fits,
			COALESCE(title <> CAST($6 AS text), false)
				OR CAST($8 AS boolean) AND description IS DISTINCT FROM CAST($9 AS text)
				OR COALESCE(completed <> CAST($11 AS boolean), false)
				OR COALESCE(position <> CAST($12 AS bigint), false) AS differs
		FROM authtodo_todos
		WHERE ` + gate + ` AND id = CAST($3 AS uuid) AND deleted_at IS NULL
		FOR UPDATE
	), written AS (
		UPDATE authtodo_todos AS t SET
			title = COALESCE(CAST($6 AS text), old.title),
			description = CASE WHEN CAST($8 AS boolean) THEN CAST($9 AS text) ELSE old.description END,
			search_text = COALESCE(CAST($7 AS text), split_part(old.search_text, '` + todos.SearchSeparator + `', 1))
				|| CASE WHEN CAST($8 AS boolean) THEN CAST($10 AS text)
				ELSE substr(old.search_text, length(split_part(old.search_text, '` + todos.SearchSeparator + `', 1)) + 1) END,
			completed = COALESCE(CAST($11 AS boolean), old.completed),
			completed_at = CASE
				WHEN COALESCE(CAST($11 AS boolean), old.completed) = old.completed THEN old.completed_at
				WHEN CAST($11 AS boolean) THEN CAST($5 AS timestamptz) END,
			position = COALESCE(CAST($12 AS bigint), old.position),
			updated_at = CAST($5 AS timestamptz),
			version = old.version + 1
		FROM old
		WHERE ` + gate + ` AND t.id = old.id AND t.deleted_at IS NULL AND old.fits AND old.differs
		RETURNING t.id, t.title, t.description, t.completed, t.completed_at,
			t.position, t.created_at, t.updated_at, t.version
	), ` + raiseRevision + `
	SELECT true, true, true, ` + sqlstore.Columns + ` FROM written
	UNION ALL
	SELECT false, fits, differs, ` + sqlstore.Columns + ` FROM old WHERE NOT EXISTS (SELECT FROM written)`

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

// checkWritten says why nothing was written.
func checkWritten(written, fits, differs bool, version int64) error {
	switch {
	case !fits:
		return &todos.VersionError{Current: version}
	case differs && !written: // row-level security, say, that was left half done
		return errors.New("the row was locked but could not be written")
	}
	return nil
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

// DeleteTodo implements [todos.Store].
func (s todoStore) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	if !sqlstore.IsID(id) {
		return todos.ErrNotFound
	}
	return s.query(ctx, `
		WITH old AS (
			SELECT id, version, COALESCE(version = ANY (CAST($4 AS bigint[])), true) AS fits
			FROM authtodo_todos
			WHERE `+gate+` AND id = CAST($3 AS uuid) AND deleted_at IS NULL
			FOR UPDATE
		), written AS (
			DELETE FROM authtodo_todos AS t USING old
			WHERE `+gate+` AND t.id = old.id AND t.deleted_at IS NULL AND old.fits
			RETURNING t.id
		), `+raiseRevision+`
		SELECT EXISTS (SELECT FROM written), fits, version FROM old`,
		[]any{owner, sqlstore.NewEpoch(), id, array(versions)}, func(rows *sql.Rows) error {
			var written, fits bool
			var version int64
			err := one(rows, func(rows *sql.Rows) error { return rows.Scan(&written, &fits, &version) })
			if err != nil {
				return err
			}
			return checkWritten(written, fits, true, version)
		})
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
