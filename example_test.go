package authtodo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

// signed is a token as the issuer makes it, here for the examples.
func signed(user string) string {
	claims := jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Minute).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		panic(err)
	}
	return token
}

// ask sends a request of user to a router and prints the status and the title
// of what it gets, or all of it.
func ask(router http.Handler, user, method, path, body string) {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if user != "" {
		req.Header.Set("Authorization", "Bearer "+signed(user))
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, req)
	text, _ := io.ReadAll(w.Body)
	var object struct{ Title, Detail string }
	if json.Unmarshal(text, &object) != nil || object.Title == "" {
		object.Title = string(text)
	}
	fmt.Println(w.Code, strings.TrimSpace(object.Title+" "+object.Detail))
}

// A host with todos that live as long as the process. Another user's todo is
// answered as one that does not exist.
func ExampleRegister() {
	router := gin.New()
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer module.Close()

	ask(router, "anna", "POST", "/api/todos", `{"title":"Buy milk"}`)
	ask(router, "bob", "GET", "/api/todos", "")
	ask(router, "", "GET", "/api/todos", "")
	// Output:
	// 201 Buy milk
	// 200 []
	// 401 Unauthorized Authentication required
}

// All faults of the options are reported at once, and nothing is mounted.
func ExampleRegister_faults() {
	_, err := authtodo.Register(gin.New(), authtodo.Options{
		BodyLimit: 1,
		Auth:      auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret("too short")}}},
	})
	fmt.Println(err)
	// Output:
	// authtodo: options are not valid: Storage.Todos: is missing; storage/memory, storage/sqlite and storage/postgres have one
	// BodyLimit: is 1, want 1024 to 16777216 bytes
	// Auth.Issuers[0].Keys: the current secret has 9 bytes and needs 32; try "openssl rand -base64 32"
}

// The guard protects the host's own handlers, too.
func ExampleModule_Guard() {
	router := gin.New()
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	router.GET("/reports", module.Guard(), func(c *gin.Context) {
		c.String(200, "the reports of %s", auth.UserID(c))
	})
	ask(router, "anna", "GET", "/reports", "")
	// Output:
	// 200 the reports of anna
}

// shelf is a store of one's own: it keeps a document for each owner. Here that
// is a map; it may as well be a bucket or a table of another service.
type shelf struct {
	mu        sync.Mutex
	documents map[string][]byte
}

func (s *shelf) transact(_ context.Context, owner string, write bool, do func(*memory.List) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list memory.List
	if document, ok := s.documents[owner]; ok {
		if err := json.Unmarshal(document, &list); err != nil {
			return err
		}
	}
	if err := do(&list); err != nil || !write {
		return err
	}
	document, err := json.Marshal(list)
	if err == nil {
		s.documents[owner] = document
	}
	return err
}

// A store that the host writes itself needs one function.
func Example_ownStore() {
	shelf := &shelf{documents: make(map[string][]byte)}
	router := gin.New()
	_, err := authtodo.Register(router, authtodo.Options{
		Storage: storage.Backend{Todos: memory.Over(shelf.transact)},
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ask(router, "anna", "POST", "/todos", `{"title":"Buy milk"}`)
	fmt.Println(len(shelf.documents), "document")
	// Output:
	// 201 Buy milk
	// 1 document
}

// The suite that the module's own stores pass says whether it is one.
func TestShelf(t *testing.T) {
	storagetest.Run(t, func(*testing.T) todos.Store {
		return memory.Over((&shelf{documents: make(map[string][]byte)}).transact)
	})
}
