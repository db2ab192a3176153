package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
)

func TestOwnUsers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "service.db")
	engine, err := newEngine(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	users, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer users.Close()
	if _, err := users.Exec(`INSERT INTO users VALUES (7, 'key of ada'), (8, 'key of eve')`); err != nil {
		t.Fatal(err)
	}
	host := hosttest.Listen(t, engine)
	a := host.Want(201, "POST", "/api/todos", `{"title":"x"}`, "X-Key: key of ada")
	if !strings.Contains(a.Body, `"user_id":"7"`) {
		t.Errorf("made %s", a.Body)
	}
	host.Want(404, "GET", a.Header.Get("Location"), "", "X-Key: key of eve")
	host.Want(200, "GET", a.Header.Get("Location"), "", "X-Key: key of ada")
	host.Want(401, "GET", "/api/todos", "")
	host.Want(200, "GET", "/me", "", "X-Key: key of ada")
	var n int
	if err := users.QueryRow(`SELECT count(*) FROM users`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d users are left: %v", n, err)
	}
}
