package authtodo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/postgres"
)

// Accounts of its own, on PostgreSQL: sign-up, sign-in, sessions and todos, with
// no other server.
func Example_accounts() {
	db, err := postgres.Open(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Migrate(context.Background()); err != nil {
		log.Fatal(err)
	}
	router := gin.Default()
	own := accounts.Options{BaseURL: "http://localhost:8080", Secret: accounts.Secret(os.Getenv("AUTH_SECRET"))}
	options := authtodo.Options{Storage: db.Backend(), Accounts: &own}
	if _, err := authtodo.Register(router.Group("/api"), options); err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

// What a client without cookies does: sign up, use the access token, exchange
// the refresh token for the next pair.
func ExampleRegister_accounts() {
	router := gin.New()
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Accounts: &accounts.Options{
			BaseURL: "http://localhost:8080",
			Secret:  "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", // from the environment, in a service
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close()
	send := func(path, authorization, body string) (status int, answer map[string]any) {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if authorization != "" {
			r.Header.Set("Authorization", "Bearer "+authorization)
		}
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			log.Fatal(err)
		}
		return w.Code, answer
	}
	_, tokens := send("/api/auth/sign-up/email", "",
		`{"name":"Ada","email":"ada@example.com","password":"correct horse battery","tokens":true}`)
	fmt.Println(tokens["token_type"], tokens["expires_in"])

	access, _ := tokens["access_token"].(string)
	status, todo := send("/api/todos", access, `{"title":"Buy milk"}`)
	fmt.Println(status, todo["title"])

	refresh, _ := tokens["refresh_token"].(string)
	status, tokens = send("/api/auth/refresh", "", `{"refresh_token":"`+refresh+`"}`)
	fmt.Println(status, tokens["refresh_token"] != refresh)

	// Output:
	// Bearer 900
	// 201 Buy milk
	// 200 true
}

// What a host can do with accounts: have everything of a user, or nothing more.
func ExampleAccounts() {
	var module *authtodo.Module // of Register, with Options.Accounts
	http.HandleFunc("POST /admin/users/{id}/erase", func(w http.ResponseWriter, r *http.Request) {
		if err := module.Accounts().Erase(r.Context(), r.PathValue("id")); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
	_ = func(ctx context.Context, userID string) (authtodo.Export, error) {
		return module.Accounts().Export(ctx, userID)
	}
}
