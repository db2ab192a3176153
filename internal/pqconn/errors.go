package pqconn

import "errors"

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
