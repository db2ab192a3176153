package authtodo_test

import (
	"context"
	"database/sql"
	"log"
	"os"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// Todos in PostgreSQL: four lines more than in memory. The role owns the tables
// it makes here, and must not be one that bypasses row-level security.
func Example_postgres() {
	ctx, router := context.Background(), gin.Default()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = authtodo.Register(router, authtodo.Options{Storage: db.Backend()})
	log.Print(err) // Auth.Issuers: required
}

// Todos in an SQLite file, without a server and without cgo.
func Example_sqlite() {
	ctx, router := context.Background(), gin.Default()
	db, err := sqlite.Open(ctx, "todos.db")
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = authtodo.Register(router, authtodo.Options{Storage: db.Backend()})
	log.Print(err) // Auth.Issuers: required
}

// A pool that the host has already, of any driver. The module never closes it.
func Example_hostPool() {
	var pool *sql.DB // the host's
	db, err := postgres.Options{}.Use(context.Background(), pool)
	if err != nil {
		log.Fatal(err)
	}
	// A deploy runs db.Migrate apart; a service only looks.
	if err := db.Check(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// An issuer whose tokens name it and this service, with a secret that is being
// changed: tokens of the old one are good until they expire.
func Example_issuer() {
	router := gin.Default()
	_, err := authtodo.Register(router, authtodo.Options{
		Auth: auth.Options{Issuers: []auth.Issuer{{
			URL:      "https://app.example.com",
			Audience: []string{"https://api.example.com"},
			Keys:     auth.SharedSecret(os.Getenv("SECRET"), os.Getenv("OLD_SECRET")),
		}}},
	})
	log.Print(err)
}

// CORS belongs on the host's engine, in front of the guard: a preflight has no
// token.
func Example_cors() {
	router := gin.Default()
	router.Use(cors.New(cors.Config{
		AllowOrigins: []string{"https://app.example.com"},
		AllowMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders: []string{
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Prefer",
		},
		ExposeHeaders: []string{
			"ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
			"X-Total-Count", "X-Request-Id", "Idempotency-Replayed",
		},
		MaxAge: 10 * time.Minute,
	}))
}
