package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// betterAuthFile is a database with the columns that Better Auth makes and one
// user; that the npm package's own is read is tested where the package is.
func betterAuthFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "better auth.sqlite")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`
		CREATE TABLE "user" ("id" text, "email" text, "emailVerified" integer, "name" text,
			"image" text, "createdAt" date, "updatedAt" date);
		CREATE TABLE "account" ("userId" text, "providerId" text, "password" text);
		INSERT INTO "user" VALUES ('ada', 'Ada@Example.test', 1, 'Ada', NULL,
			'2024-05-01T10:00:00.000Z', '2024-05-01T10:00:00.000Z')`)
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
