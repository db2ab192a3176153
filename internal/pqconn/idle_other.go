//go:build !unix

package pqconn

// stale cannot look into an idle socket here. A statement on a connection that
// the server has closed then fails, with [ErrUncertain] if it could be sent;
// sql.DB.SetConnMaxIdleTime below the server's own limit makes that rare.
func (s *socket) stale() bool { return false }
