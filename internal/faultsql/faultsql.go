// Package faultsql lets tests break a call of a store in the middle: it wraps a
// driver and counts what the driver is asked to do for one context.
package faultsql

import (
	"context"
	"database/sql/driver"
	"sync"
)

// Strike is what befalls a step: a statement, or the beginning or the commit of a
// transaction. conn is the connection of the driver itself.
type Strike struct {
	// Before is called before the step; the step is not taken if it returns an
	// error, and fails with that.
	Before func(ctx context.Context, conn driver.Conn) error

	// After is called when the step was taken. If After returns an error, the
	// step fails with that although it was taken, and the connection with it.
	After func(ctx context.Context, conn driver.Conn) error
}

// Arm returns a context for a call whose n-th step, from 1, is struck, and what
// tells whether it came to that.
func Arm(ctx context.Context, n int, strike Strike) (armed context.Context, met func() bool) {
	p := &plan{left: n, strike: strike}
	return context.WithValue(ctx, key{}, p), p.met
}

type key struct{}

// plan is an armed strike.
type plan struct {
	strike Strike

	mu   sync.Mutex
	left int // steps up to the one that is struck; 0 when it has been
}

func (p *plan) met() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left <= 0
}

// due counts a step and reports whether it is the one.
func (p *plan) due() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left--
	return p.left == 0
}

// of is the plan that a context carries, or nil.
func of(ctx context.Context) *plan {
	p, _ := ctx.Value(key{}).(*plan)
	return p
}

// step takes a step as the plan of ctx has it.
func step[T any](ctx context.Context, c *conn, take func() (T, error)) (result T, err error) {
	p := of(ctx)
	if p == nil || !p.due() {
		return take()
	}
	if p.strike.Before != nil {
		if err := p.strike.Before(ctx, c.session); err != nil {
			return result, err
		}
	}
	if result, err = take(); err != nil || p.strike.After == nil {
		return result, err
	}
	if lost := p.strike.After(ctx, c.session); lost != nil {
		c.dead = true
		if rows, ok := any(result).(driver.Rows); ok {
			_ = rows.Close() // of a connection that is dead anyway
		}
		var none T
		return none, lost
	}
	return result, nil
}

// Connector wraps the connections of another. They must run statements without
// preparing them, and begin transactions, with a context.
func Connector(inner driver.Connector) driver.Connector { return connector{inner} }

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{session: opened.(session)}, nil
}

// session is what a connection must be able to do.
type session interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// conn is a connection. Statements that are prepared first are not counted.
type conn struct {
	session
	dead bool // an answer was lost on it
}

func (c *conn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	return step(ctx, c, func() (driver.Result, error) {
		return c.session.ExecContext(ctx, query, args)
	})
}

func (c *conn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	return step(ctx, c, func() (driver.Rows, error) {
		return c.session.QueryContext(ctx, query, args)
	})
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return step(ctx, c, func() (driver.Tx, error) {
		begun, err := c.session.BeginTx(ctx, opts)
		if err != nil {
			return nil, err
		}
		return &tx{begun, ctx, c}, nil
	})
}

// CheckNamedValue leaves to database/sql what the driver does not check.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.session.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *conn) ResetSession(ctx context.Context) error {
	if resetter, ok := c.session.(driver.SessionResetter); ok {
		return resetter.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	validator, ok := c.session.(driver.Validator)
	return !c.dead && (!ok || validator.IsValid())
}

func (c *conn) Ping(ctx context.Context) error {
	if pinger, ok := c.session.(driver.Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

type tx struct {
	driver.Tx
	ctx  context.Context // that it was begun with
	conn *conn
}

// Commit leaves no transaction behind if it is not taken: after it, database/sql
// takes the connection for a clean one.
func (t *tx) Commit() error {
	taken := false
	_, err := step(t.ctx, t.conn, func() (struct{}, error) {
		taken = true
		return struct{}{}, t.Tx.Commit()
	})
	if !taken {
		_ = t.Tx.Rollback() // it is err that says what happened
	}
	return err
}
