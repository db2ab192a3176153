package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
)

// session is what the driver's connections can do.
type session interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// statement is what the driver's prepared statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

var errDriver = errors.New("sqlite: the driver is not what modernc.org/sqlite 1 is")

// keeper is a connector whose connections keep their statements prepared.
type keeper struct{ driver.Connector }

// Connect implements [driver.Connector].
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	s, ok := opened.(session)
	if !ok {
		return nil, errors.Join(errDriver, opened.Close())
	}
	return &conn{s, map[string]statement{}}, nil
}

// conn is a connection that prepares a statement when it first runs it, and keeps
// it: parsing takes SQLite longer than finding a row, and took a third of the
// processor's time for a write. It is the connection that keeps it, and not
// database/sql, which takes a connection to prepare on: callers in transactions,
// each with one and in want of another, would wait for one another. There are
// some hundred texts at most, all of them of this module. database/sql uses a conn
// from one goroutine at a time.
type conn struct {
	session
	idle map[string]statement // by text, but for those whose rows are being read
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(
	ctx context.Context, text string, args []driver.NamedValue,
) (driver.Result, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	defer c.put(text, s)
	return s.ExecContext(ctx, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(
	ctx context.Context, text string, args []driver.NamedValue,
) (driver.Rows, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		c.put(text, s)
		return nil, err
	}
	return &rows{found, c, text, s}, nil
}

// take returns a statement that is nobody else's until it is put back.
func (c *conn) take(ctx context.Context, text string) (statement, error) {
	if s, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(errDriver, prepared.Close())
	}
	return s, nil
}

func (c *conn) put(text string, s statement) {
	if _, ok := c.idle[text]; ok { // it was run while its rows were being read
		s.Close()
		return
	}
	c.idle[text] = s
}

// Close implements [driver.Conn].
func (c *conn) Close() error {
	for _, s := range c.idle {
		s.Close()
	}
	return c.session.Close()
}

// rows are those of a statement that is kept.
type rows struct {
	driver.Rows
	conn *conn
	text string
	of   statement
}

// Close implements [driver.Rows]. database/sql calls it once.
func (r *rows) Close() error {
	defer r.conn.put(r.text, r.of)
	return r.Rows.Close()
}
