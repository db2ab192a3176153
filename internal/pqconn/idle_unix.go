//go:build unix

package pqconn

import "syscall"

// stale reports whether an idle connection is of no more use: the server has
// closed it, or has said something (a server that ends a connection gives its
// reason first, and nothing else that it says unasked is worth keeping the
// connection for). It looks without waiting and takes nothing out, and goes
// past the deadline of the last statement, which may be over.
func (s *socket) stale() bool {
	sc, ok := s.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	silent := false
	err = raw.Control(func(fd uintptr) { // the descriptor is non-blocking
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		silent = err == syscall.EAGAIN || err == syscall.EINTR
	})
	return err != nil || !silent
}
