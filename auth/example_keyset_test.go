package auth_test

import (
	"fmt"

	"github.com/authtodo/authtodo/auth"
)

// A service that believes the tokens of Better Auth's jwt plugin. All else
// follows from the URL.
func ExampleBetterAuth() {
	iss := auth.BetterAuth("https://app.example.com")
	fmt.Println(iss.URL, iss.Audience, iss.Keys)

	guard, err := auth.New(auth.Options{Issuers: []auth.Issuer{iss}}, auth.Deps{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer guard.Close() // the keys are fetched when a token first needs them
	// Output:
	// https://app.example.com [https://app.example.com] auth.Keys(https://app.example.com/api/auth/jwks)
}

// Among containers the service reaches Better Auth by another name than browsers
// do: the name in the tokens stays, and the keys come from elsewhere.
func ExampleKeySet() {
	iss := auth.BetterAuth("https://app.example.com")
	iss.Keys = auth.KeySet("http://frontend:3000/api/auth/jwks")
	fmt.Println(auth.Options{Issuers: []auth.Issuer{iss}}.Validate())

	iss.InsecureHTTP = true // nobody else is in this network
	fmt.Println(auth.Options{Issuers: []auth.Issuer{iss}}.Validate())
	// Output:
	// Auth.Issuers[0].Keys: http is for key sets on this machine; use https, or set InsecureHTTP if nobody can get between
	// <nil>
}

// The tokens of an OpenID provider beside those of the own front end.
func ExampleOIDC() {
	own := auth.BetterAuth("https://app.example.com")
	own.UserSpace = auth.DefaultSpace
	partner := auth.OIDC("https://id.partner.example/tenant", "todo-api")
	partner.UserSpace = "partner"
	guard, err := auth.New(auth.Options{Issuers: []auth.Issuer{own, partner}}, auth.Deps{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(partner.Keys, guard.Close())
	// Output:
	// auth.Keys(https://id.partner.example/tenant) <nil>
}
