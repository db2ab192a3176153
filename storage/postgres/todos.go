package postgres

import (
	"context"
	"database/sql"
	"math"
	"strconv"

	"github.com/gofrs/uuid/v5"
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

// gate names the user to row-level security, which shows the rows of the user in
// the setting authtodo.user_id. The setting is made in the statement that needs it
// and is gone when that ends, so there is nothing to undo on a connection and
// nobody inherits it. The planner makes a filter of the gate that is asked once,
// before any row is read, and of what the policy comes to for this user a second
// one, which is asked behind it, because it costs more by its reckoning; were it
// ever to choose another order, the part would see no rows. So the gate stands in
// each part that reads a table. What writes is a function of the migrations and
// begins with it.
const gate = `(SELECT set_config('authtodo.user_id', CAST($1 AS text), true)) IS NOT NULL
	AND user_id = CAST($1 AS text)`

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
func (s todoStore) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	if !sqlstore.IsID(id) {
		return todos.Todo{}, todos.ErrNotFound
	}
	statement := getTodo
	if s.direct {
		statement = selectTodo
	}
	return s.todo(ctx, statement, []any{owner, id})
}

// Two statements for one todo: the function keeps its plan where the statement
// does not, and costs more where it does.
const (
	getTodo = `
		SELECT ` + sqlstore.Columns + ` FROM authtodo_get_todo($1, $2)`
	selectTodo = `
		SELECT ` + sqlstore.Columns + ` FROM authtodo_todos
		WHERE ` + gate + ` AND id = CAST($2 AS uuid) AND deleted_at IS NULL`
)

// todo runs a statement for one todo. No todo is no row or, from a function, one
// of nulls; only a version is that of a todo that was asked for with others.
func (s todoStore) todo(ctx context.Context, statement string, args []any) (todos.Todo, error) {
	var t todos.Todo
	err := s.query(ctx, statement, args, func(rows sqlstore.Rows) error {
		row := sqlstore.NewRow()
		err := one(rows, row.Scan)
		t = row.Todo
		return err
	})
	switch {
	case err != nil:
		return todos.Todo{}, err
	case t.Version == 0:
		return todos.Todo{}, todos.ErrNotFound
	case t.ID == "":
		return todos.Todo{}, &todos.VersionError{Current: t.Version}
	}
	return t, nil
}

// one scans the only row of an answer.
func one(rows sqlstore.Rows, scan func(sqlstore.Rows) error) error {
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
	var statement string
	var args []any
	if !s.direct && isUsual(query) {
		statement, args = listTodos, listArgs(owner, query)
	} else {
		statement, args = selectPage(owner, query)
	}
	err = s.query(ctx, statement, args, func(rows sqlstore.Rows) error {
		page = todos.Page{}
		return sqlstore.ReadPage(rows, query.Limit, &page)
	})
	if err != nil {
		return todos.Page{}, err
	}
	page.NotModified = query.Known != todos.Revision{} && query.Known == page.Revision
	return page, nil
}

// isUsual reports whether a query is one that listTodos answers.
func isUsual(q todos.Query) bool {
	byPosition := q.Sort.Field == "" || q.Sort.Field == todos.ByPosition
	return byPosition && !q.Sort.Descending && q.Search == "" && !q.Count
}

// pageColumns are sqlstore.Columns with times in milliseconds: in words they take
// longer to write, and much longer to parse.
const pageColumns = `id, title, description, completed,
	CAST(date_part('epoch', completed_at) * 1000 AS bigint), position,
	CAST(date_part('epoch', created_at) * 1000 AS bigint),
	CAST(date_part('epoch', updated_at) * 1000 AS bigint), version`

// listTodos is what selectPage is for the usual queries. As with one todo, the
// function keeps its plan where the statement does not: planning takes the server
// longer than a page of 50. It returns its rows in order.
const listTodos = `
	SELECT ` + sqlstore.Columns + ` FROM authtodo_list_todos($1, $2, $3, $4, $5, $6, $7)`

func listArgs(owner string, query todos.Query) []any {
	var completed any
	if query.Completed.Set {
		completed = query.Completed.Value
	}
	after := todos.Anchor{Number: math.MinInt64, ID: uuid.Nil.String()} // before all that the API lets in
	if query.After != nil {
		after = *query.After
	}
	return []any{
		owner, completed, after.Number, after.ID, query.Limit + 1, query.Known.Epoch, query.Known.Number,
	}
}

// selectPage is one statement, so that the page is of the revision that comes with
// it, in a row as [sqlstore.ReadPage] has it. No row is an owner without a list.
func selectPage(owner string, query todos.Query) (statement string, args []any) {
	list := dialect().List(owner, query)
	total, condition := list.Total(), ""
	if query.Known != (todos.Revision{}) {
		condition = ` AND (SELECT ` + list.Modified() + ` FROM list AS l)`
	}
	page := list.Page(pageColumns, condition)
	return `
		WITH list AS MATERIALIZED (SELECT epoch, revision FROM authtodo_lists WHERE ` + gate + `)
		SELECT CAST(NULL AS uuid) AS id, l.epoch AS title, CAST(NULL AS text) AS description,
			CAST(NULL AS boolean) AS completed, CAST(NULL AS bigint) AS completed_at,
			l.revision AS position, CAST(NULL AS bigint) AS created_at,
			CAST(NULL AS bigint) AS updated_at, CAST(` + total + ` AS bigint) AS version
		FROM list AS l
		UNION ALL (` + page + `)`, list.Args
}

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
	return s.todo(ctx, updateTodo, updateArgs(owner, id, change))
}

const updateTodo = `
	SELECT ` + sqlstore.Columns + `
	FROM authtodo_update_todo($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

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
		owner, id, array(change.Versions), change.At,
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

// DeleteTodo implements [todos.Store].
func (s todoStore) DeleteTodo(ctx context.Context, owner, id string, versions []int64) error {
	if !sqlstore.IsID(id) {
		return todos.ErrNotFound
	}
	var current sql.NullInt64 // the version that is none of those; 0 if the todo is gone
	args := []any{owner, id, array(versions)}
	err := s.query(ctx, `SELECT authtodo_delete_todo($1, $2, $3)`, args, func(rows sqlstore.Rows) error {
		return one(rows, func(rows sqlstore.Rows) error { return rows.Scan(&current) })
	})
	switch {
	case err != nil:
		return err
	case !current.Valid:
		return todos.ErrNotFound
	case current.Int64 != 0:
		return &todos.VersionError{Current: current.Int64}
	}
	return nil
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
