package main

import (
	"database/sql"
	"os"
	"slices"
	"testing"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/migrations"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// tables are those that are not the module's.
func tables(t *testing.T, pool *sql.DB) (names []string) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), `SELECT tablename FROM pg_tables
		WHERE schemaname = current_schema() AND tablename NOT LIKE 'authtodo%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// TestSideBySide: the one does not see the other, in whatever order they come and
// go.
func TestSideBySide(t *testing.T) {
	pool, err := sql.Open("postgres", pgtest.Empty(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for range 2 { // the second start has nothing to do
		engine, err := newEngine(t.Context(), hosttest.Secret, pool)
		if err != nil {
			t.Fatal(err)
		}
		host := hosttest.Listen(t, engine)
		host.Want(201, "POST", "/api/todos", `{"title":"x"}`, "Authorization: Bearer "+hosttest.Token(t, hosttest.Secret, "ada"))
	}
	if _, err := pool.Exec(`INSERT INTO customers VALUES (1, 'Ada')`); err != nil {
		t.Fatal(err)
	}
	want := []string{"customers", "schema_migrations"}
	if err := migrations.Down(t.Context(), pool, migrations.Postgres); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, pool); !slices.Equal(got, want) {
		t.Errorf("without the module there are %q", got)
	}
	var n int
	if err := pool.QueryRow(`SELECT count(*) FROM customers`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d customers are left: %v", n, err)
	}
	if err := migrations.Up(t.Context(), pool, migrations.Postgres); err != nil {
		t.Fatal(err)
	}
	m, conn, err := migrator(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Check(t.Context(), pool, migrations.Postgres); err != nil {
		t.Errorf("the module after the host has gone: %v", err)
	}
}
