package auth_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

// A handler behind the guard, which knows whose request it has.
func ExampleUserID() {
	secret := "Qm7xT2vL9cRk4ZsHb8Nd6JfGu3EaW1yP" // openssl rand -base64 32
	guard, err := auth.New(auth.Options{
		Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}},
	}, auth.Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := gin.New()
	router.GET("/reports", guard.Handler(), func(c *gin.Context) {
		fmt.Println("reports of", auth.UserID(c))
	})

	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "ada", "exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		fmt.Println(err)
		return
	}
	request := httptest.NewRequest("GET", "/reports", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	router.ServeHTTP(httptest.NewRecorder(), request)
	// Output: reports of ada
}

// An OpenID provider whose keys are reached by another name than its issuer.
func ExampleOIDCKeySet() {
	partner := auth.OIDC("https://id.partner.example", "todo-api")
	partner.Keys = auth.OIDCKeySet("https://keys.partner.example/jwks")
	fmt.Println(partner.URL, partner.Audience)
	// Output: https://id.partner.example [todo-api]
}
