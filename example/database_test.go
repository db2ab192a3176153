package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
)

// asURL is a connection string of key=value pairs as a URL with a password, the
// form that DATABASE_URL has.
func asURL(pairs string, change ...string) string {
	values := url.Values{}
	for _, pair := range append(strings.Fields(pairs), change...) {
		key, value, _ := strings.Cut(pair, "=")
		values.Set(key, value)
	}
	u := url.URL{Scheme: "postgres", Path: "/" + values.Get("dbname")}
	u.User = url.UserPassword(values.Get("user"), password(values))
	for _, key := range []string{"dbname", "user", "password"} {
		values.Del(key)
	}
	u.RawQuery = values.Encode()
	return u.String()
}

func password(values url.Values) string {
	if p := values.Get("password"); p != "" {
		return p
	}
	return "hunter2"
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	dir := t.TempDir()
	env := "DATABASE_URL=" + asURL(db.URL)
	first := launch(t, dir, env)
	promised(t, first.paste(), "[Buy milk]")
	hasMode(t, dir+"/authtodo-data", 0o700)
	hasMode(t, dir+"/authtodo-data/postgres.secret", 0o600)
	first.find(`(?m)^todos: (PostgreSQL: postgres://)`)
	u, err := url.Parse(strings.TrimPrefix(env, "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	if secret, _ := u.User.Password(); strings.Contains(first.greeting, secret) {
		t.Errorf("the greeting shows the password: %s", first.greeting)
	}
	first.send("GET", "/readyz", "").is(t, 200, "ok")
	first.stop()

	second := launch(t, dir, strings.Replace(env, "postgres:", "postgresql:", 1))
	promised(t, second.paste(), "[Buy milk Buy milk]")
	second.stop()
}

// TestRelease: a step of the release migrates, and services only look.
func TestRelease(t *testing.T) {
	t.Parallel()
	dir, env := t.TempDir(), "DATABASE_URL="+asURL(pgtest.Empty(t).URL)
	run := func(arg string, fails bool, wants string) {
		t.Helper()
		cmd := example(t, dir, env, "MIGRATE=off")
		cmd.Args = append(cmd.Args, arg)
		out, err := cmd.CombinedOutput()
		if (err != nil) != fails || !strings.Contains(string(out), wants) || strings.Contains(string(out), "hunter2") {
			t.Errorf("example %s: %v: %s", arg, err, out)
		}
	}
	run("-check", true, "the schema is behind")
	run("-demo", true, "the schema is behind")
	run("-migrate", false, "the tables are as this release wants them: PostgreSQL: postgres://")
	run("-migrate", false, "the tables are")
	run("-check", false, "the tables are")
	launch(t, dir, env, "MIGRATE=off").stop()
}

func TestPostgresFailures(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	for name, test := range map[string]struct{ url, want string }{
		"superuser":   {asURL(db.AdminURL), "superuser or has BYPASSRLS"},
		"no database": {asURL(db.URL, "dbname=missing"), `database "missing" does not exist`},
		"no role":     {asURL(db.URL, "user=nobody", "password=hunter2"), "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			line := fails(t, example(t, t.TempDir(), "DATABASE_URL="+test.url), 1, test.want)
			if strings.Contains(line, "hunter2") {
				t.Errorf("%s shows the password", line)
			}
		})
	}
}
