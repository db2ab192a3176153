package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
)

// betterAuthTables have the columns that Better Auth makes, and one user.
const betterAuthTables = `
	CREATE TABLE "user" ("id" text, "email" text, "emailVerified" integer, "name" text,
		"image" text, "createdAt" date, "updatedAt" date);
	CREATE TABLE "account" ("userId" text, "providerId" text, "password" text);
	INSERT INTO "user" VALUES ('ada', 'Ada@Example.test', 1, 'Ada', NULL,
		'2024-05-01T10:00:00.000Z', '2024-05-01T10:00:00.000Z')`

// betterAuthFile is a database of Better Auth; that the npm package's own is read
// is tested where the package is.
func betterAuthFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "better auth.sqlite")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(betterAuthTables)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImport(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "todos.db")}
	source := "sqlite:" + betterAuthFile(t)
	for _, step := range []struct {
		args   []string
		code   int
		prints string
	}{
		{[]string{"-import", source, "-dry-run"}, 0, "1 would be imported"},
		{[]string{"-import", source}, 0, "1 imported"},
		{[]string{"-import", source}, 0, "1 already there"},
		{[]string{"-import", source}, 0, "-since 2"},
		{[]string{"-import", source, "-since", "2024-05-01T10:00:00Z", "-dry-run"}, 0, "1 already there"},
		{[]string{"-import", source, "-dry-run", "-since", "2024-05-01T10:00:01Z"}, 0, "1 not looked at"},
		{[]string{"-import", source, "-since"}, 1, "-import wants"},
		{[]string{"-import", source, "-since", "yesterday"}, 1, "-import wants"},
		{[]string{"-import"}, 1, "-import wants"},
		{[]string{"-import", source, "-dry"}, 1, "-import wants"},
		{[]string{"-import", source, "-dry-run", "x"}, 1, "-import wants"},
		{[]string{"-import", "mysql://ada:s3cret@host/name"}, 1, "must be sqlite:path"},
		{[]string{"-import", "postgres://ada:s3%cret@host/name"}, 1, "must be sqlite:path"},
		{[]string{"-import", "postgres://ada:s3cret@127.0.0.1:1/name"}, 1, "refused"},
		{[]string{"-import", source + ".missing"}, 1, "unable to open"},
	} {
		var out, errs strings.Builder
		code := command(step.args, func(name string) string { return env[name] }, &out, &errs)
		all := out.String() + errs.String()
		if code != step.code || !strings.Contains(all, step.prints) || strings.Contains(all, "s3") {
			t.Errorf("%q: %d %s", step.args, code, all)
		}
	}
}

// TestImportLine runs the line of docs/accounts.md, which is about PostgreSQL.
func TestImportLine(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^go run \./example (-import (postgres://\S+) .*)$`).FindSubmatch(page)
	if line == nil {
		t.Fatal("docs/accounts.md imports nothing")
	}
	server := pgtest.Empty(t)
	db, err := sql.Open("postgres", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	tables := strings.NewReplacer(`"emailVerified" integer`, `"emailVerified" boolean`, " date", " timestamptz",
		"'Ada@Example.test', 1", "'Ada@Example.test', true").Replace(betterAuthTables)
	if _, err := db.ExecContext(t.Context(), tables); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields(strings.ReplaceAll(string(line[1]), string(line[2]), asURL(server.URL)))
	env := map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "todos.db")}
	var out, errs strings.Builder
	code := command(args, func(name string) string { return env[name] }, &out, &errs)
	if code != 0 || !strings.Contains(out.String(), "1 would be imported") {
		t.Errorf("%s: %d %s%s", line[1], code, &out, &errs)
	}
}
