// Package pqconn opens Postgres connections that keep their word on a bad
// network. It is a [driver.Connector] around lib/pq, which has these traps
// (all of 1.12.3, each proved by a test of this package):
//
//   - database/sql runs an autocommit statement again when its answer was lost:
//     an INSERT whose connection broke is there twice, without an error.
//   - A context ends a statement only through a living server. Behind a dropped
//     route a statement with a deadline of a second waits for ever, and so do
//     the handshake and COMMIT.
//   - After an error longer than 30,000 bytes the connection is out of step:
//     the next statement on it hangs. After an error whose end was cut off it
//     stays in the pool and refuses every later statement.
//
// A connection of this package is thrown away whenever it is not certain that
// it is in step, and a statement is never sent twice.
package pqconn

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
)

// Defaults of [Options] and of the connection string.
const (
	DefaultGrace          = 500 * time.Millisecond
	DefaultMaxStatement   = 30 * time.Second
	DefaultConnectTimeout = 5 * time.Second // connect_timeout, for each host
)

// Options bound what a connection waits for. The zero value is the default.
type Options struct {
	// Grace is how long after the end of its context a statement may still wait
	// for the server to confirm that it was cancelled; then the connection is
	// cut. Also the longest that the cancel request itself and an orderly
	// goodbye may take. 0 is [DefaultGrace]. Shorter than a round trip to the
	// server, every cancelled statement becomes [ErrUncertain].
	Grace time.Duration

	// MaxStatement ends statements, BEGIN and COMMIT whose context has no
	// deadline. 0 is [DefaultMaxStatement]. It does not shorten a deadline, and
	// a transaction as a whole may take longer.
	MaxStatement time.Duration
}

// errDSN hides lib/pq's own words: they quote the string, with its password.
var errDSN = errors.New("pqconn: the connection string is not valid " +
	"(not shown, for it may hold a password): want postgres://user:password@host/database, " +
	"special characters percent-encoded, or key=value pairs, values with spaces in single quotes")

// New reads a connection string, as a URL or as key=value pairs, as lib/pq
// does (so the PG* environment variables count, too). It does not connect.
//
// The connector differs from lib/pq's in what the package comment says, and in
// two settings. binary_parameters is always on: an unprepared query with
// arguments is one round trip, and behind a transaction pooler, where the two
// round trips of the default mix up the answers of clients, it is right.
// connect_timeout is [DefaultConnectTimeout] unless the string has one. TLS is
// left as it is: required, unless the string has another sslmode.
//
// No error of New or of the connections holds the password.
func New(dsn string, opts Options) (driver.Connector, error) {
	if opts.Grace < 0 || opts.MaxStatement < 0 {
		return nil, errors.New("pqconn: Options.Grace and Options.MaxStatement cannot be negative")
	}
	if opts.Grace == 0 {
		opts.Grace = DefaultGrace
	}
	if opts.MaxStatement == 0 {
		opts.MaxStatement = DefaultMaxStatement
	}
	if misread(dsn) {
		return nil, errDSN
	}
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, errDSN
	}
	config.BinaryParameters = true
	if config.ConnectTimeout <= 0 {
		config.ConnectTimeout = DefaultConnectTimeout
	}
	return &connector{config: config, opts: opts}, nil
}

// misread reports whether a URL has its @ behind the host. Then a / ? or # of
// the password was not percent-encoded, the first part of the password would
// be taken for a port, and errors about the host would show it.
func misread(dsn string) bool {
	scheme, rest, ok := strings.Cut(dsn, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return false
	}
	end := strings.IndexAny(rest, "/?#")
	return end >= 0 && strings.Contains(rest[end:], "@")
}

type connector struct {
	config pq.Config
	opts   Options
}

// Driver is lib/pq's, for callers who ask what kind of database this is. What
// it opens has none of the guarantees of this package.
func (c *connector) Driver() driver.Driver { return &pq.Driver{} }

// Connect opens a connection. It ends with ctx, and with the time that
// connect_timeout gives to all hosts together: lib/pq itself looks at ctx only
// while it dials, not during the handshake, and at no limit at all while it
// asks a host whether it is the primary.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	hosts := time.Duration(1 + len(c.config.Multi))
	ctx, cancel := context.WithTimeout(ctx, hosts*c.config.ConnectTimeout)
	defer cancel()

	plain, err := pq.NewConnectorConfig(c.config)
	if err != nil {
		return nil, err
	}
	d := &dialer{grace: c.opts.Grace}
	plain.Dialer(d)
	stop := context.AfterFunc(ctx, d.abort)
	opened, err := plain.Connect(ctx)
	if !stop() && err == nil { // aborted at the last moment
		_ = opened.Close()
		err = errClosed
	}
	if err != nil {
		return nil, because(ctx.Err(), err)
	}
	s, ok := opened.(session)
	if !ok {
		_ = opened.Close()
		return nil, fmt.Errorf("pqconn: %T is not what lib/pq 1.12 returns", opened)
	}
	return &conn{session: s, socket: d.finish(), opts: c.opts}, nil
}
