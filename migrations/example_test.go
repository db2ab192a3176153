package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"log"

	"github.com/authtodo/authtodo/migrations"
)

// A step of a release, on a pool of any driver.
func ExampleUp() {
	var db *sql.DB
	if err := migrations.Up(context.Background(), db, migrations.Postgres); err != nil {
		log.Fatal(err)
	}
}

// A service that starts. Tables that are newer are no reason to stop.
func ExampleCheck() {
	var db *sql.DB
	err := migrations.Check(context.Background(), db, migrations.Postgres)
	if err != nil && !errors.Is(err, migrations.ErrAhead) {
		log.Fatal(err)
	}
}

// A host that gives the module up. All of its data is gone then.
func ExampleDown() {
	var db *sql.DB
	if err := migrations.Down(context.Background(), db, migrations.Postgres); err != nil {
		log.Fatal(err)
	}
}
