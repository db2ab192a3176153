package pgtest_test

import (
	"bufio"
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// ask returns the answer to a question that has one.
func ask(t *testing.T, db *sql.DB, query string) (answer string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

const (
	tables = `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`
	bypass = `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`
)

func TestEmpty(t *testing.T) {
	d := pgtest.Empty(t)
	for _, url := range []string{d.URL, d.AdminURL, d.Pooler(t)} {
		if n := ask(t, open(t, url), tables); n != "0" {
			t.Errorf("there are %s tables", n)
		}
	}
	db := open(t, d.URL)
	if role := ask(t, db, `SELECT current_user`); role != d.Role {
		t.Errorf("the role is %s, want %s", role, d.Role)
	}
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE one (id int)`); err != nil {
		t.Errorf("the role cannot make tables: %v", err)
	}
}

func TestRoles(t *testing.T) {
	d := pgtest.Migrated(t)
	for url, want := range map[string]string{
		d.URL: "false", d.AdminURL: "true", d.Pooler(t): "false",
	} {
		if got := ask(t, open(t, url), bypass); got != want {
			t.Errorf("that a role bypasses row-level security is %s, want %s", got, want)
		}
	}
}

// TestDatabasesShareNothing also finds that each is gone when its test ends.
func TestDatabasesShareNothing(t *testing.T) {
	var wait sync.WaitGroup
	d := pgtest.Migrated(t) // this makes the template, too
	admin := open(t, d.AdminURL)
	mine := `SELECT count(*) FROM pg_database WHERE starts_with(datname, '` + d.Role + `')`
	before := ask(t, admin, mine)
	t.Run("tests", func(t *testing.T) {
		for range 4 {
			wait.Go(func() {
				db := open(t, pgtest.Migrated(t).AdminURL)
				_, err := db.ExecContext(t.Context(), `
					INSERT INTO authtodo_lists (user_id, epoch, revision) VALUES ('anna', 'e', 1)`)
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		fresh := open(t, pgtest.Migrated(t).AdminURL)
		if n := ask(t, fresh, `SELECT count(*) FROM authtodo_lists`); n != "0" {
			t.Errorf("a new database has %s lists", n)
		}
	})
	if after := ask(t, admin, mine); after != before {
		t.Errorf("there are %s databases, and before there were %s", after, before)
	}
}

// TestPooler has more clients than the pooler has connections.
func TestPooler(t *testing.T) {
	d := pgtest.Empty(t)
	var mu sync.Mutex
	var clients sync.WaitGroup
	backends := map[string]bool{}
	for range 16 {
		db := open(t, d.Pooler(t))
		clients.Go(func() {
			for range 20 {
				pid := ask(t, db, `SELECT pg_backend_pid()`)
				mu.Lock()
				backends[pid] = true
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	if len(backends) > 4 {
		t.Errorf("16 clients have %d connections, want at most 4", len(backends))
	}
}

// fake notes how a test would have ended first.
type fake struct {
	testing.TB
	end string
}

func (f *fake) Helper()           {}
func (f *fake) Skip(args ...any)  { f.end = cmp.Or(f.end, "skip: "+fmt.Sprint(args...)) }
func (f *fake) Fatal(args ...any) { f.end = cmp.Or(f.end, "fatal: "+fmt.Sprint(args...)) }

func TestRefusal(t *testing.T) {
	t.Setenv("AUTHTODO_PGBIN", t.TempDir())
	_, missing := pgtest.Find("postgres")
	for _, c := range []struct {
		required, ci string
		err          error
		want         string
	}{
		{"", "", missing, "skip: "},
		{"", "false", missing, "skip: "},
		{"1", "", missing, "fatal: "},
		{"", "true", missing, "fatal: "},
		{"", "", errors.New("apt-get is broken"), "fatal: "},
	} {
		t.Setenv("AUTHTODO_REQUIRE", c.required)
		t.Setenv("CI", c.ci)
		test := &fake{TB: t}
		pgtest.Refuse(test, c.err)
		if !strings.HasPrefix(test.end, c.want) || !strings.Contains(test.end, "apt-get") {
			t.Errorf("with AUTHTODO_REQUIRE=%s and CI=%s, %v is %q", c.required, c.ci, c.err, test.end)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	if err := os.WriteFile(real, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(dir, "postgres")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AUTHTODO_PGBIN", dir)
	if path, err := pgtest.Find("postgres"); err != nil || path != real {
		t.Errorf("found %s, %v, want %s", path, err, real)
	}
	t.Setenv("AUTHTODO_PGBIN", "")
	t.Setenv("PATH", dir)
	if err := os.Rename(filepath.Join(dir, "postgres"), filepath.Join(dir, "only-here")); err != nil {
		t.Fatal(err)
	}
	if path, err := pgtest.Find("only-here"); err != nil || path != real {
		t.Errorf("on the PATH, found %s, %v, want %s", path, err, real)
	}
}

func TestSweep(t *testing.T) {
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	names := map[string]bool{ // and whether they stay
		fmt.Sprintf("%s%d-1", pgtest.FolderPrefix, os.Getpid()):        true,
		fmt.Sprintf("%s%d-1", pgtest.FolderPrefix, dead.Process.Pid):   false,
		fmt.Sprintf("other-%d-1", dead.Process.Pid):                    true,
		pgtest.FolderPrefix + "x-1":                                    true,
		pgtest.FolderPrefix + strconv.Itoa(1):                          true,
		fmt.Sprintf("%s-%d-1", pgtest.FolderPrefix, dead.Process.Pid):  true,
		fmt.Sprintf("%s%d-22", pgtest.FolderPrefix, dead.Process.Pid):  false,
		fmt.Sprintf("x%s%d-22", pgtest.FolderPrefix, dead.Process.Pid): true,
	}
	for name := range names {
		if err := os.MkdirAll(filepath.Join(base, name, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Sweep(base)
	for name, stays := range names {
		if _, err := os.Stat(filepath.Join(base, name)); (err == nil) != stays {
			t.Errorf("%s: %v, that it stays should be %t", name, err, stays)
		}
	}
}

// victim is in the environment of the process that [TestKilled] kills.
const victim = "AUTHTODO_PGTEST_VICTIM"

// TestVictim is what that process does.
func TestVictim(t *testing.T) {
	if os.Getenv(victim) == "" {
		return // this is no victim
	}
	d := pgtest.Empty(t)
	_ = d.Pooler(t)
	fmt.Println("url", d.AdminURL)
	time.Sleep(time.Minute)
}

// TestKilled: a server does not outlive its test process.
func TestKilled(t *testing.T) {
	pgtest.Private(t)
	_ = pgtest.Empty(t).Pooler(t) // or else the victim would be skipped
	child := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	child.Env = append(os.Environ(), victim+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		child.Process.Kill()
		child.Wait()
	})
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "url ")
	}
	db := open(t, url)
	db.SetMaxIdleConns(-1)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatalf("%q: %v", url, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Minute)
	for ; db.PingContext(t.Context()) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server is still there")
		}
	}
	child.Wait()
	for { // what is about to end may still write into its folder
		pgtest.Sweep(pgtest.FastFolder())
		left, err := filepath.Glob(fmt.Sprintf("%s/%s%d-*",
			pgtest.FastFolder(), pgtest.FolderPrefix, child.Process.Pid))
		if err == nil && len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%q is left, %v", left, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestMortal: what was confirmed is there after a kill, what was not is not, and
// connections of before are dead.
func TestMortal(t *testing.T) {
	m := pgtest.NewMortal(t)
	if err := m.Start(t.Context()); err == nil {
		t.Error("a server that runs can be started")
	}
	db := open(t, m.Migrated(t).AdminURL)
	for i, end := range []func() error{m.Kill, m.Stop, m.Kill} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.ExecContext(t.Context(), `INSERT INTO authtodo_settings (name, value) VALUES ('open', '')`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), `INSERT INTO authtodo_settings (name, value) VALUES ($1, '')`, strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("there is still a server")
		}
		if err := m.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err == nil {
			t.Error("a transaction outlives its server")
		}
		if n := ask(t, db, `SELECT count(*) FROM authtodo_settings WHERE name <> 'cursor_key'`); n != strconv.Itoa(i+1) {
			t.Errorf("there are %s rows, want %d", n, i+1)
		}
	}
	settings := ask(t, db, `
		SELECT current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes')`)
	if settings != "ononon" {
		t.Errorf("the server does not keep what it confirms: %s", settings)
	}
}
