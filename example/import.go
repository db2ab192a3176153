package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth/accounts/betterauth"
)

// importUsers is example -import: it brings the users of a Better Auth database
// along and prints what has become of them. A dry run makes the tables that are
// missing, too.
func importUsers(ctx context.Context, args []string, cfg config, stdout io.Writer) error {
	opts, err := importOptions(args)
	if err != nil {
		return err
	}
	source, dialect, err := openSource(args[0])
	if err != nil {
		return err
	}
	defer source.Close()
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	began := time.Now()
	report, err := betterauth.Import(ctx, source, dialect, db.Backend().Accounts, opts)
	fmt.Fprint(stdout, report)
	if err == nil {
		fmt.Fprintf(stdout, "For those who sign up from now on: -since %s\n",
			began.Add(-leeway).UTC().Format(time.RFC3339))
	}
	return err
}

// leeway is how far the clock of Better Auth may be behind.
const leeway = 5 * time.Minute

// importOptions reads what is behind -import.
func importOptions(args []string) (opts betterauth.Options, err error) {
	wrong := errors.New("-import wants sqlite:path or postgres://user:password@host/name, " +
		"and maybe -dry-run and -since with a time such as 2026-05-01T10:00:00Z behind it")
	if len(args) == 0 {
		return opts, wrong
	}
	for rest := args[1:]; len(rest) > 0; rest = rest[1:] {
		switch {
		case rest[0] == "-dry-run":
			opts.DryRun = true
		case rest[0] == "-since" && len(rest) > 1:
			if opts.Since, err = time.Parse(time.RFC3339, rest[1]); err != nil {
				return opts, wrong
			}
			rest = rest[1:]
		default:
			return opts, wrong
		}
	}
	return opts, nil
}

// openSource opens the database that users come from; a file only to be read.
func openSource(address string) (*sql.DB, betterauth.Dialect, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		file := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=ro"}
		db, err := sql.Open("sqlite", file.String())
		return db, betterauth.SQLite, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		// It may hold a password, so that it is not repeated.
		return nil, "", errors.New("-import: the database must be sqlite:path or postgres://user:password@host/name")
	}
	db, err := sql.Open("postgres", address)
	return db, betterauth.Postgres, err
}
