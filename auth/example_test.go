package auth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

// A service that believes the tokens of one issuer, and what it answers with a
// token and without one.
func Example() {
	secret := "Qm7xT2vL9cRk4ZsHb8Nd6JfGu3EaW1yP" // openssl rand -base64 32
	guard, err := auth.New(auth.Options{Issuers: []auth.Issuer{{
		URL:      "https://app.example.com",
		Audience: []string{"https://api.example.com"},
		Keys:     auth.SharedSecret(secret),
	}}}, auth.Deps{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}

	router := gin.New()
	router.GET("/reports", guard.Handler(), func(c *gin.Context) {
		c.String(http.StatusOK, "reports of %s", auth.UserID(c))
	})

	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "ada", "exp": time.Now().Add(15 * time.Minute).Unix(),
		"iss": "https://app.example.com", "aud": "https://api.example.com",
	}).SignedString([]byte(secret))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, authorization := range []string{"Bearer " + token, "Bearer x.y.z", ""} {
		r := httptest.NewRequest(http.MethodGet, "/reports", nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 200 ""
	// 401 "Bearer error=\"invalid_token\""
	// 401 "Bearer"
}

// All faults of the options are told at once, each with the path of its field.
func ExampleNew() {
	_, err := auth.New(auth.Options{
		Leeway: time.Hour,
		Issuers: []auth.Issuer{
			{URL: "https://app.example.com", Keys: auth.SharedSecret("secret")},
			{UserSpace: "partners"},
		},
	}, auth.Deps{})
	fmt.Println(err)
	// Output:
	// Auth.Leeway: must be from 0 (which means 15s) to 5m0s, not 1h0m0s
	// Auth.Issuers[0].UserSpace: required with several issuers (auth.DefaultSpace: the default one)
	// Auth.Issuers[0].Keys: the current secret has 6 bytes and needs 32; try "openssl rand -base64 32"
	// Auth.Issuers[1].Keys: required: give auth.SharedSecret(...) or auth.KeySet(...)
}

// To change a secret, list the new one first. Tokens of the old one are good
// until they expire; then drop it. Keys never show in what is printed.
func ExampleSharedSecret() {
	keys := auth.SharedSecret(
		"Hx5Kc0Wq8Bn7Xy4Mf1Cj9Ls6Dh3GpZr2", // signs the tokens from now on
		"Qm7xT2vL9cRk4ZsHb8Nd6JfGu3EaW1yP", // signed those that are still around
	)
	fmt.Printf("%+v\n", auth.Issuer{URL: "https://app.example.com", Keys: keys})
	// Output:
	// {URL:https://app.example.com Audience:[] Keys:auth.Keys(hidden) InsecureHTTP:false UserSpace:}
}

// The identity of a request has the claims that nearly everybody needs, and
// accessors for the others.
func ExampleFrom() {
	handler := func(c *gin.Context) {
		id, ok := auth.From(c)
		if !ok { // there is no guard before this handler
			c.Status(http.StatusInternalServerError)
			return
		}
		roles, _ := id.Claims.Texts("roles")
		fmt.Println(id.UserID, id.Email, roles)
	}

	secret := "Qm7xT2vL9cRk4ZsHb8Nd6JfGu3EaW1yP"
	guard, err := auth.New(auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
		auth.Deps{})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := gin.New()
	router.GET("/", guard.Handler(), handler)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "ada", "email": "ada@example.com", "roles": []string{"editor"},
		"exp": time.Now().Add(15 * time.Minute).Unix(),
	}).SignedString([]byte(secret))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	router.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// ada ada@example.com [editor]
}

// With several issuers, each says where its users live: "1" of the one is not
// "1" of the other.
func ExampleIdentity_Owner() {
	fmt.Printf("%q\n", auth.Identity{UserID: "1", UserSpace: auth.DefaultSpace}.Owner())
	fmt.Printf("%q\n", auth.Identity{UserID: "1", UserSpace: "partners"}.Owner())
	// Output:
	// "1"
	// "partners\x1f1"
}
