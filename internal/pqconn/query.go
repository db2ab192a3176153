package pqconn

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// Query is a statement and its arguments.
type Query struct {
	Text string
	Args []any

	// Kept leaves the statement prepared for as long as the connection lives. It is
	// wrong behind a transaction pooler.
	Kept bool
}

// Run runs q on a connection of a pool of [New]'s, and has scan read the answer. It
// is what QueryContext of the pool is, without what database/sql does for any
// driver: for each answer a goroutine and a context (lib/pq has such a goroutine,
// too), for each row two locks, for each value a conversion.
//
// A panic of scan keeps no connection.
func (q Query) Run(ctx context.Context, pool *sql.DB, scan func(*Rows) error) error {
	err := q.once(ctx, pool, scan)
	if !errors.Is(err, driver.ErrBadConn) { // else nothing was sent
		return err
	}
	// All others of the pool may be dead, too. Behind them is a new one.
	for range pool.Stats().OpenConnections + 1 {
		if err = q.once(ctx, pool, scan); !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return err
}

func (q Query) once(ctx context.Context, pool *sql.DB, scan func(*Rows) error) error {
	taken, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer taken.Close()
	return taken.Raw(func(driverConn any) error {
		c, ok := driverConn.(queryer) // of this package, or around one that is
		if !ok {
			return fmt.Errorf("pqconn: the pool has a %T", driverConn)
		}
		answer, err := q.ask(ctx, c)
		if err != nil {
			return err
		}
		return read(answer, scan)
	})
}

// queryer is what a statement is run on.
type queryer interface {
	driver.NamedValueChecker
	driver.QueryerContext
}

func (q Query) ask(ctx context.Context, c queryer) (driver.Rows, error) {
	values, err := values(c, q.Args)
	if err != nil {
		return nil, err
	}
	if keeper, ok := c.(*conn); ok && q.Kept {
		return keeper.queryKept(ctx, q.Text, values)
	}
	return c.QueryContext(ctx, q.Text, values)
}

func (c *conn) queryKept(
	ctx context.Context, text string, values []driver.NamedValue,
) (driver.Rows, error) {
	if prepared, ok := c.kept[text]; ok {
		found, err := prepared.QueryContext(ctx, values)
		switch SQLState(err) {
		case "0A000": // most likely the tables have changed, and with them the columns; nothing was done
			delete(c.kept, text)
			_ = prepared.Close()
		case "26000": // it is gone, so there may be a pooler, which nobody should overlook
			c.discard()
			return nil, err
		default:
			return found, err
		}
	}
	prepared, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if c.kept == nil {
		c.kept = map[string]*stmt{}
	}
	c.kept[text] = prepared
	return prepared.QueryContext(ctx, values)
}

// values are arguments as the driver takes them, converted as database/sql does.
func values(c driver.NamedValueChecker, args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		v := &values[i]
		v.Ordinal, v.Value = i+1, arg
		if driver.IsValue(arg) {
			continue
		}
		err := c.CheckNamedValue(v)
		if err == driver.ErrSkip {
			v.Value, err = driver.DefaultParameterConverter.ConvertValue(arg)
		}
		if err != nil {
			return nil, fmt.Errorf("pqconn: argument %d: %w", v.Ordinal, err)
		}
	}
	return values, nil
}

// Rows are an answer while it is read.
type Rows struct {
	answer driver.Rows
	values []driver.Value
	over   bool
	err    error
	closed bool
}

// read scans an answer and closes it, and returns the first error: a statement can
// still fail behind its last row.
func read(answer driver.Rows, scan func(*Rows) error) error {
	r := &Rows{answer: answer, values: make([]driver.Value, len(answer.Columns()))}
	defer r.close()
	scanned := scan(r)
	closed := r.close()
	return cmp.Or(scanned, r.err, closed)
}

func (r *Rows) close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.answer.Close()
}

// Next goes to the next row, and is false behind the last one and after an error.
func (r *Rows) Next() bool {
	if r.over {
		return false
	}
	if err := r.answer.Next(r.values); err != nil {
		r.over = true
		if err != io.EOF {
			r.err = err
		}
	}
	return !r.over
}

// Err is the error that has ended the rows, if one has.
func (r *Rows) Err() error { return r.err }

// Scan takes the values of a row. Into each of its arguments goes one: a
// [sql.Scanner], a *string or an *int64.
func (r *Rows) Scan(into ...any) error {
	if len(into) != len(r.values) {
		return fmt.Errorf("pqconn: %d columns for %d places", len(r.values), len(into))
	}
	for i, place := range into {
		if err := assign(place, r.values[i]); err != nil {
			return fmt.Errorf("pqconn: column %d: %w", i+1, err)
		}
	}
	return nil
}

func assign(place any, value driver.Value) error {
	switch p := place.(type) {
	case sql.Scanner:
		return p.Scan(value)
	case *string:
		switch v := value.(type) {
		case string:
			*p = v
			return nil
		case []byte: // of lib/pq's buffer
			*p = string(v)
			return nil
		}
	case *int64:
		if v, ok := value.(int64); ok {
			*p = v
			return nil
		}
	}
	return fmt.Errorf("a %T does not go into a %T", value, place)
}
