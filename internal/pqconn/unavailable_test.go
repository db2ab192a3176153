package pqconn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
)

// Unavailable reports whether err says that the database cannot answer now,
// rather than that something is wrong with the question, as the tests want it of
// every kind of failure. A context that ended counts, be it in the
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
