package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/migrations"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// place is an empty database, opened as hosts open theirs.
type place struct {
	name    string
	dialect migrations.Dialect
	driver  string
	dsn     string
}

// places makes a database of each kind, and has one of them pooled, too.
func places(t *testing.T) []place {
	server, pooled := pgtest.Empty(t), pgtest.Empty(t)
	return []place{
		{"postgres", migrations.Postgres, "postgres", server.URL},
		{"pooler", migrations.Postgres, "postgres", pooled.Pooler(t)},
		{"sqlite", migrations.SQLite, "sqlite", sqliteDSN(t)},
	}
}

func sqliteDSN(t *testing.T) string {
	return "file:" + filepath.Join(t.TempDir(), "todos.db") +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"
}

// everywhere runs a test in each place.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

func (p place) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.driver, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// lines are the rows of a query, which has one column of text.
func lines(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// catalog is everything in a database, as its catalog describes it.
func (p place) catalog(t *testing.T, db *sql.DB) []string {
	t.Helper()
	if p.dialect == migrations.SQLite {
		return lines(t, db, `
			SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '')
			FROM sqlite_schema ORDER BY 1`)
	}
	return lines(t, db, `
		SELECT concat_ws(' ', 'relation', relname, relkind, relrowsecurity, relforcerowsecurity, relacl)
		FROM pg_class WHERE relnamespace = 'public'::regnamespace
		UNION ALL
		SELECT concat_ws(' ', 'column', table_name, ordinal_position, column_name, data_type,
			datetime_precision, collation_name, is_nullable, column_default, is_generated, generation_expression)
		FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL
		SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL
		SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL
		SELECT concat_ws(' ', 'policy', p) FROM pg_policies AS p
		UNION ALL
		SELECT concat_ws(' ', 'function', oid::regprocedure, prosrc)
		FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		ORDER BY 1`)
}

// version is the table of versions as golang-migrate's tool reads it.
func version(t *testing.T, db *sql.DB) string {
	t.Helper()
	var version int
	var dirty bool
	row := db.QueryRowContext(t.Context(), "SELECT version, dirty FROM "+migrations.Table)
	err := row.Scan(&version, &dirty)
	if err != nil {
		return "none"
	}
	return fmt.Sprint(version, " ", dirty)
}

// newest is the number of migrations there are.
func newest(t *testing.T) int {
	t.Helper()
	all, err := fs.Glob(migrations.Files(), "postgres/*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// TestNames holds the files to what the package says of them: both dialects
// have the same ones, numbered without a gap, each with its way back.
func TestNames(t *testing.T) {
	names := map[string][]string{}
	for _, dialect := range []string{"postgres", "sqlite"} {
		entries, err := fs.ReadDir(migrations.Files(), dialect)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			names[dialect] = append(names[dialect], entry.Name())
		}
	}
	if !slices.Equal(names["postgres"], names["sqlite"]) {
		t.Errorf("Postgres has %q, SQLite %q", names["postgres"], names["sqlite"])
	}
	form := regexp.MustCompile(`^(\d{4})_([a-z_]+)\.(down|up)\.sql$`)
	for i, name := range names["postgres"] {
		way := []string{"down", "up"}[i%2]
		parts := form.FindStringSubmatch(name)
		if parts == nil || parts[1] != fmt.Sprintf("%04d", i/2+1) || parts[3] != way ||
			parts[2] != form.FindStringSubmatch(names["postgres"][i/2*2])[2] {
			t.Errorf("the file %d is %s", i, name)
		}
	}
	if len(names["postgres"]) == 0 || len(names["postgres"])%2 != 0 {
		t.Errorf("there are %d files", len(names["postgres"]))
	}
}

func TestUpDownUp(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		db.SetMaxOpenConns(1) // more than one would be waited for without an end
		up := func() []string {
			for range 2 {
				if err := migrations.Up(t.Context(), db, p.dialect); err != nil {
					t.Fatal(err)
				}
			}
			if err := migrations.Check(t.Context(), db, p.dialect); err != nil {
				t.Error(err)
			}
			if got, want := version(t, db), fmt.Sprint(newest(t), " false"); got != want {
				t.Errorf("the version is %s, want %s", got, want)
			}
			return p.catalog(t, db)
		}
		empty := p.catalog(t, db)
		first := up()
		if !strings.Contains(strings.Join(first, "\n"), "authtodo_todos") {
			t.Errorf("there is no table of todos in %q", first)
		}
		for range 2 {
			if err := migrations.Down(t.Context(), db, p.dialect); err != nil {
				t.Fatal(err)
			}
			if left := p.catalog(t, db); !slices.Equal(left, empty) {
				t.Errorf("Down leaves %q", left)
			}
		}
		if second := up(); !slices.Equal(second, first) {
			t.Errorf("up, down and up again, the schema is\n%s\nand was\n%s",
				strings.Join(second, "\n"), strings.Join(first, "\n"))
		}
	})
}

// TestHostIsLeftAlone has a host that uses golang-migrate for its own tables.
func TestHostIsLeftAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		mustExec(t, db,
			`CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)`,
			`INSERT INTO schema_migrations VALUES (7, true)`,
			`CREATE TABLE todos (id int)`)
		before := p.catalog(t, db)
		for _, step := range []func(context.Context, *sql.DB, migrations.Dialect) error{
			migrations.Up, migrations.Check, migrations.Down,
		} {
			if err := step(t.Context(), db, p.dialect); err != nil {
				t.Fatal(err)
			}
			var number int
			row := db.QueryRowContext(t.Context(), `SELECT version FROM schema_migrations WHERE dirty`)
			err := row.Scan(&number)
			if err != nil || number != 7 {
				t.Errorf("the host's version is %d, %v", number, err)
			}
		}
		if after := p.catalog(t, db); !slices.Equal(after, before) {
			t.Errorf("the host has %q, had %q", after, before)
		}
	})
}

// some are migrations of a test's own.
func some(scripts ...string) fs.FS {
	files := fstest.MapFS{}
	for i, script := range scripts {
		for _, dialect := range []string{"postgres", "sqlite"} {
			name := fmt.Sprintf("%s/%04d_step.up.sql", dialect, i+1)
			files[name] = &fstest.MapFile{Data: []byte(script)}
		}
	}
	return files
}

// TestFailure has a second release whose migration does not work.
func TestFailure(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		db.SetMaxOpenConns(1)
		one := `CREATE TABLE one (id int);`
		if err := migrations.UpFrom(t.Context(), some(one), db, p.dialect); err != nil {
			t.Fatal(err)
		}
		before := p.catalog(t, db)
		broken := some(one, `CREATE TABLE two (id int)`,
			"CREATE TABLE three (id int);\n-- it is not there\nINSERT INTO\n  four VALUES (1);",
			`CREATE TABLE five (id int)`)
		err := migrations.UpFrom(t.Context(), broken, db, p.dialect)
		if err == nil || !strings.Contains(err.Error(), "version 3, statement 2 (INSERT INTO)") ||
			!strings.Contains(err.Error(), "four") {
			t.Errorf("got the error %v", err)
		}
		if after := p.catalog(t, db); !slices.Equal(after, before) {
			t.Errorf("a failure leaves %q, there was %q", after, before)
		}
		if got := version(t, db); got != "1 false" {
			t.Errorf("the version is %s, want 1 and not dirty", got)
		}
		err = migrations.CheckFrom(t.Context(), broken, db, p.dialect)
		if !errors.Is(err, migrations.ErrBehind) {
			t.Errorf("Check says %v", err)
		}
		mended := some(one, `CREATE TABLE two (id int)`, `CREATE TABLE three (id int)`)
		if err := migrations.UpFrom(t.Context(), mended, db, p.dialect); err != nil {
			t.Errorf("with a migration that works: %v", err)
		}
		if got := version(t, db); got != "3 false" {
			t.Errorf("the version is %s, want 3", got)
		}
	})
}

func TestFailureOfTheFirst(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		broken := some(`CREATE TABLE one (id int); nonsense`)
		if err := migrations.UpFrom(t.Context(), broken, db, p.dialect); err == nil {
			t.Error("nonsense is run")
		}
		if left := p.catalog(t, db); len(left) != 0 {
			t.Errorf("there is %q", left)
		}
	})
}

// TestCheck has every state that a schema can be in.
func TestCheck(t *testing.T) {
	three := some(`CREATE TABLE one (id int)`, `CREATE TABLE two (id int)`,
		`CREATE TABLE three (id int)`)
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		check := func(want error, words ...string) {
			t.Helper()
			err := migrations.CheckFrom(t.Context(), three, db, p.dialect)
			if !errors.Is(err, want) {
				t.Errorf("got the error %v, want %v", err, want)
			}
			for _, word := range words {
				if !strings.Contains(fmt.Sprint(err), word) {
					t.Errorf("the error %q does not say %q", err, word)
				}
			}
		}
		check(migrations.ErrBehind, "none yet", "migrations.Up", "0001_step, 0002_step, 0003_step")
		if len(p.catalog(t, db)) != 0 {
			t.Error("Check has made something")
		}
		if err := migrations.UpFrom(t.Context(), three, db, p.dialect); err != nil {
			t.Fatal(err)
		}
		check(nil)
		set := func(statement string) { t.Helper(); mustExec(t, db, statement+" "+migrations.Table) }
		mustExec(t, db, `UPDATE `+migrations.Table+` SET version = 1`)
		check(migrations.ErrBehind, "version is 1", "migrations.Up", "0002_step, 0003_step")
		mustExec(t, db, `UPDATE `+migrations.Table+` SET version = 4`)
		check(migrations.ErrAhead, "version is 4", "0003_step is the last", "run a build")
		mustExec(t, db, `UPDATE `+migrations.Table+` SET version = 2, dirty = true`)
		check(migrations.ErrDirty, "migration 2", "by hand", "force")
		set(`DELETE FROM`)
		check(migrations.ErrBehind, "none yet")
	})
}

// TestNothingIsForced has what Up and Down must not touch.
func TestNothingIsForced(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		db := p.open(t)
		if err := migrations.Up(t.Context(), db, p.dialect); err != nil {
			t.Fatal(err)
		}
		for set, want := range map[string]error{
			"dirty = true":                 migrations.ErrDirty,
			"dirty = false, version = 999": migrations.ErrAhead,
		} {
			mustExec(t, db, `UPDATE `+migrations.Table+` SET `+set)
			before := p.catalog(t, db)
			for _, step := range []func(context.Context, *sql.DB, migrations.Dialect) error{
				migrations.Up, migrations.Down,
			} {
				if err := step(t.Context(), db, p.dialect); !errors.Is(err, want) {
					t.Errorf("with %s: %v, want %v", set, err, want)
				}
			}
			if after := p.catalog(t, db); !slices.Equal(after, before) {
				t.Errorf("with %s, the schema has become %q", set, after)
			}
		}
	})
}

func TestUnknownDialect(t *testing.T) {
	db := place{driver: "sqlite", dsn: sqliteDSN(t)}.open(t)
	for _, step := range []func(context.Context, *sql.DB, migrations.Dialect) error{
		migrations.Up, migrations.Check,
	} {
		if err := step(t.Context(), db, "mysql"); err == nil || !strings.Contains(err.Error(), "mysql") {
			t.Errorf("got the error %v", err)
		}
	}
}

// holdLock has another transaction in the place of one that migrates.
func (p place) holdLock(t *testing.T) {
	t.Helper()
	conn, err := p.open(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.ExecContext(context.Background(), `ROLLBACK`)
		conn.Close()
	})
	lock := fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, migrations.LockKey)
	statements := []string{`BEGIN`, lock}
	if p.dialect == migrations.SQLite {
		statements = []string{`BEGIN IMMEDIATE`}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWaitEnds has others who do not come to an end.
func TestWaitEnds(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.holdLock(t)
		db := p.open(t)
		db.SetMaxOpenConns(1)
		if err := db.PingContext(t.Context()); err != nil { // what follows is not about connecting
			t.Fatal(err)
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := migrations.Up(ctx, db, p.dialect)
		if !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "others are migrating") {
			t.Errorf("got the error %v", err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the wait took %v", took)
		}
		if err := db.PingContext(t.Context()); err != nil {
			t.Errorf("the host's pool is left broken: %v", err)
		}
		if p.dialect == migrations.SQLite {
			if got := lines(t, db, `PRAGMA busy_timeout`); got[0] != "5000" {
				t.Errorf("the host's busy_timeout is left at %s", got)
			}
		}
	})
}

// TestEndInAMigration has a context that ends in the middle.
func TestEndInAMigration(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		slow := `CREATE TABLE one (id int); SELECT pg_sleep(30)`
		if p.dialect == migrations.SQLite {
			slow = `CREATE TABLE one (id int); INSERT INTO one
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0`
		}
		db := p.open(t)
		db.SetMaxOpenConns(1)
		if err := db.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := migrations.UpFrom(ctx, some(slow), db, p.dialect)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got the error %v", err)
		}
		if left := p.catalog(t, db); len(left) != 0 {
			t.Errorf("there is %q", left)
		}
		if err := migrations.Up(t.Context(), db, p.dialect); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestUpToDateNeedsNoRights has a service whose role may not make tables, which
// starts while the tables are locked.
func TestUpToDateNeedsNoRights(t *testing.T) {
	server := pgtest.Migrated(t)
	admin := place{driver: "postgres", dsn: server.AdminURL}.open(t)
	mustExec(t, admin,
		`ALTER SCHEMA public OWNER TO CURRENT_USER`,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	p := place{"", migrations.Postgres, "postgres", server.URL}
	p.holdLock(t)
	if err := migrations.Up(t.Context(), p.open(t), migrations.Postgres); err != nil {
		t.Error(err)
	}
}

// TestRequestTimeout has a role whose statements may not take long.
func TestRequestTimeout(t *testing.T) {
	p := place{"", migrations.Postgres, "postgres", pgtest.Empty(t).URL + " statement_timeout=50"}
	slow := some(`CREATE TABLE one (id int); SELECT pg_sleep(0.2)`)
	if err := migrations.UpFrom(t.Context(), slow, p.open(t), p.dialect); err != nil {
		t.Error(err)
	}
}

// TestSnapshot has a role whose transactions see what there was when they began.
func TestSnapshot(t *testing.T) {
	url := pgtest.Empty(t).URL + " default_transaction_isolation=serializable"
	p := place{"", migrations.Postgres, "postgres", url}
	done := make(chan error)
	for range 4 {
		db := p.open(t)
		go func() { done <- migrations.Up(t.Context(), db, p.dialect) }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestSecrets has connection strings that lib/pq quotes when it cannot read them.
func TestSecrets(t *testing.T) {
	const canary = "canary271828"
	for _, dsn := range []string{
		"postgres://u:" + canary + "%zz@127.0.0.1:1/db",
		"postgres://u:12345" + canary + "/x@127.0.0.1:1/db",
		"postgres://u:" + canary + "@127.0.0.1:1/db?sslmode=disable",
		"host=127.0.0.1 port=1 password='" + canary,
		"host=127.0.0.1 port=1 password=" + canary + " " + canary,
		"host=127.0.0.1 port=" + canary,
		"host=127.0.0.1 port=1 sslmode=" + canary,
	} {
		db := place{driver: "postgres", dsn: dsn}.open(t)
		for _, step := range []func(context.Context, *sql.DB, migrations.Dialect) error{
			migrations.Up, migrations.Check, migrations.Down,
		} {
			err := step(t.Context(), db, migrations.Postgres)
			if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "canary") {
				t.Errorf("got the error %v", err)
			}
		}
	}
	wrong := pgtest.Empty(t).URL + " dbname=nowhere password=" + canary
	db := place{driver: "postgres", dsn: wrong}.open(t)
	if err := migrations.Check(t.Context(), db, migrations.Postgres); err == nil ||
		!strings.Contains(err.Error(), "nowhere") || strings.Contains(err.Error(), canary) {
		t.Errorf("got the error %v, want one that names the database", err)
	}
}
