package pqconn

import (
	"bufio"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// socket is the connection below lib/pq, below TLS even, and remembers what
// lib/pq forgets. Its plain fields belong to whoever runs the statement.
type socket struct {
	net.Conn
	read *bufio.Reader // of Conn: lib/pq reads 4 KiB at a time, and a server sends 8
	sent bool          // bytes of the running statement have left
	err  error         // the first failure to read or to write
	idle *idle

	// cancelled: a cancel request was sent for the running statement. The
	// server may obey it late, and then it would hit the next one.
	cancelled atomic.Bool
}

func newSocket(conn net.Conn) *socket {
	return &socket{Conn: conn, read: bufio.NewReaderSize(conn, 16<<10), idle: newIdle(conn)}
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.read.Read(b)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	if n > 0 {
		s.sent = true
	}
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}

// sound reports whether the connection may be used for another statement, as
// far as the socket can tell.
func (s *socket) sound() bool { return s.err == nil && !s.cancelled.Load() }

// expire ends reads and writes at the given time, those that run included; what
// has been read ahead can be had all the same.
// That it fails on a closed socket does not matter.
func (s *socket) expire(at time.Time) { _ = s.SetDeadline(at) }

// dialer dials for one connection: first while it is opened (lib/pq may try
// several hosts, or again without TLS), later for its cancel requests.
type dialer struct {
	grace time.Duration

	mu      sync.Mutex
	socket  *socket // the latest
	aborted bool
	opened  bool
}

// DialContext is what lib/pq calls.
//
// A call for an open connection is lib/pq's answer to the end of a statement's
// context: it wants to send a cancel request. That makes this the place to
// start the period of grace without a goroutine or timer of our own for every
// statement.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	established := d.opened
	d.mu.Unlock()
	if established {
		return d.dialCancel(ctx, network, address)
	}
	raw, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.aborted {
		_ = raw.Close()
		return nil, context.Cause(ctx)
	}
	d.socket = newSocket(raw)
	return d.socket, nil
}

func (d *dialer) dialCancel(ctx context.Context, network, address string) (net.Conn, error) {
	end := time.Now().Add(d.grace)
	d.socket.cancelled.Store(true)
	d.socket.expire(end)
	ctx, stop := context.WithDeadline(ctx, end)
	defer stop()
	raw, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := raw.SetDeadline(end); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return cancelSocket{raw}, nil
}

// cancelSocket keeps its deadline: lib/pq would set that of connect_timeout.
type cancelSocket struct{ net.Conn }

func (cancelSocket) SetDeadline(time.Time) error { return nil }

// Dial and DialTimeout complete pq.Dialer; lib/pq prefers DialContext.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// abort ends a connection that is being opened. It closes the socket rather
// than let it expire, for lib/pq sets deadlines itself during the handshake.
func (d *dialer) abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aborted = true
	if d.socket != nil {
		_ = d.socket.Close()
	}
}

// finish says that the connection is open, and returns its socket.
func (d *dialer) finish() *socket {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = true
	return d.socket
}
