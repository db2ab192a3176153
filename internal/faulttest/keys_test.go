package faulttest

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/faultproxy"
	"github.com/authtodo/authtodo/storage/memory"
)

// publisher is an issuer that publishes a key set, and what is between it and the
// module.
type publisher struct {
	t      *testing.T
	proxy  *faultproxy.Proxy
	answer atomic.Pointer[http.HandlerFunc] // instead of the key set
	key    ed25519.PrivateKey
	asked  atomic.Int64
}

const published = "https://issuer.example"

func publish(t *testing.T) *publisher {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{t: t, key: private}
	set := fmt.Sprintf(`{"keys":[{"kid":"one","kty":"OKP","crv":"Ed25519","x":"%s"}]}`,
		base64.RawURLEncoding.EncodeToString(public))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		if answer := p.answer.Load(); answer != nil {
			(*answer)(w, r)
			return
		}
		_, _ = io.WriteString(w, set)
	}))
	t.Cleanup(server.Close)
	p.proxy, err = faultproxy.Listen("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.proxy.Close)
	return p
}

// serve mounts a module that believes the publisher.
func (p *publisher) serve(now func() time.Time) *host {
	return serve(p.t, authtodo.Options{
		Storage: memory.New().Backend(), Now: now,
		Auth: auth.Options{Issuers: []auth.Issuer{{
			URL: published, Audience: []string{"todos"}, Keys: auth.KeySet("http://" + p.proxy.Addr() + "/jwks"),
		}}},
	})
}

// token is one that is good for a week, of a key that is called kid.
func (p *publisher) token(kid string) string {
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"sub": "anna", "iss": published, "aud": "todos", "exp": time.Now().Add(7 * 24 * time.Hour).Unix(),
	})
	token.Header["kid"] = kid
	text, err := token.SignedString(p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// keyFaults are what befalls a publisher.
func keyFaults() map[string]func(p *publisher) {
	network := func(fault faultproxy.Fault) func(p *publisher) {
		return func(p *publisher) { disturb(p.t, p.proxy, fault, 0) }
	}
	answers := func(status int, body string) func(p *publisher) {
		return func(p *publisher) {
			answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
			p.answer.Store(&answer)
		}
	}
	return map[string]func(p *publisher){
		"down":           network(faultproxy.Refuse),
		"reset":          network(faultproxy.Reset),
		"silent":         network(faultproxy.BlackHole),
		"broken":         answers(500, "<h1>Internal Server Error</h1>"),
		"a page":         answers(200, "<!doctype html><title>Sign in</title>"),
		"noise":          answers(200, "\x00\xff\xfe{\x1b[2J"),
		"half a set":     answers(200, `{"keys":[{"kid":"one","kty":"OKP","crv":"Ed25519","x":"AAAA`),
		"no set":         answers(200, `null`),
		"deep":           answers(200, strings.Repeat(`{"keys":[`, 50_000)),
		"more than a MB": answers(200, `{"keys":[]}`+strings.Repeat(" ", 2<<20)),
	}
}

func (p *publisher) heal() {
	disturb(p.t, p.proxy, faultproxy.Pass, 0)
	p.answer.Store(nil)
}

// TestKeys has every fault before the first fetch and after it.
func TestKeys(t *testing.T) {
	leavesNothing(t, "keys", func(t *testing.T) {
		for name, fault := range keyFaults() {
			t.Run("none are known, "+name, func(t *testing.T) {
				t.Parallel()
				neverFetched(t, fault)
			})
			t.Run("one is known, "+name, func(t *testing.T) {
				t.Parallel()
				fetchedBefore(t, fault)
			})
		}
	})
}

// TestSlowKeys: who comes first waits, and then all go on.
func TestSlowKeys(t *testing.T) {
	leavesNothing(t, "keys", func(t *testing.T) {
		p := publish(t)
		h := p.serve(stopped().now)
		disturb(t, p.proxy, faultproxy.Pass, 200*time.Millisecond)
		anna := h.with(p.token("one"))
		var wait sync.WaitGroup
		for range 40 {
			wait.Go(func() { anna.send(t.Context(), "GET", "/api/todos", "").is(t, 200) })
		}
		wait.Wait()
		if n := p.asked.Load(); n != 1 {
			t.Errorf("the publisher was asked %d times", n)
		}
	})
}

// neverFetched: nobody is let in and nobody is told that the token is bad, and the
// publisher is asked once for all who wait.
func neverFetched(t *testing.T, fault func(*publisher)) {
	now := stopped()
	p := publish(t)
	h := p.serve(now.now)
	fault(p)
	anna := h.with(p.token("one"))
	waits := make([]int, 40)
	var wait sync.WaitGroup
	for i := range waits {
		wait.Go(func() {
			a := anna.send(t.Context(), "GET", "/api/todos", "").isUnavailable(t)
			waits[i], _ = strconv.Atoi(a.header.Get("Retry-After"))
		})
	}
	wait.Wait()
	if n := p.asked.Load(); n > 1 {
		t.Errorf("the publisher was asked %d times", n)
	}
	h.with("x.y.z").send(t.Context(), "GET", "/api/todos", "").is(t, 401) // needs no key
	p.heal()
	now.pass(time.Duration(slices.Max(waits)) * time.Second)
	anna.send(t.Context(), "GET", "/api/todos", "").is(t, 200)
	anna.create(t.Context(), "made afterwards", "").is(t, 201)
}

// fetchedBefore: who has a key that is known does not notice, for a day.
func fetchedBefore(t *testing.T, fault func(*publisher)) {
	now := stopped()
	p := publish(t)
	h := p.serve(now.now)
	anna, other := h.with(p.token("one")), h.with(p.token("two"))
	list := func(c *client) answer { return c.send(t.Context(), "GET", "/api/todos", "") }
	list(anna).is(t, 200)
	list(other).is(t, 401) // there is no such key, says one who was just asked
	fault(p)
	list(anna).is(t, 200)
	now.pass(-24 * time.Hour) // it was fetched in what is the future now
	list(anna).is(t, 200)
	now.pass(24*time.Hour + 20*time.Minute) // the set is renewed beside this request
	list(anna).is(t, 200)
	now.pass(40 * time.Minute) // this one waits for that
	list(anna).is(t, 200)
	list(other).isUnavailable(t) // there may be such a key by now
	now.pass(22 * time.Hour)
	list(anna).is(t, 200)
	now.pass(2 * time.Hour)
	a := list(anna).isUnavailable(t)
	p.heal()
	seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
	now.pass(time.Duration(seconds) * time.Second)
	list(anna).is(t, 200)
	now.pass(10 * time.Second)
	list(other).is(t, 401)
}
