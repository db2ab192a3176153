package clienttest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/storage/memory"
)

// watch is over what the official clients send and are given: no cookie, token,
// link or password of theirs may be in a log or an event, or in clear in the store.
var watch = canary.New()

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	watch.Keep("the secret of the accounts", secret)
	watch.Keep("a password", "correct horse battery", "staple of the battery")
	code := m.Run()
	for _, leak := range watch.Leaks() {
		fmt.Println("a secret shows:", leak)
		code = 1
	}
	os.Exit(code)
}

// watched has the watch know the credentials of requests and answers.
func watched(c *gin.Context) {
	learn := func(cookies []*http.Cookie) {
		for _, cookie := range cookies {
			watch.Token("the cookie "+cookie.Name, cookie.Value)
			if value, err := url.QueryUnescape(cookie.Value); err == nil {
				watch.Token("the cookie "+cookie.Name, value)
			}
		}
	}
	learn(c.Request.Cookies())
	if token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer "); ok {
		watch.Token("a bearer token", token)
	}
	c.Next()
	learn((&http.Response{Header: c.Writer.Header()}).Cookies())
	watch.Token("the field set-auth-jwt", c.Writer.Header().Get("Set-Auth-Jwt"))
}

const secret = "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a"

// settings are the modes of modes.mjs, for the module.
func settings() map[string]accounts.Options {
	const base = "http://localhost:3000"
	return map[string]accounts.Options{
		"default":      {BaseURL: base, Limiter: accounts.Unlimited{}},
		"verification": {BaseURL: base, Limiter: accounts.Unlimited{}, RequireVerification: true},
		"https":        {BaseURL: "https://todo.example", Limiter: accounts.Unlimited{}},
		"bearer":       {BaseURL: base, Limiter: accounts.Unlimited{}},
		"limited":      {BaseURL: base},
		"later":        {BaseURL: base, Limiter: accounts.Unlimited{}},
	}
}

// outbox keeps the mails of a host, for the script.
type outbox struct {
	mu    sync.Mutex
	mails []mailed
}

type mailed struct {
	To   string `json:"to"`
	Link string `json:"link,omitempty"`
}

// Send implements [accounts.Mailer].
func (o *outbox) Send(_ context.Context, mail accounts.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append(o.mails, mailed{mail.To, mail.Link})
	if _, token, ok := strings.Cut(mail.Link, "token="); ok {
		watch.Token("the link of a mail", token)
	}
	return nil
}

func (o *outbox) list() []mailed {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]mailed{}, o.mails...)
}

// hosts are services with the module, one for every mode, and what the script
// asks of them: their mails, and time to pass.
func hosts(t *testing.T) side {
	t.Helper()
	var ahead atomic.Int64
	outboxes := map[string]*outbox{}
	found := side{Servers: map[string]string{}}
	for mode, own := range settings() {
		outboxes[mode] = &outbox{}
		own.Mailer = outboxes[mode]
		now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		server := httptest.NewServer(engine(t, own, now))
		t.Cleanup(server.Close)
		found.Servers[mode] = server.URL
	}
	control := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/pass" {
			seconds, err := strconv.Atoi(r.FormValue("seconds"))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			ahead.Add(int64(time.Duration(seconds) * time.Second))
		}
		_ = json.NewEncoder(w).Encode(outboxes[r.FormValue("mode")].list())
	}))
	t.Cleanup(control.Close)
	found.Control = control.URL
	return found
}

// engine is an engine with the module below /api.
func engine(t *testing.T, own accounts.Options, now func() time.Time) *gin.Engine {
	t.Helper()
	router := gin.New()
	router.Use(watched)
	own.Secret = secret
	db := memory.New()
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: db.Backend(), Accounts: &own, Now: now,
		Logger: slog.New(slog.NewTextHandler(watch.Sink("the log, with the events"), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		module.Close()
		watch.See("the store", canary.Text(db))
	})
	return router
}

// page is a site with the page and the module, and its address.
func page(t *testing.T, script string) string {
	t.Helper()
	listener := listen(t, "localhost")
	site := origin(listener, "localhost")
	router := engine(t, accounts.Options{BaseURL: site, Limiter: accounts.Unlimited{}}, time.Now)
	router.StaticFile("/", "page/index.html")
	router.StaticFile("/page.js", script)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: router}}
	server.Start()
	t.Cleanup(server.Close)
	return site
}
