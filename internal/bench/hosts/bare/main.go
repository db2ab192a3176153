// Command bare is a service without a guard: what the module is compared with.
package main

import (
	"context"
	"database/sql"
	"flag"
	"net/http"

	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/bench/hosts/host"
)

func main() {
	url := flag.String("db", "", "connection string")
	kept := flag.Bool("kept", false, "keep statements prepared")
	flag.Parse()
	host.Main(func(ctx context.Context) (http.Handler, error) {
		db, err := sql.Open("postgres", *url)
		if err != nil {
			return nil, err
		}
		host.Size(db)
		return newBare(ctx, db, *kept)
	})
}
