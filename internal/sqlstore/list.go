package sqlstore

import (
	"fmt"

	"github.com/authtodo/authtodo/todos"
)

// Dialect is how one database says what both are asked.
type Dialect struct {
	// Owner is the condition for the rows of $1. On Postgres it is the gate of
	// row-level security, too, which has to stand in every part of a statement
	// that reads or writes a table.
	Owner string

	// Param is the n-th parameter of a statement as a value of an SQL type.
	Param func(n int, sqlType string) string

	// Contains is a function that returns a number over 0 if its first
	// argument contains the second, byte for byte.
	Contains string

	// Time is what a time in milliseconds since 1970 is compared as, and Never
	// what stands for no time: after all times, or if descending before them.
	Time  func(milliseconds int64) any
	Never func(descending bool) any

	// Unindexed keeps the database from going by an index over the column. It
	// is for a planner that does not know what a column holds.
	Unindexed func(column string) string
}

// List is the statements for one page in the making. The page and the revision
// that it is of have to be read at one moment: in one statement or in one
// transaction.
type List struct {
	Args  []any // of all that has been asked for
	d     *Dialect
	query todos.Query
}

// List starts a statement for a page of the owner's list.
func (d *Dialect) List(owner string, query todos.Query) *List {
	return &List{Args: []any{owner}, d: d, query: query}
}

// Total is the number of todos that fit the query, on all pages, if that is
// asked for and the list is [List.Modified]; else 0.
func (l *List) Total() string {
	if !l.query.Count {
		return `0`
	}
	total := `(SELECT count(*) FROM authtodo_todos
			WHERE ` + l.d.Owner + ` AND deleted_at IS NULL` + l.completed("completed") + l.search() + `)`
	if l.query.Known != (todos.Revision{}) {
		total = `CASE WHEN ` + l.Modified() + ` THEN ` + total + ` ELSE 0 END`
	}
	return total
}

// Modified is the condition that the row of authtodo_lists AS l has another
// revision than [todos.Query].Known.
func (l *List) Modified() string {
	return `(l.epoch <> ` + l.param(l.query.Known.Epoch, "text") +
		` OR l.revision <> ` + l.param(l.query.Known.Number, "bigint") + `)`
}

// Page selects, in order, columns of the todos that fit the query: one more
// than its limit, if there is more. A further condition starts with AND.
func (l *List) Page(columns, condition string) string {
	return `
		SELECT ` + columns + ` FROM authtodo_todos
		WHERE ` + l.d.Owner + ` AND deleted_at IS NULL` + condition +
		l.inOrder() + l.search() + l.behind() + `
		ORDER BY ` + l.By(l.SortKey(), "id") + `
		LIMIT ` + l.param(l.query.Limit+1, "bigint")
}

// By is the order of the list, by a sort key and an id.
func (l *List) By(key, id string) string {
	if l.query.Sort.Descending {
		return key + " DESC, " + id + " DESC"
	}
	return key + ", " + id
}

// SortKey is the column that goes before id in the order.
func (l *List) SortKey() string {
	switch sort := l.query.Sort; sort.Field {
	case todos.ByCreatedAt:
		return "created_at"
	case todos.ByUpdatedAt:
		return "updated_at"
	case todos.ByTitle:
		return "title_key"
	case todos.ByCompletedAt:
		if sort.Descending {
			return "completed_desc"
		}
		return "completed_asc"
	default:
		return "position"
	}
}

// param adds an argument.
func (l *List) param(value any, sqlType string) string {
	l.Args = append(l.Args, value)
	return l.d.Param(len(l.Args), sqlType)
}

func (l *List) completed(column string) string {
	if !l.query.Completed.Set {
		return ""
	}
	return " AND " + column + " = " + l.param(l.query.Completed.Value, "boolean")
}

// inOrder is the condition of [todos.Query].Completed in the form that leaves
// the rows in the order of the index they are read from.
func (l *List) inOrder() string {
	sort, completed := l.query.Sort, l.query.Completed
	switch {
	case !completed.Set:
		return ""
	case sort.Field == todos.ByCompletedAt:
		// The open todos are the end of this index: so the filter is a range of
		// it, and behind an open todo there are no others.
		if after := l.query.After; !completed.Value && after != nil && after.Null {
			return ""
		}
		operator := "="
		if completed.Value {
			operator = before(!sort.Descending)
		}
		return " AND " + l.SortKey() + " " + operator + " " + l.param(l.d.Never(sort.Descending), "timestamptz")
	case l.SortKey() == "position": // which has an index by completed, too
		return l.completed("completed")
	default:
		return l.completed(l.d.Unindexed("completed"))
	}
}

func (l *List) search() string {
	if l.query.Search == "" {
		return ""
	}
	return " AND " + l.d.Contains + "(search_text, " + l.param(l.query.Search, "text") + ") > 0"
}

// behind is the condition of [todos.Query].After.
func (l *List) behind() string {
	after := l.query.After
	if after == nil {
		return ""
	}
	return fmt.Sprintf(" AND (%s, id) %s (%s, %s)", l.SortKey(), before(l.query.Sort.Descending),
		l.anchor(after), l.param(after.ID, "uuid"))
}

// anchor is the value of the sort key at a place.
func (l *List) anchor(a *todos.Anchor) string {
	switch sort := l.query.Sort; sort.Field {
	case todos.ByTitle:
		return l.param(a.Text, "text")
	case todos.ByCompletedAt:
		if a.Null {
			return l.param(l.d.Never(sort.Descending), "timestamptz")
		}
		return l.param(l.d.Time(a.Number), "timestamptz")
	case todos.ByCreatedAt, todos.ByUpdatedAt:
		return l.param(l.d.Time(a.Number), "timestamptz")
	default:
		return l.param(a.Number, "bigint")
	}
}

func before(yes bool) string {
	if yes {
		return "<"
	}
	return ">"
}

// ReadPage reads a page. A row without an id is not of a todo but of the list: its
// title is the epoch, its position the revision and its version the total.
func ReadPage(rows Rows, limit int, page *todos.Page) error {
	row := NewRow()
	page.Todos = make([]todos.Todo, 0, min(limit, 64))
	for rows.Next() {
		if err := row.Scan(rows); err != nil {
			return err
		}
		t := &row.Todo
		switch {
		case t.ID == "":
			page.Revision = todos.Revision{Epoch: t.Title, Number: t.Position}
			page.Total = t.Version
		case len(page.Todos) == limit:
			page.More = true
		default:
			page.Todos = append(page.Todos, *t)
		}
	}
	return rows.Err()
}
