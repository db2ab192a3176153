//go:build !unix

package pqconn

// idle cannot look into an idle socket here.
type idle struct{}

func newIdle(any) *idle { return nil }

// stale is false. A statement on a connection that the server has closed then
// fails, with [ErrUncertain] if it could be sent; sql.DB.SetConnMaxIdleTime below
// the server's own limit makes that rare.
func (*idle) stale() bool { return false }
