// Command pgxpool is a service that has a pool of pgx already, and lets the module
// use it.
package main

import (
	"context"
	"database/sql"
	"log"
	"os"

	"github.com/gin-gonic/gin"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/postgres"
)

func main() {
	pool, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	engine, err := newEngine(context.Background(), os.Getenv("SECRET"), pool)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run("127.0.0.1:8080"))
}

func newEngine(ctx context.Context, secret string, pool *sql.DB) (*gin.Engine, error) {
	db, err := postgres.Options{}.Use(ctx, pool)
	if err == nil {
		err = db.Migrate(ctx)
	}
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	_, err = authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: db.Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	engine.GET("/connections", func(c *gin.Context) { c.JSON(200, pool.Stats().OpenConnections) }) // the host's own use
	return engine, err
}
