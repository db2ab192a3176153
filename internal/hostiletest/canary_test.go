package hostiletest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/lib/pq"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/todos"
)

// TestAccountLifeUnderWatch has everything happen to an account once, on every
// storage, so that every secret there is goes through the module; TestMain looks
// for them in the end. What it looks in is checked here not to be empty.
func TestAccountLifeUnderWatch(t *testing.T) {
	t.Parallel()
	t.Cleanup(func() {
		if secrets, bytes := shared.watch.Seen(); secrets < 50 || bytes < 10_000 {
			t.Errorf("only %d secrets were looked for in %d bytes", secrets, bytes)
		}
	})
	onEachPlace(t, func(t *testing.T, s *site) {
		shared.counts.add(s.place, "canary/life of an account")
		const second, third = "Kanarie7 another good one", "Kanarie8 the third good one"
		shared.watch.Keep("a password", second, third)
		u := s.signUp(t, "life@example.com")
		by := func(path, body string) answer {
			t.Helper()
			a := s.send(t, ask("POST", "/api/auth"+path, u.cookies()...).json(body))
			u.take(a)
			if a.status != http.StatusOK {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
			return a
		}
		by("/verify-email", `{"token":`+quote(s.mails.link(t, u.email, accounts.MailVerify))+`}`)
		by("/change-password", `{"currentPassword":`+quote(goodPassword)+`,"newPassword":`+quote(second)+`}`)
		by("/update-user", `{"name":"Life","image":"https://example.com/a.png"}`)
		by("/change-email", `{"newEmail":"after-life@example.com"}`)
		by("/verify-email?token="+s.mails.link(t, "after-life@example.com", accounts.MailChange), `{}`)
		u.email = "after-life@example.com"
		by("/request-password-reset", `{"email":"after-life@example.com"}`)
		by("/reset-password", `{"token":`+quote(s.mails.link(t, u.email, accounts.MailReset))+`,"newPassword":`+quote(third)+`}`)
		u.password = third
		access, refresh := s.tokens(t, u)
		a := s.send(t, ask("POST", "/api/auth/refresh").json(`{"refresh_token":`+quote(refresh)+`}`))
		s.ahead.Add(int64(60e9))
		s.send(t, ask("POST", "/api/auth/refresh").json(`{"refresh_token":`+quote(refresh)+`}`)) // again, too late
		for _, token := range []string{access, refresh, a.text("access_token")} {
			s.send(t, get("/api/todos").as(token))
		}
		s.send(t, ask("POST", "/api/auth/sign-in/email").json(`{"email":"after-life@example.com","password":`+quote(second)+`}`))
		u.take(s.send(t, ask("POST", "/api/auth/sign-in/email").json(`{"email":"after-life@example.com","password":`+quote(third)+`}`)))
		for _, path := range []string{"/get-session", "/token", "/list-sessions"} {
			if a := s.send(t, get("/api/auth"+path, u.cookies()...)); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		by("/sign-out", `{}`)
		shared.watch.See("what is exported", s.exported(t, u.id))
	})
}

// exported is what the host gets of a user.
func (s *site) exported(t *testing.T, id string) string {
	t.Helper()
	export, err := s.module.Accounts().Export(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v", export) + canary.Text(&export.User) + fmt.Sprint(export.Sessions)
}

// TestDatabaseThatIsGone: its errors hold neither its password nor anything else
// of its address.
func TestDatabaseThatIsGone(t *testing.T) {
	t.Parallel()
	shared.counts.add("postgres", "canary/a database that is gone")
	server := newPostgres(t)
	db, err := postgres.Open(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := newSite(t, "postgres", db.Backend())
	connector, err := pq.NewConnector(server.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	admin := sql.OpenDB(connector)
	defer admin.Close()
	if _, err := admin.Exec(`ALTER ROLE ` + server.Role + ` IN DATABASE ` + databaseOf(t, admin) + ` SET search_path = nowhere`); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]request{
		"list": get("/api/todos").as(s.anna), "get": get("/api/todos/" + missing).as(s.anna),
		"create":  ask("POST", "/api/todos").as(s.anna).json(`{"title":"x"}`),
		"update":  ask("PATCH", "/api/todos/"+missing).as(s.anna).json(`{"title":"x"}`),
		"delete":  ask("DELETE", "/api/todos/"+missing).as(s.anna),
		"sign-in": ask("POST", "/api/auth/sign-in/email").json(`{"email":"a@example.com","password":"` + goodPassword + `"}`),
		"key set": get("/api/auth/jwks"),
	} {
		shared.counts.add("postgres", "canary/gone/"+name)
		s.unavailable(t, r)
	}
	for _, bad := range []string{
		server.URL + " port=1", server.URL + " dbname=nothing", server.URL + " sslmode=nonsense",
		server.URL + " password='" + otherSecret + "'",
	} {
		if _, err := postgres.Open(t.Context(), bad); err != nil {
			shared.watch.See("errors", fmt.Sprintf("%v %+v %#v", err, err, err))
		}
	}
}

func databaseOf(t *testing.T, admin *sql.DB) (name string) {
	t.Helper()
	if err := admin.QueryRow(`SELECT quote_ident(current_database())`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// panicking is a store that panics or fails with whatever it is given.
type panicking struct {
	todos.Store
	fail bool
}

func (p panicking) GetTodo(_ context.Context, owner, id string) (todos.Todo, error) {
	if p.fail {
		return todos.Todo{}, errors.New("pq: password authentication failed for " + owner)
	}
	panic("a store for " + owner + " and " + id)
}

// TestPanics: one of a store, a hook or a handler of the host ends in a 500 that
// says nothing, and what the log has of it holds no secret. It is the one place
// where a 500 is right.
func TestPanics(t *testing.T) {
	t.Parallel()
	for _, fail := range []bool{false, true} {
		name := map[bool]string{false: "panic", true: "failure"}[fail]
		t.Run(name, func(t *testing.T) {
			shared.counts.add("memory", "canary/"+name)
			backend := memory.New().Backend()
			backend.Todos = panicking{backend.Todos, fail}
			s := newSite(t, "memory", backend, func(o *authtodo.Options) {
				o.Accounts.OnEvent = func(context.Context, accounts.Event) { panic("a hook") }
			})
			s.withAda() // whose event was told to a hook that panics
			a := s.send(t, get("/api/todos/"+missing).as(s.anna))
			if a.status != http.StatusInternalServerError {
				t.Errorf("%d %s", a.status, a.body)
			}
			checkHeader(t, a)
			checkLeaks(t, a.header, a.body)
			checkProblem(t, attack{want: problem(500, "internal-error")}, a)
			if !strings.Contains(s.log.all(), map[bool]string{false: "a store for anna", true: "authentication failed"}[fail]) {
				t.Errorf("the log has %s", s.log.all())
			}
			s.state = s.look(t)
		})
	}
}

// TestOptionsUnderWatch prints everything that holds a secret, and every error of
// options that are wrong, in every way that there is.
func TestOptionsUnderWatch(t *testing.T) {
	t.Parallel()
	shared.counts.add("memory", "canary/options")
	s := newSite(t, "memory", inMemory(t))
	opts := s.options(memory.New().Backend())
	const short = "Kanarie9-short"
	shared.watch.Keep("a secret that is too short", short)
	bad := opts
	bad.Auth.Issuers = append([]auth.Issuer{{URL: "x", Keys: auth.SharedSecret(short, short)}, {Keys: auth.KeySet("https://u:" + short + "@example.com/jwks?key=" + short)}}, opts.Auth.Issuers...)
	wrong := *opts.Accounts
	wrong.Secret, wrong.PreviousSecrets = short, []accounts.Secret{short, accountsSecret, accountsSecret}
	bad.Accounts = &wrong
	_, err := authtodo.Register(gin.New(), bad)
	if err == nil {
		t.Fatal("the options are taken")
	}
	log := slog.New(slog.NewJSONHandler(shared.watch.Sink("printed options"), nil))
	text := slog.New(slog.NewTextHandler(shared.watch.Sink("printed options"), nil))
	for _, value := range []any{
		err, opts.Auth, opts.Accounts, *opts.Accounts, bad.Auth, wrong, opts.Auth.Issuers, s.module, s.engine,
		opts.Auth.Issuers[0].Keys, opts.Accounts.Secret,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			shared.watch.See("printed options", fmt.Sprintf(verb, value))
		}
		log.Info("x", "value", value)
		text.Info("x", "value", value)
	}
}
