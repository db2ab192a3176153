// Package faultproxy stands between a client and a server in tests and does
// to their connections what networks do: stalls, resets, refuses, delays, and,
// worst of all, loses the answer to something that the server has done.
package faultproxy

import (
	"bytes"
	"net"
	"sync"
	"time"

	"github.com/authtodo/authtodo/internal/ports"
)

// Fault is what a [Proxy] does to connections.
type Fault int

// The faults that [Proxy.Set] switches between. They befall the connections
// that are open, too.
const (
	Pass      Fault = iota
	BlackHole       // accepts, and then nothing moves either way; goes on where it was after Pass
	Refuse          // nothing listens; open connections are reset
	Reset           // connections end in a RST
	Close           // connections end in an orderly close
)

// Cut loses an answer: what the server sends is delivered up to the first
// byte of Before, and then the connection ends. The server must write Before
// in one piece, as Postgres does with a short answer.
type Cut struct {
	Before string
	By     Fault // [Close] or [Reset]
	Every  int   // every n-th answer that holds Before is lost; 0: only the first
}

// Proxy passes connections on to one server. Its methods may be called from
// any goroutine.
type Proxy struct {
	network, upstream, address string
	running                    sync.WaitGroup

	mu       sync.Mutex
	moved    sync.Cond // fault, closing or a link's ended has changed
	fault    Fault
	delay    time.Duration
	cut      Cut
	seen     int // answers that held cut.Before
	cuts     int
	closing  bool
	listener net.Listener
	links    map[*link]bool
}

// link is one connection through the proxy.
type link struct {
	client *net.TCPConn
	server net.Conn // nil until the server is dialled
	ended  bool
}

// Listen starts a proxy on a free TCP port of 127.0.0.1 for the server at
// upstream ("tcp" or "unix"). It passes until told otherwise, and runs until
// Close.
func Listen(network, upstream string) (*Proxy, error) {
	listener, err := ports.Listen("127.0.0.1") // also after Refuse, when it is to be had again
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		network:  network,
		upstream: upstream,
		address:  listener.Addr().String(),
		links:    map[*link]bool{},
	}
	p.moved.L = &p.mu
	p.accept(listener)
	return p, nil
}

// Addr is where clients connect to, the same through every fault.
func (p *Proxy) Addr() string { return p.address }

// Cuts is how many answers were lost to a [Cut].
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// Delay holds back each piece that the server sends by d; 0 ends it.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Cut begins to lose answers; the zero Cut ends it.
func (p *Proxy) Cut(c Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.seen = c, 0
}

// Set switches to a fault, which is in force when Set returns. The error is
// that the port could not be taken again after [Refuse].
func (p *Proxy) Set(f Fault) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == Refuse && p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	if f != Refuse && p.listener == nil {
		listener, err := net.Listen("tcp", p.address)
		if err != nil {
			return err
		}
		p.accept(listener)
	}
	p.fault = f
	if f != Pass && f != BlackHole {
		for l := range p.links {
			l.end(f)
		}
	}
	p.moved.Broadcast()
	return nil
}

// Close ends every connection and returns when no goroutine of the proxy is
// left. It is called once.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	_ = p.Set(Refuse)
	p.running.Wait()
}

func (p *Proxy) accept(listener net.Listener) {
	p.listener = listener
	p.running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(&link{client: client.(*net.TCPConn)}) })
		}
	})
}

func (p *Proxy) serve(l *link) {
	if p.join(l) {
		var requests sync.WaitGroup
		requests.Go(func() { p.pump(l, l.server, l.client) })
		p.pump(l, l.client, l.server)
		requests.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l.end(Close)
	delete(p.links, l)
}

// join connects l to the server when the fault of the moment is over, and
// reports whether that was done.
func (p *Proxy) join(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = true
	_ = l.client.SetReadBuffer(64 << 10) // else megabytes vanish in a black hole before a write stalls
	if p.stalled(l); p.fault != Pass {
		l.end(p.fault)
		return false
	}
	server, err := net.Dial(p.network, p.upstream) // on this machine: at once
	if err != nil {
		return false
	}
	l.server = server
	return true
}

// stalled returns when l is not in a black hole (any more). p.mu is held.
func (p *Proxy) stalled(l *link) {
	for p.fault == BlackHole && !l.ended {
		p.moved.Wait()
	}
}

// pump copies from one side to the other until either ends, and ends both.
func (p *Proxy) pump(l *link, to, from net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		chunk, end := p.pass(l, buffer[:n], from == l.server)
		if len(chunk) > 0 && err == nil {
			_, err = to.Write(chunk)
		}
		if err != nil || end != Pass {
			p.mu.Lock()
			defer p.mu.Unlock()
			l.end(end)
			p.moved.Broadcast()
			return
		}
	}
}

// pass waits as long as the fault wants, and returns what is left of a chunk
// and how the link ends behind it, [Pass] if it does not.
func (p *Proxy) pass(l *link, chunk []byte, answer bool) ([]byte, Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answer && p.delay > 0 && !p.closing {
		d := p.delay
		p.mu.Unlock()
		time.Sleep(d)
		p.mu.Lock()
	}
	p.stalled(l)
	at := bytes.Index(chunk, []byte(p.cut.Before))
	if !answer || p.cut.Before == "" || at < 0 {
		return chunk, Pass
	}
	by := p.cut.By
	p.seen++
	if p.cut.Every == 0 {
		p.cut = Cut{}
	} else if p.seen%p.cut.Every != 0 {
		return chunk, Pass
	}
	p.cuts++
	return chunk[:at], by
}

// end closes both sides, once; the client gets a RST for [Reset] and [Refuse].
// p.mu is held.
func (l *link) end(f Fault) {
	if l.ended {
		return
	}
	l.ended = true
	if f == Reset || f == Refuse {
		_ = l.client.SetLinger(0)
	}
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}
