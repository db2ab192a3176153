// Package hosttest is what the tests of the hosts share.
package hosttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Secret is long and random enough to be one.
const Secret = "pX3vT9mK2qW8zL5rB7nD4yG1cJ6hS0fA"

// Token is a token of a user, with further claims.
func Token(t testing.TB, secret, user string, claims ...any) string {
	t.Helper()
	all := jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Hour).Unix()}
	for i := 0; i < len(claims); i += 2 {
		all[claims[i].(string)] = claims[i+1]
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Answer is what a host has answered.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Host is a service that listens.
type Host struct {
	t testing.TB
	*httptest.Server
}

// Listen has a handler answer on a port, until t ends.
func Listen(t testing.TB, handler http.Handler) Host {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Host{t, server}
}

// Ask sends a request. Fields are "Name: value"; a body is JSON.
func (h Host) Ask(method, path, body string, fields ...string) Answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Add(name, value)
	}
	response, err := h.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return Answer{response.StatusCode, response.Header, string(text)}
}

// Want sends a request and fails unless the answer has the status.
func (h Host) Want(status int, method, path, body string, fields ...string) Answer {
	h.t.Helper()
	a := h.Ask(method, path, body, fields...)
	if a.Status != status {
		h.t.Errorf("%s %s: got %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}
