package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

const (
	secret = "p7Qw1zXv9LmT4cRk8NsHb2Yd6JfGu3Ea" // 32 bytes
	other  = "Zr5Vt0Ko2Wq8Bn7Xy4Mf1Cj9Ls6Dh3Gp"
	iss    = "https://app.example.com"
	aud    = "https://api.example.com"

	head = `{"alg":"HS256","typ":"JWT"}`
	exp  = `1795522500` // 15 minutes after at
)

// at is the time that all tests run at.
var at = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// service is a host with one guarded route, which answers who is calling.
type service struct {
	engine *gin.Engine
	log    *records
}

func serve(t testing.TB, opts auth.Options) *service {
	t.Helper()
	s := &service{engine: gin.New(), log: &records{}}
	g, err := auth.New(opts, auth.Deps{
		Logger: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine.GET("/who", g.Handler(), func(c *gin.Context) {
		id, ok := auth.From(c)
		if !ok || auth.UserID(c) != id.UserID {
			t.Errorf("From: %v %v, UserID: %q", id, ok, auth.UserID(c))
		}
		c.JSON(http.StatusOK, who{id.Owner(), id.UserID, id.Email, id.SessionID, id.Issuer, id.ExpiresAt})
	})
	return s
}

// who is the answer of the guarded route.
type who struct {
	Owner, User, Email, Session, Issuer string
	ExpiresAt                           time.Time
}

// get asks who is calling, with the given Authorization fields.
func (s *service) get(authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/who", nil)
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	return s.do(r)
}

func (s *service) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w
}

// accepted is whom a token gets through as.
func (s *service) accepted(t *testing.T, token string) (got who) {
	t.Helper()
	w := s.get("Bearer " + token)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s, want 200; log: %s", w.Code, w.Body, s.log.last())
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

const (
	unauthorized = `{"type":"urn:authtodo:problem:unauthorized","title":"Unauthorized","status":401,` +
		`"detail":"Authentication required","error_code":"AUTH_ERROR",` +
		`"instance":"urn:uuid:X"}`
	invalidToken   = `Bearer error="invalid_token"`
	invalidRequest = `Bearer error="invalid_request"`
)

var instance = regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`)

// refused checks an answer that must be like every other refusal, and that the
// log has one record of it, with the reason and without the credentials.
func (s *service) refused(t *testing.T, w *httptest.ResponseRecorder, challenge, reason string,
	credentials ...string) {
	t.Helper()
	if w.Code != http.StatusUnauthorized {
		t.Fatalf("%d %s, want 401 for %s", w.Code, w.Body, reason)
	}
	body := w.Body.String()
	if got := instance.ReplaceAllString(body, "urn:uuid:X"); got != unauthorized {
		t.Errorf("body %s", got)
	}
	if got := w.Header().Get("WWW-Authenticate"); got != challenge {
		t.Errorf("WWW-Authenticate: %s, want %s", got, challenge)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type: %s", got)
	}
	record, ended := strings.CutSuffix(s.log.last(), "\n")
	if !ended || strings.ContainsFunc(record, isOdd) {
		t.Errorf("the record is not one clean line: %q", record)
	}
	if !strings.Contains(record, instance.FindString(body)) {
		t.Errorf("the record has not the instance of the answer: %s", record)
	}
	if !strings.Contains(record, `"reason":"`+reason+`"`) {
		t.Errorf("the record has not the reason %s: %s", reason, record)
	}
	hides(t, record, credentials...)
}

func isOdd(r rune) bool { return r < ' ' || r == 0x7f }

// hides checks that a record has no secret and no part of the credentials that
// is long enough to be of use.
func hides(t *testing.T, record string, credentials ...string) {
	t.Helper()
	parts := []string{secret, other}
	for _, c := range credentials {
		parts = append(parts, strings.FieldsFunc(c, func(r rune) bool { return r == '.' || r == ' ' })...)
	}
	for _, p := range parts {
		if len(p) > 6 && strings.Contains(record, p) {
			t.Errorf("the record has %q in it: %s", p, record)
		}
	}
}

// records is a log, one record an element.
type records struct {
	mu   sync.Mutex
	list []string
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, string(p))
	return len(p), nil
}

func (r *records) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == 0 {
		return ""
	}
	return r.list[len(r.list)-1]
}

// shared are the options for tokens of one secret without iss and aud.
func shared(current string, previous ...string) auth.Options {
	return auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(current, previous...)}}}
}

// strict are the options for tokens of one secret with iss and aud.
func strict() auth.Options {
	return auth.Options{Issuers: []auth.Issuer{
		{URL: iss, Audience: []string{aud, "todo"}, Keys: auth.SharedSecret(secret)},
	}}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign is a token with exactly this header and these claims, signed with HS256
// whatever the header says.
func sign(header, claims, secret string) string {
	return mac(b64(header)+"."+b64(claims), secret, jwt.SigningMethodHS256)
}

// mac is the signing input with its signature behind it.
func mac(input, secret string, method jwt.SigningMethod) string {
	sig, err := method.Sign(input, []byte(secret))
	if err != nil {
		panic(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// claims is an object with a good exp and these members.
func claims(members string) string {
	return strings.TrimSuffix(`{"exp":`+exp+`,`+members, ",") + `}`
}

// good is a token that the options shared(secret) let through.
func good() string { return sign(head, claims(`"sub":"ada"`), secret) }

func TestIdentity(t *testing.T) {
	t.Parallel()
	s := serve(t, strict())
	got := s.accepted(t, sign(head, claims(`"iss":"`+iss+`","aud":["x","todo"],"sub":"ada",`+
		`"email":"ada@example.com","sid":"s1","iat":1795521600,"nbf":1795521600`), secret))
	want := who{"ada", "ada", "ada@example.com", "s1", iss, at.Add(15 * time.Minute)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNoGuardNoIdentity(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	if id, ok := auth.From(c); ok || id != (auth.Identity{}) || auth.UserID(c) != "" {
		t.Errorf("From: %v %v, UserID: %q", id, ok, auth.UserID(c))
	}
	c.Set("identity", &auth.Identity{UserID: "eve"}) // no key of a host is the guard's
	if got := auth.UserID(c); got != "" {
		t.Errorf("UserID %q", got)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	g, err := auth.New(shared(secret), auth.Deps{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	if id, err := g.Authenticate(c); err == nil {
		t.Errorf("no error without credentials, but %v", id)
	}
	if _, ok := auth.From(c); ok {
		t.Error("an identity without credentials")
	}
	c.Request.Header.Set("Authorization", "Bearer "+good())
	if id, err := g.Authenticate(c); err != nil || id.UserID != "ada" || auth.UserID(c) != "ada" {
		t.Errorf("%v %v", id, err)
	}
}

// TestIdentitiesStayApart asks as many users at once: none may get another's.
func TestIdentitiesStayApart(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	var wg sync.WaitGroup
	for _, user := range []string{"ada", "bob", "cleo", "dan", "eve", "finn", "gus", "hal"} {
		token := sign(head, claims(`"sub":"`+user+`"`), secret)
		wg.Go(func() {
			for range 200 {
				if got := s.get("Bearer " + token).Body.String(); !strings.Contains(got, `"Owner":"`+user+`"`) {
					t.Errorf("%s got %s", user, got)
				}
			}
		})
	}
	wg.Wait()
}

// TestHead: a refusal of HEAD has the header fields of one of GET, and no body.
func TestHead(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	g, _ := auth.New(shared(secret), auth.Deps{Logger: slog.New(slog.DiscardHandler)})
	s.engine.HEAD("/head", g.Handler())
	w := s.do(httptest.NewRequest(http.MethodHead, "/head", nil))
	if w.Code != http.StatusUnauthorized || w.Body.Len() != 0 ||
		w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
}
