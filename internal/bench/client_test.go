package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// traffic appends the next request to buf.
type traffic func(buf []byte, r *rand.Rand) []byte

// service is a contender over HTTP.
type service struct {
	*process
	name    string
	status  int // of all answers
	next    traffic
	clients []*client
	turns   [][]time.Duration // how long requests have taken; the first turn warms up

	backends func() []int     // the processes of the database that work for it
	idle     [2]time.Duration // what it and they had worked when it was warm
}

// load puts a process under traffic: of n clients, each with a connection that
// stays open and a request at a time, whose answers must have the status.
func load(b *testing.B, p *process, n, status int, next traffic) *service {
	s := &service{process: p, status: status, next: next, backends: func() []int { return nil }}
	for i := range n {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		random := rand.New(rand.NewPCG(1, uint64(i)))
		s.clients = append(s.clients, &client{conn: conn, r: bufio.NewReader(conn), rand: random})
	}
	return s
}

// contender is a service to race with.
func (s *service) contender(b *testing.B) contender {
	return func(d time.Duration) int {
		end := time.Now().Add(d)
		var wait sync.WaitGroup
		errs := make([]error, len(s.clients))
		for i, c := range s.clients {
			wait.Go(func() { errs[i] = c.run(end, s.status, s.next) })
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			b.Fatal(err)
		}
		var turn []time.Duration
		for _, c := range s.clients {
			turn = append(turn, c.took...)
		}
		if s.turns = append(s.turns, turn); len(s.turns) == 1 {
			s.idle = s.worked(b)
		}
		return len(turn)
	}
}

// worked is what the service and its part of the database have worked.
func (s *service) worked(b *testing.B) (total [2]time.Duration) {
	total[0] = worked(b, s.cmd.Process.Pid)
	for _, pid := range s.backends() {
		total[1] += worked(b, pid)
	}
	return total
}

// perRequest is what they have worked for a request, in microseconds.
func (s *service) perRequest(b *testing.B) (service, database float64) {
	now, n := s.worked(b), float64(len(slices.Concat(s.turns[1:]...)))
	micro := float64(time.Microsecond)
	return float64(now[0]-s.idle[0]) / micro / n, float64(now[1]-s.idle[1]) / micro / n
}

// latency is what so many of a hundred requests took no longer than, in
// milliseconds.
func (s *service) latency(percent int) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(s.turns[1:]...)))
	return float64(all[len(all)*percent/100]) / float64(time.Millisecond)
}

// client speaks just enough HTTP/1.1 to cost next to nothing: net/http's client
// costs more than a server's handler, and so would hide half of what is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	rand *rand.Rand
	buf  []byte
	took []time.Duration // in this turn
}

func (c *client) run(end time.Time, status int, next traffic) error {
	c.took = c.took[:0]
	for start := time.Now(); start.Before(end); {
		c.buf = next(c.buf[:0], c.rand)
		if _, err := c.conn.Write(c.buf); err != nil {
			return err
		}
		got, err := c.read()
		if err == nil && got != status {
			err = fmt.Errorf("got the status %d, want %d, for %s", got, status, c.buf)
		}
		if err != nil {
			return err
		}
		now := time.Now()
		c.took = append(c.took, now.Sub(start))
		start = now
	}
	return nil
}

// read reads one answer and returns its status.
func (c *client) read() (status int, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil || len(line) < len("HTTP/1.1 200") {
		return 0, fmt.Errorf("status line %q: %w", line, err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch string(name) {
		case "":
			return status, c.skip(length)
		case "Content-Length":
			length, err = strconv.Atoi(string(value))
		case "Transfer-Encoding":
			length = chunked
		}
		if err != nil {
			return 0, err
		}
	}
}

// chunked stands for the length of a body that comes in chunks.
const chunked = -1

// skip reads a body.
func (c *client) skip(length int) error {
	if length != chunked {
		_, err := c.r.Discard(length)
		return err
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := c.r.Discard(int(size) + len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}
