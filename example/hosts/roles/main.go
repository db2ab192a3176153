// Command roles is a service where tokens say what their users may do on its own
// routes.
package main

import (
	"log"
	"net/http"
	"os"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

func main() {
	engine, err := newEngine(os.Getenv("SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run("127.0.0.1:8080"))
}

func newEngine(secret string) (*gin.Engine, error) {
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	if err != nil {
		return nil, err
	}
	engine.GET("/drafts", module.Guard(), require("editor", "admin"), show("drafts"))
	admin := engine.Group("/admin", module.Guard(), require("admin"))
	admin.GET("/users", show("users"))
	return engine, nil
}

// require lets users through who have one of the roles, and answers 403 to
// others.
func require(roles ...string) gin.HandlerFunc {
	return func(c *gin.Context) {
		id, _ := auth.From(c)
		has, _ := id.Claims.Texts("roles")
		if !slices.ContainsFunc(has, func(role string) bool { return slices.Contains(roles, role) }) {
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"error": "your role does not allow this"})
		}
	}
}

func show(what string) gin.HandlerFunc {
	return func(c *gin.Context) { c.String(http.StatusOK, what+" for "+auth.UserID(c)) }
}
