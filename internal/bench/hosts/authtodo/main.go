// Command authtodo is a host with nothing but the module.
package main

import (
	"context"
	"flag"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/bench/hosts/host"
	"github.com/authtodo/authtodo/storage/postgres"
)

func main() {
	url := flag.String("db", "", "connection string")
	direct := flag.Bool("direct", false, "keep statements prepared")
	conns := flag.Int("conns", 0, "connections of the pool, if not as many as it has by itself")
	flag.Parse()
	host.Main(func(ctx context.Context) (http.Handler, error) {
		db, err := postgres.Options{Direct: *direct, MaxOpenConns: *conns}.Open(ctx, *url)
		if err != nil {
			return nil, err
		}
		engine := gin.New()
		_, err = authtodo.Register(engine.Group("/api"), authtodo.Options{
			Storage: db.Backend(),
			Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(host.Secret)}}},
			Logger:  slog.New(slog.DiscardHandler),
		})
		return engine, err
	})
}
