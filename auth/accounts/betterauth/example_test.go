package betterauth_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/authtodo/authtodo/auth/accounts/betterauth"
	"github.com/authtodo/authtodo/storage/memory"
)

// The users of a Better Auth database, with their ids and passwords. It can be
// repeated.
func ExampleImport() {
	var source *sql.DB // Better Auth's, of the host's choice of driver
	dest := memory.New().Backend().Accounts
	report, err := betterauth.Import(context.Background(), source, betterauth.Postgres, dest, betterauth.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report)
}
