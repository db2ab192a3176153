package clienttest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
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
	own.Secret = secret
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: memory.New().Backend(), Accounts: &own, Now: now,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close() })
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
