package betterauth_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/auth/accounts/betterauth"
	"github.com/authtodo/authtodo/internal/nodetest"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(pgtest.Run(m))
}

// person is a user as Better Auth has said that it has made one.
type person struct {
	ID, Name, Email, Password string
	CreatedAt                 time.Time
}

// source is a database that the npm package better-auth has made.
type source struct {
	*sql.DB
	dialect betterauth.Dialect
	people  map[string]person
}

// make has Better Auth make a database.
func (s *source) make(t *testing.T, asked map[string]any) {
	t.Helper()
	const dir = "../../../internal/betterauthtest"
	if err := nodetest.Packages(dir); err != nil {
		nodetest.Skip(t, err)
	}
	argument, err1 := json.Marshal(asked)
	said, err2 := nodetest.Run(filepath.Join(dir, "users.mjs"), string(argument))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(said, &s.people); err != nil {
		t.Fatalf("%s: %v", said, err)
	}
	t.Cleanup(func() { s.Close() })
}

func ofSQLite(t *testing.T, generateID string) *source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "better-auth.sqlite")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{DB: db, dialect: betterauth.SQLite}
	s.make(t, map[string]any{"sqlite": file, "generateId": id(generateID)})
	return s
}

func ofPostgres(t *testing.T, url, generateID string) *source {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	options := make(map[string]string)
	for _, pair := range strings.Fields(url) {
		key, value, _ := strings.Cut(pair, "=")
		options[key] = strings.Trim(value, "'")
	}
	options["database"] = options["dbname"]
	s := &source{DB: db, dialect: betterauth.Postgres}
	s.make(t, map[string]any{"postgres": options, "generateId": id(generateID)})
	return s
}

// id is what Better Auth takes for its default.
func id(generate string) any {
	if generate == "" {
		return nil
	}
	return generate
}

func (s *source) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// run imports, and fails t if the report is not want; problems aside.
func (s *source) run(t *testing.T, dest accounts.Store, dry bool, want betterauth.Report) betterauth.Report {
	t.Helper()
	got, err := betterauth.Import(t.Context(), s.DB, s.dialect, dest, betterauth.Options{DryRun: dry})
	if err != nil {
		t.Fatal(err)
	}
	want.DryRun, want.Problems, want.MoreProblems = dry, got.Problems, got.MoreProblems
	if got.String() != want.String() {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	return got
}

// all is the report of the users that users.mjs makes.
func all() betterauth.Report {
	return betterauth.Report{Read: 7, Imported: 7, WithoutPassword: 1, Disabled: 1}
}

// TestImport: from every database that Better Auth makes, into every store of
// the module, also one in the same database.
func TestImport(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (*source, storage.Backend){
		"SQLite, memory":          func(t *testing.T) (*source, storage.Backend) { return ofSQLite(t, ""), memory.New().Backend() },
		"SQLite, numbers, memory": func(t *testing.T) (*source, storage.Backend) { return ofSQLite(t, "serial"), memory.New().Backend() },
		"SQLite, the same file": func(t *testing.T) (*source, storage.Backend) {
			s := ofSQLite(t, "")
			var file string
			if err := s.QueryRow("SELECT file FROM pragma_database_list").Scan(&file); err != nil {
				t.Fatal(err)
			}
			db, err := sqlite.Open(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s, db.Backend()
		},
		"Postgres, the same database": func(t *testing.T) (*source, storage.Backend) {
			url := pgtest.Migrated(t).URL
			db, err := postgres.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return ofPostgres(t, url, ""), db.Backend()
		},
		"Postgres, UUIDs, memory": func(t *testing.T) (*source, storage.Backend) {
			return ofPostgres(t, pgtest.Empty(t).URL, "uuid"), memory.New().Backend()
		},
		"Postgres, numbers, memory": func(t *testing.T) (*source, storage.Backend) {
			return ofPostgres(t, pgtest.Empty(t).URL, "serial"), memory.New().Backend()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, backend := open(t)
			dest := backend.Accounts
			s.run(t, dest, true, all())
			for _, p := range s.people {
				if _, err := dest.Account(t.Context(), p.ID); !errors.Is(err, accounts.ErrNoUser) {
					t.Errorf("a dry run has written: %v", err)
				}
			}
			s.run(t, dest, false, all())
			s.check(t, dest)
			before := s.accounts(t, dest)
			s.run(t, dest, false, betterauth.Report{Read: 7, Present: 7})
			s.run(t, dest, true, betterauth.Report{Read: 7, Present: 7})
			if after := s.accounts(t, dest); after != before {
				t.Errorf("the second time has changed\n%s to\n%s", before, after)
			}
			s.signIn(t, backend)
		})
	}
}

// accounts are all accounts of the people, as JSON.
func (s *source) accounts(t *testing.T, dest accounts.Store) string {
	t.Helper()
	of := make(map[string]accounts.Account)
	for name, p := range s.people {
		account, err := dest.Account(t.Context(), p.ID)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		of[name] = account
	}
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// check fails unless every account is what Better Auth has.
func (s *source) check(t *testing.T, dest accounts.Store) {
	t.Helper()
	for name, p := range s.people {
		a, err := dest.AccountByEmail(t.Context(), strings.ToLower(p.Email))
		if err != nil || a.ID != p.ID || a.Name != p.Name || !a.CreatedAt.Equal(p.CreatedAt) {
			t.Errorf("%s: %+v, %v, want %+v", name, a.User, err, p)
		}
		if a.UpdatedAt.Before(a.CreatedAt) || a.UpdatedAt.After(a.CreatedAt.Add(time.Hour)) {
			t.Errorf("%s: updated at %v", name, a.UpdatedAt)
		}
		if a.EmailVerified != (name == "verified" || name == "by github") || a.Disabled != (name == "banned") ||
			(a.Password == "") != (p.Password == "") || (a.Image != nil) != (name == "with an image") {
			t.Errorf("%s: %+v", name, a.User)
		}
	}
}

// signIn signs everybody in over HTTP, with the password that they have at Better
// Auth; and again, with the hash that this has left.
func (s *source) signIn(t *testing.T, backend storage.Backend) {
	t.Helper()
	engine := gin.New()
	server := httptest.NewServer(engine)
	defer server.Close()
	module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: backend,
		Logger:  slog.New(slog.DiscardHandler),
		Timeout: authtodo.MaxTimeout, // a slow machine may take its time
		Accounts: &accounts.Options{
			BaseURL: server.URL, Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", Limiter: accounts.Unlimited{},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer module.Close()
	post := func(email, password string) (status int, userID string) {
		body, err := json.Marshal(map[string]string{"email": email, "password": password})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(server.URL+"/api/auth/sign-in/email", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct{ User struct{ ID string } }
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, answer.User.ID
	}
	for name, p := range s.people {
		may := p.Password != "" && name != "banned"
		for _, try := range []struct {
			password string
			may      bool
		}{{p.Password + "x", false}, {p.Password, may}, {p.Password, may}} {
			if try.password == "" {
				try.password = "any password"
			}
			status, userID := post(p.Email, try.password)
			if (status == 200) != try.may || try.may && userID != p.ID || !try.may && status != 401 {
				t.Errorf("%s with %q: %d %s", name, try.password, status, userID)
			}
		}
		account, err := backend.Accounts.Account(t.Context(), p.ID)
		if err != nil || strings.HasPrefix(account.Password, "$argon2id$") != may {
			t.Errorf("%s: the hash after signing in is %.12s…, %v", name, account.Password, err)
		}
	}
}

// TestBadRows: they are told, with no hash and no address, and the others come
// through.
func TestBadRows(t *testing.T) {
	t.Parallel()
	s := ofSQLite(t, "")
	n := 0
	add := func(id, email, name, created, hash string) {
		n++
		s.exec(t, `INSERT INTO "user" ("id", "email", "name", "emailVerified", "createdAt", "updatedAt", "twoFactorEnabled")
			VALUES (?, ?, ?, 0, ?, ?, ?)`, id, email, name, created, created, n%2)
		s.exec(t, `INSERT INTO "account" ("id", "accountId", "providerId", "userId", "password", "createdAt", "updatedAt")
			VALUES (?, ?, 'credential', ?, ?, ?, ?)`, fmt.Sprint(n), id, id, hash, created, created)
	}
	const day, hash = "2024-05-01T10:00:00.000Z", "s3cret-of-another-kind"
	scrypt := strings.Repeat("0f", 16) + ":" + strings.Repeat("a5", 64)
	add("no address", "nobody", "N", day, scrypt)
	add("a name in it", "Eve <eve@example.test>", "N", day, scrypt)
	// Users are read by id: this one after whatever id Better Auth made for Ada.
	add("~taken", "ADA.KING@example.test", "N", day, scrypt)
	add("not a time", "t1@example.test", "N", "yesterday", scrypt)
	add("a long name", "t2@example.test", strings.Repeat("n", 513), day, scrypt)
	add(strings.Repeat("i", 256), "t3@example.test", "N", day, scrypt)
	add("a\nb", "t4@example.test", "N", day, scrypt)
	add("", "t5@example.test", "N", day, scrypt)
	add("another hash", "t6@example.test", "N", day, hash)
	add("good", "T7@example.test", "N", "2024-05-01 10:00:00", scrypt)
	add("seconds", "t8@example.test", "N", "", scrypt)
	s.exec(t, `UPDATE "user" SET "createdAt" = 1714557600, "updatedAt" = 1714557600123 WHERE "id" = 'seconds'`)
	s.exec(t, `UPDATE "user" SET "image" = ? WHERE "id" = 'good'`, "data:"+strings.Repeat("x", 3000))

	want := betterauth.Report{
		Read: 18, Imported: 10, WithoutPassword: 2, Disabled: 1, SecondFactor: 2,
		EmailTaken: 1, InvalidEmail: 2, Unusable: 5,
	}
	dest := memory.New().Backend().Accounts
	dry := s.run(t, dest, true, want)
	got := s.run(t, dest, false, want)
	if dry.DryRun = false; dry.String() != got.String() {
		t.Errorf("the dry run has said\n%s, it was\n%s", dry, got)
	}
	if len(got.Problems) != 10 {
		t.Errorf("%d problems", len(got.Problems))
	}
	for _, hidden := range []string{hash, scrypt[:10], "@example.test", "\nb"} {
		if strings.Contains(got.String(), hidden) {
			t.Errorf("the report shows %q:\n%s", hidden, got)
		}
	}
	t.Logf("\n%s", got)
	a, err := dest.Account(t.Context(), "seconds")
	if err != nil || a.CreatedAt.Unix() != 1714557600 || a.UpdatedAt.UnixMilli() != 1714557600123 {
		t.Errorf("%+v, %v", a.User, err)
	}
	a, err = dest.Account(t.Context(), "good")
	if err != nil || !a.CreatedAt.Equal(time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)) || a.Email != "t7@example.test" || a.Image != nil {
		t.Errorf("%+v, %v", a.User, err)
	}
}

// failing is a store that breaks down after some users.
type failing struct {
	accounts.Store
	left int
}

func (f *failing) CreateUser(
	ctx context.Context, account accounts.Account, session *accounts.Session, code *accounts.Code,
) error {
	if f.left--; f.left < 0 {
		return accounts.ErrUnavailable
	}
	return f.Store.CreateUser(ctx, account, session, code)
}

// TestSince: who was deleted does not come back when those are brought along who
// signed up meanwhile.
func TestSince(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "source.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	s := &source{DB: db, dialect: betterauth.SQLite}
	t.Cleanup(func() { s.Close() })
	s.exec(t, `CREATE TABLE "user" ("id" text, "email" text, "emailVerified" integer, "name" text,
		"image" text, "createdAt" date, "updatedAt" date)`)
	s.exec(t, `CREATE TABLE "account" ("userId" text, "providerId" text, "password" text)`)
	add := func(id, at string) {
		s.exec(t, `INSERT INTO "user" VALUES (?, ?, 1, 'U', NULL, ?, ?)`, id, id+"@example.test", at, at)
	}
	add("deleted", "2024-05-01T10:00:00.000Z")
	add("stays", "2024-05-01T10:00:00.000Z")
	dest, first := memory.New().Backend().Accounts, time.Date(2024, 5, 2, 0, 0, 0, 0, time.UTC)
	s.run(t, dest, false, betterauth.Report{Read: 2, Imported: 2, WithoutPassword: 2})
	if err := dest.DeleteUser(t.Context(), "deleted"); err != nil {
		t.Fatal(err)
	}
	add("exactly", "2024-05-02T00:00:00.000Z")
	add("later", "2024-05-03T10:00:00.000Z")
	for _, want := range []betterauth.Report{
		{DryRun: true, Read: 4, Earlier: 2, Imported: 2, WithoutPassword: 2},
		{Read: 4, Earlier: 2, Imported: 2, WithoutPassword: 2},
		{Read: 4, Earlier: 2, Present: 2},
	} {
		got, err := betterauth.Import(t.Context(), s.DB, s.dialect, dest, betterauth.Options{DryRun: want.DryRun, Since: first})
		if err != nil || got.String() != want.String() {
			t.Errorf("%v, got\n%swant\n%s", err, got, want)
		}
	}
	if _, err := dest.Account(t.Context(), "deleted"); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("the user who was deleted is back: %v", err)
	}
}

// TestManyUsers is more than two pages, in two attempts.
func TestManyUsers(t *testing.T) {
	t.Parallel()
	s := ofSQLite(t, "")
	const many = 4993
	s.exec(t, `INSERT INTO "user" ("id", "email", "name", "emailVerified", "createdAt", "updatedAt")
		WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
		SELECT 'user ' || n, 'user-' || n || '@example.test', 'U', 0, '2024-05-01T10:00:00.000Z', '2024-05-01T10:00:00.000Z'
		FROM n`, many)
	dest := memory.New().Backend().Accounts
	got, err := betterauth.Import(t.Context(), s.DB, s.dialect, &failing{dest, 3000}, betterauth.Options{})
	if !errors.Is(err, accounts.ErrUnavailable) || got.Imported != 3000 || got.Read != 3001 {
		t.Errorf("%v\n%s", err, got)
	}
	begin := time.Now()
	got, err = betterauth.Import(t.Context(), s.DB, s.dialect, dest, betterauth.Options{})
	if err != nil || got.Read != many+7 || got.Imported != many+7-3000 || got.Present != 3000 {
		t.Errorf("%v\n%s", err, got)
	}
	t.Logf("%d users in %v", got.Read, time.Since(begin))
}

// TestManyProblems: a report does not grow with the database.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	s := ofSQLite(t, "")
	s.exec(t, `UPDATE "user" SET "email" = 'nobody-' || "id"`)
	s.exec(t, `INSERT INTO "user" ("id", "email", "name", "emailVerified", "createdAt", "updatedAt")
		WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200)
		SELECT n, n, 'U', 0, 0, 0 FROM n`)
	got := s.run(t, memory.New().Backend().Accounts, false, betterauth.Report{Read: 207, InvalidEmail: 207})
	if len(got.Problems) != 100 || got.MoreProblems != 107 || !strings.Contains(got.String(), "and 107 more") {
		t.Errorf("%d problems, %d more", len(got.Problems), got.MoreProblems)
	}
}

// TestNoSource: what is no Better Auth database is said so.
func TestNoSource(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "empty.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dest := memory.New().Backend().Accounts
	for _, step := range []struct{ statement, dialect, want string }{
		{`SELECT 1`, "mysql", `the dialect is "mysql"`},
		{`SELECT 1`, "sqlite", `the table "user"`},
		{`CREATE TABLE "user" ("id" text, "email" text, "name" text, "createdAt" date, "updatedAt" date)`, "sqlite", `no column "emailVerified"`},
		{`ALTER TABLE "user" ADD COLUMN "emailVerified" integer`, "sqlite", "account"},
	} {
		if _, err := db.Exec(step.statement); err != nil {
			t.Fatal(err)
		}
		report, err := betterauth.Import(t.Context(), db, betterauth.Dialect(step.dialect), dest, betterauth.Options{})
		if err == nil || !strings.Contains(err.Error(), step.want) || report.Read != 0 {
			t.Errorf("%s: %v", step.statement, err)
		}
	}
	if _, err := db.Exec(`CREATE TABLE "account" ("userId" text, "providerId" text, "password" text)`); err != nil {
		t.Fatal(err)
	}
	if _, err := betterauth.Import(t.Context(), db, betterauth.SQLite, dest, betterauth.Options{}); err != nil {
		t.Errorf("the least that is needed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := betterauth.Import(ctx, db, betterauth.SQLite, dest, betterauth.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
