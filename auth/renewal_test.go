package auth

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (h *host) paced(change func(*pace)) *host {
	for _, set := range h.sets {
		change(&set.pace)
	}
	return h
}

// TestLazy: nothing is fetched before a token needs it.
func TestLazy(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	for _, token := range []string{"", "x", "x.y.z", p.tokenOf("https://evil", "a"), macOf("x", `{"alg":"HS256"}`, claimsOf(appURL, "a"))} {
		h.want(t, 401, token)
	}
	keys.fetched(t, 0)
	h.want(t, 200, p.token("ada"))
	for range 100 {
		h.want(t, 200, p.token("ada"))
	}
	keys.fetched(t, 1)
}

// TestRequest: what the issuer is asked.
func TestRequest(t *testing.T) {
	t.Parallel()
	keys := newPublisher(t)
	asked := make(chan *http.Request, 1)
	keys.handle(func(w http.ResponseWriter, r *http.Request) { asked <- r; w.Write([]byte(setOf())) })
	hostOf(t, app(keys)).want(t, 401, newPair(t, "EdDSA", "k").token("ada"))
	r := <-asked
	if r.Method != "GET" || !r.Close || len(r.Header) != 3 || r.Header.Get("User-Agent") != "authtodo" ||
		r.Header.Get("Accept") == "" || r.URL.String() != "/api/auth/jwks" {
		t.Errorf("%v %v", r.URL, r.Header)
	}
}

// TestFirstRequests: many at once are one fetch.
func TestFirstRequests(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t)
	all := make(chan struct{})
	keys.handle(func(w http.ResponseWriter, _ *http.Request) { <-all; w.Write([]byte(setOf(p.named()))) })
	h := hostOf(t, app(keys))
	token := p.token("ada")
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() { h.want(t, 200, token) })
	}
	eventually(t, "64 wait", func() bool { return h.sets[0].waiting.Load() == 64 })
	close(all)
	wg.Wait()
	keys.fetched(t, 1)
	if n := h.sets[0].waiting.Load(); n != 0 {
		t.Errorf("%d wait still", n)
	}
}

// TestRotationOfKeys: the first token of a new key is accepted, and so are those
// of the old one as long as it is published.
func TestRotationOfKeys(t *testing.T) {
	t.Parallel()
	older, newer := newPair(t, "EdDSA", "1"), newPair(t, "ES256", "2")
	keys := newPublisher(t, older.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, older.token("ada"))
	keys.publish(older.named(), newer.named())
	h.want(t, 200, newer.token("ada")) // at once: no other key was asked for
	h.want(t, 200, older.token("ada"))
	keys.fetched(t, 2)
	if h.log.count("key set fetched") != 2 {
		t.Error(h.log)
	}
}

// TestFirstUseRace: Better Auth makes its key when it signs the first token. A
// set that was fetched before then costs that token nothing.
func TestFirstUseRace(t *testing.T) {
	t.Parallel()
	keys := newPublisher(t)
	h := hostOf(t, app(keys))
	h.want(t, 401, newPair(t, "EdDSA", "old").token("ada"))
	p := newPair(t, "EdDSA", "first")
	keys.publish(p.named())
	h.want(t, 200, p.token("ada"))
	keys.fetched(t, 2)
}

// TestInventedKids: with tokens of invented kids all the time, a key that is
// really new is accepted within 10 seconds, known keys are throughout, and there
// is one fetch in 10 seconds.
func TestInventedKids(t *testing.T) {
	t.Parallel()
	older, newer, eve := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2"), newPair(t, "EdDSA", "")
	keys := newPublisher(t, older.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, older.token("ada"))
	flood := func() {
		for i := range 20 {
			eve.kid = fmt.Sprint("junk", h.clock.now().UnixNano(), i)
			h.want(t, 401, eve.token("ada"))
		}
		h.want(t, 200, older.token("ada"))
	}
	flood()
	keys.fetched(t, 2) // the first use, and one for all of the flood
	keys.publish(older.named(), newer.named())
	h.want(t, 401, newer.token("ada"))
	for range 99 {
		h.clock.pass(100 * time.Millisecond)
		flood()
		h.want(t, 401, newer.token("ada"))
	}
	keys.fetched(t, 2)
	h.clock.pass(100 * time.Millisecond) // 10 s since
	h.want(t, 200, newer.token("ada"))
	keys.fetched(t, 3)
	for range 6 { // a minute more
		h.clock.pass(10 * time.Second)
		flood()
	}
	keys.fetched(t, 9)
}

// TestFlood is the same against real time, with a hundredth of it, from several
// connections at once.
func TestFlood(t *testing.T) {
	t.Parallel()
	older, newer := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2")
	keys := newPublisher(t, older.named())
	h := hostOf(t, app(keys)).paced(func(p *pace) { p.unknown = 200 * time.Millisecond })
	h.sets[0].now = time.Now
	h.want(t, 200, older.token("ada"))
	stop := make(chan struct{})
	var junk, known atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		eve := newPair(t, "EdDSA", "")
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				eve.kid = fmt.Sprint("junk", i, "-", n)
				h.want(t, 401, eve.token("ada"))
				junk.Add(1)
				h.want(t, 200, older.token("ada"))
				known.Add(1)
			}
		})
	}
	begin := time.Now()
	var waits []time.Duration
	for i := range 5 {
		time.Sleep(150 * time.Millisecond)
		newer.kid = fmt.Sprint("rotated", i)
		keys.publish(older.named(), newer.named())
		rotated := time.Now()
		eventually(t, "the new key is accepted", func() bool { return h.get(newer.token("ada")).Code == 200 })
		waits = append(waits, time.Since(rotated))
	}
	close(stop)
	wg.Wait()
	took := time.Since(begin)
	most := int64(took/(200*time.Millisecond)) + 2
	if n := keys.fetches.Load(); n > most {
		t.Errorf("%d fetches in %v, want at most %d", n, took, most)
	}
	t.Logf("%v: %d invented kids refused, %d known accepted, %d fetches (one in 200 ms allowed); "+
		"a rotated key waited %v at most", took, junk.Load(), known.Load(), keys.fetches.Load(), slices.Max(waits))
	slices.Sort(waits)
	if usual := waits[len(waits)/2]; usual > 200*time.Millisecond+2*time.Second { // the allowance is for a busy machine
		t.Errorf("rotated keys waited %v", usual)
	}
	if longest := waits[len(waits)-1]; longest > 10*time.Second { // which is what is promised
		t.Errorf("a rotated key waited %v", longest)
	}
}

// TestInventedKeyless is TestInventedKids for tokens without a kid.
func TestInventedKeyless(t *testing.T) {
	t.Parallel()
	older, newer := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2")
	keys := newPublisher(t, older.named())
	iss := app(keys)
	iss.Keys = OIDCKeySet(keys.URL)
	h := hostOf(t, iss)
	bare := func(p *pair) string { return p.sign(`{"alg":"EdDSA"}`, claimsOf(appURL, "ada")) }
	h.want(t, 200, bare(older))
	for range 20 {
		h.want(t, 401, bare(newPair(t, "EdDSA", "")))
	}
	keys.fetched(t, 2)
	keys.publish(newer.named())
	h.want(t, 401, bare(newer))
	h.clock.pass(10 * time.Second)
	h.want(t, 200, bare(newer))
	keys.fetched(t, 3)
}

// TestWithdrawn: a key that is not published any more is refused after the next
// renewal, which does not make the request wait that finds the set old.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	p, other := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2")
	for name, left := range map[string][]string{"other keys": {other.named()}, "none": nil} {
		keys := newPublisher(t, p.named(), other.named())
		h := hostOf(t, app(keys))
		h.want(t, 200, p.token("ada"))
		keys.publish(left...)
		h.clock.pass(15*time.Minute - 1)
		h.want(t, 200, p.token("ada"))
		keys.fetched(t, 1)
		h.clock.pass(1)
		h.want(t, 200, p.token("ada")) // served from the old set
		eventually(t, "renewed", func() bool { return len(h.sets[0].current.Load().keys) == len(left) })
		h.want(t, 401, p.token("ada"))
		if got := keys.fetches.Load(); got != 3 { // and one to look for the key
			t.Errorf("%s: %d fetches", name, got)
		}
	}
}

// TestWithdrawnOvernight: without requests nothing is renewed. The first one
// after a long time waits for the renewal.
func TestWithdrawnOvernight(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "1")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, p.token("ada"))
	keys.publish()
	h.clock.pass(12 * time.Hour)
	h.want(t, 401, p.token("ada"))
}

// TestRenewalDoesNotWait: while a renewal hangs, requests are served.
func TestRenewalDoesNotWait(t *testing.T) {
	t.Parallel()
	p, eve := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, p.token("ada"))
	release := make(chan struct{})
	keys.handle(func(w http.ResponseWriter, _ *http.Request) { <-release; w.Write([]byte(setOf(p.named()))) })
	defer close(release)
	for _, age := range []time.Duration{time.Minute, 15 * time.Minute} { // by an unknown kid, by age
		h.clock.pass(age)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		h.do(httptest.NewRequestWithContext(ctx, "GET", "/", nil), eve.token("eve")) // begins one and goes
		cancel()
		begin := time.Now()
		for range 100 {
			h.want(t, 200, p.token("ada"))
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%v for 100 requests", took)
		}
	}
	eventually(t, "it has been asked for", func() bool { return keys.fetches.Load() >= 2 })
	keys.fetched(t, 2)
}

// TestOutageDoesNotWait: with an old set and an issuer that hangs, one renewal is
// waited for, and none after it has failed.
func TestOutageDoesNotWait(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, p.token("ada"))
	keys.answer(500, "")
	h.clock.pass(time.Hour)
	h.want(t, 200, p.token("ada"))
	keys.fetched(t, 2)
	hang := make(chan struct{})
	keys.handle(func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	h.clock.pass(time.Minute)
	h.want(t, 200, p.token("ada")) // begins one
	if !h.flying() || h.sets[0].waiting.Load() != 0 {
		t.Error("nothing is under way")
	}
}

// TestOutageAtFirst: a service that never saw a key cannot say that a token is
// bad.
func TestOutageAtFirst(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t)
	keys.answer(500, "secret of the issuer")
	h := hostOf(t, app(keys))
	var waits []string
	for range 8 {
		w := h.want(t, 503, p.token("ada"))
		if strings.Contains(w.Body.String(), "answer") || strings.Contains(w.Body.String(), "secret") {
			t.Error(w.Body)
		}
		before := keys.fetches.Load()
		h.want(t, 503, p.token("bob")) // not yet again
		keys.fetched(t, before)
		waits = append(waits, w.Header().Get("Retry-After"))
		h.clock.pass(duration(t, w.Header().Get("Retry-After")+"s"))
	}
	if got := strings.Join(waits, " "); got != "1 2 4 8 16 32 60 60" {
		t.Errorf("waits %s", got)
	}
	if n := h.log.count("key set cannot be fetched"); n != 8 || h.log.count("secret of") != 0 {
		t.Errorf("%d records: %s", n, h.log)
	}
	keys.publish(p.named())
	h.want(t, 200, p.token("ada"))
}

// TestOutageLater: the last set serves for a day, and no longer.
func TestOutageLater(t *testing.T) {
	t.Parallel()
	p, unknown := newPair(t, "EdDSA", "k"), newPair(t, "EdDSA", "new")
	for _, maxStale := range []time.Duration{0, time.Hour} {
		bound := maxStale
		if bound == 0 {
			bound = 24 * time.Hour
		}
		keys := newPublisher(t, p.named())
		h := newHost(t, Options{Issuers: []Issuer{app(keys)}, MaxStale: maxStale})
		h.want(t, 200, p.token("ada"))
		keys.CloseClientConnections()
		keys.answer(503, "")
		for h.clock.now().Add(10*time.Minute).Sub(new(settable).now()) < bound {
			h.clock.pass(10 * time.Minute)
			h.want(t, 200, p.token("ada"))
			eventually(t, "no flight", func() bool { return !h.flying() })
		}
		h.want(t, 503, unknown.token("ada")) // nobody can tell
		h.clock.pass(bound - h.clock.now().Sub(new(settable).now()))
		h.want(t, 503, p.token("ada"))
		keys.publish(p.named())
		h.clock.pass(time.Minute)
		h.want(t, 200, p.token("ada"))
		h.want(t, 401, unknown.token("ada"))
		if h.log.count(`"serving":"the set of`) == 0 || h.log.count(`"serving":"nothing`) == 0 {
			t.Error(h.log)
		}
	}
}

func (h *host) flying() bool {
	r := h.sets[0].renewal
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flight != nil
}

// TestSlowly: an issuer that says when to come back is left alone until then,
// but no longer than a minute.
func TestSlowly(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	for field, want := range map[string]string{
		"Retry-After: 7": "7", "X-Retry-After: 9": "9", "Retry-After: 86400": "60", "Retry-After: 0": "1",
		"Retry-After: soon": "1", "Retry-After: -5": "1", "Retry-After: 99999999999999999999": "1",
	} {
		keys := newPublisher(t)
		name, value, _ := strings.Cut(field, ": ")
		keys.handle(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(name, value); w.WriteHeader(429) })
		h := hostOf(t, app(keys))
		if got := h.want(t, 503, p.token("ada")).Header().Get("Retry-After"); got != want {
			t.Errorf("%s: %s", field, got)
		}
	}
}

// TestBadAnswers: all of them are 503 when no set is there, leave one that is
// there as it is, and put nothing of theirs into the log or the answer.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	good := setOf(p.named())
	trap := newPublisher(t, p.named())
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); w.Write([]byte(body)) }
	}
	redirect := func(status int, to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/moved" {
				w.Write([]byte(good))
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		}
	}
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Write([]byte(text))
				conn.Close()
			}
		}
	}
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	zip.Write([]byte(good[:len(good)-1]))
	for range 16 {
		zip.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	zip.Write([]byte("}"))
	zip.Close()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		hint    string
	}{
		"301":            {redirect(301, trap.URL), "the answer is 301; redirects are not followed"},
		"302 here":       {redirect(302, "/moved"), "redirects are not followed"},
		"307":            {redirect(307, trap.URL), "redirects are not followed"},
		"308":            {redirect(308, trap.URL), "redirects are not followed"},
		"201":            {answer(201, good), "the answer is 201"},
		"204":            {answer(204, ""), "the answer is 204"},
		"206":            {answer(206, good), "the answer is 206"},
		"401":            {answer(401, good), "the answer is 401"},
		"404":            {answer(404, good), "the answer is 404"},
		"429":            {answer(429, good), "the answer is 429"},
		"500":            {answer(500, good), "the answer is 500"},
		"empty":          {answer(200, ""), "no JSON object"},
		"a page":         {answer(200, "<!doctype html><script>\x1b[31m</script>"), "no JSON object"},
		"an array":       {answer(200, "["+p.named()+"]"), "no JSON object"},
		"an error":       {answer(200, `{"error":"\u001b[31m"}`), "no JSON object"},
		"1 MiB and more": {answer(200, good+strings.Repeat(" ", 1<<20)), "longer than 1048576 bytes"},
		"bomb": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}, "no JSON object"},
		"cut off":          {raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + good), "unexpected EOF"},
		"no HTTP":          {raw("\x00\x1b[31mSSH-2.0\r\n\r\n"), "malformed HTTP response"},
		"header injection": {raw("HTTP/1.1 200 OK\r\n\x1b[31m: x\r\n\r\n"), "malformed"},
		"long header":      {raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n" + good), "header"},
		"nothing":          {raw(""), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			keys := newPublisher(t)
			keys.handle(test.handler)
			h := hostOf(t, app(keys))
			h.want(t, 503, p.token("ada"))
			if h.log.count(test.hint) == 0 || h.log.count(`\u001b`) != 0 || h.log.count("script") != 0 {
				t.Error(h.log)
			}
			keys.publish(p.named())
			h.clock.pass(time.Minute)
			h.want(t, 200, p.token("ada"))
			keys.handle(test.handler)
			h.clock.pass(20 * time.Minute)
			h.want(t, 200, p.token("ada"))
			eventually(t, "no flight", func() bool { return !h.flying() })
			h.want(t, 200, p.token("ada"))
		})
	}
	trap.fetched(t, 0)
}

// TestSlowAnswers: of an issuer that takes its time with the header or the body.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	for _, first := range []string{"", `{"keys":[`} {
		keys := newPublisher(t)
		end := make(chan struct{})
		keys.handle(func(w http.ResponseWriter, r *http.Request) {
			if first != "" {
				w.Write([]byte(first))
				http.NewResponseController(w).Flush()
			}
			<-end
		})
		h := hostOf(t, app(keys)).paced(func(p *pace) { p.limit = 50 * time.Millisecond })
		begin := time.Now()
		h.want(t, 503, p.token("ada"))
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%v", took)
		}
		if h.log.count("no answer in time") == 0 {
			t.Error(h.log)
		}
		close(end)
	}
}

// TestDown: nobody listens.
func TestDown(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t)
	keys.Close()
	h := hostOf(t, app(keys))
	h.want(t, 503, p.token("ada"))
	if h.log.count("connection refused") == 0 {
		t.Error(h.log)
	}
}

// TestUntrusted: a certificate that nobody vouches for.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(setOf(p.named())))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	h := hostOf(t, Issuer{URL: appURL, Audience: []string{appAudience}, Keys: KeySet(server.URL)})
	h.want(t, 503, p.token("ada"))
	if h.log.count("certificate signed by unknown authority") == 0 {
		t.Error(h.log)
	}
}

// TestCrowd: there is room for so many that wait.
func TestCrowd(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t)
	release := make(chan struct{})
	keys.handle(func(w http.ResponseWriter, _ *http.Request) { <-release; w.Write([]byte(setOf(p.named()))) })
	h := hostOf(t, app(keys))
	var wg sync.WaitGroup
	token := p.token("ada")
	for range 256 {
		wg.Go(func() { h.want(t, 200, token) })
	}
	eventually(t, "256 wait", func() bool { return h.sets[0].waiting.Load() == 256 })
	begin := time.Now()
	for range 10 {
		h.want(t, 503, token)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("the others waited %v", took)
	}
	close(release)
	wg.Wait()
	h.want(t, 200, token)
	keys.fetched(t, 1)
}

// TestGoneWhileWaiting: a client that goes takes nobody with it.
func TestGoneWhileWaiting(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t)
	release := make(chan struct{})
	keys.handle(func(w http.ResponseWriter, _ *http.Request) { <-release; w.Write([]byte(setOf(p.named()))) })
	h := hostOf(t, app(keys))
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan int)
	go func() {
		gone <- h.do(httptest.NewRequestWithContext(ctx, "GET", "/", nil), p.token("ada")).Code
	}()
	eventually(t, "one waits", func() bool { return h.sets[0].waiting.Load() == 1 })
	stays := make(chan int)
	go func() { stays <- h.get(p.token("bob")).Code }()
	eventually(t, "two wait", func() bool { return h.sets[0].waiting.Load() == 2 })
	cancel()
	if code := <-gone; code != 503 {
		t.Errorf("the one that went got %d", code)
	}
	close(release)
	if code := <-stays; code != 200 {
		t.Errorf("the one that stayed got %d", code)
	}
	keys.fetched(t, 1)
}

// TestClose: what is there serves on, nothing is fetched, nobody is left.
func TestClose(t *testing.T) {
	p, newer := newPair(t, "EdDSA", "k"), newPair(t, "EdDSA", "new")
	before := runtime.NumGoroutine()
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, p.token("ada"))
	hang := make(chan struct{})
	keys.handle(func(http.ResponseWriter, *http.Request) { <-hang })
	waiting := make(chan int)
	go func() { waiting <- h.get(newer.token("ada")).Code }()
	eventually(t, "one waits", func() bool { return h.sets[0].waiting.Load() == 1 && keys.fetches.Load() == 2 })
	begin := time.Now()
	for range 2 {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("closing took %v", took)
	}
	if code := <-waiting; code != 503 {
		t.Errorf("who waited got %d", code)
	}
	h.want(t, 200, p.token("ada"))
	h.want(t, 503, newer.token("ada"))
	h.clock.pass(20 * time.Minute)
	h.want(t, 200, p.token("ada"))
	h.clock.pass(24 * time.Hour)
	h.want(t, 503, p.token("ada"))
	keys.fetched(t, 2)
	if n := h.sets[0].begun.Load(); n != 2 {
		t.Errorf("%d fetches were begun", n)
	}
	close(hang)
	keys.Close()
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	if h.log.count("cannot be fetched") != 0 {
		t.Errorf("closing is told as a failure: %s", h.log)
	}
}

// TestCloseWaits: for what is under way.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	h := hostOf(t, app(newPublisher(t)))
	var ended atomic.Bool
	h.sets[0].fetch = func(ctx context.Context) ([]byte, error) {
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond)
		ended.Store(true)
		return nil, ctx.Err()
	}
	go h.get(newPair(t, "EdDSA", "k").token("ada"))
	eventually(t, "a fetch is under way", h.flying)
	h.Close()
	if !ended.Load() {
		t.Error("the fetch is under way still")
	}
}

// TestCloseUnderLoad: with the race detector.
func TestCloseUnderLoad(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				h.clock.pass(time.Minute)
				if code := h.get(p.token("ada")).Code; code != 200 && code != 503 {
					t.Errorf("%d", code)
				}
			}
		})
	}
	wg.Go(func() { h.Close() })
	wg.Wait()
}

// TestClockBackwards: a clock that was put back does not keep a set for ever.
func TestClockBackwards(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	h.want(t, 200, p.token("ada"))
	h.clock.pass(-time.Hour)
	keys.publish()
	h.want(t, 200, p.token("ada"))
	eventually(t, "renewed", func() bool { return len(h.sets[0].current.Load().keys) == 0 })

	keys.answer(500, "")
	h = hostOf(t, app(keys))
	h.want(t, 503, p.token("ada"))
	keys.publish(p.named())
	h.clock.pass(-time.Hour) // no reason to wait an hour for the next fetch
	h.want(t, 200, p.token("ada"))
}

// TestPanicWhileFetching ends no process.
func TestPanicWhileFetching(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	h := hostOf(t, app(newPublisher(t)))
	h.sets[0].fetch = func(context.Context) ([]byte, error) { panic("odd") }
	h.want(t, 503, p.token("ada"))
	if h.log.count("a panic over what was fetched") == 0 {
		t.Error(h.log)
	}
}

// TestOddKeysAreSaidOnce: and cost the others nothing.
func TestOddKeysAreSaidOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	odd := []string{`{"kty":"AKP","kid":"post\u202equantum"}`, newPair(t, "RS256", "rsa").jwk(`"alg":"RS512"`)}
	keys := newPublisher(t, append(odd, p.named())...)
	h := hostOf(t, app(keys))
	for range 5 {
		h.want(t, 200, p.token("ada"))
		h.want(t, 401, newPair(t, "EdDSA", "unknown").token("ada"))
		h.clock.pass(10 * time.Second)
	}
	keys.fetched(t, 6)
	if h.log.count("passed_over") != 1 || h.log.count(`post\\u202equantum`) != 1 || h.log.count("\u202e") != 0 {
		t.Error(h.log)
	}
	for i := range 90 { // a record has its limits
		odd = append(odd, fmt.Sprintf(`{"kty":"AKP","kid":"%d%s"}`, i, strings.Repeat("k", 200)))
	}
	keys.publish(append(odd, p.named())...)
	h.want(t, 401, newPair(t, "EdDSA", "unknown").token("ada"))
	eventually(t, "said", func() bool { return h.log.count("passed_over") == 2 })
	var many []string
	for i := range 100 {
		many = append(many, newPair(t, "EdDSA", fmt.Sprint(i, strings.Repeat("k", 200))).jwk())
	}
	h.clock.pass(time.Minute)
	keys.publish(many...)
	h.want(t, 401, newPair(t, "EdDSA", "unknown").token("ada"))
	eventually(t, "said", func() bool { return h.log.count("key set fetched") == 3 })
	for _, line := range strings.Split(h.log.String(), "\n") {
		if len(line) > 4096 {
			t.Errorf("a record of %d bytes", len(line))
		}
	}
}

// TestHeld: what a key has verified can be asked about later.
func TestHeld(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	h := hostOf(t, app(keys))
	v, err := h.verify(t.Context(), p.token("ada"), h.clock.now())
	if err != nil || !h.sets[0].current.Load().has(v.key) {
		t.Fatal(err)
	}
	keys.publish(p.jwk())
	h.clock.pass(time.Hour)
	h.want(t, 200, p.token("ada"))
	if !h.sets[0].current.Load().has(v.key) {
		t.Error("a renewal has changed the key")
	}
	keys.publish()
	h.clock.pass(time.Hour)
	h.want(t, 401, p.token("ada"))
	if h.sets[0].current.Load().has(v.key) {
		t.Error("the key is withdrawn")
	}
}
