package main

import (
	"strings"
	"testing"
)

// parse is parseConfig with nothing but vars in the environment.
func parse(vars map[string]string) (config, error) {
	return parseConfig(func(name string) string { return vars[name] }, false)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := parse(nil)
	if err != nil || cfg.addr != "127.0.0.1:8080" || cfg.sqlite != "authtodo-data/todos.db" ||
		cfg.secretFile != "authtodo-data/todos.db.secret" || cfg.origins != nil {
		t.Errorf("got %+v, %v", cfg, err)
	}
	if issuers := cfg.acceptedIssuers(); len(issuers) > 0 {
		t.Errorf("got %+v", issuers)
	}
}

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ url, sqlite, postgres, secretFile string }{
		{"sqlite:todos.db", "todos.db", "", "todos.db.secret"},
		{"sqlite:/var/lib/a b/todos.db", "/var/lib/a b/todos.db", "", "/var/lib/a b/todos.db.secret"},
		{"sqlite:postgres://x", "postgres://x", "", "postgres://x.secret"}, // taken literally
		{"postgres://u:p@h/n", "", "postgres://u:p@h/n", "authtodo-data/postgres.secret"},
		{"postgresql://u:p@h/n", "", "postgresql://u:p@h/n", "authtodo-data/postgres.secret"},
	} {
		cfg, err := parse(map[string]string{"DATABASE_URL": test.url})
		if err != nil || cfg.sqlite != test.sqlite || cfg.postgres != test.postgres ||
			cfg.secretFile != test.secretFile {
			t.Errorf("%s: got %+v, %v", test.url, cfg, err)
		}
	}
	for _, url := range []string{
		"todos.db", "/todos.db", "SQLITE:todos.db", "file:todos.db", "sqlite:", "sqlite:///todos.db",
		"postgres:name", "postgres", "host=db password=hunter2", "mysql://u:hunter2@h/n", " sqlite:x",
	} {
		if cfg, err := parse(map[string]string{"DATABASE_URL": url}); err == nil ||
			!strings.HasPrefix(err.Error(), "DATABASE_URL ") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %+v, %v", url, cfg, err)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://u:hunter2@h:5/n?password=hunter2": "PostgreSQL: postgres://h:5/n",
		"postgres:///n?host=/run":                     "PostgreSQL: postgres:///n",
		"postgres://u:hunter2@h:x/n":                  "PostgreSQL",
		"sqlite:/var/todos.db":                        "/var/todos.db",
	} {
		cfg := config{}
		if err := cfg.parseDatabase(url); err != nil || cfg.place() != want {
			t.Errorf("%s: got %q, %v", url, cfg.place(), err)
		}
	}
}

func TestAddr(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{
		"127.0.0.1:8080": true, ":8080": true, "[::1]:0": true, "localhost:65535": true,
		"8080": false, "127.0.0.1": false, "127.0.0.1:": false, "127.0.0.1:http": false,
		"127.0.0.1:65536": false, "::1:8080": false, "http://127.0.0.1:8080": false,
	} {
		if err := checkAddr(addr); (err == nil) != ok {
			t.Errorf("%s: got %v", addr, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for origin, ok := range map[string]bool{
		"http://localhost:3000": true, "https://app.example.com": true, "http://[::1]:5173": true,
		"https://app.example.com:8443": true, "http://a.example:443": true,
		"https://a.example:443": false, "http://a.example:80": false, // browsers send no such port
		"https://a.example/": false, "https://a.example/x": false, "https://a.example?": false,
		"https://a.example#": false, "https://u@a.example": false, "https://A.example": false,
		"HTTPS://a.example": false, "https://": false, "https://:1": false, "https://a.example:": false,
		"a.example": false, "localhost:3000": false, "//a.example": false, "null": false, "": false,
		"ftp://a.example": false, "/https://a/": false, "https://a b": false,
		"*": false, "https://*.example": false, "http://localhost:*": false,
	} {
		if origin != "" && isOrigin(origin) != ok && !strings.Contains(origin, "*") {
			t.Errorf("%s: got %v", origin, !ok)
		}
		got, err := parseOrigins("http://first.example , " + origin)
		if (err == nil) != ok || ok && (len(got) != 2 || got[1] != origin) {
			t.Errorf("%s: got %q, %v", origin, got, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parse(map[string]string{
		"ADDR": "x", "DATABASE_URL": "hunter2", "BETTER_AUTH_SECRET": "short",
		"AUTH_ISSUER": "\x00", "AUTH_AUDIENCE": "\x00", "CORS_ORIGINS": "x", "TRUSTED_PROXIES": "x", "RATE_LIMIT": "on", "MIGRATE": "no",
	})
	if err == nil {
		t.Fatal("no fault")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{
		"ADDR must", "DATABASE_URL must", "AUTH_ISSUER must", "AUTH_AUDIENCE must",
		"BETTER_AUTH_SECRET has 5 bytes", "CORS_ORIGINS has",
		"TRUSTED_PROXIES has", "RATE_LIMIT must", "MIGRATE must",
	} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("got %q, want %q in line %d", lines, want, i+1)
		}
	}
}
