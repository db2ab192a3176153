package faultproxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/faultproxy"
)

// echo is a server that answers every line with "did " and the line.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if _, err := io.WriteString(conn, "did "+lines.Text()+"\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func start(t *testing.T) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.Listen("tcp", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func dial(t *testing.T, p *faultproxy.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// How long a test waits for what must come, on a busy machine too, and for what
// must not.
const (
	patience = 10 * time.Second
	silence  = 200 * time.Millisecond
)

// ask sends a line and returns what comes back.
func ask(conn net.Conn, line string) (string, error) { return askFor(conn, line, patience) }

func askFor(conn net.Conn, line string, limit time.Duration) (string, error) {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, line+"\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}

func set(t *testing.T, p *faultproxy.Proxy, f faultproxy.Fault) {
	t.Helper()
	if err := p.Set(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault faultproxy.Fault
		open  error // on a connection that was open
		fresh error // on a new one
	}{
		{"pass", faultproxy.Pass, nil, nil},
		{"black hole", faultproxy.BlackHole, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		{"refuse", faultproxy.Refuse, syscall.ECONNRESET, syscall.ECONNREFUSED},
		{"reset", faultproxy.Reset, syscall.ECONNRESET, syscall.ECONNRESET},
		{"close", faultproxy.Close, io.EOF, io.EOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := start(t)
			conn := dial(t, p)
			if got, err := ask(conn, "a"); got != "did a\n" {
				t.Fatalf("before: %q, %v", got, err)
			}
			set(t, p, test.fault)
			if got, err := open(conn, test.fault); !errors.Is(err, test.open) {
				t.Errorf("open connection: %q, %v, want %v", got, err, test.open)
			}
			got, err := "", error(nil)
			fresh, err := net.Dial("tcp", p.Addr())
			if err == nil {
				defer fresh.Close()
				got, err = open(fresh, test.fault)
			}
			if !errors.Is(err, test.fresh) {
				t.Errorf("new connection: %q, %v, want %v", got, err, test.fresh)
			}
			set(t, p, faultproxy.Pass)
			if got, err := ask(dial(t, p), "c"); got != "did c\n" {
				t.Errorf("after: %q, %v", got, err)
			}
		})
	}
}

// open asks, or only listens where a write could meet the end first (and then
// report EPIPE).
func open(conn net.Conn, f faultproxy.Fault) (string, error) {
	switch f {
	case faultproxy.Pass:
		return ask(conn, "b")
	case faultproxy.BlackHole:
		return askFor(conn, "b", silence)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	return bufio.NewReader(conn).ReadString('\n')
}

func TestBlackHoleHeals(t *testing.T) {
	p := start(t)
	conn := dial(t, p)
	set(t, p, faultproxy.BlackHole)
	if _, err := askFor(conn, "a", silence); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	set(t, p, faultproxy.Pass)
	_ = conn.SetDeadline(time.Now().Add(patience))
	if got, err := bufio.NewReader(conn).ReadString('\n'); got != "did a\n" {
		t.Errorf("after: %q, %v", got, err)
	}
}

func TestCut(t *testing.T) {
	for _, by := range []faultproxy.Fault{faultproxy.Close, faultproxy.Reset} {
		p := start(t)
		p.Cut(faultproxy.Cut{Before: "x", By: by, Every: 2})
		want := io.EOF
		if by == faultproxy.Reset {
			want = syscall.ECONNRESET
		}
		var got []string
		for range 4 {
			conn := dial(t, p)
			if answer, err := ask(conn, "y"); answer != "did y\n" {
				t.Errorf("an answer without x: %q, %v", answer, err)
			}
			answer, err := ask(conn, "x")
			if err != nil && !errors.Is(err, want) {
				t.Errorf("cut: %v, want %v", err, want)
			}
			got = append(got, answer)
		}
		if s := strings.Join(got, "|"); s != "did x\n|did |did x\n|did " || p.Cuts() != 2 {
			t.Errorf("answers %q, %d cuts", s, p.Cuts())
		}
	}
}

func TestDelay(t *testing.T) {
	p := start(t)
	p.Delay(50 * time.Millisecond)
	began := time.Now()
	if _, err := ask(dial(t, p), "a"); err != nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	upstream := echo(t)
	before := runtime.NumGoroutine()
	for f := faultproxy.Pass; f <= faultproxy.Close; f++ {
		p, err := faultproxy.Listen("tcp", upstream)
		if err != nil {
			t.Fatal(err)
		}
		conn := dial(t, p)
		if _, err := ask(conn, "a"); err != nil {
			t.Fatal(err)
		}
		set(t, p, f)
		p.Close()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; {
		if time.Now().After(end) { // the echo server's need a moment
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
