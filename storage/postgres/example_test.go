package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/storage/postgres"
)

// A pool that the module makes. The role must not be one that row-level security
// does not bind.
func ExampleOpen() {
	db, err := postgres.Open(context.Background(), os.Getenv("DATABASE_URL"))
	if errors.Is(err, postgres.ErrBypassRLS) {
		log.Fatal("connect as another role: ", err)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_ = authtodo.Options{Storage: db.Backend()}
}

// The fastest way, if there is no pooler between the service and the server.
func ExampleOptions_Open() {
	db, err := postgres.Options{Direct: true, MaxOpenConns: 40}.Open(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
}

// A pool that the host has, of any driver; it stays the host's to close.
func ExampleOptions_Use() {
	var pool *sql.DB
	db, err := postgres.Options{}.Use(context.Background(), pool)
	if err != nil {
		log.Fatal(err)
	}
	_ = authtodo.Options{Storage: db.Backend()}
}
