package hostiletest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
)

// noSet are answers of an issuer from which no key set can be had. Requests that
// need one are answered with 503, and go on when the issuer is well again.
func noSet(t *testing.T, good string, trap *publisher) map[string]http.HandlerFunc {
	t.Helper()
	status := func(status int, body string, fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, field := range fields {
				name, value, _ := strings.Cut(field, ": ")
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			w.Write([]byte(body))
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
	found := map[string]http.HandlerFunc{
		"an empty body": status(200, ""), "blanks": status(200, "   "),
		"a page":             status(200, "<!doctype html><script>alert(1)</script>"),
		"a page of an error": status(502, "<h1>Bad Gateway</h1>"), "null": status(200, "null"),
		"an array": status(200, "["+good+"]"), "a string": status(200, quote(good)),
		"no keys": status(200, `{}`), "keys of null": status(200, `{"keys":null}`),
		"keys of a string": status(200, `{"keys":"x"}`), "keys of an object": status(200, `{"keys":{}}`),
		"keys in capitals": status(200, strings.Replace(good, "keys", "Keys", 1)),
		"keys twice":       status(200, strings.Replace(good, "{", `{"keys":[],`, 1)), "an error": status(200, `{"error":"x"}`),
		"cut off": status(200, good[:len(good)-5]), "two": status(200, good+good), "text behind": status(200, good+"x"),
		"a BOM": status(200, "\ufeff"+good), "UTF-16": status(200, utf16(good)), "bytes": status(200, "\x00\xff\xfe"),
		"JSONP": status(200, "callback("+good+")"), "a comment": status(200, "/**/"+good),
		"a megabyte behind":       status(200, good+strings.Repeat(" ", 1<<20)),
		"3 megabytes of brackets": status(200, strings.Repeat("[", 3<<20)),
		"12000 levels":            status(200, `{"x":`+nested("[", "]", 12_000)+`,"keys":[]}`),
		"101 keys":                status(200, setOf(strings.Split(strings.Repeat(`{"kty":"x"} `, 101), " ")[:101]...)),
		"compressed":              compressed(t, []byte(good)),
		"a bomb":                  compressed(t, append([]byte(good), bytes.Repeat([]byte(" "), 8<<20)...)), "201": status(201, good),
		"202": status(202, good), "203": status(203, good), "204": status(204, ""), "206": status(206, good),
		"304": status(304, ""),
		"401": status(401, good), "403": status(403, good), "404": status(404, good), "418": status(418, good),
		"429": status(429, good, "Retry-After: 99999999999"), "500": status(500, good),
		"503": status(503, good, "Retry-After: -1"), "999": status(999, good),
		"nothing": raw(""), "no HTTP": raw("SSH-2.0-x\r\n\r\n"), "bytes for HTTP": raw("\x00\x1b[31m\xff\r\n\r\n"),
		"half an answer":         raw("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + good),
		"half a header":          raw("HTTP/1.1 200 OK\r\nContent-Le"),
		"a header of a megabyte": raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n" + good),
		"two lengths":            raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + good),
		"a broken chunk":         raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + good),
		"an escape code":         raw("HTTP/1.1 200 \x1b[31m\r\nX\x1b: y\r\n\r\n"),
		"1000 interim answers":   raw(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000)),
		"a switch of protocols":  raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + good),
		"HTTP 0.9":               raw(good),
	}
	for _, code := range []int{300, 301, 302, 303, 305, 307, 308} {
		for what, to := range map[string]string{
			"to a set": trap.URL + "/jwks", "to itself": "/jwks", "to a file": "file:///etc/passwd",
			"to metadata": "http://169.254.169.254/", "nowhere": "",
		} {
			found[fmt.Sprintf("%d %s", code, what)] = status(code, good, "Location: "+to)
		}
	}
	return found
}

func compressed(t *testing.T, text []byte) http.HandlerFunc {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	if _, err := zip.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

// TestKeySetsThatAreNone: each is 503 and nothing of it shows; the other issuers
// are served meanwhile, and this one too as soon as its set is good, and for as
// long as the last good one may be used.
func TestKeySetsThatAreNone(t *testing.T) {
	t.Parallel()
	ring := shared.rings()
	good := setOf(ring.ed.jwk())
	trap := publish(t, good)
	d := doors()[2]
	token := d.token(d.good(""))
	for name, handler := range noSet(t, good, trap) {
		name = nameOf("key set/none/" + name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			s := newSite(t, "memory", inMemory(t))
			s.keys.handle(handler)
			s.unavailable(t, get("/api/todos").as(token))
			s.unavailable(t, get("/api/todos").as(token)) // and is not asked again at once
			s.state = s.look(t)                           // others are served
			if n := s.keys.asked.Load(); n != 1 {
				t.Errorf("the issuer was asked %d times", n)
			}
			s.keys.set(good)
			s.ahead.Add(int64(2 * time.Minute))
			s.attack(t, attack{"well again", get("/api/todos").as(token), want{status: []int{200}}})
			s.keys.handle(handler)
			s.ahead.Add(int64(2 * time.Hour))
			s.attack(t, attack{"the last good one", get("/api/todos").as(token), want{status: []int{200}}})
			s.attack(t, attack{"a bad token meanwhile", get("/api/todos").as(ring.stranger.token(d.header, d.good(""))), want{status: []int{401}}})
		})
	}
	t.Cleanup(func() {
		if n := trap.asked.Load(); n != 0 {
			t.Errorf("%d redirects were followed", n)
		}
	})
}

// unavailable fails unless the answer is a 503 that tells when to come back and
// nothing else.
func (s *site) unavailable(t *testing.T, r request) {
	t.Helper()
	mark := s.log.mark()
	a := s.send(t, r)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	checkHeader(t, a)
	checkProblem(t, attack{request: r, want: problem(503, "unavailable")}, a)
	checkLeaks(t, a.header, a.body)
	checkSecrets(t, r, a.body+s.log.since(mark))
	checkLog(t, s.log.since(mark), a.status)
}

// TestKeysThatAreNone are keys that a set may hold and that no token is believed
// by; beside them is a good one, which is.
func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	ring := shared.rings()
	d := doors()[2]
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := &pair{"bad", "RS256", small}
	n := ring.rsa.private.Public().(*rsa.PublicKey).N
	bad := *ring.stranger
	bad.kid = "bad"
	ec := *ring.ec
	ec.kid = "bad"
	exponent := func(e int64) string {
		return `{"kty":"RSA","kid":"bad","alg":"RS256","n":"` + b64(n.Bytes()) + `","e":"` + b64(big.NewInt(e).Bytes()) + `"}`
	}
	without := func(jwk, name string) string { return strings.Replace(jwk, `"`+name+`":`, `"no-`+name+`":`, 1) }
	for name, c := range map[string]struct {
		jwk    string
		signer *pair
		header string
	}{
		"RSA of 1024 bits":        {weak.jwk(), weak, weak.header()},
		"exponent 1":              {exponent(1), &pair{"bad", "RS256", ring.rsa.private}, ""},
		"exponent 2":              {exponent(2), &pair{"bad", "RS256", ring.rsa.private}, ""},
		"exponent 0":              {exponent(0), &pair{"bad", "RS256", ring.rsa.private}, ""},
		"a modulus that is even":  {`{"kty":"RSA","kid":"bad","alg":"RS256","e":"AQAB","n":"` + b64(new(big.Int).Add(n, big.NewInt(1)).Bytes()) + `"}`, weak, ""},
		"a modulus of 20000 bits": {`{"kty":"RSA","kid":"bad","alg":"RS256","e":"AQAB","n":"` + strings.Repeat("v", 4000) + `"}`, weak, ""},
		"a point off the curve":   {strings.Replace(ec.jwk(), `"x":"`, `"x":"AAAA`, 1), &ec, ""},
		"a point of zeros":        {`{"kty":"EC","crv":"P-256","kid":"bad","alg":"ES256","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`, &ec, ""},
		"another curve":           {strings.Replace(ec.jwk(), "P-256", "P-384", 1), &ec, ""},
		"secp256k1":               {strings.Replace(ec.jwk(), "P-256", "secp256k1", 1), &ec, ""},
		"no curve":                {without(ec.jwk(), "crv"), &ec, ""}, "no y": {without(ec.jwk(), "y"), &ec, ""},
		"Ed448":                  {strings.Replace(bad.jwk(), "Ed25519", "Ed448", 1), &bad, ""},
		"X25519":                 {strings.Replace(bad.jwk(), "Ed25519", "X25519", 1), &bad, ""},
		"a point of small order": {`{"kty":"OKP","crv":"Ed25519","kid":"bad","alg":"EdDSA","x":"` + strings.Repeat("A", 43) + `"}`, &bad, ""},
		"x of 31 bytes":          {`{"kty":"OKP","crv":"Ed25519","kid":"bad","alg":"EdDSA","x":"` + strings.Repeat("A", 41) + `"}`, &bad, ""},
		"private":                {bad.jwk(`"d":"` + strings.Repeat("A", 43) + `"`), &bad, ""},
		"for encryption":         {bad.jwk(`"use":"enc"`), &bad, ""}, "a use that is no string": {bad.jwk(`"use":["sig"]`), &bad, ""},
		"operations without verify": {bad.jwk(`"key_ops":["encrypt"]`), &bad, ""},
		"no operations":             {bad.jwk(`"key_ops":[]`), &bad, ""},
		"operations of a string":    {bad.jwk(`"key_ops":"verify"`), &bad, ""},
		"alg of another type":       {strings.Replace(bad.jwk(), `"EdDSA"`, `"RS256"`, 1), &bad, ""},
		"alg none":                  {strings.Replace(bad.jwk(), `"EdDSA"`, `"none"`, 1), &bad, ""},
		"alg HS256":                 {strings.Replace(bad.jwk(), `"EdDSA"`, `"HS256"`, 1), &bad, ""},
		"alg of a list":             {strings.Replace(bad.jwk(), `"EdDSA"`, `["EdDSA"]`, 1), &bad, ""},
		"alg in lower case":         {strings.Replace(bad.jwk(), `"EdDSA"`, `"eddsa"`, 1), &bad, ""},
		"kty in lower case":         {strings.Replace(bad.jwk(), "OKP", "okp", 1), &bad, ""},
		"no kty":                    {without(bad.jwk(), "kty"), &bad, ""},
		"kid of a number":           {strings.Replace(bad.jwk(), `"bad"`, `1`, 1), &bad, ""},
		"kid of 300 letters":        {strings.Replace(bad.jwk(), `"bad"`, quote(strings.Repeat("k", 300)), 1), &bad, ""},
		"kid with NUL":              {strings.Replace(bad.jwk(), `"bad"`, `"bad\u0000"`, 1), &bad, ""},
		"kid in capitals":           {strings.Replace(bad.jwk(), `"bad"`, `"BAD"`, 1), &bad, ""},
		"x twice":                   {bad.jwk(`"x":"AAAA"`), &bad, ""},
		"padding":                   {strings.Replace(bad.jwk(), `","kid"`, `=","kid"`, 1), &bad, ""}, "a key of null": {"null", &bad, ""},
		"a key of a string": {`"x"`, &bad, ""}, "a key of a list": {"[" + bad.jwk() + "]", &bad, ""},
		"two of one kid":                {bad.jwk() + "," + (&pair{"bad", "EdDSA", ring.idp.private}).jwk(), &bad, ""},
		"a key of a secret":             {`{"kty":"oct","kid":"bad","alg":"HS256","k":"` + b64([]byte(otherSecret)) + `"}`, nil, `{"alg":"HS256","kid":"bad"}`},
		"a key of a secret without alg": {`{"kty":"oct","kid":"bad","k":"` + b64([]byte(otherSecret)) + `"}`, nil, `{"alg":"HS256","kid":"bad"}`},
		"only a certificate":            {`{"kid":"bad","x5c":["MIIB"],"alg":"EdDSA"}`, &bad, ""},
		"a key elsewhere":               {`{"kid":"bad","jku":"http://127.0.0.1:1/","alg":"EdDSA"}`, &bad, ""},
	} {
		name = nameOf("key set/keys/" + name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			s := newSite(t, "memory", inMemory(t))
			s.keys.set(setOf(c.jwk, ring.ed.jwk()))
			header := c.header
			var token string
			switch {
			case c.signer == nil:
				token = mac(header, d.good(""), otherSecret)
			case header == "":
				token = c.signer.token(`{"alg":"`+c.signer.alg+`","kid":"bad"}`, d.good(""))
			default:
				token = c.signer.token(header, d.good(""))
			}
			s.attack(t, attack{"bad", get("/api/todos").as(token), refused(invalidToken)})
			s.attack(t, attack{"good", get("/api/todos").as(d.token(d.good(""))), want{status: []int{200}}})
			s.attack(t, attack{"bad again", get("/api/todos").as(token), refused(invalidToken)})
		})
	}
}

// TestSetsWithoutAKey: who publishes none believes in no token, and is believed
// again soon after there is one.
func TestSetsWithoutAKey(t *testing.T) {
	t.Parallel()
	ring := shared.rings()
	d := doors()[2]
	token := d.token(d.good(""))
	for name, set := range map[string]string{
		"empty": `{"keys":[]}`, "null": `{"keys":[null]}`, "numbers": `{"keys":[1,2,3]}`,
		"9000 levels":    `{"keys":` + nested("[", "]", 9000) + "}",
		"100 of nothing": setOf(strings.Split(strings.Repeat("{} ", 100), " ")[:100]...),
		"only secrets":   setOf(`{"kty":"oct","kid":"ed-1","k":"AAAA"}`), "only private keys": setOf(ring.ed.jwk(`"d":"AAAA"`)),
		"two keys of the kid": setOf(ring.ed.jwk(), ring.stranger.jwk()),
	} {
		name = nameOf("key set/no key/" + name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			s := newSite(t, "memory", inMemory(t))
			s.keys.set(set)
			for range 3 {
				s.attack(t, attack{"no key", get("/api/todos").as(token), refused(invalidToken)})
			}
			if n := s.keys.asked.Load(); n > 2 {
				t.Errorf("the issuer was asked %d times", n)
			}
			s.keys.set(setOf(ring.ed.jwk()))
			s.ahead.Add(int64(11 * time.Second))
			s.attack(t, attack{"a key", get("/api/todos").as(token), want{status: []int{200}}})
		})
	}
}

// TestInventedKids: tokens with kids that nobody has neither have the issuer asked
// all the time nor keep a key that is really new from being found.
func TestInventedKids(t *testing.T) {
	t.Parallel()
	ring := shared.rings()
	s := newSite(t, "memory", inMemory(t))
	d := doors()[2]
	s.keys.set(setOf(ring.ed.jwk()))
	s.attack(t, attack{"good", get("/api/todos").as(d.token(d.good(""))), want{status: []int{200}}})
	for i := range 300 {
		shared.counts.add("memory", fmt.Sprint("invented kid/", i))
		token := ring.stranger.token(fmt.Sprintf(`{"alg":"EdDSA","kid":"junk-%d"}`, i), d.good(""))
		if a := s.send(t, get("/api/todos").as(token)); a.status != 401 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if n := s.keys.asked.Load(); n > 2 {
		t.Errorf("the issuer was asked %d times", n)
	}
	next := &pair{"ed-2", "EdDSA", ring.idp.private}
	s.keys.set(setOf(ring.ed.jwk(), next.jwk()))
	s.ahead.Add(int64(11 * time.Second))
	s.attack(t, attack{"new", get("/api/todos").as(next.token(next.header(), d.good(""))), want{status: []int{200}}})
	s.keys.set(setOf(next.jwk())) // and the old one is withdrawn
	s.ahead.Add(int64(31 * time.Minute))
	s.attack(t, attack{"withdrawn", get("/api/todos").as(d.token(d.good(""))), refused(invalidToken)})
	s.attack(t, attack{"new still", get("/api/todos").as(next.token(next.header(), d.good(""))), want{status: []int{200}}})
}

// TestIssuerThatHangs: while an issuer does not answer, everybody else is served;
// and its users have an answer as soon as the client gives up or the server ends.
func TestIssuerThatHangs(t *testing.T) {
	t.Parallel()
	shared.counts.add("memory", "key set/hangs")
	s := newSite(t, "memory", inMemory(t))
	held, asked := make(chan struct{}), make(chan struct{}, 1)
	s.keys.handle(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-held:
		case <-r.Context().Done():
		}
	})
	d := doors()[2]
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/todos", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.token(d.good("")))
	gone := make(chan error)
	go func() {
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			response.Body.Close()
		}
		gone <- err
	}()
	<-asked
	s.state = s.look(t) // the others do not wait
	cancel()
	<-gone
	close(held)
}

// TestDiscoveries are configurations of an OpenID provider that lead elsewhere.
func TestDiscoveries(t *testing.T) {
	t.Parallel()
	ring := shared.rings()
	trap := publish(t, setOf(ring.idp.jwk()))
	for name, document := range map[string]string{
		"another issuer": `{"issuer":"https://evil.example","jwks_uri":"{self}/keys"}`,
		"a slash more":   `{"issuer":"{self}/","jwks_uri":"{self}/keys"}`, "no issuer": `{"jwks_uri":"{self}/keys"}`,
		"no set": `{"issuer":"{self}"}`, "a set of null": `{"issuer":"{self}","jwks_uri":null}`,
		"a file":         `{"issuer":"{self}","jwks_uri":"file:///etc/passwd"}`,
		"http elsewhere": `{"issuer":"{self}","jwks_uri":"http://169.254.169.254/"}`,
		"a user":         `{"issuer":"{self}","jwks_uri":"http://a:b@{trap}/keys"}`,
		"a list":         `{"issuer":["{self}"],"jwks_uri":"{self}/keys"}`, "relative": `{"issuer":"{self}","jwks_uri":"/keys"}`,
		"no scheme": `{"issuer":"{self}","jwks_uri":"//{trap}/keys"}`,
		"twice":     `{"issuer":"{self}","issuer":"{self}","jwks_uri":"{self}/keys"}`, "a page": "<html>", "empty": "",
		"gopher":            `{"issuer":"{self}","jwks_uri":"gopher://{trap}/x"}`,
		"CR LF":             `{"issuer":"{self}","jwks_uri":"http://{trap}/\r\nX: y"}`,
		"names in capitals": `{"Issuer":"{self}","JWKS_URI":"{self}/keys"}`,
	} {
		name = nameOf("discovery/" + name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			var idp *httptest.Server
			idp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/keys" {
					w.Write([]byte(setOf(ring.idp.jwk())))
					return
				}
				text := strings.ReplaceAll(document, "{self}", idp.URL)
				w.Write([]byte(strings.ReplaceAll(text, "{trap}", trap.Listener.Addr().String())))
			}))
			t.Cleanup(idp.Close)
			s := newSite(t, "memory", inMemory(t), func(o *authtodo.Options) {
				iss := auth.OIDC(idp.URL, audience)
				iss.UserSpace = "discovered"
				o.Auth.Issuers = append(o.Auth.Issuers, iss)
			})
			token := ring.idp.token(ring.idp.header(), claimsOf(idp.URL, `"sub":"anna"`))
			s.unavailable(t, get("/api/todos").as(token))
			s.state = s.look(t)
		})
	}
	t.Cleanup(func() {
		if n := trap.asked.Load(); n != 0 {
			t.Errorf("%d configurations led to another host", n)
		}
	})
}
