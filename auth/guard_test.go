package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
)

// at is the time that all tests run at.
var at = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// service is a host with one guarded route, which answers who is calling.
type service struct {
	t      testing.TB
	engine *gin.Engine
	log    *records
}

func serve(t testing.TB, opts auth.Options) *service {
	t.Helper()
	s := &service{t: t, engine: gin.New(), log: &records{}}
	g, err := auth.New(opts, auth.Deps{
		Logger: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine.GET("/who", g.Handler(), func(c *gin.Context) {
		id, _ := auth.From(c)
		c.JSON(http.StatusOK, gin.H{"owner": id.Owner(), "user": auth.UserID(c), "email": id.Email,
			"sid": id.SessionID, "iss": id.Issuer, "exp": id.ExpiresAt})
	})
	return s
}

// get asks who is calling, with the given Authorization fields.
func (s *service) get(authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/who", nil)
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w
}

// user is the owner that a token gets through as.
func (s *service) user(token string) string {
	s.t.Helper()
	w := s.get("Bearer " + token)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%d %s, want 200; log: %s", w.Code, w.Body, s.log.last())
	}
	var who struct{ Owner string }
	if err := json.Unmarshal(w.Body.Bytes(), &who); err != nil {
		s.t.Fatal(err)
	}
	return who.Owner
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

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign is a token with exactly this header and these claims, signed with HS256
// whatever the header says.
func sign(header, claims, secret string) string {
	input := b64(header) + "." + b64(claims)
	sig, err := jwt.SigningMethodHS256.Sign(input, []byte(secret))
	if err != nil {
		panic(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(sig)
}

const (
	head = `{"alg":"HS256","typ":"JWT"}`
	exp  = `1795522500` // 15 minutes after at
)

// claims is an object with a good exp and these members.
func claims(members string) string {
	return strings.TrimSuffix(`{"exp":`+exp+`,`+members, ",") + `}`
}

func TestGoodTokens(t *testing.T) {
	s := serve(t, shared(secret))
	if got := s.user(sign(head, claims(`"sub":"ada"`), secret)); got != "ada" {
		t.Errorf("owner %q", got)
	}
	w := s.get()
	if w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Error(w.Code, w.Header())
	}
	t.Log(w.Body, s.log.last())
	w = s.get("Bearer " + sign(head, claims(`"sub":"ada"`), other))
	t.Log(w.Body, w.Header(), s.log.last())
}
