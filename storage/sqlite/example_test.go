package sqlite_test

import (
	"context"
	"log"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// Todos and accounts in one file, which is made if it is not there.
func ExampleOpen() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, "todos.db")
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_ = authtodo.Options{Storage: db.Backend()}
}
