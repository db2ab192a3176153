package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/authtodo/authtodo/auth/accounts/betterauth"
)

// importUsers is example -import: it brings the users of a Better Auth database
// along and prints what has become of them. A dry run makes the tables that are
// missing, too.
func importUsers(ctx context.Context, args []string, cfg config, stdout io.Writer) error {
	var opts betterauth.Options
	if len(args) == 2 && args[1] == "-dry-run" {
		opts.DryRun = true
	} else if len(args) != 1 {
		return errors.New("-import wants sqlite:path or postgres://user:password@host/name, " +
			"and maybe -dry-run behind it")
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
	report, err := betterauth.Import(ctx, source, dialect, db.Backend().Accounts, opts)
	fmt.Fprint(stdout, report)
	return err
}

// openSource opens the database that users come from; a file only to be read.
func openSource(address string) (*sql.DB, betterauth.Dialect, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		file := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: "mode=ro"}
		db, err := sql.Open("sqlite", file.String())
		return db, betterauth.SQLite, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" {
		// It may hold a password, so that it is not repeated.
		return nil, "", errors.New("-import: the database must be sqlite:path or postgres://user:password@host/name")
	}
	db, err := sql.Open("postgres", address)
	return db, betterauth.Postgres, err
}
