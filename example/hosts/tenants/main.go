// Command tenants is a service for two customers: each has an issuer, a path and
// a database of its own.
package main

import (
	"log"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
)

// tenant is a customer.
type tenant struct {
	name, secret string
	backend      storage.Backend
}

func main() {
	engine, err := newEngine(
		tenant{"north", os.Getenv("NORTH_SECRET"), memory.New().Backend()},
		tenant{"south", os.Getenv("SOUTH_SECRET"), memory.New().Backend()},
	)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run("127.0.0.1:8080"))
}

func newEngine(tenants ...tenant) (*gin.Engine, error) {
	engine := gin.New()
	for _, t := range tenants {
		_, err := authtodo.Register(engine.Group("/"+t.name), authtodo.Options{
			Storage: t.backend,
			Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(t.secret)}}},
		})
		if err != nil {
			return nil, err
		}
	}
	return engine, nil
}
