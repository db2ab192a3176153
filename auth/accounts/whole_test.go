package accounts_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/storage/memory"
)

// watch is over all secrets of the tests of this package: none may be in a log,
// or in clear in the store.
var watch = canary.New()

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	watch.Keep("the secret", accountsSecret)
	watch.Keep("a password", goodPassword, "another good one", "the third good one")
	code := m.Run()
	for _, leak := range watch.Leaks() {
		fmt.Println("a secret shows:", leak)
		code = 1
	}
	os.Exit(code)
}

const accountsSecret = "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a"

// house is a service with accounts.
type house struct {
	*httptest.Server
	module *authtodo.Module
}

// newHouse starts one, on memory unless the options say otherwise.
func newHouse(t *testing.T, change func(*authtodo.Options)) *house {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { watch.See("the store", canary.Text(db)) }) // when nobody uses it any more
	engine := gin.New()
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	opts := authtodo.Options{
		Storage:  db.Backend(),
		Accounts: &accounts.Options{BaseURL: server.URL, Secret: accountsSecret},
		Logger:   slog.New(slog.NewJSONHandler(watch.Sink("the log"), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Timeout:  authtodo.MaxTimeout, // no test goes by how fast the machine is
	}
	if change != nil {
		change(&opts)
	}
	module, err := authtodo.Register(engine.Group("/api"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close() })
	engine.GET("/reports", module.Guard(), func(c *gin.Context) { c.String(200, auth.UserID(c)) })
	engine.POST("/reports", module.Guard(), func(c *gin.Context) { c.String(200, auth.UserID(c)) })
	return &house{server, module}
}

// visitor is a browser, or a client without cookies.
type visitor struct {
	t      *testing.T
	house  *house
	client *http.Client
	header http.Header
}

// browser is a browser on a page of the house.
func (h *house) browser(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, h, &http.Client{Jar: jar}, http.Header{"Sec-Fetch-Site": {"same-origin"}}}
}

// app is a client without cookies, with a token.
func (h *house) app(t *testing.T, token string) *visitor {
	v := &visitor{t, h, &http.Client{}, http.Header{}}
	if token != "" {
		v.header.Set("Authorization", "Bearer "+token)
	}
	return v
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Text   string
	JSON   map[string]any // nil if the body is no object
}

// ask sends a request, with a body if that is not nil.
func (v *visitor) ask(method, path string, body any) answer {
	v.t.Helper()
	if body == nil {
		return v.send(method, path, "", "")
	}
	text, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.send(method, path, "application/json", string(text))
}

// post sends a form.
func (v *visitor) post(path string, form url.Values) answer {
	v.t.Helper()
	return v.send("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

func (v *visitor) send(method, path, media, text string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.house.URL+path, strings.NewReader(text))
	if err != nil {
		v.t.Fatal(err)
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for name, values := range v.header {
		r.Header[name] = values
	}
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	a := answer{Status: response.StatusCode, Header: response.Header, Text: string(got)}
	json.Unmarshal(got, &a.JSON) // what is no object stays nil
	a.watched()
	return a
}

// watched keeps the tokens that an answer hands out.
func (a answer) watched() {
	for _, name := range []string{"token", "access_token", "refresh_token"} {
		watch.Token(name, a.text(name))
	}
	watch.Token("set-auth-jwt", a.Header.Get("set-auth-jwt"))
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		watch.Token("a cookie", cookie.Value)
	}
}

// shape is an answer without what differs from one occasion to the next.
func shape(a answer) string {
	header := a.Header.Clone()
	for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
		header.Del(name)
	}
	text := regexp.MustCompile(`[A-Z2-7]{26}|[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[0-9:.]+Z|[a-z]+@example.com`).ReplaceAllString(a.Text, "…")
	return fmt.Sprint(a.Status, " ", header, " ", text)
}

// must is ask for an answer of a status.
func (v *visitor) must(status int, method, path string, body any) answer {
	v.t.Helper()
	a := v.ask(method, path, body)
	if a.Status != status {
		v.t.Fatalf("%s %s: %d %s, want %d", method, path, a.Status, a.Text, status)
	}
	return a
}

// at is a member of a member ….
func (a answer) at(path ...string) any {
	var value any = a.JSON
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func (a answer) text(path ...string) string {
	text, _ := a.at(path...).(string)
	return text
}

// cookies are those that the browser has for the house.
func (v *visitor) cookies() map[string]string {
	u, err := url.Parse(v.house.URL)
	if err != nil {
		v.t.Fatal(err)
	}
	found := make(map[string]string)
	for _, cookie := range v.client.Jar.Cookies(u) {
		found[cookie.Name] = cookie.Value
	}
	return found
}

type object = map[string]any

const goodPassword = "correct horse battery"

func signUp(v *visitor, email string, more object) answer {
	v.t.Helper()
	body := object{"name": "Ada", "email": email, "password": goodPassword}
	for name, value := range more {
		body[name] = value
	}
	return v.must(200, "POST", "/api/auth/sign-up/email", body)
}

func TestAccountsWholeWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	v := h.browser(t)
	v.must(401, "GET", "/api/todos", nil)

	up := signUp(v, "Ada@Example.com", nil)
	if up.text("user", "email") != "ada@example.com" || up.text("token") == "" {
		t.Fatalf("sign-up answers %s", up.Text)
	}
	if v.cookies()["better-auth.session_token"] != up.text("token") {
		t.Errorf("the cookie is not the token: %v", v.cookies())
	}
	session := v.must(200, "GET", "/api/auth/get-session", nil)
	jwt := session.Header.Get("set-auth-jwt")
	if session.text("user", "id") != up.text("user", "id") || strings.Count(jwt, ".") != 2 {
		t.Fatalf("get-session answers %s, %q", session.Text, jwt)
	}
	token := v.must(200, "GET", "/api/auth/token", nil).text("token")
	for name, client := range map[string]*visitor{
		"cookie": v, "token": h.app(t, token), "set-auth-jwt": h.app(t, jwt),
	} {
		made := client.must(201, "POST", "/api/todos", object{"title": name})
		if made.text("user_id") != up.text("user", "id") {
			t.Errorf("%s: the todo is %s", name, made.Text)
		}
		if got := client.must(200, "GET", "/reports", nil).Text; got != up.text("user", "id") {
			t.Errorf("%s: the host sees %q", name, got)
		}
	}
	h.app(t, up.text("token")).must(401, "GET", "/api/todos", nil)
	h.app(t, up.text("token")).must(200, "GET", "/api/auth/token", nil)

	v.must(200, "POST", "/api/auth/sign-out", object{})
	if _, there := v.cookies()["better-auth.session_token"]; there {
		t.Error("the cookie is still there")
	}
	v.must(401, "GET", "/api/todos", nil)
	for _, token := range []string{token, jwt} {
		h.app(t, token).must(401, "GET", "/api/todos", nil)
	}
	if got := v.must(200, "GET", "/api/auth/get-session", nil).Text; got != "null" {
		t.Errorf("get-session answers %s", got)
	}

	v.must(401, "POST", "/api/auth/sign-in/email", object{"email": "ada@example.com", "password": "wrong"})
	in := v.must(200, "POST", "/api/auth/sign-in/email",
		object{"email": "ada@example.com", "password": goodPassword})
	if in.at("redirect") != false || in.text("user", "id") != up.text("user", "id") {
		t.Errorf("sign-in answers %s", in.Text)
	}
	if list := v.must(200, "GET", "/api/todos", nil).Text; strings.Count(list, `"title"`) != 3 {
		t.Errorf("the todos are %s", list)
	}
}
