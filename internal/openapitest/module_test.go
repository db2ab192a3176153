package openapitest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
)

// user is who the examples belong to.
const user = "kX2vQ9mTzR4bWn7LpJ5sHd8YcFg3aEuB"

const secret = "a secret of the tests, 32 bytes and more"

// client talks to a mounted module, and holds each exchange against the
// document that the module itself serves.
type client struct {
	description *description
	url         string
	bearer      string
}

// dial mounts a module on store, under a prefix.
func dial(t *testing.T, backend storage.Backend, options authtodo.Options) *client {
	t.Helper()
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	options.Storage = backend
	if options.Accounts == nil {
		options.Auth = auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}}
	}
	options.Logger = slog.New(slog.DiscardHandler)
	module, err := authtodo.Register(engine.Group("/api"), options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(engine)
	t.Cleanup(func() {
		server.Close()
		module.Close()
	})
	resp, err := http.Get(server.URL + "/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Hour).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return &client{describe(t, text), server.URL + "/api", "Bearer " + token}
}

// exchange sends a request and fails if the answer has another status or is
// not described. fields are header fields, one a line.
func (c *client) exchange(t *testing.T, status int, method, path, fields, body string) *http.Response {
	t.Helper()
	resp := c.send(t, method, path, fields, body)
	if resp.StatusCode != status {
		t.Errorf("%s %s: got %d, want %d", method, path, resp.StatusCode, status)
	}
	return resp
}

// send sends a request and fails if the answer is not described.
func (c *client) send(t *testing.T, method, path, fields, body string) *http.Response {
	t.Helper()
	var sent io.Reader
	if body != "" {
		sent = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.url+path, sent)
	if err != nil {
		t.Fatal(err)
	}
	setFields(req.Header, "Authorization: "+c.bearer+"\n"+fields)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	c.description.validateExchange(t, req, resp)
	return resp
}

// TestModuleIsAsDescribed has every operation answer in every way it can
// without something being broken.
func TestModuleIsAsDescribed(t *testing.T) {
	c := dial(t, memory.New().Backend(), authtodo.Options{BodyLimit: authtodo.MinBodyLimit})
	long := `{"title":"` + strings.Repeat("x", authtodo.MinBodyLimit) + `"}`

	made := c.exchange(t, 201, "POST", "/todos", isJSON+"Idempotency-Key: k\n", `{"title":"Buy milk"}`)
	c.exchange(t, 201, "POST", "/todos/", isJSON+"Idempotency-Key: \"k\"\n", `{"title":"Buy milk"}`)
	c.exchange(t, 201, "POST", "/todos", isJSON,
		`{"title":"b","description":"c","completed":true,"position":-1,"version":9}`)
	c.exchange(t, 201, "POST", "/todos", isJSON+"Prefer: handling=lenient\n", `{"title":"d","due":1}`)
	c.exchange(t, 422, "POST", "/todos", isJSON+"Idempotency-Key: k\n", `{"title":"other"}`)
	c.exchange(t, 422, "POST", "/todos", isJSON, `{"title":"","due":1}`)
	c.exchange(t, 400, "POST", "/todos", isJSON, `{"title":`)
	c.exchange(t, 400, "POST", "/todos", isJSON+"Idempotency-Key: a b\n", `{"title":"a"}`)
	c.exchange(t, 413, "POST", "/todos", isJSON, long)
	c.exchange(t, 415, "POST", "/todos", "Content-Type: text/plain\n", `{"title":"a"}`)
	c.exchange(t, 401, "POST", "/todos", isJSON+"Authorization:\n", `{"title":"a"}`)
	c.exchange(t, 405, "PUT", "/todos", isJSON, `{}`)

	list := c.exchange(t, 200, "GET", "/todos?limit=2&sort=-title&completed=false&q=%25", "", "")
	list = c.exchange(t, 200, "GET", "/todos?limit=1", "Prefer: count=exact\n", "")
	next, _, _ := strings.Cut(strings.TrimPrefix(list.Header.Get("Link"), "</api"), ">")
	c.exchange(t, 200, "GET", next, "", "")
	c.exchange(t, 200, "HEAD", "/todos?limit=1", "Prefer: count=exact\n", "")
	c.exchange(t, 304, "GET", "/todos", "If-None-Match: "+list.Header.Get("ETag")+"\n", "")
	c.exchange(t, 304, "HEAD", "/todos", "If-None-Match: *\n", "")
	c.exchange(t, 400, "GET", "/todos", "If-None-Match: 1\n", "")
	c.exchange(t, 422, "GET", "/todos?limit=0&page=2", "", "")
	c.exchange(t, 422, "GET", "/todos?cursor=x", "", "")
	c.exchange(t, 401, "GET", "/todos", "Authorization: Bearer a.b.c\n", "")

	path := strings.TrimPrefix(made.Header.Get("Location"), "/api")
	c.exchange(t, 200, "GET", path, "", "")
	c.exchange(t, 200, "HEAD", path, "", "")
	c.exchange(t, 304, "GET", path, "If-None-Match: \"1\"\n", "")
	c.exchange(t, 400, "GET", path, "If-None-Match: 1\n", "")
	c.exchange(t, 200, "PATCH", path, "Content-Type: application/merge-patch+json\nIf-Match: \"1\"\n",
		`{"completed":true,"description":"d"}`)
	c.exchange(t, 200, "PUT", path, isJSON, `{}`)
	for _, method := range []string{"PATCH", "PUT"} {
		c.exchange(t, 412, method, path, isJSON+"If-Match: \"1\"\n", `{"title":"x"}`)
		c.exchange(t, 400, method, path, isJSON, `[]`)
		c.exchange(t, 413, method, path, isJSON, long)
		c.exchange(t, 415, method, path, "Content-Type: text/plain\n", `{}`)
		c.exchange(t, 422, method, path, isJSON, `{"position":1e99}`)
		c.exchange(t, 404, method, "/todos/unknown", isJSON, `{}`)
		c.exchange(t, 401, method, path, "Authorization:\n"+isJSON, `{}`)
	}
	c.exchange(t, 412, "DELETE", path, "If-Match: \"1\"\n", "")
	c.exchange(t, 400, "DELETE", path, "If-Match: 1\n", "")
	c.exchange(t, 204, "DELETE", path, "If-Match: \"2\"\n", "")
	c.exchange(t, 404, "DELETE", path, "", "")
	c.exchange(t, 404, "GET", path, "", "")
	c.exchange(t, 404, "HEAD", path, "", "")
	c.exchange(t, 401, "DELETE", path, "Authorization:\n", "")
	c.exchange(t, 405, "POST", path, isJSON, `{}`)

	c.exchange(t, 200, "GET", "/openapi.json", "", "")
	c.exchange(t, 200, "HEAD", "/openapi.json", "", "")
	c.exchange(t, 405, "POST", "/openapi.json", isJSON, `{}`)
}

func TestInsistingModuleIsAsDescribed(t *testing.T) {
	c := dial(t, memory.New().Backend(), authtodo.Options{RequireIfMatch: true})
	c.exchange(t, 428, "PATCH", todoPath, isJSON, `{}`)
	c.exchange(t, 428, "PUT", todoPath, isJSON, `{}`)
	c.exchange(t, 428, "DELETE", todoPath, "", "")
}

// TestCookieIsAsDescribed: with accounts, a request with the cookie of a session
// and no token is one that the document has.
func TestCookieIsAsDescribed(t *testing.T) {
	c := dial(t, memory.New().Backend(), authtodo.Options{
		Accounts: &accounts.Options{BaseURL: "http://localhost:8080", Secret: secret},
	})
	if _, errs := c.description.validator.ValidateDocument(); len(errs) > 0 {
		t.Error(explain(errs))
	}
	resp, err := http.Post(c.url+"/auth/sign-up/email", "application/json", strings.NewReader(
		`{"name":"Ada","email":"ada@example.com","password":"correct horse battery"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	name, _ := c.description.document.member("components", "securitySchemes", "session", "name").(string)
	cookie := ""
	for _, set := range resp.Cookies() {
		if set.Name == name {
			cookie = "Authorization:\nCookie: " + set.Name + "=" + set.Value + "\n"
		}
	}
	c.exchange(t, 200, "GET", "/todos", cookie, "")
	c.exchange(t, 201, "POST", "/todos", cookie+isJSON, `{"title":"Buy milk"}`)
}

// TestBrokenModuleIsAsDescribed has a store that answers nothing, and one that
// panics over everything.
func TestBrokenModuleIsAsDescribed(t *testing.T) {
	slow := memory.Over(stuck)
	for status, backend := range map[int]storage.Backend{500: {Todos: panicking{}}, 503: {Todos: slow}} {
		c := dial(t, backend, authtodo.Options{Timeout: time.Millisecond})
		c.exchange(t, status, "GET", "/todos", "", "")
		c.exchange(t, status, "HEAD", "/todos", "", "")
		c.exchange(t, status, "POST", "/todos", isJSON, `{"title":"a"}`)
		c.exchange(t, status, "GET", todoPath, "", "")
		c.exchange(t, status, "HEAD", todoPath, "", "")
		c.exchange(t, status, "PATCH", todoPath, isJSON, `{"title":"a"}`)
		c.exchange(t, status, "PUT", todoPath, isJSON, `{"title":"a"}`)
		c.exchange(t, status, "DELETE", todoPath, "", "")
	}
}
