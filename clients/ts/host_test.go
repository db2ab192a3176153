package ts

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// where is what the script is told: a service, which it reaches through a proxy,
// and what makes the service behave.
type where struct {
	Site    string `json:"site"`
	Control string `json:"control"`
}

// host is a service with the module below /api, its own sign-in and todos in
// memory, that does what the script asks for.
type host struct {
	proxy *faultproxy.Proxy

	mu       sync.Mutex
	ahead    time.Duration // of the clock
	requests []*request
	down     int  // so many calls of the store fail
	holding  bool // the next call waits until it is abandoned
	held     chan struct{}
	let      chan struct{}
}

// request is what arrived, without its secrets.
type request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	Key    string `json:"key"`
	Match  string `json:"match"` // If-Match or If-None-Match
	Bearer bool   `json:"bearer"`
}

func newHost(t *testing.T) where {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	proxy, err := faultproxy.Listen("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	h := &host{proxy: proxy, held: make(chan struct{}, 1), let: make(chan struct{}, 1)}
	control := httptest.NewServer(h.control())
	t.Cleanup(control.Close)
	site := "http://" + proxy.Addr()
	server.Config.Handler = h.engine(t, site)
	server.Start()
	t.Cleanup(server.Close)
	return where{Site: site, Control: control.URL}
}

// engine is the module, and beside it what is no todo API.
func (h *host) engine(t *testing.T, site string) *gin.Engine {
	t.Helper()
	router := gin.New()
	router.Use(h.record)
	backend := memory.New().Backend()
	backend.Todos = &store{Store: backend.Todos, host: h}
	module, err := authtodo.Register(router.Group("/api"), authtodo.Options{
		Storage: backend,
		Accounts: &accounts.Options{
			BaseURL: site, Secret: "kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a", Limiter: accounts.Unlimited{},
		},
		Now:     h.now,
		Logger:  slog.New(slog.DiscardHandler),
		Timeout: 5 * time.Minute, // what is held ends when the client goes
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close() })
	router.GET("/worker/", func(c *gin.Context) { c.Data(http.StatusOK, "text/html", []byte("<!doctype html>")) })
	router.StaticFile("/worker/worker.js", "test/worker.js")
	router.StaticFile("/worker/authtodo.js", "authtodo.js")
	router.GET("/page/todos", func(c *gin.Context) { c.Data(http.StatusOK, "text/html", []byte("<p>Hello")) })
	router.GET("/moved/todos", func(c *gin.Context) { c.Redirect(http.StatusFound, "/taken") })
	router.GET("/proxy/todos", func(c *gin.Context) {
		c.Data(http.StatusBadGateway, "text/html", []byte("<h1>502 Bad Gateway</h1>"))
	})
	return router
}

// record keeps what a request was and how it was answered.
func (h *host) record(c *gin.Context) {
	r := &request{
		Method: c.Request.Method, Path: c.Request.URL.Path,
		Key:    c.GetHeader("Idempotency-Key"),
		Match:  c.GetHeader("If-Match") + c.GetHeader("If-None-Match"),
		Bearer: c.GetHeader("Authorization") != "",
	}
	// Written down before the answer goes out: the script asks when it has it.
	h.mu.Lock()
	h.requests = append(h.requests, r)
	h.mu.Unlock()
	c.Writer = &noted{ResponseWriter: c.Writer, note: func(status int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		r.Status = status
	}}
	c.Next()
}

// noted says the status before it is written.
type noted struct {
	gin.ResponseWriter
	note func(status int)
}

// WriteHeader implements [http.ResponseWriter].
func (n *noted) WriteHeader(status int) {
	n.note(status)
	n.ResponseWriter.WriteHeader(status)
}

func (h *host) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

// control is what the script asks of the host.
func (h *host) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /pass", func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ahead += time.Duration(number(r)) * time.Second
	})
	mux.HandleFunc("POST /down", func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.down = number(r)
	})
	mux.HandleFunc("POST /cut", func(_ http.ResponseWriter, r *http.Request) {
		h.proxy.Cut(faultproxy.Cut{Before: "HTTP/1.1 201", By: faultproxy.Close})
	})
	mux.HandleFunc("POST /hold", func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.holding = true
	})
	// These answer when a call is held, and when it was abandoned.
	for path, happened := range map[string]chan struct{}{"POST /held": h.held, "POST /let": h.let} {
		mux.HandleFunc(path, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-happened:
			case <-r.Context().Done():
			}
		})
	}
	mux.HandleFunc("POST /requests", func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		_ = json.NewEncoder(w).Encode(append([]*request{}, h.requests...))
		h.requests = nil
	})
	return mux
}

func number(r *http.Request) int {
	n, _ := strconv.Atoi(r.FormValue("n"))
	return n
}

// store is the store of the host, when it works.
type store struct {
	todos.Store
	host *host
}

// CreateTodo implements [todos.Store].
func (s *store) CreateTodo(ctx context.Context, owner string, draft todos.Draft) (todos.Created, error) {
	if err := s.host.befalls(ctx); err != nil {
		return todos.Created{}, err
	}
	return s.Store.CreateTodo(ctx, owner, draft)
}

// GetTodo implements [todos.Store].
func (s *store) GetTodo(ctx context.Context, owner, id string) (todos.Todo, error) {
	if err := s.host.befalls(ctx); err != nil {
		return todos.Todo{}, err
	}
	return s.Store.GetTodo(ctx, owner, id)
}

// UpdateTodo implements [todos.Store].
func (s *store) UpdateTodo(ctx context.Context, owner, id string, change todos.Change) (todos.Todo, error) {
	if err := s.host.befalls(ctx); err != nil {
		return todos.Todo{}, err
	}
	return s.Store.UpdateTodo(ctx, owner, id, change)
}

// befalls is what happens to a call: nothing, as a rule.
func (h *host) befalls(ctx context.Context) error {
	h.mu.Lock()
	fails, holds := h.down > 0, h.holding
	if fails {
		h.down--
	}
	h.holding = false
	h.mu.Unlock()
	if holds {
		h.held <- struct{}{}
		<-ctx.Done()
		h.let <- struct{}{}
		return ctx.Err()
	}
	if fails {
		return errors.Join(todos.ErrUnavailable, errors.New("the disk is on holiday"))
	}
	return nil
}
