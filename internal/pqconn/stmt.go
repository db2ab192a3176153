package pqconn

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"time"
)

// keptStatement is what lib/pq's prepared statements can do. (Those of COPY
// cannot take a context for their rows.)
type keptStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// stmt is a prepared statement of a [conn].
type stmt struct {
	keptStatement
	conn *conn
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	ctx, cancel, err := s.conn.start(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	result, err := s.keptStatement.ExecContext(ctx, args)
	return result, s.conn.end(ctx, s.conn.tx == nil, err)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	ctx, cancel, err := s.conn.start(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.keptStatement.QueryContext(ctx, args)
	return s.conn.rows(ctx, cancel, found, err)
}

// Close takes the statement away from the server, within the grace: it is not
// worth waiting for, and without it the connection is discarded.
func (s *stmt) Close() error {
	s.conn.socket.expire(time.Now().Add(s.conn.opts.Grace))
	return s.conn.end(context.Background(), harmless, s.keptStatement.Close())
}

// Exec and Query complete [driver.Stmt]; database/sql prefers the forms with a
// context.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, v := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return values
}

// resultSet is what lib/pq's rows can do.
type resultSet interface {
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
	driver.RowsNextResultSet
}

// rows are the rows of a statement that runs until they are closed.
type rows struct {
	resultSet
	conn   *conn
	ctx    context.Context
	cancel context.CancelFunc
	effect bool
}

// rows takes over from a query that has been sent.
func (c *conn) rows(
	ctx context.Context, cancel context.CancelFunc, found driver.Rows, err error,
) (driver.Rows, error) {
	effect := c.tx == nil
	if err != nil {
		err = c.end(ctx, effect, err)
		cancel()
		return nil, err
	}
	set, ok := found.(resultSet)
	if !ok {
		c.discard()
		cancel()
		return nil, fmt.Errorf("pqconn: %T is not what lib/pq 1.12 returns", found)
	}
	return &rows{resultSet: set, conn: c, ctx: ctx, cancel: cancel, effect: effect}, nil
}

func (r *rows) Next(values []driver.Value) error {
	err := r.resultSet.Next(values)
	if err == nil || err == io.EOF { // of the rows: lib/pq has another error for the socket's
		return err
	}
	return r.conn.end(r.ctx, r.effect, err)
}

// Close reads what is left of the answer; only then is it known how the
// statement ended.
func (r *rows) Close() error {
	err := r.conn.end(r.ctx, r.effect, r.resultSet.Close())
	r.cancel()
	return err
}
