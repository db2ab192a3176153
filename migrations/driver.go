package migrations

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
)

// driver is golang-migrate's view of a database, for one call of this package.
// Lock begins a transaction, which the migrations and the version become part
// of, and Unlock ends it. So no migration is ever dirty, and a lock cannot
// outlive its holder.
type driver struct {
	ctx    context.Context // of the call: the interface has no room for it
	db     *sql.DB         // never closed: it is the host's
	engine engine

	conn   *sql.Conn // from Lock to Unlock
	target int       // the version that the migration leads to
	err    error     // the first failure, after which nothing runs
}

var _ database.Driver = (*driver)(nil)

// retryEvery is how often a lock that others hold is asked for.
const retryEvery = 50 * time.Millisecond

// Lock begins the transaction when nobody else is migrating.
func (d *driver) Lock() (err error) {
	if d.conn, err = connect(d.ctx, d.db); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		d.end("ROLLBACK")
		return err
	}
	return nil
}

func (d *driver) begin() error {
	if err := d.wait(); err != nil {
		return err
	}
	_, err := d.conn.ExecContext(d.ctx, `
		CREATE TABLE IF NOT EXISTS `+table+` (
			version bigint NOT NULL PRIMARY KEY,
			dirty boolean NOT NULL
		)`)
	return err
}

// wait returns when the lock is ours.
func (d *driver) wait() error {
	for waited := false; ; waited = true {
		held, err := d.engine.lock(d.ctx, d.conn)
		if end := d.ctx.Err(); end != nil && waited && !held {
			return fmt.Errorf("others are migrating: %w", end)
		}
		if held || err != nil {
			return err
		}
		select {
		case <-d.ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}

// Unlock commits, or rolls back after a failure.
func (d *driver) Unlock() error {
	if d.conn == nil {
		return database.ErrNotLocked
	}
	how := "COMMIT"
	if d.err != nil {
		how = "ROLLBACK"
	}
	err := d.end(how)
	if how == "ROLLBACK" {
		return nil // there is nothing to lose
	}
	return err
}

// end ends the transaction and gives the connection back. If it is not certain
// that the transaction is over, the connection is closed: the host's pool must
// not have one with a transaction of ours. The time is for a rollback after the
// end of ctx.
func (d *driver) end(how string) error {
	ctx, cancel := d.ctx, context.CancelFunc(func() {})
	if how == "ROLLBACK" {
		ctx, cancel = context.WithTimeout(context.WithoutCancel(d.ctx), 5*time.Second)
	}
	defer cancel()
	_, err := d.conn.ExecContext(ctx, how)
	if err != nil {
		_ = d.conn.Raw(func(any) error { return sqldriver.ErrBadConn })
	}
	_ = d.conn.Close()
	d.conn = nil
	return err
}

// Run runs the statements of a migration. A failure is kept and not returned:
// golang-migrate would stop reading the migrations that it has begun to read,
// and leave the goroutines behind that do it.
func (d *driver) Run(text io.Reader) error {
	script, err := io.ReadAll(text)
	if d.err != nil {
		return nil
	}
	if err != nil {
		d.err = err
		return nil
	}
	for i, statement := range split(string(script)) {
		if _, err := d.conn.ExecContext(d.ctx, statement); err != nil {
			first, _, _ := strings.Cut(statement, "\n")
			d.err = fmt.Errorf("migrating to version %d, statement %d (%.60s): %w; nothing has changed",
				d.target, i+1, first, err)
			return nil
		}
	}
	return nil
}

// SetVersion is called before a migration, with dirty, and behind it. Only the
// latter is written. Without a version, the table goes too.
func (d *driver) SetVersion(version int, dirty bool) error {
	d.target = version
	if dirty || d.err != nil {
		return nil
	}
	statements := []string{`DELETE FROM ` + table}
	if version >= 0 {
		insert := fmt.Sprintf(`INSERT INTO %s (version, dirty) VALUES (%d, false)`, table, version)
		statements = append(statements, insert)
	} else {
		statements = append(statements, `DROP TABLE `+table)
	}
	for _, statement := range statements {
		if _, err := d.conn.ExecContext(d.ctx, statement); err != nil {
			d.err = fmt.Errorf("writing version %d: %w; nothing has changed", version, err)
			return nil
		}
	}
	return nil
}

// Version reads the version under the lock.
func (d *driver) Version() (version int, dirty bool, err error) {
	version, dirty, err = d.engine.version(d.ctx, d.conn)
	if d.err == nil {
		d.err = err
	}
	return version, dirty, err
}

// Close leaves the pool open.
func (d *driver) Close() error { return nil }

// Open and Drop are not for this driver, which no URL names.
func (d *driver) Open(string) (database.Driver, error) { return nil, errors.ErrUnsupported }
func (d *driver) Drop() error                          { return errors.ErrUnsupported }
