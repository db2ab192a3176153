// A service with accounts of its own: the program of the README's section on
// them.
package main

import (
	"log"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

func main() {
	router := gin.Default()
	own := accounts.Options{BaseURL: "http://localhost:8080", Secret: accounts.Secret(os.Getenv("AUTH_SECRET"))}
	options := authtodo.Options{Storage: memory.New().Backend(), Accounts: &own}
	if _, err := authtodo.Register(router.Group("/api"), options); err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}
