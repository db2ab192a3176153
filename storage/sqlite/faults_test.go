package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/faultsql"
	"github.com/authtodo/authtodo/storage/storagetest"
)

// faulty is another DB on the file of a path, which can be struck.
func faulty(t *testing.T, path string) *DB {
	t.Helper()
	return rewired(t, path, func(plain driver.Connector) driver.Connector {
		return faultsql.Connector(keeper{plain})
	})
}

// rewired is another DB on the file of a path, with a connector of its own for
// writes.
func rewired(t *testing.T, path string, wire func(driver.Connector) driver.Connector) *DB {
	t.Helper()
	db := open(t, path)
	writer := sql.OpenDB(wire(plain{db.writer.Driver(), writerDSN(path)}))
	writer.SetMaxOpenConns(1)
	t.Cleanup(func() { writer.Close() })
	return &DB{writer: sqlx.NewDb(writer, "sqlite"), readers: db.readers, group: group{pool: writer}}
}

// plain connects without keeping statements.
type plain struct {
	driver driver.Driver
	dsn    string
}

func (p plain) Connect(context.Context) (driver.Conn, error) { return p.driver.Open(p.dsn) }
func (p plain) Driver() driver.Driver                        { return p.driver }

var errStruck = errors.New("struck")

// arm is a [storagetest.Fault].Arm.
type arm = func(context.Context, int) (context.Context, func() (accounts.Store, bool))

// faults are those that befall a file: a statement fails, the caller goes away,
// the process dies.
func faults(t *testing.T, path string) []storagetest.Fault {
	store := faulty(t, path).Backend().Accounts
	images := &images{t: t, path: path, dir: t.TempDir()}
	return []storagetest.Fault{
		{Name: "and a step fails", Store: store, Arm: strike(func(func()) error { return errStruck })},
		{
			Name: "and the caller goes away in a step", Store: store,
			Arm: strike(func(goAway func()) error { goAway(); return nil }),
		},
		{Name: "and the process dies before a step", Store: store, Snapshot: true, Arm: images.arm(false)},
		{Name: "and the process dies after a step", Store: store, Snapshot: true, Arm: images.arm(true)},
	}
}

func strike(before func(cancel func()) error) arm {
	return func(ctx context.Context, n int) (context.Context, func() (accounts.Store, bool)) {
		ctx, cancel := context.WithCancel(ctx)
		ctx, met := faultsql.Arm(ctx, n, faultsql.Strike{
			Before: func(context.Context, driver.Conn) error { return before(cancel) },
		})
		return ctx, func() (accounts.Store, bool) {
			cancel()
			return nil, met()
		}
	}
}

// images are copies of a file as a process that died would have left it.
type images struct {
	t    *testing.T
	path string
	dir  string
	n    atomic.Int64
}

func (i *images) arm(after bool) arm {
	return func(ctx context.Context, n int) (context.Context, func() (accounts.Store, bool)) {
		copied := filepath.Join(i.dir, strconv.FormatInt(i.n.Add(1), 10)+".db")
		take := func(context.Context, driver.Conn) error { return i.copy(copied) }
		strike := faultsql.Strike{Before: take}
		if after {
			strike = faultsql.Strike{After: take}
		}
		ctx, met := faultsql.Arm(ctx, n, strike)
		return ctx, func() (accounts.Store, bool) {
			if !met() {
				return nil, false
			}
			image, err := Open(context.Background(), copied)
			if err != nil {
				i.t.Error(err)
				return nil, true
			}
			i.t.Cleanup(func() { image.Close() })
			return image.Backend().Accounts, true
		}
	}
}

// copy copies the file and its log, in this order: what a checkpoint moves from
// one to the other meanwhile is then in both. The log is not begun anew, because
// with [storagetest.Fault].Snapshot nobody else writes meanwhile.
func (i *images) copy(to string) error {
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(i.path + suffix)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to+suffix, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
