package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

const (
	appURL      = "https://app.example.com"
	appAudience = "https://api.example.com"
)

// pair is a key pair of an issuer.
type pair struct {
	kid, alg string
	private  crypto.Signer
}

// rsaKeys are made once: they take long.
var rsaKeys sync.Map // of bits

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	once, _ := rsaKeys.LoadOrStore(bits, sync.OnceValues(func() (*rsa.PrivateKey, error) {
		return rsa.GenerateKey(rand.Reader, bits)
	}))
	key, err := once.(func() (*rsa.PrivateKey, error))()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newPair(t testing.TB, alg, kid string) *pair {
	t.Helper()
	p := &pair{kid: kid, alg: alg}
	var err error
	switch alg {
	case "EdDSA", "Ed25519":
		_, p.private, err = ed25519.GenerateKey(rand.Reader)
	case "ES256":
		p.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		p.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		p.private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	default:
		p.private = rsaKey(t, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk is the public key as JSON, with more members, each as "name":value.
func (p *pair) jwk(more ...string) string {
	var members []string
	switch public := p.private.Public().(type) {
	case ed25519.PublicKey:
		members = append(members, `"kty":"OKP"`, `"crv":"Ed25519"`, `"x":"`+b64(public)+`"`)
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		members = append(members, `"kty":"EC"`, `"crv":"`+public.Params().Name+`"`,
			`"x":"`+b64(point[1:1+half])+`"`, `"y":"`+b64(point[1+half:])+`"`)
	case *rsa.PublicKey:
		members = append(members, `"kty":"RSA"`, `"n":"`+b64(public.N.Bytes())+`"`,
			`"e":"`+b64(big.NewInt(int64(public.E)).Bytes())+`"`)
	}
	if p.kid != "" {
		members = append(members, `"kid":"`+p.kid+`"`)
	}
	return "{" + strings.Join(append(members, more...), ",") + "}"
}

// named is jwk with the algorithm.
func (p *pair) named() string { return p.jwk(`"alg":"` + p.alg + `"`) }

// sign is a token of any header and claims.
func (p *pair) sign(head, claims string) string {
	input := b64([]byte(head)) + "." + b64([]byte(claims))
	alg := p.alg
	if alg == "Ed25519" {
		alg = "EdDSA"
	}
	signature, err := jwt.GetSigningMethod(alg).Sign(input, p.private)
	if err != nil {
		panic(err)
	}
	return input + "." + b64(signature)
}

// token is a good one of appURL for the user, at any time.
func (p *pair) token(user string) string { return p.tokenOf(appURL, user) }

func (p *pair) tokenOf(issuer, user string) string {
	return p.sign(`{"alg":"`+p.alg+`","kid":"`+p.kid+`"}`, claimsOf(issuer, user))
}

func claimsOf(issuer, user string) string {
	return fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":%q,"exp":99999999999}`, issuer, appAudience, user)
}

// publisher is where an issuer publishes its keys.
type publisher struct {
	*httptest.Server
	fetches atomic.Int64
	handler atomic.Pointer[http.HandlerFunc]
}

func newPublisher(t testing.TB, keys ...string) *publisher {
	p := &publisher{}
	p.publish(keys...)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetches.Add(1)
		(*p.handler.Load())(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func setOf(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

func (p *publisher) publish(keys ...string) { p.answer(200, setOf(keys...)) }

func (p *publisher) answer(status int, body string) {
	p.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	})
}

func (p *publisher) handle(h http.HandlerFunc) { p.handler.Store(&h) }

// fetched fails if there were not n fetches so far.
func (p *publisher) fetched(t testing.TB, n int64) {
	t.Helper()
	if got := p.fetches.Load(); got != n {
		t.Errorf("%d fetches, want %d", got, n)
	}
}

// settable is a clock that stands still until it is moved.
type settable struct{ offset atomic.Int64 }

func (c *settable) now() time.Time {
	return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Add(time.Duration(c.offset.Load()))
}

func (c *settable) pass(d time.Duration) { c.offset.Add(int64(d)) }

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(s string) int { return strings.Count(l.String(), s) }

// host is a service behind a guard.
type host struct {
	*Guard
	engine *gin.Engine
	clock  *settable
	log    *lines
}

func newHost(t testing.TB, opts Options) *host {
	t.Helper()
	h := &host{engine: gin.New(), clock: &settable{}, log: &lines{}}
	var err error
	h.Guard, err = New(opts, Deps{
		Logger: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    h.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	h.paced(func(p *pace) { p.limit = 2 * time.Minute }) // no test goes by how fast the machine is
	h.engine.GET("/", h.Handler(), func(c *gin.Context) {
		id, _ := From(c)
		c.String(http.StatusOK, id.Owner())
	})
	return h
}

// app is an issuer with the keys of a publisher.
func app(p *publisher) Issuer {
	return Issuer{URL: appURL, Audience: []string{appAudience}, Keys: KeySet(p.URL + "/api/auth/jwks")}
}

func hostOf(t testing.TB, issuers ...Issuer) *host { return newHost(t, Options{Issuers: issuers}) }

func (h *host) get(token string) *httptest.ResponseRecorder {
	return h.do(httptest.NewRequest(http.MethodGet, "/", nil), token)
}

func (h *host) do(r *http.Request, token string) *httptest.ResponseRecorder {
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.engine.ServeHTTP(w, r)
	return w
}

// want fails unless the token is answered so.
func (h *host) want(t testing.TB, status int, token string) *httptest.ResponseRecorder {
	t.Helper()
	w := h.get(token)
	if w.Code != status {
		t.Errorf("%d, want %d; log: %s", w.Code, status, last(h.log.String()))
	}
	if after := w.Header().Get("Retry-After"); (after != "") != (w.Code == 503) {
		t.Errorf("Retry-After of %d is %q", w.Code, after)
	}
	return w
}

func last(log string) string {
	log = strings.TrimSpace(log)
	return log[strings.LastIndexByte(log, '\n')+1:]
}

// eventually fails unless what becomes true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
