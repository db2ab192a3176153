package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// connections is how many clients there are, each with a connection that stays
// open.
const connections = 16

// traffic appends the next request to buf.
type traffic func(buf []byte, r *rand.Rand) []byte

// serve is a contender: the handler behind real sockets, under the traffic,
// whose answers must have the status.
func serve(b *testing.B, handler http.Handler, status int, next traffic) contender {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	b.Cleanup(func() { server.Close() })
	clients := make([]*client, connections)
	for i := range clients {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, uint64(i)))
		clients[i] = &client{conn: conn, r: bufio.NewReader(conn), rand: random}
	}
	return func(d time.Duration) (ops int) {
		end := time.Now().Add(d)
		var wait sync.WaitGroup
		counts, errs := make([]int, len(clients)), make([]error, len(clients))
		for i, c := range clients {
			wait.Go(func() { counts[i], errs[i] = c.run(end, status, next) })
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			b.Fatal(err)
		}
		for _, n := range counts {
			ops += n
		}
		return ops
	}
}

// client speaks just enough HTTP/1.1 to cost next to nothing: net/http's client
// costs more than a server's handler, and so would hide half of what is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	rand *rand.Rand
	buf  []byte
}

func (c *client) run(end time.Time, status int, next traffic) (ops int, err error) {
	for ; time.Now().Before(end); ops++ {
		c.buf = next(c.buf[:0], c.rand)
		if _, err := c.conn.Write(c.buf); err != nil {
			return ops, err
		}
		got, err := c.read()
		if err == nil && got != status {
			err = fmt.Errorf("got the status %d, want %d, for %s", got, status, c.buf)
		}
		if err != nil {
			return ops, err
		}
	}
	return ops, nil
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
