package hostiletest

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
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
	if err := shared.watch.SeeFiles("the files of SQLite", folder); err != nil {
		t.Error(err)
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

func seeTables(t testing.TB, url string) {
	connector, err := pq.NewConnector(url)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	// The test is over, and its context too.
	if err := shared.watch.SeeTables(context.Background(), "the tables of Postgres", db); err != nil {
		t.Error(err)
	}
}
