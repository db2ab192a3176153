package migrations_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/migrations"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, script string
		want         []string
	}{
		{"nothing", "", nil},
		{"blanks and comments", " \n-- a;b\n/* c; */ ;;\t;", nil},
		{"one", "SELECT 1", []string{"SELECT 1"}},
		{"several", "SELECT 1;\nSELECT 2;\n", []string{"SELECT 1", "SELECT 2"}},
		{"comments around", "-- why\nSELECT 1 -- what\n; /* x */ SELECT 2 /* y */", []string{"SELECT 1", "SELECT 2"}},
		{"comments within", "SELECT -- a;b\n 1 /* ; */, 2", []string{"SELECT -- a;b\n 1 /* ; */, 2"}},
		{"nested comments", "SELECT /* a /* ; */ ; */ 1; SELECT 2", []string{"SELECT /* a /* ; */ ; */ 1", "SELECT 2"}},
		{"quotes in comments", "-- it's\nSELECT 1; /* \" */ SELECT 2", []string{"SELECT 1", "SELECT 2"}},
		{"comments in quotes", "SELECT '--;'; SELECT '/*'; SELECT 3", []string{"SELECT '--;'", "SELECT '/*'", "SELECT 3"}},
		{"a string", "SELECT 'a;b'; SELECT 2", []string{"SELECT 'a;b'", "SELECT 2"}},
		{"a doubled quote", "SELECT 'a'';b'; SELECT 2", []string{"SELECT 'a'';b'", "SELECT 2"}},
		{"a backslash in a string", `SELECT 'a\'; SELECT 2`, []string{`SELECT 'a\'`, "SELECT 2"}},
		{"an escape string", `SELECT E'a\';b', e'\\'; SELECT 2`, []string{`SELECT E'a\';b', e'\\'`, "SELECT 2"}},
		{"a name that ends in e", `SELECT date'a\'; SELECT 2`, []string{`SELECT date'a\'`, "SELECT 2"}},
		{"a name", `SELECT ";" FROM "a"";b"; SELECT 2`, []string{`SELECT ";" FROM "a"";b"`, "SELECT 2"}},
		{"dollars", "DO $$ BEGIN; END; $$; SELECT 2", []string{"DO $$ BEGIN; END; $$", "SELECT 2"}},
		{"a tag", "DO $x1$ $$;$$ $y$;$x1$; SELECT 2", []string{"DO $x1$ $$;$$ $y$;$x1$", "SELECT 2"}},
		{"a parameter", "SELECT $1; SELECT $1$; SELECT 3", []string{"SELECT $1", "SELECT $1$", "SELECT 3"}},
		{"a name with dollars", "SELECT a$b$c; SELECT b$b$", []string{"SELECT a$b$c", "SELECT b$b$"}},
		{"no tag", "SELECT $a b$; SELECT 2", []string{"SELECT $a b$", "SELECT 2"}},
		{"an open string", "SELECT 1; SELECT 'a; b", []string{"SELECT 1", "SELECT 'a; b"}},
		{"an open comment", "SELECT 1; SELECT /* a; b", []string{"SELECT 1", "SELECT"}},
		{"open dollars", "SELECT 1; DO $a$ x; $b$", []string{"SELECT 1", "DO $a$ x; $b$"}},
		{"operators", "SELECT 3 - -2 / 1 * 2; SELECT 2", []string{"SELECT 3 - -2 / 1 * 2", "SELECT 2"}},
		{"letters", "SELECT 'é€'; CREATE TABLE täble (x int)", []string{"SELECT 'é€'", "CREATE TABLE täble (x int)"}},
	} {
		if got := migrations.Split(c.script); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q is split into\n%q, want\n%q", c.name, c.script, got, c.want)
		}
	}
}

// TestSplitFiles counts the statements of the migrations in another way: a
// semicolon within is in the body of a function, which is between two lines with
// $$.
func TestSplitFiles(t *testing.T) {
	files, err := fs.Glob(migrations.Files(), "*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		want, body := 0, false
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if strings.Contains(line, "$$") {
				body = !body
			}
			if strings.HasSuffix(line, ";") && !strings.HasPrefix(line, "--") && !body {
				want++
			}
		}
		if got := migrations.Split(string(text)); len(got) != want {
			t.Errorf("%s has %d statements, is split into %d", name, want, len(got))
		}
	}
}

// FuzzSplit: the statements are parts of the script in its order, nothing but
// semicolons, blanks and comments is lost between them, and a statement is one.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", ";", "SELECT 1; SELECT 'a;b'", "-- c\nSELECT 1 -- d\n;/* e */x", "DO $$;$$;", "DO $a$;$b$;$a$;", `E'\';'`,
		"a$b$;", "/*/**/;*/;", `"a"";"`, "$1;$1$;", "'", "/*", "$$", "E'\\",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		statements := migrations.Split(script)
		rest := script
		for i, statement := range statements {
			at := len(rest)
			for at >= 0 && !begins(rest, at, statements[i:]) {
				at-- // from the end, for the same text can be in a comment before
			}
			if statement == "" || at < 0 {
				t.Fatalf("%q: %q is not next in %q", script, statement, rest)
			}
			if got := migrations.Split(statement); len(got) != 1 || got[0] != statement {
				t.Fatalf("%q: %q is split again, into %q", script, statement, got)
			}
			rest = rest[at+len(statement):]
		}
		if len(migrations.Split(rest)) != 0 {
			t.Fatalf("%q: %q is lost", script, rest)
		}
		if again := migrations.Split(strings.Join(statements, "\n;\n")); !slices.Equal(again, statements) {
			t.Fatalf("%q: joined, %q become %q", script, statements, again)
		}
	})
}

// begins reports whether the first of statements is at that place of script,
// with nothing before it.
func begins(script string, at int, statements []string) bool {
	return strings.HasPrefix(script[at:], statements[0]) && len(migrations.Split(script[:at])) == 0 &&
		slices.Equal(migrations.Split(script[at:]), statements)
}
