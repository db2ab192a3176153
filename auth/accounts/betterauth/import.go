package betterauth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Dialect is the SQL of a Better Auth database.
type Dialect string

// The dialects there are.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Options say how users are brought along.
type Options struct {
	// DryRun reads and reports all the same, and writes nothing.
	DryRun bool

	// Since, unless it is zero, passes over users who signed up before it. Once
	// the module serves, it keeps those away who were deleted there: their rows
	// are in the source still.
	Since time.Time

	// Now tells which bans are over; nil is [time.Now].
	Now func() time.Time
}

// Import reads the tables "user" and "account" of a Better Auth database, as its
// own migrations make them, and adds the users to a store. Where the tables or
// columns have other names, a view can have these. Nothing in source is changed.
//
// Of a user it takes the id, the address, emailVerified, name, image, createdAt,
// updatedAt, and the password of the provider "credential". A hash that is not
// Better Auth's own, argon2id or bcrypt is left out, see [accounts.KnownHash];
// such users ask for a new password, as those do who had none. Users who are
// banned by the plugin admin are disabled. Sessions, other providers and second
// factors are not taken: everybody signs in once, by password.
//
// A user who is in dest already, by the id, stays as dest has them, so that
// Import can be repeated: when it was interrupted, or for those who signed up
// since. One who was there and was deleted comes back by that, unless
// [Options.Since] is behind when they signed up. Rows that cannot be taken are in the report and do not end it. An error
// of a database does; the report is of what had been done by then. Reports and
// errors have no hash and no address in them.
//
// The users are read in pages, in the order of their ids, and no page is open
// while users are written, so both may be one database.
func Import(
	ctx context.Context, source *sql.DB, dialect Dialect, dest accounts.Store, opts Options,
) (Report, error) {
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	im := &importer{dest: dest, dry: opts.DryRun, since: opts.Since, now: now(), seen: make(map[string]bool)}
	im.report.DryRun = opts.DryRun
	tables, err := open(ctx, source, dialect)
	if err == nil {
		err = tables.each(ctx, im.take)
	}
	if err != nil {
		err = fmt.Errorf("betterauth: importing users: %w", err)
	}
	return im.report, err
}

// importer is one run.
type importer struct {
	dest   accounts.Store
	dry    bool
	since  time.Time
	now    time.Time
	seen   map[string]bool // addresses of this run; only of a dry one
	report Report
}

// take imports one row. An error is one of the store.
func (im *importer) take(ctx context.Context, r row) error {
	im.report.Read++
	account, fault := r.account(im.now)
	switch {
	case errors.Is(fault, errEmail):
		im.report.InvalidEmail++
		im.report.problem(r.userID(), fault)
		return nil
	case fault != nil:
		im.report.Unusable++
		im.report.problem(r.userID(), fault)
		return nil
	case account.CreatedAt.Before(im.since):
		im.report.Earlier++
		return nil
	}
	err := im.create(ctx, account)
	switch {
	case errors.Is(err, accounts.ErrUserExists):
		im.report.Present++
		return nil
	case errors.Is(err, accounts.ErrEmailTaken):
		im.report.EmailTaken++
		im.report.problem(account.ID, errors.New("another user has the address"))
		return nil
	case err != nil:
		return err
	}
	im.count(account, r)
	return nil
}

// create adds an account, or finds out what would come of that.
func (im *importer) create(ctx context.Context, account accounts.Account) error {
	if !im.dry {
		return im.dest.CreateUser(ctx, account, nil, nil)
	}
	_, err := im.dest.Account(ctx, account.ID)
	if err == nil {
		return accounts.ErrUserExists
	}
	if !errors.Is(err, accounts.ErrNoUser) {
		return err
	}
	_, err = im.dest.AccountByEmail(ctx, account.Email)
	if err == nil || im.seen[account.Email] {
		return accounts.ErrEmailTaken
	}
	if !errors.Is(err, accounts.ErrNoUser) {
		return err
	}
	im.seen[account.Email] = true
	return nil
}

// count counts a user who was imported, and what was left behind.
func (im *importer) count(account accounts.Account, r row) {
	im.report.Imported++
	if account.Disabled {
		im.report.Disabled++
	}
	if account.Password == "" {
		im.report.WithoutPassword++
		if r.password() != "" {
			im.report.problem(account.ID, errors.New("the form of the hash is not known; imported without"))
		}
	}
	if account.Image == nil && r.image() != "" {
		im.report.problem(account.ID,
			fmt.Errorf("the image is longer than %d bytes; imported without", accounts.MaxImage))
	}
	if r.hasSecondFactor() {
		im.report.SecondFactor++
	}
}
