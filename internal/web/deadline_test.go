package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

// reader is a server that answers with the body that it has read, or with why it
// has not.
func reader(t *testing.T, within time.Duration, secure bool) *httptest.Server {
	t.Helper()
	engine := gin.New()
	engine.POST("/", func(c *gin.Context) {
		body, err := web.BodyWithin(c, 1<<20, within)
		c.String(http.StatusOK, "%s %t", body, errors.Is(err, os.ErrDeadlineExceeded))
	})
	server := httptest.NewUnstartedServer(engine)
	if server.EnableHTTP2 = secure; secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// TestBodyThatDoesNotCome is answered all the same, and its connection closed.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{
		"half of it":  "Content-Length: 4\r\n\r\nha",
		"none of it":  "Content-Length: 4\r\n\r\n",
		"half chunks": "Transfer-Encoding: chunked\r\n\r\n2\r\nha\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", reader(t, time.Millisecond, false).Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: example.com\r\n", start)
			in := bufio.NewReader(conn)
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil || !strings.HasSuffix(string(body), " true") || !answer.Close {
				t.Errorf("the answer is %q, %v, and the connection is closed: %t", body, err, answer.Close)
			}
			if _, err := in.ReadByte(); err == nil {
				t.Error("there is more to come")
			}
		})
	}
}

// TestBodyThatDoesNotComeOverHTTP2 has other requests on the same connection.
func TestBodyThatDoesNotComeOverHTTP2(t *testing.T) {
	t.Parallel()
	server := reader(t, time.Millisecond, true)
	body, rest := io.Pipe()
	defer rest.Close()
	go rest.Write([]byte("ha"))
	for _, sent := range []io.Reader{body, http.NoBody} {
		answer, err := server.Client().Post(server.URL, "text/plain", sent)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := fmt.Sprint(" ", sent == body); err != nil || !strings.HasSuffix(string(text), want) || answer.ProtoMajor != 2 {
			t.Errorf("%s answers %q, %v", answer.Proto, text, err)
		}
	}
}

// TestBodiesOnOneConnection: where the bodies come in time, one connection is
// enough.
func TestBodiesOnOneConnection(t *testing.T) {
	t.Parallel()
	server := reader(t, time.Hour, false)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for i := range 5 {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nno %d", i)
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(answer.Body); string(body) != fmt.Sprintf("no %d false", i) || err != nil {
			t.Errorf("the answer is %q, %v", body, err)
		}
	}
}

// deadlines is a recorder that keeps the read deadlines it is given.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// TestDeadlineEndsWithTheBody, so that it is none of what is read next, and a host
// that has one of its own keeps that.
func TestDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server *http.Server
		sets   int
	}{
		"a server without a timeout":         {&http.Server{}, 2},
		"a server with a timeout of headers": {&http.Server{ReadHeaderTimeout: time.Second}, 2},
		"a server with a timeout":            {&http.Server{ReadTimeout: time.Second}, 0},
		"no server":                          {nil, 0},
	} {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		c, _ := gin.CreateTestContext(w)
		c.Request = httptest.NewRequest("POST", "/", strings.NewReader("text"))
		if test.server != nil {
			c.Request = c.Request.WithContext(context.WithValue(t.Context(), http.ServerContextKey, test.server))
		}
		body, err := web.BodyWithin(c, 10, time.Hour)
		if string(body) != "text" || err != nil {
			t.Errorf("%s: the body is %q, %v", name, body, err)
		}
		if len(w.set) != test.sets || test.sets > 0 && (w.set[0].IsZero() || !w.set[1].IsZero()) {
			t.Errorf("%s: the deadlines are %v", name, w.set)
		}
	}
}
