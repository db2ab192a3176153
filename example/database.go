package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/authtodo/authtodo/migrations"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// database is what both kinds of database can do.
type database interface {
	Backend() storage.Backend
	Migrate(ctx context.Context) error
	Check(ctx context.Context) error
	Ping(ctx context.Context) error
	Close() error
}

// openDatabase opens the database and brings its tables up to date, or only looks
// at them where a step of the release does that. In the middle of a release the
// tables may be newer than the service.
func openDatabase(ctx context.Context, cfg config) (database, error) {
	db, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.checkOnly {
		err = db.Check(ctx)
	} else {
		err = db.Migrate(ctx)
	}
	if errors.Is(err, migrations.ErrAhead) {
		slog.WarnContext(ctx, "a newer release has migrated", "error", err)
		err = nil
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// prepare is example -migrate and example -check.
func prepare(ctx context.Context, cfg config, stdout io.Writer) error {
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = fmt.Fprintln(stdout, "the tables are as this release wants them:", cfg.place())
	return err
}

func connect(ctx context.Context, cfg config) (database, error) {
	if cfg.postgres != "" {
		db, err := postgres.Open(ctx, cfg.postgres)
		if err != nil {
			return nil, fmt.Errorf("DATABASE_URL: %w", err)
		}
		return db, nil
	}
	if err := makeFolder(cfg.sqlite); err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, cfg.sqlite)
}

// makeFolder makes the folder of the file, for its owner only, if that is the
// data folder.
func makeFolder(file string) error {
	if filepath.Dir(file) != dataFolder {
		return nil
	}
	if err := os.MkdirAll(dataFolder, 0o700); err != nil {
		return fmt.Errorf("the folder for the data cannot be made: %w", err)
	}
	return nil
}

// place tells people where the todos are, without a password.
func (c *config) place() string {
	if c.sqlite != "" {
		return absolute(c.sqlite)
	}
	u, err := url.Parse(c.postgres)
	if err != nil {
		return "PostgreSQL"
	}
	return "PostgreSQL: postgres://" + u.Host + u.Path
}

// absolute is the path as it is from anywhere.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}
