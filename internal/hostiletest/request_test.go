package hostiletest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// request is what is written to a socket. net/http would not send half of it.
type request struct {
	method, target string
	fields         []string // each a line, as it stands
	body           string
	raw            string // if there is any, all of the request
	cut            bool   // the client goes away behind it
}

func ask(method, target string, fields ...string) request {
	return request{method: method, target: target, fields: fields}
}

func get(target string, fields ...string) request { return ask("GET", target, fields...) }

// with is the request with more header fields.
func (r request) with(fields ...string) request {
	r.fields = append(r.fields[:len(r.fields):len(r.fields)], fields...)
	return r
}

// json is the request with a body of that type.
func (r request) json(body string) request {
	r = r.with("Content-Type: application/json")
	r.body = body
	return r
}

// holding is the request with a body of any type.
func (r request) holding(media, body string) request {
	r = r.with("Content-Type: " + media)
	r.body = body
	return r
}

// as is the request with a token.
func (r request) as(token string) request { return r.with("Authorization: Bearer " + token) }

// has reports whether the request has a header field of that name.
func (r request) has(name string) bool {
	for _, field := range r.fields {
		if strings.HasPrefix(strings.ToLower(field), strings.ToLower(name)+":") {
			return true
		}
	}
	return false
}

// text is the request as it goes over the wire.
func (r request) text(host string) string {
	if r.raw != "" {
		return strings.ReplaceAll(r.raw, "{host}", host)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.method, r.target)
	if !r.has("Host") {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	for _, field := range r.fields {
		b.WriteString(field + "\r\n")
	}
	if !r.has("Content-Length") && !r.has("Transfer-Encoding") && (r.body != "" || r.has("Content-Type")) {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.body))
	}
	return b.String() + "Connection: close\r\n\r\n" + r.body
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
	rest   string // what came behind it on the connection
}

// patience is how long a test waits for what should come at once. It only ends
// tests that would hang.
const patience = 2 * time.Minute

// exchange sends a request over a connection of its own, and reads until the
// server closes it.
func exchange(t testing.TB, address string, r request) answer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	written := make(chan struct{})
	go func() { // the server may answer before it has read everything
		defer close(written)
		io.WriteString(conn, r.text(address))
		if r.cut {
			conn.(*net.TCPConn).CloseWrite()
		}
	}()
	text, err := io.ReadAll(conn)
	if len(text) == 0 && err != nil {
		t.Fatalf("%s %s: no answer: %v", r.method, r.target, err)
	}
	conn.Close()
	<-written
	return parse(t, r.method, text)
}

// parse takes one response off what a server has sent.
func parse(t testing.TB, method string, text []byte) answer {
	t.Helper()
	if len(text) == 0 {
		return answer{} // the connection was closed without a word
	}
	reader := bufio.NewReader(bytes.NewReader(text))
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("the answer is %.300q: %v", text, err)
		}
		if response.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("the answer is %.300q: %v", text, err)
		}
		rest, _ := io.ReadAll(reader) // of memory
		return answer{response.StatusCode, response.Header, string(body), string(rest)}
	}
}
