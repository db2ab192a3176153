// A service of its own with the module in it: the README's program.
package main

import (
	"log"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

func main() {
	router := gin.Default()
	secret := auth.SharedSecret(os.Getenv("BETTER_AUTH_SECRET"))
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: secret}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	router.GET("/reports", module.Guard(), func(c *gin.Context) {
		c.JSON(200, gin.H{"reports_of": auth.UserID(c)})
	})
	log.Fatal(router.Run("127.0.0.1:8080"))
}
