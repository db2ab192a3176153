package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// algorithms that headers may name.
var algorithms = []string{
	"EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"HS256", "HS384", "HS512", "none", "None", "NONE", "eddsa", "es256", "ES256K", "Ed448", "ECDH-ES", "",
}

// TestAlgorithms: each key is for one algorithm, whatever the header says.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "PS256"} {
		for _, generic := range []bool{false, true} {
			p := newPair(t, alg, "k")
			keys := newPublisher(t, p.named())
			iss := app(keys)
			if generic {
				iss.Keys = OIDCKeySet(keys.URL)
			}
			h := hostOf(t, iss)
			for _, named := range algorithms {
				token := p.sign(`{"alg":"`+named+`","kid":"k"}`, claimsOf(appURL, "ada"))
				want := 401
				if (named == alg || canonical(named) == "EdDSA" && canonical(alg) == "EdDSA") &&
					(alg != "ES384" || generic) {
					want = 200
				}
				if got := h.get(token).Code; got != want {
					t.Errorf("key %s, header %s, generic %v: %d, want %d", alg, named, generic, got, want)
				}
			}
			keys.fetched(t, 1)
		}
	}
}

// TestOtherAlgorithmOfTheKey: an RSA key could sign in six ways; one is taken.
func TestOtherAlgorithmOfTheKey(t *testing.T) {
	t.Parallel()
	for jwkAlg, good := range map[string]string{`"use":"sig"`: "RS256", `"alg":"RS256"`: "RS256", `"alg":"PS256"`: "PS256"} {
		p := newPair(t, good, "k")
		h := hostOf(t, app(newPublisher(t, p.jwk(jwkAlg))))
		for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
			as := &pair{"k", alg, p.private}
			want := 401
			if alg == good {
				want = 200
			}
			h.want(t, want, as.token("ada"))
		}
	}
}

// TestSaltLength: RFC 7518 section 3.5.
func TestSaltLength(t *testing.T) {
	t.Parallel()
	p := newPair(t, "PS256", "k")
	h := hostOf(t, app(newPublisher(t, p.named())))
	for salt, want := range map[int]int{rsa.PSSSaltLengthEqualsHash: 200, 32: 200, 0: 401, 20: 401, 64: 401} {
		m := *jwt.SigningMethodPS256
		m.Options = &rsa.PSSOptions{SaltLength: salt}
		input := b64([]byte(`{"alg":"PS256","kid":"k"}`)) + "." + b64([]byte(claimsOf(appURL, "ada")))
		if salt == 0 {
			m.Options = &rsa.PSSOptions{SaltLength: 1}
		}
		sig, err := m.Sign(input, p.private)
		if err != nil {
			t.Fatal(err)
		}
		h.want(t, want, input+"."+b64(sig))
	}
}

// TestPublicKeyAsSecret: what is public signs nothing.
func TestPublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "ES256", "ES512", "RS256", "PS256"} {
		p := newPair(t, alg, "k")
		h := hostOf(t, app(newPublisher(t, p.named())))
		h.want(t, 200, p.token("ada"))
		der, err := x509.MarshalPKIXPublicKey(p.private.Public())
		if err != nil {
			t.Fatal(err)
		}
		encoded := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		secrets := [][]byte{nil, der, encoded, []byte(strings.TrimSpace(string(encoded))), []byte(p.jwk()),
			[]byte(p.named()), []byte(setOf(p.named())), []byte("k")}
		switch key := p.private.Public().(type) {
		case ed25519.PublicKey:
			secrets = append(secrets, key, []byte(b64(key)))
		case *ecdsa.PublicKey:
			point, _ := key.Bytes()
			secrets = append(secrets, point, point[1:])
		case *rsa.PublicKey:
			old := x509.MarshalPKCS1PublicKey(key)
			secrets = append(secrets, old, pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: old}),
				key.N.Bytes(), []byte(b64(key.N.Bytes())))
		}
		for _, secret := range secrets {
			for _, header := range []string{`{"alg":"HS256","kid":"k"}`, `{"alg":"` + alg + `","kid":"k"}`} {
				input := b64([]byte(header)) + "." + b64([]byte(claimsOf(appURL, "eve")))
				mac := hmac.New(sha256.New, secret)
				mac.Write([]byte(input))
				h.want(t, 401, input+"."+b64(mac.Sum(nil)))
			}
		}
	}
}

// TestKeySetHeaders: what headers of tokens may say. No URL in one is followed.
func TestKeySetHeaders(t *testing.T) {
	t.Parallel()
	p, eve := newPair(t, "EdDSA", "k"), newPair(t, "EdDSA", "k")
	trap := newPublisher(t, eve.named())
	keys := newPublisher(t, p.named(), newPair(t, "ES256", "k2").named())
	strict := hostOf(t, app(keys))
	provider := app(keys)
	provider.Keys = OIDCKeySet(keys.URL)
	generic := hostOf(t, provider)
	for members, want := range map[string][2]int{ // strict, generic
		`"kid":"k"`:                            {200, 200},
		``:                                     {401, 200},
		`"kid":""`:                             {401, 200},
		`"kid":"k2"`:                           {401, 401},
		`"kid":"K"`:                            {401, 401},
		`"kid":null`:                           {401, 401},
		`"kid":7`:                              {401, 401},
		`"kid":["k"]`:                          {401, 401},
		`"kid":"k\u0000"`:                      {401, 401},
		`"kid":"../../k"`:                      {401, 401},
		`"kid":"k","kid":"k"`:                  {401, 401},
		`"kid":"k","typ":"JWT"`:                {200, 200},
		`"kid":"k","typ":"jwt"`:                {200, 200},
		`"kid":"k","typ":"at+jwt"`:             {401, 200},
		`"kid":"k","typ":"application/at+jwt"`: {401, 200},
		`"kid":"k","typ":"AT+JWT"`:             {401, 200},
		`"kid":"k","typ":"logout+jwt"`:         {401, 401},
		`"kid":"k","typ":"dpop+jwt"`:           {401, 401},
		`"kid":"k","typ":""`:                   {401, 401},
		`"kid":"k","crit":["exp"]`:             {401, 401},
		`"kid":"k","typ":"better-auth.session-cache+jwt"`: {401, 401},
		`"kid":"k","jku":"` + trap.URL + `"`:              {200, 200}, // ignored
	} {
		token := p.sign(`{"alg":"EdDSA"`+strings.TrimSuffix(","+members, ",")+`}`, claimsOf(appURL, "ada"))
		for i, h := range []*host{strict, generic} {
			if got := h.get(token).Code; got != want[i] {
				t.Errorf("%s: %d, want %d; log: %s", members, got, want[i], last(h.log.String()))
			}
		}
	}
	for _, members := range []string{
		`"kid":"k","jku":"` + trap.URL + `"`, `"kid":"k","x5u":"` + trap.URL + `"`, `"kid":"k","jwk":` + eve.jwk(),
		`"kid":"` + trap.URL + `"`, `"jwk":` + eve.jwk(), `"kid":"k","x5c":["` + b64([]byte("x")) + `"]`,
	} {
		token := eve.sign(`{"alg":"EdDSA",`+members+`}`, claimsOf(appURL, "ada"))
		strict.want(t, 401, token)
		generic.want(t, 401, token)
	}
	trap.fetched(t, 0)
}

// TestKeySetClaims: whose token it is and whom it is for.
func TestKeySetClaims(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	h := hostOf(t, app(newPublisher(t, p.named())))
	for claims, want := range map[string]int{
		claimsOf(appURL, "ada"): 200,
		`{"iss":"https://app.example.com","aud":["x","https://api.example.com"],"sub":"ada","exp":9999999999}`: 200,
		claimsOf(appURL+"/", "ada"): 401,
		claimsOf("", "ada"):         401,
		`{"aud":"https://api.example.com","sub":"ada","exp":9999999999}`:                                              401,
		`{"iss":"https://app.example.com","sub":"ada","exp":9999999999}`:                                              401,
		`{"iss":"https://app.example.com","aud":[],"sub":"ada","exp":9999999999}`:                                     401,
		`{"iss":"https://app.example.com","aud":"better-auth:session-cache","sub":"ada","exp":9999999999}`:            401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","id":"ada","exp":9999999999}`:               401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","userId":"ada","exp":9999999999}`:           401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","email":"a@b.example","exp":9999999999}`:    401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","sub":"ada"}`:                               401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","sub":"ada","exp":900}`:                     401,
		`{"iss":"https://app.example.com","aud":"https://api.example.com","sub":"ada","user_id":"b","exp":999999999}`: 401,
	} {
		w := h.get(p.sign(`{"alg":"EdDSA","kid":"k"}`, claims))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", claims, w.Code, want)
		}
	}
}

// TestTamperedSignatures: of every algorithm.
func TestTamperedSignatures(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"EdDSA", "ES256", "ES512", "RS256", "PS256"} {
		p := newPair(t, alg, "k")
		h := hostOf(t, app(newPublisher(t, p.named())))
		token := p.token("ada")
		head, rest, _ := strings.Cut(token, ".")
		claims, signature, _ := strings.Cut(rest, ".")
		raw, _ := decode(nil, signature)
		flip := func(i int) []byte { b := slices.Clone(raw); b[i] ^= 1; return b }
		for _, bad := range [][]byte{
			flip(0), flip(len(raw) / 2), flip(len(raw) - 1), raw[:len(raw)-1], append(slices.Clone(raw), 0),
			append([]byte{0}, raw...), make([]byte, len(raw)), slices.Repeat([]byte{0xff}, len(raw)), {0},
			append(slices.Clone(raw), raw...),
		} {
			h.want(t, 401, head+"."+claims+"."+b64(bad))
		}
		h.want(t, 401, head+"."+b64([]byte(claimsOf(appURL, "eve")))+"."+signature)
		h.want(t, 401, newPair(t, "EdDSA", "k").token("ada"))
		h.want(t, 200, token)
	}
}

// TestCrossSigned: the keys of one issuer sign for no other, though they have
// the same kid.
func TestCrossSigned(t *testing.T) {
	t.Parallel()
	const partnerURL = "https://partner.example"
	ours, theirs := newPair(t, "EdDSA", "k"), newPair(t, "EdDSA", "k")
	partner := app(newPublisher(t, theirs.named()))
	partner.URL, partner.UserSpace = partnerURL, "partner"
	us := app(newPublisher(t, ours.named()))
	us.UserSpace = DefaultSpace
	const secret = "p7Qw1zXv9LmT4cRk8NsHb2Yd6JfGu3Ea"
	local := Issuer{Keys: SharedSecret(secret), UserSpace: "local"}
	h := hostOf(t, us, partner, local)
	for owner, token := range map[string]string{
		"1":            ours.tokenOf(appURL, "1"),
		"partner\x1f1": theirs.tokenOf(partnerURL, "1"),
		"local\x1f1":   macOf(secret, `{"alg":"HS256"}`, `{"sub":"1","exp":9999999999}`),
	} {
		if got := h.want(t, 200, token).Body.String(); got != owner {
			t.Errorf("%q, want %q", got, owner)
		}
	}
	for name, token := range map[string]string{
		"our key for them":      ours.tokenOf(partnerURL, "1"),
		"their key for us":      theirs.tokenOf(appURL, "1"),
		"our key, no iss":       ours.sign(`{"alg":"EdDSA","kid":"k"}`, `{"sub":"1","exp":9999999999}`),
		"our key, unknown iss":  ours.tokenOf("https://evil.example", "1"),
		"secret for us":         macOf(secret, `{"alg":"HS256"}`, claimsOf(appURL, "1")),
		"secret for us, kid":    macOf(secret, `{"alg":"HS256","kid":"k"}`, claimsOf(appURL, "1")),
		"secret says EdDSA":     macOf(secret, `{"alg":"EdDSA","kid":"k"}`, claimsOf(appURL, "1")),
		"secret, no iss, EdDSA": macOf(secret, `{"alg":"EdDSA"}`, `{"sub":"1","exp":9999999999}`),
	} {
		if got := h.get(token).Code; got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func macOf(secret, head, claims string) string {
	input := b64([]byte(head)) + "." + b64([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + b64(mac.Sum(nil))
}

// TestWithoutKid: at most 8 keys of the algorithm are tried.
func TestWithoutKid(t *testing.T) {
	t.Parallel()
	var all []*pair
	var keys []string
	for i := range 10 {
		p := newPair(t, "EdDSA", fmt.Sprint(i))
		all, keys = append(all, p), append(keys, newPair(t, "ES256", "").jwk(), p.jwk())
	}
	published := newPublisher(t, keys...)
	iss := app(published)
	iss.Keys = OIDCKeySet(published.URL)
	h := hostOf(t, iss)
	for i, p := range all {
		want := 200
		if i >= maxTried {
			want = 401
		}
		h.want(t, want, p.sign(`{"alg":"EdDSA"}`, claimsOf(appURL, "ada")))
		h.want(t, 200, p.token("ada")) // by kid, any of them
	}
}

// TestKeySetHints: what the log says to whoever looks for the reason.
func TestKeySetHints(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named(), newPair(t, "ES256", "weak").jwk(`"d":"AA"`))
	web := func(url string) *host {
		return hostOf(t, Issuer{URL: url, Audience: []string{url}, Keys: KeySet(keys.URL)})
	}
	for _, test := range []struct {
		issuer, token string
		hints         []string
	}{
		{appURL, "6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P", []string{"1 segments", "session token"}},
		{appURL, "6bAsC0CL.kq2VxTzN4mJd8RwE1yHuGf5P", []string{"2 segments", "session token"}},
		{appURL, macOf("x", `{"alg":"HS256"}`, claimsOf(appURL, "a")),
			[]string{"the token is HS256", "this issuer has a key set"}},
		{appURL, p.sign(`{"alg":"EdDSA"}`, claimsOf(appURL, "a")), []string{"no kid"}},
		{appURL, p.sign(`{"alg":"ES384","kid":"k"}`, claimsOf(appURL, "a")), []string{`alg is \"ES384\"`}},
		{appURL, p.sign(`{"alg":"ES256","kid":"k"}`, claimsOf(appURL, "a")),
			[]string{`the key \"k\" is for EdDSA and alg is \"ES256\"`}},
		{appURL, p.sign(`{"alg":"EdDSA","kid":"new"}`, claimsOf(appURL, "a")), []string{`no key \"new\"`, `"reason":"key"`}},
		{appURL, p.sign(`{"alg":"ES256","kid":"weak"}`, claimsOf(appURL, "a")),
			[]string{`the key \"weak\" is in the key set and passed over`, "secret"}},
		{"http://localhost:3000", p.tokenOf("http://127.0.0.1:3000", "a"),
			[]string{`\"http://127.0.0.1:3000\"`, `\"http://localhost:3000\"`, "localhost, 127.0.0.1"}},
		{"http://localhost:3000", p.tokenOf("http://localhost:3001", "a"), []string{"each port"}},
		{"http://localhost:3000", p.tokenOf("https://localhost:3000", "a"), []string{"one is http and the other https"}},
		{"http://localhost:3000", p.tokenOf("http://localhost:3000/", "a"), []string{"slash at the end"}},
		{"http://localhost:3000", p.tokenOf("http://other:3000", "a"), []string{`\"http://other:3000\"`}},
		{"http://localhost:3000", p.tokenOf("http://localhost:3000", "a"),
			[]string{`aud is [\"https://api.example.com\"]`, `[\"http://localhost:3000\"]`}},
		{"https://api.example.com/", p.tokenOf("https://api.example.com/", "a"), []string{"aud is", "slash at the end"}},
	} {
		h := web(test.issuer)
		h.want(t, 401, test.token)
		record := last(h.log.String())
		for _, hint := range test.hints {
			if !strings.Contains(record, hint) {
				t.Errorf("want %s in %s", hint, record)
			}
		}
		for _, part := range strings.Split(test.token, ".") {
			if len(part) > 8 && strings.Contains(record, part) {
				t.Errorf("a part of the token is in %s", record)
			}
		}
	}
}

func TestNearly(t *testing.T) {
	t.Parallel()
	for _, test := range [][3]string{
		{"x", "todo", ""}, {"", "x", ""}, {"https://a.example", "https://b.example", ""},
		{"urn:a", "urn:b", ""}, {"ftp://a", "http://a", ""}, {"http://localhost:1", "http://a:1", ""},
		{"x/", "x", "slash"}, {"https://a", "https://a/", "slash"}, {"http://a", "https://a", "https"},
		{"http://[::1]:3000", "http://localhost:3000", "localhost"}, {"http://localhost", "http://127.0.0.1/", "localhost"},
	} {
		if got := nearly(test[0], "other", test[1]); !strings.Contains(got, test[2]) || (got == "") != (test[2] == "") {
			t.Errorf("%s: %q", test, got)
		}
	}
}

func TestBetterAuth(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][2]string{
		"https://app.example.com":             {"https://app.example.com", "https://app.example.com/api/auth/jwks"},
		"https://app.example.com/":            {"https://app.example.com", "https://app.example.com/api/auth/jwks"},
		"HTTPS://App.Example.COM:443//":       {"https://app.example.com", "https://app.example.com/api/auth/jwks"},
		"http://localhost:3000":               {"http://localhost:3000", "http://localhost:3000/api/auth/jwks"},
		"http://localhost:80":                 {"http://localhost", "http://localhost/api/auth/jwks"},
		"https://localhost:80":                {"https://localhost:80", "https://localhost:80/api/auth/jwks"},
		"http://localhost:3000/api/auth":      {"http://localhost:3000", "http://localhost:3000/api/auth/jwks"},
		"https://app.example.com/id/v1/":      {"https://app.example.com", "https://app.example.com/id/v1/jwks"},
		"http://[::1]:3000":                   {"http://[::1]:3000", "http://[::1]:3000/api/auth/jwks"},
		"http://127.9.8.7:3000":               {"http://127.9.8.7:3000", "http://127.9.8.7:3000/api/auth/jwks"},
		"https://xn--bcher-kva.example":       {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example/api/auth/jwks"},
		"https://app.example.com/a%20b/%2F/x": {"https://app.example.com", "https://app.example.com/a%20b/%2F/x/jwks"},
	} {
		iss := BetterAuth(url)
		if err := (Options{Issuers: []Issuer{iss}}).Validate(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if iss.URL != want[0] || !slices.Equal(iss.Audience, []string{want[0]}) || iss.Keys.set().address != want[1] {
			t.Errorf("%s: %+v", url, iss)
		}
	}
}

func TestKeySetFaults(t *testing.T) {
	t.Parallel()
	clear := "Auth.Issuers[0].Keys: http is for key sets on this machine"
	like := "Auth.Issuers[0].Keys: the URL must be like https://app.example.com"
	with := func(url string, aud []string, keys Keys) Issuer { return Issuer{URL: url, Audience: aud, Keys: keys} }
	ours := []string{appAudience}
	container := BetterAuth(appURL)
	container.Keys, container.InsecureHTTP = KeySet("http://frontend:3000/api/auth/jwks"), true
	moved := OIDC(appURL, "api")
	moved.URL = appURL + "/"
	known := OIDC(appURL, "api")
	known.Keys = OIDCKeySet(appURL + "/keys?p=1")
	for i, test := range []struct {
		issuer Issuer
		want   string
	}{
		{BetterAuth(appURL), ""},
		{container, ""},
		{OIDC(appURL+"/", "api"), ""},
		{known, ""},
		{BetterAuth("http://localhost:3000"), ""},
		{BetterAuth("http://LOCALHOST:3000"), ""},
		{BetterAuth("http://[::ffff:127.0.0.1]:3000"), ""},
		{BetterAuth(""), like},
		{BetterAuth("app.example.com"), like},
		{BetterAuth("localhost:3000"), like},
		{BetterAuth("//app.example.com"), like},
		{BetterAuth("ftp://app.example.com"), like},
		{BetterAuth("file:///etc/passwd"), like},
		{BetterAuth("https://"), like},
		{BetterAuth("https://:443"), like},
		{BetterAuth("https:app.example.com"), like},
		{BetterAuth("https://app.example.com:x"), like},
		{BetterAuth("https://app.example.com\n"), like},
		{BetterAuth("https://a b"), like},
		{BetterAuth("https://user:hunter2@app.example.com"), "Auth.Issuers[0].Keys: the URL must not hold a user"},
		{BetterAuth("https://app.example.com?x=hunter2"), "Auth.Issuers[0].Keys: the URL must end before ?"},
		{BetterAuth("https://app.example.com?"), "Auth.Issuers[0].Keys: the URL must end before ?"},
		{BetterAuth("https://app.example.com#x"), "Auth.Issuers[0].Keys: the URL must end before ?"},
		{BetterAuth("https://bücher.example"), "Auth.Issuers[0].Keys: the host of the URL must be in ASCII"},
		{BetterAuth("http://app.example.com"), clear},
		{BetterAuth("http://10.0.0.1"), clear},
		{BetterAuth("http://0.0.0.0:3000"), clear},
		{BetterAuth("http://localhost.example.com"), clear},
		{BetterAuth("http://127.0.0.1.example.com"), clear},
		{BetterAuth("http://[fe80::1]"), clear},
		{OIDC("http://id.example.com", "api"), clear},
		{OIDC("id.example.com", "api"), like},
		{OIDC(appURL, ""), "Auth.Issuers[0].Audience[0]: must not be empty"},
		{moved, "Auth.Issuers[0].URL: must be the URL that auth.OIDC was given"},
		{with("", ours, KeySet(appURL)), "Auth.Issuers[0].URL: required with a key set"},
		{with(appURL, nil, KeySet(appURL)), "Auth.Issuers[0].Audience: required with a key set"},
		{with(appURL, ours, KeySet("")), like},
	} {
		err := Options{Issuers: []Issuer{test.issuer}}.Validate()
		got := fmt.Sprint(err)
		if test.want == "" && err != nil || !strings.Contains(got, test.want) || strings.Contains(got, "\n") {
			t.Errorf("%d: %v, want %s", i, err, test.want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%d: the fault shows a secret: %s", i, got)
		}
	}
}

// TestOneSetForTwo: users of different spaces.
func TestOneSetForTwo(t *testing.T) {
	t.Parallel()
	issuer := func(url, space string, keys Keys) Issuer {
		return Issuer{URL: url, Audience: []string{"api"}, Keys: keys, UserSpace: space}
	}
	strict, generic := KeySet(appURL), OIDCKeySet(appURL)
	for i, test := range []struct {
		a, b Issuer
		ok   bool
	}{
		{issuer("a", "x", strict), issuer("b", "y", KeySet(appURL)), false},
		{issuer("a", "x", strict), issuer("b", "y", generic), false},
		{issuer("a", "x", generic), issuer("b", "y", OIDCKeySet(appURL)), true},
		{issuer("a", "x", strict), issuer("b", "x", KeySet(appURL)), true},
		{issuer("a", "x", strict), issuer("b", "y", KeySet(appURL+"/2")), true},
	} {
		err := Options{Issuers: []Issuer{test.a, test.b}}.Validate()
		if (err == nil) != test.ok || err != nil && !strings.Contains(err.Error(), "Issuers[1].Keys: shares a key set") {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestMaxStaleFaults(t *testing.T) {
	t.Parallel()
	for d, ok := range map[string]bool{"0s": true, "15m": true, "168h": true, "-1s": false, "1ns": false, "14m59s": false,
		"168h1ns": false} {
		opts := Options{Issuers: []Issuer{BetterAuth(appURL)}, MaxStale: duration(t, d)}
		if err := opts.Validate(); (err == nil) != ok || err != nil && !strings.HasPrefix(err.Error(), "Auth.MaxStale: ") {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// TestKeySetPrinted: the URL and nothing that may be secret of it.
func TestKeySetPrinted(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://user:hunter2@app.example.com/a%2Fb?key=hunter2#hunter2": "auth.Keys(https://app.example.com/a%2Fb)",
		"user:hunter2@app.example.com":                                   "auth.Keys(user:)",
		"https://app.example.com:hunter2":                                "auth.Keys(no URL)",
		"http://localhost:3000/api/auth/jwks":                            "auth.Keys(http://localhost:3000/api/auth/jwks)",
	} {
		keys := KeySet(url)
		encoded, err := json.Marshal(keys)
		text, _ := keys.MarshalText()
		for _, got := range []string{
			fmt.Sprint(keys), fmt.Sprintf("%v", keys), fmt.Sprintf("%#v", keys), fmt.Sprintf("%s", keys),
			string(text), keys.String(), keys.LogValue().String(),
		} {
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if string(encoded) != `"`+want+`"` || err != nil {
			t.Errorf("%s %v", encoded, err)
		}
		if got := fmt.Sprintf("%+v", Issuer{Keys: keys}); !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
			t.Error(got)
		}
	}
}

// TestInsecureIsSaid: and http to this machine is not.
func TestInsecureIsSaid(t *testing.T) {
	t.Parallel()
	container := BetterAuth(appURL)
	container.Keys, container.InsecureHTTP = KeySet("http://frontend:3000/api/auth/jwks"), true
	h := hostOf(t, container)
	if h.log.count("keys come over http from another machine") != 1 || h.log.count("http://frontend:3000") != 1 {
		t.Error(h.log)
	}
	if h = hostOf(t, BetterAuth("http://localhost:3000")); h.log.String() != "" {
		t.Error(h.log)
	}
}

// TestSharedKeysValue: two guards of one value are two.
func TestSharedKeysValue(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	keys := newPublisher(t, p.named())
	iss := app(keys)
	a, b := hostOf(t, iss), hostOf(t, iss)
	a.Close()
	a.want(t, 503, p.token("ada"))
	b.want(t, 200, p.token("ada"))
	keys.fetched(t, 1)
}

// provider is an OpenID provider.
func provider(t *testing.T, keys ...string) *publisher {
	p := newPublisher(t)
	p.handle(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tenant/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":"%s/tenant","jwks_uri":"%[1]s/keys","other":[{}]}`, p.URL)
		case "/keys":
			fmt.Fprint(w, setOf(keys...))
		default:
			w.WriteHeader(404)
		}
	})
	return p
}

func TestOIDC(t *testing.T) {
	t.Parallel()
	p := newPair(t, "ES384", "k")
	op := provider(t, p.named())
	h := hostOf(t, OIDC(op.URL+"/tenant", appAudience))
	h.want(t, 200, p.tokenOf(op.URL+"/tenant", "ada"))
	h.want(t, 200, p.sign(`{"alg":"ES384","typ":"at+jwt"}`, claimsOf(op.URL+"/tenant", "ada")))
	h.want(t, 401, p.tokenOf(op.URL, "ada"))
	op.fetched(t, 2)
}

func TestOIDCMisconfigured(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "k")
	trap := newPublisher(t, p.named())
	for document, want := range map[string]string{
		`{"issuer":"ISSUER","jwks_uri":"` + trap.URL + `"}`:         "",
		`{"issuer":"ISSUER/","jwks_uri":"` + trap.URL + `"}`:        "slash at the end",
		`{"issuer":"https://evil","jwks_uri":"` + trap.URL + `"}`:   `the issuer \"https://evil\"`,
		`{"issuer":null,"jwks_uri":"` + trap.URL + `"}`:             "the issuer",
		`{"jwks_uri":"` + trap.URL + `"}`:                           "the issuer",
		`{"issuer":"ISSUER"}`:                                       "no jwks_uri",
		`{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}`:       "no jwks_uri",
		`{"issuer":"ISSUER","jwks_uri":"http://u:p@localhost/"}`:    "no jwks_uri",
		`{"issuer":"ISSUER","jwks_uri":7}`:                          "no jwks_uri",
		`{"issuer":"ISSUER","jwks_uri":"http://keys.example/jwks"}`: "http to another machine",
		`{"issuer":"ISSUER","issuer":"ISSUER","jwks_uri":"x"}`:      "no strict JSON object",
		`[]`: "no strict JSON object",
		``:   "no strict JSON object",
	} {
		before := trap.fetches.Load()
		op := newPublisher(t)
		op.answer(200, strings.ReplaceAll(document, "ISSUER", op.URL))
		h := hostOf(t, OIDC(op.URL, appAudience))
		w := h.get(p.tokenOf(op.URL, "ada"))
		if want == "" {
			if w.Code != 200 {
				t.Errorf("%s: %d", document, w.Code)
			}
			continue
		}
		if w.Code != 503 || !strings.Contains(h.log.String(), want) || trap.fetches.Load() != before {
			t.Errorf("%s: %d, want %s in %s", document, w.Code, want, h.log)
		}
	}
}

// answering is a transport to servers that are nowhere.
type answering func(r *http.Request) string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(a(r)))}, nil
}

// TestWeakerKeys: a provider over https does not lead to keys over http, not even
// on this machine.
func TestWeakerKeys(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://keys.example": true, "http://keys.example": false, "http://localhost": false,
	} {
		f := &fetcher{&http.Client{Transport: answering(func(r *http.Request) string {
			if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
				return `{"issuer":"https://id.example","jwks_uri":"` + address + `"}`
			}
			return `{"keys":[]}`
		})}}
		if _, err := f.discover(t.Context(), "https://id.example"); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestLogValueOfKeys(t *testing.T) {
	t.Parallel()
	var log lines
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "keys", KeySet("https://u:hunter2@h/?hunter2"))
	if log.count("hunter2") != 0 || log.count("https://h/") != 1 {
		t.Error(&log)
	}
}
