package authtodo_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// TestAccountsOnEveryBackend has a short life of an account on each: sign-up, a
// race of sixteen refreshes, a todo, a new password, export and deletion. What
// single routes do is tested in package accounts.
func TestAccountsOnEveryBackend(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := gin.New()
			const secret = "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a"
			watch.Keep("the secret of the accounts", secret)
			watch.Keep("a password", "correct horse battery", "another good one")
			module, err := authtodo.Register(engine.Group("/api"), authtodo.Options{
				Storage:  open(t),
				Logger:   watched(),
				Timeout:  authtodo.MaxTimeout, // no test goes by how fast the machine is
				Accounts: &accounts.Options{BaseURL: "http://localhost:8080", Secret: secret},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { module.Close() })
			accountsLife(t, engine, module.Accounts())
		})
	}
}

func accountsLife(t *testing.T, engine *gin.Engine, own *authtodo.Accounts) {
	send := func(status int, path, bearer, body string) (answer struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		User    struct{ ID string }
	}) {
		t.Helper()
		r := httptest.NewRequest("POST", "/api"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, status)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Error(err)
		}
		watch.Token("an access token", answer.Access)
		watch.Token("a refresh token", answer.Refresh)
		return answer
	}
	in := `"email":"ada@example.com","password":"correct horse battery","tokens":true}`
	up := send(200, "/auth/sign-up/email", "", `{"name":"Ada",`+in)
	send(422, "/auth/sign-up/email", "", `{"name":"Eve",`+in)
	other := send(200, "/auth/sign-in/email", "", `{`+in)

	var wg sync.WaitGroup
	next := make([]string, 16)
	for i := range next {
		wg.Go(func() {
			next[i] = send(200, "/auth/refresh", "", `{"refresh_token":"`+up.Refresh+`"}`).Refresh
		})
	}
	wg.Wait()
	for _, token := range next {
		if token != next[0] {
			t.Fatalf("there are several families: %q", next)
		}
	}
	tokens := send(200, "/auth/refresh", "", `{"refresh_token":"`+next[0]+`"}`)
	send(201, "/todos", tokens.Access, `{"title":"mine"}`)
	changed := send(200, "/auth/change-password", tokens.Access,
		`{"currentPassword":"correct horse battery","newPassword":"another good one"}`)
	for _, dead := range []string{tokens.Access, other.Access} {
		send(401, "/todos", dead, `{"title":"x"}`)
	}
	send(401, "/auth/refresh", "", `{"refresh_token":"`+other.Refresh+`"}`)
	send(201, "/todos", changed.Access, `{"title":"mine, too"}`)
	export, err := own.Export(t.Context(), up.User.ID)
	if err != nil || len(export.Todos) != 2 || len(export.Sessions) != 1 || export.User.Email != "ada@example.com" {
		t.Errorf("the export is %+v, %v", export, err)
	}
	send(200, "/auth/delete-user", changed.Access, `{"password":"another good one"}`)
	send(401, "/todos", changed.Access, `{"title":"x"}`)
	if _, err := own.Export(t.Context(), up.User.ID); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("the export is %v", err)
	}
	send(200, "/auth/sign-up/email", "", `{"name":"Ada",`+in)
}

// TestDocumentHasTheCookie where it opens the todos, by the name that it has there.
func TestDocumentHasTheCookie(t *testing.T) {
	t.Parallel()
	own := func(base string, tokensOnly bool) *accounts.Options {
		return &accounts.Options{
			BaseURL: base, Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", TokensOnly: tokensOnly,
		}
	}
	bearer := []map[string][]string{{"bearer": {}}}
	either := []map[string][]string{{"bearer": {}}, {"session": {}}}
	for name, test := range map[string]struct {
		options  authtodo.Options
		security []map[string][]string
		cookie   string
	}{
		"no accounts": {options(authtodo.Options{}), bearer, ""},
		"no cookies":  {authtodo.Options{Accounts: own("http://localhost:8080", true)}, bearer, ""},
		"http": {
			authtodo.Options{Accounts: own("http://localhost:8080", false)}, either,
			"better-auth.session_token",
		},
		"https": {
			authtodo.Options{Accounts: own("https://example.com", false)}, either,
			"__Secure-better-auth.session_token",
		},
	} {
		t.Run(name, func(t *testing.T) {
			engine := gin.New()
			test.options.Storage, test.options.Logger = memory.New().Backend(), watched()
			module, err := authtodo.Register(engine, test.options)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { module.Close() })
			var document struct {
				Security   []map[string][]string
				Components struct {
					SecuritySchemes map[string]struct{ Type, In, Name string }
				}
			}
			listen(t, engine, module).request("", "GET", "/openapi.json", "").is(200).into(&document)
			scheme := document.Components.SecuritySchemes["session"]
			if !reflect.DeepEqual(document.Security, test.security) || scheme.Name != test.cookie {
				t.Errorf("got %v, %+v; want %v, %q", document.Security, scheme, test.security, test.cookie)
			}
		})
	}
}
