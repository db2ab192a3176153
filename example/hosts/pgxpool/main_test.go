package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func TestPgx(t *testing.T) {
	pool, err := sql.Open("pgx", pgtest.Empty(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	engine, err := newEngine(t.Context(), hosttest.Secret, pool)
	if err != nil {
		t.Fatal(err)
	}
	host := hosttest.Listen(t, engine)
	ada := "Authorization: Bearer " + hosttest.Token(t, hosttest.Secret, "ada")
	eve := "Authorization: Bearer " + hosttest.Token(t, hosttest.Secret, "eve")
	var todo struct{ ID string }
	made := host.Want(201, "POST", "/api/todos", `{"title":"Ünïcode 🐘","completed":true}`, ada)
	if err := json.Unmarshal([]byte(made.Body), &todo); err != nil {
		t.Fatal(err)
	}
	host.Want(200, "PATCH", "/api/todos/"+todo.ID, `{"description":"x"}`, ada, `If-Match: "1"`)
	host.Want(404, "GET", "/api/todos/"+todo.ID, "", eve)
	if a := host.Want(200, "GET", "/api/todos?q=elephant&limit=1", "", ada); a.Body != "[]" {
		t.Errorf("found %s", a.Body)
	}
	if a := host.Want(200, "GET", "/api/todos?completed=true&sort=-created_at", "", ada); !strings.Contains(a.Body, "Ünïcode 🐘") {
		t.Errorf("listed %s", a.Body)
	}
	host.Want(204, "DELETE", "/api/todos/"+todo.ID, "", ada)
	if err := pool.PingContext(t.Context()); err != nil {
		t.Errorf("the host's pool is closed: %v", err)
	}
}
