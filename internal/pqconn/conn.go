package pqconn

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// session is what lib/pq's connections can do.
type session interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

var _ session = (*conn)(nil)

// conn is a session that is in step with its server, or dead. database/sql
// uses it from one goroutine at a time.
type conn struct {
	session session
	socket  *socket
	opts    Options

	// tx is the context of the open transaction, nil outside one. lib/pq ends
	// the statements of a transaction with it, whatever their own contexts.
	tx context.Context

	kept map[string]*stmt // what [Query.Kept] has prepared, by the text
	used time.Time        // when the last call ended
}

// start prepares for a statement: the context it runs under, which has a
// deadline, and what to call when it is over.
func (c *conn) start(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	cancel := func() {}
	if _, ok := ctx.Deadline(); !ok {
		// A deadline of the socket alone would leave the statement running on
		// the server; the context's makes lib/pq cancel it there.
		ctx, cancel = context.WithTimeout(ctx, c.opts.MaxStatement)
	}
	c.limit(ctx)
	return ctx, cancel, nil
}

// limit is when the socket gives up on what is sent next. Nobody takes the
// limit away again: it does not harm an idle connection, and the next call
// sets its own.
func (c *conn) limit(ctx context.Context) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(c.opts.MaxStatement)
	}
	c.socket.sent = false
	c.socket.expire(deadline.Add(c.opts.Grace))
}

// Whether a call that was sent and not answered may have changed something.
// Outside a transaction a statement may have. In one it has not, because the
// server rolls back when the connection is gone; only COMMIT may have.
const (
	harmless  = false
	effective = true
)

// end judges how a call ended: it discards a connection that may be out of
// step, and returns the error that the caller is to see.
func (c *conn) end(ctx context.Context, effect bool, err error) error {
	c.used = time.Now()
	sent, cause := c.socket.sent, c.socket.err
	if !c.socket.sound() || !answered(err) {
		c.discard()
	}
	if err == nil {
		return nil
	}
	over := c.over(ctx)
	if !effect || !sent || answered(err) {
		return because(over, err)
	}
	if errors.Is(err, driver.ErrBadConn) && cause != nil {
		err = cause // says more: a close, a reset, a time that was up
	}
	return because(ErrUncertain, because(over, err))
}

// because puts the reason, if there is one, before err. It takes care that
// database/sql does not find driver.ErrBadConn and repeat what has a reason
// not to be repeated.
func because(reason, err error) error {
	if reason == nil || errors.Is(err, reason) {
		return err
	}
	if errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("%w: %w", reason, errClosed)
	}
	return fmt.Errorf("%w: %w", reason, err)
}

// answered reports whether a call ended with an answer of the server, after
// which lib/pq has read up to where the next statement starts. After any other
// error it may not have: one over 30,000 bytes is left in the stream, one from
// before sending leaves lib/pq in the belief that a query is being processed.
func answered(err error) bool {
	return err == nil || SQLState(err) != "" || errors.Is(err, pq.ErrInFailedTransaction)
}

// over is the error of the context that ended the statement, if one did.
func (c *conn) over(ctx context.Context) error {
	if err := ended(ctx); err != nil || c.tx == nil {
		return err
	}
	return ended(c.tx)
}

// ended is ctx.Err(), and does not rely on the timer of ctx: on a busy machine
// that of the socket can come first, although it was set for later.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// discard makes the connection unusable, for lib/pq, too: a message that
// cannot be sent is what makes it note, without reading anything, that the
// connection is bad. Later calls then fail with driver.ErrBadConn before they
// send anything, and database/sql puts the connection away.
func (c *conn) discard() {
	_ = c.socket.Close()
	_ = c.session.Ping(context.Background())
}

func (c *conn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	ctx, cancel, err := c.start(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	result, err := c.session.ExecContext(ctx, query, args)
	return result, c.end(ctx, c.tx == nil, err)
}

func (c *conn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	ctx, cancel, err := c.start(ctx)
	if err != nil {
		return nil, err
	}
	found, err := c.session.QueryContext(ctx, query, args)
	return c.rows(ctx, cancel, found, err)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return prepared, nil
}

func (c *conn) prepare(ctx context.Context, query string) (*stmt, error) {
	ctx, cancel, err := c.start(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	prepared, err := c.session.PrepareContext(ctx, query)
	if err := c.end(ctx, harmless, err); err != nil {
		return nil, err
	}
	kept, ok := prepared.(keptStatement)
	if !ok {
		_ = prepared.Close() // no rows; ends the goroutine that lib/pq has started
		c.discard()
		return nil, errors.New("pqconn: COPY is not supported")
	}
	return &stmt{keptStatement: kept, conn: c}, nil
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.limit(ctx)
	// lib/pq looks at ctx only when BEGIN is over.
	stop := context.AfterFunc(ctx, func() { c.socket.expire(time.Now().Add(c.opts.Grace)) })
	opened, err := c.session.BeginTx(ctx, opts)
	stop()
	if err := c.end(ctx, harmless, err); err != nil {
		return nil, err
	}
	c.tx = ctx
	return &tx{inner: opened, conn: c}, nil
}

func (c *conn) Ping(ctx context.Context) error {
	ctx, cancel, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return c.end(ctx, harmless, c.session.Ping(ctx))
}

// trusted is how long a connection counts as sound after a call that found it so.
// Under load it is taken again within that time, and a look at the socket costs as
// much as the whole guard. Of a server that ends at this moment the next statement
// on each such connection may fail, as those that are under way do.
const trusted = 10 * time.Millisecond

// ResetSession is called before a connection is taken from the pool. One that
// the server closed meanwhile is replaced before anything is sent on it.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.socket.read.Buffered() > 0 || time.Since(c.used) > trusted && c.socket.idle.stale() {
		return driver.ErrBadConn
	}
	return c.session.ResetSession(ctx)
}

func (c *conn) IsValid() bool { return c.session.IsValid() }

func (c *conn) CheckNamedValue(v *driver.NamedValue) error { return c.session.CheckNamedValue(v) }

// Close says goodbye to the server, if that can be done within the grace. How
// it went is of no use to anyone: the connection is gone.
func (c *conn) Close() error {
	c.socket.expire(time.Now().Add(c.opts.Grace))
	_ = c.session.Close()
	return nil
}

// Prepare and Begin complete [driver.Conn]; database/sql prefers the forms
// with a context.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

type tx struct {
	inner driver.Tx
	conn  *conn
}

func (t *tx) Commit() error   { return t.finish(t.inner.Commit, effective) }
func (t *tx) Rollback() error { return t.finish(t.inner.Rollback, harmless) }

func (t *tx) finish(statement func() error, effect bool) error {
	ctx := t.conn.tx
	t.conn.limit(ctx)
	err := t.conn.end(ctx, effect, statement())
	t.conn.tx = nil
	return err
}
