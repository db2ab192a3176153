package pqconn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
)

// ErrUncertain says that the connection was lost after a statement outside a
// transaction, or a COMMIT, was sent, and before its answer came: it may have
// taken effect or not. Only a caller who can tell (an idempotency key, a
// condition on a version) may try again. It never wraps driver.ErrBadConn, at
// which database/sql would try again by itself.
var ErrUncertain = errors.New("pqconn: connection lost, the statement may have taken effect")

var errClosed = errors.New("pqconn: connection closed")

// SQLState is the SQLSTATE of a server's error, of whatever driver, or "" if
// err is something else.
func SQLState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// Unavailable reports whether err says that the database cannot answer now,
// rather than that something is wrong with the question: what is told to a
// client as 503 with Retry-After. A context that ended counts, be it in the
// queue for a connection or in a statement.
func Unavailable(err error) bool {
	if state := SQLState(err); state != "" && !errors.Is(err, ErrUncertain) {
		return unavailableState(state)
	}
	for _, target := range []error{
		ErrUncertain, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, errClosed,
		context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	_, network := errors.AsType[net.Error](err)
	return network
}

func unavailableState(state string) bool {
	switch state {
	case "25006", // read-only: a primary that was demoted, a standby
		"40001", "40P01", // serialization failure, deadlock: the whole transaction again
		"55P03", // lock not available
		"57014", // cancelled, or statement_timeout
		"57P01", "57P02", "57P03", "57P04", "57P05":
		return true
	}
	class := state[:min(2, len(state))]
	return class == "08" || class == "53" // connection exception, insufficient resources
}
