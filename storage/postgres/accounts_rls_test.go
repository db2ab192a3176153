package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/faultsql"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/internal/sqlstore"
)

// accountTables are those that belong to users.
func accountTables() map[string]string {
	return map[string]string{
		"authtodo_users": `INSERT INTO authtodo_users (user_id, email, email_verified, name, password, disabled,
			created_at, updated_at) VALUES ('new', 'new', true, 'n', 'p', false, now(), now())`,
		"authtodo_emails": `INSERT INTO authtodo_emails (email, user_id) VALUES ('new', 'anna')`,
		"authtodo_sessions": `INSERT INTO authtodo_sessions (user_id, id, created_at, updated_at, expires_at,
			ends_at, temporary, address, user_agent) VALUES ('anna', 'new', now(), now(), now(), now(), false, '', '')`,
		"authtodo_codes": `INSERT INTO authtodo_codes (user_id, purpose, secret, email, proven, session_id,
			created_at, expires_at) VALUES ('anna', 'new', 's', 'e', false, '', now(), now())`,
	}
}

func email(userID string) string { return userID + "@example.com" }

// everyAccountCall makes each call of a store for a user who is not there yet,
// and leaves a row in each table.
func everyAccountCall(t testing.TB, db *DB, userID string) {
	t.Helper()
	store, ctx, now := db.Backend().Accounts, t.Context(), time.Now().UTC().Truncate(time.Millisecond)
	digest := func(of string) accounts.Digest { return sha256.Sum256([]byte(of)) }
	session := func(id string) accounts.Session {
		return accounts.Session{
			UserID: userID, ID: id, Refresh: digest(id), CreatedAt: now, UpdatedAt: now,
			ExpiresAt: now.Add(time.Hour), EndsAt: now.Add(time.Hour),
		}
	}
	code := func(purpose accounts.Purpose) accounts.Code {
		return accounts.Code{
			Purpose: purpose, Secret: digest("code"), Email: email(userID), Proven: true, Session: "next",
			CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}
	}
	first, next, verify := session("first"), session("next"), code(accounts.VerifyEmail)
	account := accounts.Account{
		User:     accounts.User{ID: userID, Email: email(userID), CreatedAt: now, UpdatedAt: now},
		Password: "hash",
	}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for range 2 { // the second time as after a deletion
		must("CreateUser", store.CreateUser(ctx, account, &first, &verify))
		_, err := store.Account(ctx, userID)
		must("Account", err)
		_, err = store.AccountByEmail(ctx, email(userID))
		must("AccountByEmail", err)
		_, err = store.UpdateProfile(ctx, userID, accounts.Profile{}, now)
		must("UpdateProfile", err)
		must("RenewHash", store.RenewHash(ctx, userID, "hash", "renewed"))
		_, err = store.VerifyEmail(ctx, userID, verify.Secret, now)
		must("VerifyEmail", err)
		must("CreateSession", store.CreateSession(ctx, session("second"), "renewed", 10))
		_, _, err = store.Session(ctx, userID, "second")
		must("Session", err)
		all, err := store.Sessions(ctx, userID)
		if must("Sessions", err); len(all) != 2 {
			t.Fatalf("there are %d sessions, want 2", len(all))
		}
		must("ExtendSession", store.ExtendSession(ctx, userID, "second", now.Add(time.Hour), now))
		_, err = store.RotateSession(ctx, userID, "second", accounts.Rotation{
			Old: digest("second"), New: digest("third"), At: now, ExpiresAt: now.Add(time.Hour),
		})
		must("RotateSession", err)
		must("EndSession", store.EndSession(ctx, userID, "first"))
		must("EndSessions", store.EndSessions(ctx, userID, "second"))
		must("ChangePassword", store.ChangePassword(ctx, userID, "renewed", "changed", &next, now))
		must("PutCode", store.PutCode(ctx, userID, code(accounts.ChangeEmail), 3))
		_, err = store.ChangeEmail(ctx, userID, digest("code"), now)
		must("ChangeEmail", err)
		must("PutCode", store.PutCode(ctx, userID, code(accounts.ResetPassword), 3))
		_, err = store.ResetPassword(ctx, userID, digest("code"), "reset", now)
		must("ResetPassword", err)
		must("SetDisabled", store.SetDisabled(ctx, userID, true, now))
		must("DeleteUser", store.DeleteUser(ctx, userID))
	}
	must("CreateUser", store.CreateUser(ctx, account, &first, &verify))
}

// TestForgottenUserOfAccounts has the role of the service and statements that do
// not say for whom they are, or for nobody.
func TestForgottenUserOfAccounts(t *testing.T) {
	server := pgtest.Migrated(t)
	everyAccountCall(t, open(t, Options{}, server.URL), "anna")
	for _, setting := range []string{
		"RESET authtodo.user_id", "SET authtodo.user_id = ''", "SET authtodo.email = ''",
		"SET authtodo.user_id = 'bob'", "SET authtodo.email = 'bob@example.com'",
	} {
		pool := settled(t, server.URL, setting)
		for table, insert := range accountTables() {
			if n := count(t, stock(t, server.AdminURL), table); n == 0 {
				t.Fatalf("%s is empty", table)
			}
			if n := count(t, pool, table); n != 0 {
				t.Errorf("%s: %d rows of %s are seen", setting, n, table)
			}
			if n := affected(t, pool, "UPDATE "+table+" SET user_id = user_id"); n != 0 {
				t.Errorf("%s: %d rows of %s are written", setting, n, table)
			}
			if n := affected(t, pool, "DELETE FROM "+table); n != 0 {
				t.Errorf("%s: %d rows of %s are deleted", setting, n, table)
			}
			_, err := pool.ExecContext(t.Context(), insert)
			if pqconn.SQLState(err) != "42501" {
				t.Errorf("%s: an insert into %s ends with %v, want 42501", setting, table, err)
			}
		}
	}
}

// settled is one connection of lib/pq with a setting.
func settled(t testing.TB, url, setting string) *sql.DB {
	t.Helper()
	pool := stock(t, url)
	pool.SetMaxOpenConns(1)
	if _, err := pool.ExecContext(t.Context(), setting); err != nil {
		t.Fatal(err)
	}
	return pool
}

// TestNamedAddress has a statement that names an address: it sees whose that is,
// no other, and can change nothing.
func TestNamedAddress(t *testing.T) {
	server := pgtest.Migrated(t)
	db := open(t, Options{}, server.URL)
	everyAccountCall(t, db, "anna")
	everyAccountCall(t, db, "bob")
	pool := settled(t, server.URL, "SET authtodo.email = 'anna@example.com'")
	var holder string
	if err := pool.QueryRowContext(t.Context(), `SELECT user_id FROM authtodo_emails`).Scan(&holder); err != nil ||
		holder != "anna" {
		t.Errorf("the address is that of %q, %v", holder, err)
	}
	for table, want := range map[string]int{
		"authtodo_emails": 1, "authtodo_users": 0, "authtodo_sessions": 0, "authtodo_codes": 0,
	} {
		if n := count(t, pool, table); n != want {
			t.Errorf("%d rows of %s are seen, want %d", n, table, want)
		}
	}
	for _, statement := range []string{
		`DELETE FROM authtodo_emails`, `UPDATE authtodo_emails SET email = 'taken@example.com'`,
	} {
		if n := affected(t, pool, statement); n != 0 {
			t.Errorf("%s has written %d rows", statement, n)
		}
	}
	_, err := pool.ExecContext(t.Context(), `
		INSERT INTO authtodo_emails (email, user_id) VALUES ('anna@example.com', 'mallory')
		ON CONFLICT (email) DO UPDATE SET user_id = 'mallory'`)
	if pqconn.SQLState(err) != "42501" {
		t.Errorf("taking the address ends with %v, want 42501", err)
	}
}

// TestUserOfAccountsDoesNotStay looks at the one connection after every call.
func TestUserOfAccountsDoesNotStay(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			db := mode(t, pgtest.Migrated(t))
			db.pool.SetMaxOpenConns(1)
			everyAccountCall(t, db, "anna")
			var setting string
			err := db.pool.GetContext(t.Context(), &setting, `
				SELECT concat(current_setting('authtodo.user_id', true), current_setting('authtodo.email', true))`)
			if err != nil || setting != "" {
				t.Errorf("the connection is left with %q, %v", setting, err)
			}
			for table := range accountTables() {
				if n := count(t, db.pool.DB, table); n != 0 {
					t.Errorf("the next statement on the connection sees %d rows of %s", n, table)
				}
			}
		})
	}
}

// TestGateOfAccountsComesFirst has connections that somebody left with another
// user and another address.
func TestGateOfAccountsComesFirst(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db := mode(t, server)
			db.pool.SetMaxOpenConns(1)
			everyAccountCall(t, db, "bob")
			for _, setting := range []string{
				`SET authtodo.user_id = 'bob'`, `SET authtodo.email = 'bob@example.com'`,
			} {
				if _, err := db.pool.ExecContext(t.Context(), setting); err != nil {
					t.Fatal(err)
				}
			}
			everyAccountCall(t, db, "anna")
			store := db.Backend().Accounts
			if _, _, err := store.Session(t.Context(), "anna", "second"); !errors.Is(err, accounts.ErrNoSession) {
				t.Errorf("a session that is not there is got with %v", err)
			}
			if a, err := store.AccountByEmail(t.Context(), email("bob")); err != nil || a.ID != "bob" {
				t.Errorf("the address of bob leads to %q, %v", a.ID, err)
			}
		})
	}
}

// asked keeps what a store asks and answers nothing.
type asked struct {
	statements []string
	args       [][]any
}

func (a *asked) Select(_ context.Context, statement string, args []any, _ func(sqlstore.Rows) error) error {
	a.statements, a.args = append(a.statements, statement), append(a.args, args)
	return nil
}

func (a *asked) Transact(context.Context, func(*sql.Tx) error) error { return nil }

// TestAccountsAreLookedUp asks the planner, as the role that row-level security
// binds, how the statements that read find their rows.
func TestAccountsAreLookedUp(t *testing.T) {
	server := pgtest.Migrated(t)
	db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
	for _, statement := range []string{
		`INSERT INTO authtodo_users (user_id, email, email_verified, name, password, disabled, created_at, updated_at)
			SELECT 'user ' || i, i || '@example.com', true, 'n', 'p', false, now(), now() FROM generate_series(1, 5000) AS i`,
		`INSERT INTO authtodo_emails (email, user_id) SELECT email, user_id FROM authtodo_users`,
		`INSERT INTO authtodo_sessions (user_id, id, created_at, updated_at, expires_at, ends_at, temporary,
			address, user_agent) SELECT user_id, 'session ' || i, now(), now(), now(), now(), false, '', ''
			FROM authtodo_users CROSS JOIN generate_series(1, 3) AS i`,
		`ANALYZE authtodo_users, authtodo_emails, authtodo_sessions`,
	} {
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var asked asked
	store := accountsOn(&asked)
	store.Account(t.Context(), "user 7")
	store.AccountByEmail(t.Context(), "7@example.com")
	store.Session(t.Context(), "user 7", "session 2")
	store.Sessions(t.Context(), "user 7")
	for i, statement := range asked.statements {
		if i == 2 { // the account of the address, of whom asked has no id
			asked.args[i][0] = "user 7"
		}
		rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) "+statement, asked.args[i]...)
		plan := lines(t, rows, err)
		if strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "Index Cond") ||
			!strings.Contains(plan, "One-Time Filter") {
			t.Errorf("%s\nis not looked up:\n%s", statement, plan)
		}
	}
	if len(asked.statements) != 5 {
		t.Errorf("there are %d statements, want 5", len(asked.statements))
	}
}

// TestSessionIsOneStep guards what a request costs whose session has to be
// looked at.
func TestSessionIsOneStep(t *testing.T) {
	server := pgtest.Migrated(t)
	db := faulty()["open"](t, server)
	everyAccountCall(t, db, "anna")
	for n, want := range map[int]bool{1: true, 2: false} {
		ctx, met := faultsql.Arm(t.Context(), n, faultsql.Strike{})
		if _, _, err := db.Backend().Accounts.Session(ctx, "anna", "first"); err != nil || met() != want {
			t.Errorf("Session comes to step %d: %t, %v", n, met(), err)
		}
	}
}
