// Command ownmigrations is a service that migrates tables of its own, with
// golang-migrate, in the database where the module has its.
package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"log"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/golang-migrate/migrate/v4"
	driver "github.com/golang-migrate/migrate/v4/database/postgres"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

func main() {
	pool, err := sql.Open("postgres", os.Getenv("DATABASE_URL"))
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
		err = errors.Join(up(ctx, pool), db.Migrate(ctx))
	}
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	_, err = authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: db.Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	return engine, err
}

// up migrates the tables of the host, whose versions are in schema_migrations.
func up(ctx context.Context, pool *sql.DB) error {
	m, conn, err := migrator(ctx, pool)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := m.Up(); !errors.Is(err, migrate.ErrNoChange) {
		return err
	}
	return nil
}

// migrator has a connection of its own, because closing it closes a pool.
func migrator(ctx context.Context, pool *sql.DB) (*migrate.Migrate, *sql.Conn, error) {
	source, err := iofs.New(files, "migrations")
	if err != nil {
		return nil, nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	to, err := driver.WithConnection(ctx, conn, &driver.Config{})
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	m, err := migrate.NewWithInstance("iofs", source, "postgres", to)
	return m, conn, err
}
