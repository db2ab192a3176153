package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/faultsql"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/pqconn"
	"github.com/authtodo/authtodo/storage/storagetest"
)

// faulty are databases as in modes, which can be struck. What writes accounts
// does not depend on Options.Direct.
func faulty() map[string]func(t *testing.T, server *pgtest.Database) *DB {
	own := func(t *testing.T, url string) *DB {
		connector, err := pqconn.New(url, pqconn.Options{})
		if err != nil {
			t.Fatal(err)
		}
		db := &DB{pool: sqlx.NewDb(struckPool(t, connector), "postgres"), owned: true}
		db.within = db.alone
		return db
	}
	hosts := func(t *testing.T, url string) *DB {
		connector, err := pq.NewConnector(url)
		if err != nil {
			t.Fatal(err)
		}
		db, err := Options{}.Use(t.Context(), struckPool(t, connector))
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	return map[string]func(t *testing.T, server *pgtest.Database) *DB{
		"open":                  func(t *testing.T, s *pgtest.Database) *DB { return own(t, s.URL) },
		"use":                   func(t *testing.T, s *pgtest.Database) *DB { return hosts(t, s.URL) },
		"open through a pooler": func(t *testing.T, s *pgtest.Database) *DB { return own(t, s.Pooler(t)) },
	}
}

func struckPool(t *testing.T, connector driver.Connector) *sql.DB {
	pool := sql.OpenDB(faultsql.Connector(connector))
	pool.SetMaxOpenConns(10)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// arm is a [storagetest.Fault].Arm.
type arm = func(context.Context, int) (context.Context, func() (accounts.Store, bool))

// faults are those that befall the way to a server.
func faults(store accounts.Store) []storagetest.Fault {
	return []storagetest.Fault{
		{
			Name: "and a step fails", Store: store,
			Arm: strike(func(func()) faultsql.Strike {
				return faultsql.Strike{Before: func(context.Context, driver.Conn) error {
					return errors.New("struck")
				}}
			}),
		},
		{
			Name: "and the caller goes away in a step", Store: store, AnswersGetLost: true,
			Arm: strike(func(goAway func()) faultsql.Strike {
				return faultsql.Strike{Before: func(context.Context, driver.Conn) error {
					goAway()
					return nil
				}}
			}),
		},
	}
}

// kills are those that befall a connection. They are not for a pooler, who has
// given it to another caller by the time that it is ended after a COMMIT.
func kills(store accounts.Store, admin *sql.DB) []storagetest.Fault {
	return []storagetest.Fault{
		{
			Name: "and the server ends the connection before a step", Store: store,
			Arm: strike(func(func()) faultsql.Strike {
				return faultsql.Strike{Before: func(ctx context.Context, conn driver.Conn) error {
					id, err := process(ctx, conn)
					if err != nil {
						return err
					}
					return terminate(admin, id)
				}}
			}),
		},
		{
			Name: "and the server ends the connection after a step", Store: store, AnswersGetLost: true,
			Arm: strike(func(func()) faultsql.Strike {
				var id int64
				return faultsql.Strike{
					Before: func(ctx context.Context, conn driver.Conn) (err error) {
						id, err = process(ctx, conn)
						return err
					},
					After: func(context.Context, driver.Conn) error {
						return errors.Join(io.ErrUnexpectedEOF, terminate(admin, id))
					},
				}
			}),
		},
	}
}

func strike(make func(cancel func()) faultsql.Strike) arm {
	return func(ctx context.Context, n int) (context.Context, func() (accounts.Store, bool)) {
		ctx, cancel := context.WithCancel(ctx)
		ctx, met := faultsql.Arm(ctx, n, make(cancel))
		return ctx, func() (accounts.Store, bool) {
			cancel()
			return nil, met()
		}
	}
}

// process is the process of the server that a connection talks to.
func process(ctx context.Context, conn driver.Conn) (int64, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, `SELECT pg_backend_pid()`, nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	values := make([]driver.Value, 1)
	if err := rows.Next(values); err != nil {
		return 0, err
	}
	id, ok := values[0].(int64)
	if !ok {
		return 0, fmt.Errorf("the process is %v", values[0])
	}
	if err := rows.Next(values); err != io.EOF {
		return 0, fmt.Errorf("after the process: %v", err)
	}
	return id, nil
}

// terminate ends a process of the server and returns when it is gone.
func terminate(admin *sql.DB, id int64) error {
	_, err := admin.Exec(`SELECT pg_terminate_backend($1, 10000)`, id)
	return err
}

// TestAccountFaults has every fault in every step of every call that writes.
func TestAccountFaults(t *testing.T) {
	for name, mode := range faulty() {
		t.Run(name, func(t *testing.T) {
			server := pgtest.Migrated(t)
			db, admin := open(t, Options{}, server.URL), stock(t, server.AdminURL)
			storagetest.AccountsSuite{
				Faults: func(t *testing.T) []storagetest.Fault {
					store := mode(t, server).Backend().Accounts
					if strings.HasSuffix(name, "through a pooler") {
						return faults(store)[:1] // not the one that cancels, as with CancelsBreak
					}
					return append(faults(store), kills(store, admin)...)
				},
				FaultsOnly: true,
			}.Run(t, func(*testing.T) accounts.Store { return db.Backend().Accounts })
		})
	}
}
