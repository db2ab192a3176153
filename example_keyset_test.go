package authtodo_test

import (
	"fmt"
	"log"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

// A host whose front end signs people in with Better Auth. Nothing is fetched
// here: Better Auth may start later.
func Example_betterAuth() {
	router := gin.New()
	module, err := authtodo.Register(router, authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{auth.BetterAuth("https://app.example.com")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close()
	ask(router, "ada", "GET", "/todos", "") // a token of another issuer
	// Output:
	// 401 Unauthorized Authentication required
}

// Better Auth under another name than browsers know it by, an OpenID provider
// whose users are others, and the tokens of a secret.
func Example_severalIssuers() {
	web := auth.BetterAuth("https://app.example.com")
	web.Keys = auth.KeySet("http://frontend:3000/api/auth/jwks")
	web.InsecureHTTP = true // nobody else is in this network
	web.UserSpace = auth.DefaultSpace

	partner := auth.OIDC("https://id.partner.example", "todo-api")
	partner.UserSpace = "partner"

	local := auth.Issuer{Keys: auth.SharedSecret(secret), UserSpace: auth.DefaultSpace}
	fmt.Println(auth.Options{Issuers: []auth.Issuer{web, partner, local}}.Validate())
	// Output:
	// <nil>
}
