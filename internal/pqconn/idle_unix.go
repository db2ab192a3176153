//go:build unix

package pqconn

import "syscall"

// idle is how a socket is looked at while nobody uses it. It is made once, so
// that a look costs a system call and no memory.
type idle struct {
	raw    syscall.RawConn // nil: the socket cannot be looked at
	look   func(fd uintptr)
	silent bool
}

func newIdle(of any) *idle {
	i := new(idle)
	sc, ok := of.(syscall.Conn)
	if !ok {
		return i
	}
	raw, err := sc.SyscallConn()
	if err != nil { // closed, which the first use will find
		return i
	}
	i.raw = raw
	i.look = func(fd uintptr) { // the descriptor is non-blocking
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		i.silent = err == syscall.EAGAIN || err == syscall.EINTR
	}
	return i
}

// stale reports whether an idle connection is of no more use: the server has
// closed it, or has said something (a server that ends a connection gives its
// reason first, and nothing else that it says unasked is worth keeping the
// connection for). It looks without waiting and takes nothing out, and goes
// past the deadline of the last statement, which may be over.
func (i *idle) stale() bool {
	if i.raw == nil {
		return false
	}
	i.silent = false
	err := i.raw.Control(i.look)
	return err != nil || !i.silent
}
