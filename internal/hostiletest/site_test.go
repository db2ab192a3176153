package hostiletest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage"
)

// site is a host with the whole module: accounts with cookies, two issuers that
// share a secret with it, and two that publish keys.
type site struct {
	t       testing.TB
	place   string
	address string
	url     string
	engine  *gin.Engine
	module  *authtodo.Module
	keys    *publisher   // of keysURL
	idp     *publisher   // of oidcURL
	client  *http.Client // for good requests
	log     *journal
	mails   *postman
	ahead   atomic.Int64 // of the clock

	anna, bob string // tokens of two users
	ada       *user  // with an account, or nil
	state     string // of what they have
	looked    int    // how many cases there were
}

// options change those of a module.
type options = func(*authtodo.Options)

// newSite mounts the module on a storage.
func newSite(t testing.TB, place string, backend storage.Backend, change ...options) *site {
	t.Helper()
	s := &site{t: t, place: place, engine: gin.New(), log: &journal{}, mails: &postman{}}
	server := httptest.NewServer(s.engine)
	s.client = server.Client()
	s.url, s.address = server.URL, server.Listener.Addr().String()
	ring := shared.rings()
	s.keys = publish(t, setOf(ring.ed.jwk(), ring.ec.jwk(), ring.rsa.jwk()))
	s.idp = publish(t, setOf(ring.idp.jwk()))
	opts := s.options(backend)
	for _, change := range change {
		change(&opts)
	}
	shared.watch.Keep("a secret of an issuer", plainSecret, strictSecret)
	shared.watch.Keep("the secret of the accounts", accountsSecret)
	module, err := authtodo.Register(s.engine.Group("/api"), opts)
	if err != nil {
		t.Fatal(err)
	}
	s.module = module
	s.engine.GET("/reports", module.Guard(), func(c *gin.Context) { c.String(http.StatusOK, "%s", auth.UserID(c)) })
	t.Cleanup(func() {
		server.Close()
		if err := module.Close(); err != nil {
			t.Error(err)
		}
		shared.watch.See("the log", s.log.all())
	})
	s.anna = mac(hs256, claims(`"sub":"anna"`), plainSecret)
	s.bob = mac(hs256, claims(`"sub":"bob"`), plainSecret)
	s.create(s.anna, "of anna")
	s.create(s.bob, "of bob")
	s.state = s.look(t)
	return s
}

// options are those of the whole module.
func (s *site) options(backend storage.Backend) authtodo.Options {
	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	return authtodo.Options{
		Storage: backend,
		Logger:  slog.New(slog.NewJSONHandler(s.log, level)),
		Timeout: authtodo.MaxTimeout, // no case is about a machine that is slow
		Now:     func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
		Auth: auth.Options{Issuers: []auth.Issuer{
			{Keys: auth.SharedSecret(plainSecret), UserSpace: auth.DefaultSpace},
			{URL: strictURL, Audience: []string{audience}, Keys: auth.SharedSecret(strictSecret), UserSpace: "strict"},
			{URL: keysURL, Audience: []string{audience}, Keys: auth.KeySet(s.keys.URL + "/jwks"), UserSpace: "keys"},
			{URL: oidcURL, Audience: []string{audience}, Keys: auth.OIDCKeySet(s.idp.URL + "/jwks"), UserSpace: "oidc"},
		}},
		Accounts: &accounts.Options{
			BaseURL: s.url, Secret: accountsSecret, UserSpace: "accounts", Mailer: s.mails,
			Limiter: accounts.Unlimited{}, OnEvent: seeEvent,
		},
	}
}

func seeEvent(_ context.Context, e accounts.Event) {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	shared.watch.See("the events", fmt.Sprintf("%s %+v", text, e))
}

// onEachPlace runs a test on every storage.
func onEachPlace(t *testing.T, test func(t *testing.T, s *site)) {
	for name, open := range places() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newSite(t, name, open(t)))
		})
	}
}

// send exchanges one request, and shows the answer to the watch.
func (s *site) send(t testing.TB, r request) answer {
	t.Helper()
	a := exchange(t, s.address, r)
	s.show(r, a)
	return a
}

// create makes a todo.
func (s *site) create(token, title string) (id string) {
	s.t.Helper()
	a := s.send(s.t, ask("POST", "/api/todos").as(token).json(`{"title":`+quote(title)+`}`))
	if a.status != http.StatusCreated {
		s.t.Fatalf("creating a todo: %d %s", a.status, a.body)
	}
	return a.text("id")
}

// look is what anna, bob and ada have, as the module says, each by a request that
// must be served.
func (s *site) look(t testing.TB) string {
	t.Helper()
	anna := []string{"Authorization: Bearer " + s.anna}
	state := s.good(t, "/api/todos", anna) + s.good(t, "/api/todos", []string{"Authorization: Bearer " + s.bob})
	if s.ada != nil {
		for _, path := range []string{"/api/auth/get-session", "/api/auth/list-sessions", "/api/todos"} {
			state += s.good(t, path, s.ada.cookies())
		}
	}
	return state
}

// good sends a request that must be served, over a connection that is kept, and
// returns what came.
func (s *site) good(t testing.TB, path string, fields []string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Set(name, value)
	}
	response, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || string(body) == "null" {
		t.Fatalf("a good request is answered with %d %s, %v", response.StatusCode, body, err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if !strings.Contains(s.state, a.body) { // else it was shown before
		s.show(get(path), a)
	}
	return a.header.Get("ETag") + a.body
}

// user is one with an account, in a browser.
type user struct {
	email, password string
	id              string
	cookie          string // of the session
	device          string
	token           string // of the session, where Better Auth's clients look for it
}

const goodPassword = "Kanarie4 correct horse battery"

// cookies are the header fields of the user's browser.
func (u *user) cookies() []string {
	return []string{
		"Cookie: better-auth.session_token=" + u.cookie + "; better-auth.known_device=" + u.device,
		"Sec-Fetch-Site: same-origin",
	}
}

// signUp makes an account.
func (s *site) signUp(t testing.TB, email string) *user {
	t.Helper()
	shared.watch.Keep("a password", goodPassword)
	body := fmt.Sprintf(`{"name":"Ada","email":%q,"password":%q}`, email, goodPassword)
	a := s.send(t, ask("POST", "/api/auth/sign-up/email").json(body))
	if a.status != http.StatusOK {
		t.Fatalf("sign-up: %d %s", a.status, a.body)
	}
	u := &user{email: email, password: goodPassword, token: a.text("token")}
	u.take(a)
	var shown struct{ User struct{ ID string } }
	if err := json.Unmarshal([]byte(a.body), &shown); err != nil {
		t.Fatal(err)
	}
	u.id = shown.User.ID
	return u
}

// take keeps the cookies of an answer.
func (u *user) take(a answer) {
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		switch strings.TrimPrefix(cookie.Name, "__Secure-") {
		case "better-auth.session_token":
			u.cookie = cookie.Value
		case "better-auth.known_device":
			u.device = cookie.Value
		}
	}
}

// withAda has ada sign up; from then on every case looks after her, too.
func (s *site) withAda() *site {
	s.t.Helper()
	s.ada = s.signUp(s.t, "ada@example.com")
	s.createBy(s.ada, "of ada")
	s.state = s.look(s.t)
	return s
}

// createBy makes a todo of a user with an account.
func (s *site) createBy(u *user, title string) {
	s.t.Helper()
	a := s.send(s.t, ask("POST", "/api/todos", u.cookies()...).json(`{"title":`+quote(title)+`}`))
	if a.status != http.StatusCreated {
		s.t.Fatalf("creating a todo: %d %s", a.status, a.body)
	}
}

// tokens signs a user in without cookies.
func (s *site) tokens(t testing.TB, u *user) (access, refresh string) {
	t.Helper()
	body := fmt.Sprintf(`{"email":%q,"password":%q,"tokens":true}`, u.email, u.password)
	a := s.send(t, ask("POST", "/api/auth/sign-in/email").json(body))
	if a.status != http.StatusOK {
		t.Fatalf("sign-in: %d %s", a.status, a.body)
	}
	if s.ada != nil {
		s.state = s.look(t) // there is one more session
	}
	return a.text("access_token"), a.text("refresh_token")
}

// text is a member of the answer that is a string.
func (a answer) text(name string) string {
	var members map[string]any
	if json.Unmarshal([]byte(a.body), &members) != nil {
		return ""
	}
	text, _ := members[name].(string)
	return text
}

// journal is a log.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) all() string { return j.since(0) }

// since is what was logged after a mark.
func (j *journal) since(mark int) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()[mark:]
}

func (j *journal) mark() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Len()
}

// postman keeps the mails.
type postman struct {
	mu    sync.Mutex
	mails []accounts.Mail
}

func (p *postman) Send(_ context.Context, mail accounts.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, mail)
	if u, err := url.Parse(mail.Link); err == nil && mail.Link != "" {
		shared.watch.Token("a token in a mail", u.Query().Get("token"))
	}
	return nil
}

// all are the mails that were sent so far to an address.
func (p *postman) all(to string) (found []accounts.Mail) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, mail := range p.mails {
		if mail.To == to {
			found = append(found, mail)
		}
	}
	return found
}

// link waits for a mail of a kind, and returns the token in it.
func (p *postman) link(t testing.TB, to string, kind accounts.MailKind) (token string) {
	t.Helper()
	return p.linkAfter(t, to, kind, 0)
}

// linkAfter is link for a mail that comes behind the first n to its address.
func (p *postman) linkAfter(t testing.TB, to string, kind accounts.MailKind, n int) (token string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		mails := p.all(to)
		for i := len(mails) - 1; i >= n; i-- {
			if mails[i].Kind != kind {
				continue
			}
			u, err := url.Parse(mails[i].Link)
			if err != nil {
				t.Fatal(err)
			}
			return u.Query().Get("token")
		}
	}
	t.Fatalf("no mail %s came to %s", kind, to)
	return ""
}

// publisher is where an issuer publishes its keys.
type publisher struct {
	*httptest.Server
	handler atomic.Pointer[http.HandlerFunc]
	asked   atomic.Int64
}

func publish(t testing.TB, set string) *publisher {
	p := &publisher{}
	p.set(set)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		shared.watch.See("requests for key sets", fmt.Sprint(r.URL, r.Header))
		(*p.handler.Load())(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) set(text string) {
	p.handle(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) })
}

func (p *publisher) handle(h http.HandlerFunc) { p.handler.Store(&h) }
