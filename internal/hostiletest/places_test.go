package hostiletest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// places are the storages, by name. What is in one is shown to the watch when
// the test ends.
func places() map[string]func(t testing.TB) storage.Backend {
	return map[string]func(t testing.TB) storage.Backend{
		"memory": inMemory, "sqlite": onSQLite, "postgres": onPostgres,
	}
}

func inMemory(t testing.TB) storage.Backend {
	db := memory.New()
	t.Cleanup(func() { shared.watch.See("the memory store", canary.Text(db)) })
	return db.Backend()
}

func onSQLite(t testing.TB) storage.Backend {
	path := filepath.Join(t.TempDir(), "todos.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		seeFiles(t, filepath.Dir(path)) // before and after what the log of SQLite holds goes into the file
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		seeFiles(t, filepath.Dir(path))
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db.Backend()
}

func seeFiles(t testing.TB, folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Error(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Error(err)
		}
		shared.watch.See("the files of SQLite", string(text))
	}
}

func onPostgres(t testing.TB) storage.Backend {
	server := newPostgres(t)
	db, err := postgres.Open(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.Backend()
}

// newPostgres is a database whose password and rows are watched.
func newPostgres(t testing.TB) *pgtest.Database {
	server := pgtest.Migrated(t)
	password := regexp.MustCompile(`password=(\S+)`).FindStringSubmatch(server.URL)
	if password == nil {
		t.Fatal("the role of the database has no password")
	}
	shared.watch.Keep("the password of the database", password[1])
	t.Cleanup(func() { seeTables(t, server.AdminURL) })
	return server
}

// seeTables shows every row of every table, as a superuser sees it.
func seeTables(t testing.TB, url string) {
	connector, err := pq.NewConnector(url)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	names := texts(t, db, `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if len(names) < 8 {
		t.Errorf("there are only the tables %q", names)
	}
	for _, name := range names {
		rows := texts(t, db, fmt.Sprintf(`SELECT t::text FROM %s t`, name))
		shared.watch.See("the tables of Postgres", strings.Join(rows, "\n"))
	}
}

func texts(t testing.TB, db *sql.DB, query string) (all []string) {
	rows, err := db.Query(query) // the test is over, and its context too
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
