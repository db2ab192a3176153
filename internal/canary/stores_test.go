package canary_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func TestFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{"a.db": "page\x00", "a.db-wal": "frame\x00" + secret + "\x00"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := canary.New()
	w.Keep("the secret", secret)
	if err := w.SeeFiles("files", folder); err != nil {
		t.Fatal(err)
	}
	if leaks := w.Leaks(); len(leaks) != 1 || leaks[0].Where != "files" || leaks[0].Form != "as it is" {
		t.Errorf("found %v", leaks)
	}
	if err := w.SeeFiles("files", filepath.Join(folder, "nothing")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

// TestTables: in text, in bytes and in JSON, whoever's the row is.
func TestTables(t *testing.T) {
	t.Parallel()
	server := pgtest.Migrated(t)
	connector, err := pq.NewConnector(server.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	for table, statement := range map[string]string{
		"nothing": `SELECT 1`,
		"text":    `CREATE TABLE x AS SELECT 'a ' || '` + secret + `' AS text`,
		"bytes":   `CREATE TABLE y AS SELECT convert_to('` + secret + `', 'UTF8') AS bytes`,
		"schema":  `CREATE SCHEMA "Other s"; CREATE TABLE "Other s"."A table" AS SELECT jsonb_build_object('a', '` + secret + `') AS j`,
	} {
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(table, err)
		}
		w := canary.New()
		w.Keep("the secret", secret)
		if err := w.SeeTables(t.Context(), "tables", pool); err != nil {
			t.Fatal(err)
		}
		if leaks := w.Leaks(); (len(leaks) > 0) != (table != "nothing") {
			t.Errorf("%s: found %v", table, leaks)
		}
		if _, err := pool.ExecContext(t.Context(), `DROP TABLE IF EXISTS x, y; DROP SCHEMA IF EXISTS "Other s" CASCADE`); err != nil {
			t.Fatal(err)
		}
	}
	pool.Close()
	if err := canary.New().SeeTables(t.Context(), "tables", pool); err == nil {
		t.Error("a pool that is closed is no error")
	}
}
