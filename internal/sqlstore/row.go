package sqlstore

import (
	"fmt"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// Rows is an answer while it is read, as database/sql has it.
type Rows interface {
	Next() bool             // goes to the next row; false behind the last one and after an error
	Scan(into ...any) error // takes scanners, *string and *int64, one for each column
	Err() error             // what has ended the rows too early
}

// Row scans rows of [Columns]. It is used again for every row, so that a row costs
// no more than its text.
type Row struct {
	Todo todos.Todo // with zeros for nulls
	into []any
}

// NewRow returns a Row.
func NewRow() *Row {
	r := new(Row)
	t := &r.Todo
	r.into = []any{
		(*text)(&t.ID), (*text)(&t.Title), description{t}, (*flag)(&t.Completed), (*instant)(&t.CompletedAt),
		(*number)(&t.Position), (*instant)(&t.CreatedAt), (*instant)(&t.UpdatedAt), (*number)(&t.Version),
	}
	return r
}

// Scan scans the row that rows is at.
func (r *Row) Scan(rows Rows) error { return rows.Scan(r.into...) }

// The columns of a todo are null where a page has none, and drivers differ in
// what they return: so each kind has a scanner, which is cheaper than the
// conversions of database/sql by reflection, too.
type (
	text    string
	flag    bool
	number  int64
	instant time.Time

	description struct{ of *todos.Todo }
)

func (s *text) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*s = ""
	case string:
		*s = text(v)
	case []byte:
		*s = text(v)
	default:
		return unexpected("text", value)
	}
	return nil
}

func (d description) Scan(value any) error {
	if d.of.Description = nil; value == nil {
		return nil
	}
	s := new(text)
	d.of.Description = (*string)(s)
	return s.Scan(value)
}

func (f *flag) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*f = false
	case bool:
		*f = flag(v)
	case int64:
		*f = v != 0
	default:
		return unexpected("a boolean", value)
	}
	return nil
}

func (n *number) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*n = 0
	case int64:
		*n = number(v)
	default:
		return unexpected("an integer", value)
	}
	return nil
}

func (i *instant) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*i = instant{}
	case time.Time:
		*i = instant(v.UTC())
	case int64:
		*i = instant(time.UnixMilli(v).UTC())
	default:
		return unexpected("a time", value)
	}
	return nil
}

// unexpected does not show the value, which is a user's.
func unexpected(want string, got any) error { return fmt.Errorf("got a %T, want %s", got, want) }
