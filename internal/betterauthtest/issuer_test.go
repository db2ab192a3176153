package betterauthtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// issuer is a server of the process.
type issuer struct {
	t    *testing.T
	name string
	url  string
}

// of is the issuer that server.mjs has under this name.
func of(t *testing.T, name string) issuer {
	t.Helper()
	needs(t)
	address, ok := issuers.said.Issuers[name]
	if !ok {
		t.Fatalf("there is no issuer %s", name)
	}
	return issuer{t, name, address}
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request; fields are "Name: value".
func (i issuer) send(method, address, body string, fields ...string) answer {
	i.t.Helper()
	return send(i.t, method, address, body, fields...)
}

func send(t *testing.T, method, address, body string, fields ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	// Kept connections would be there still when an issuer is down.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// person is a user of a Better Auth server who has signed in.
type person struct {
	issuer
	id, email string
	session   string // the token in the body
	bearer    string // the one in set-auth-token
	cookies   map[string]string
}

// people counts the people of all tests, so that no two have one address.
var people atomic.Int64

// signUp makes a user of a Better Auth server by its own endpoint.
func (i issuer) signUp() person {
	i.t.Helper()
	email := fmt.Sprintf("ada-%d@example.test", people.Add(1))
	a := i.send("POST", i.url+"/api/auth/sign-up/email",
		`{"name":"Ada","email":"`+email+`","password":"correct horse"}`)
	var body struct {
		Token string
		User  struct{ ID string }
	}
	err := json.Unmarshal([]byte(a.body), &body)
	if err != nil || a.status != 200 || body.User.ID == "" {
		i.t.Fatalf("sign-up at %s: %d %s", i.name, a.status, a.body)
	}
	p := person{issuer: i, id: body.User.ID, email: email, session: body.Token,
		bearer: a.header.Get("Set-Auth-Token"), cookies: make(map[string]string)}
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		p.cookies[cookie.Name] = cookie.Value
	}
	return p
}

// token is the JWT that a page gets for its session.
func (p person) token() string {
	p.t.Helper()
	token, err := p.ticket()
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// ticket is token for several goroutines at once.
func (p person) ticket() (string, error) {
	req, err := http.NewRequestWithContext(p.t.Context(), "GET", p.url+"/api/auth/token", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Cookie", session+"="+p.cookies[session])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var body struct{ Token string }
	err = json.NewDecoder(resp.Body).Decode(&body)
	if err != nil || body.Token == "" {
		return "", fmt.Errorf("no token of %s: %d, %v", p.name, resp.StatusCode, err)
	}
	return body.Token, nil
}

// cookie is the value of a cookie as Better Auth has it.
func (p person) cookie(name string) string {
	p.t.Helper()
	value, err := url.PathUnescape(p.cookies[name])
	if err != nil || value == "" {
		p.t.Fatalf("no cookie %s of %s: %v", name, p.name, p.cookies)
	}
	return value
}

// mailed is the token of the link that verifies the address.
func (p person) mailed() string { return p.ask("mailed", "email", p.email) }
