package auth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
)

const third = "Wv8Qe3Rt6Yu1Io9Pa4Sd7Fg2Hj5Kl0Zx"

// several are three issuers: two with a URL, in spaces of their own, and the
// rebuilt system's tokens, which name nobody.
func several() auth.Options {
	return auth.Options{Issuers: []auth.Issuer{
		{URL: iss, Audience: []string{aud}, Keys: auth.SharedSecret(secret),
			UserSpace: auth.DefaultSpace},
		{URL: "https://partner.example", Keys: auth.SharedSecret(other), UserSpace: "partner"},
		{Keys: auth.SharedSecret(third), UserSpace: "old"},
	}}
}

func TestSeveralIssuers(t *testing.T) {
	t.Parallel()
	s := serve(t, several())
	for _, test := range []struct{ members, secret, owner, issuer string }{
		{`"sub":"1","iss":"` + iss + `","aud":"` + aud + `"`, secret, "1", iss},
		{`"sub":"1","iss":"https://partner.example"`, other, "partner\x1f1", "https://partner.example"},
		{`"user_id":"1"`, third, "old\x1f1", ""},
	} {
		got := s.accepted(t, sign(head, claims(test.members), test.secret))
		if got.Owner != test.owner || got.User != "1" || got.Issuer != test.issuer {
			t.Errorf("%s: %+v", test.members, got)
		}
	}
}

// TestIssuersStayApart: the keys of one issuer sign for no other.
func TestIssuersStayApart(t *testing.T) {
	t.Parallel()
	members := []string{
		`"iss":"` + iss + `","aud":"` + aud + `"`,
		`"iss":"https://partner.example"`,
		``,
	}
	var attempts []attempt
	for i, m := range members {
		for j, key := range []string{secret, other, third} {
			if i != j {
				attempts = append(attempts, attempt{m + " signed by the next " + key[:2],
					sign(head, claims(`"sub":"1",`+m), key), "signature"})
			}
		}
	}
	add := func(name, members, key, reason string) {
		attempts = append(attempts, attempt{name, sign(head, claims(`"sub":"1",`+members), key), reason})
	}
	add("unknown issuer", `"iss":"https://evil.example"`, secret, "issuer")
	add("unknown issuer, key of the one without a URL", `"iss":"https://evil.example"`, third,
		"issuer")
	add("empty issuer", `"iss":""`, third, "issuer")
	add("null issuer", `"iss":null`, third, "issuer")
	add("two issuers", `"iss":["`+iss+`","https://partner.example"]`, other, "issuer")
	add("audience of another issuer", `"iss":"https://partner.example","aud":"`+aud+`"`, other,
		"audience")
	add("no audience where one is due", `"iss":"`+iss+`"`, secret, "audience")
	run(t, several(), sign(head, claims(`"sub":"ada"`), third), attempts)
}

func TestOwner(t *testing.T) {
	t.Parallel()
	owners := map[string]auth.Identity{}
	for _, id := range []auth.Identity{
		{UserID: "1"}, {UserID: "1", UserSpace: "a"}, {UserID: "1", UserSpace: "b"}, {UserID: "a1"},
		{UserID: "1", UserSpace: "a-1"}, {UserID: "-11", UserSpace: "a"},
	} {
		if twin, ok := owners[id.Owner()]; ok {
			t.Errorf("%v and %v are one owner", id, twin)
		}
		owners[id.Owner()] = id
	}
	for _, space := range []string{"", auth.DefaultSpace} {
		if got := (auth.Identity{UserID: "1", UserSpace: space}).Owner(); got != "1" {
			t.Errorf("space %q: %q", space, got)
		}
	}
	if got := (auth.Identity{UserID: "1", UserSpace: "a"}).Owner(); got != "a\x1f1" {
		t.Errorf("%q", got)
	}
}

func TestSharedSpace(t *testing.T) {
	t.Parallel()
	s := serve(t, auth.Options{Issuers: []auth.Issuer{
		{URL: iss, Keys: auth.SharedSecret(secret), UserSpace: "people"},
		{URL: "b", Keys: auth.SharedSecret(secret), UserSpace: "people"},
	}})
	a := s.accepted(t, sign(head, claims(`"sub":"1","iss":"`+iss+`"`), secret))
	b := s.accepted(t, sign(head, claims(`"sub":"1","iss":"b"`), secret))
	if a.Owner != "people\x1f1" || a.Owner != b.Owner {
		t.Errorf("%q, %q", a.Owner, b.Owner)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	list := append([]string{secret, other}, randoms(7)...)
	s := serve(t, shared(list[0], list[1:]...))
	for _, key := range list {
		s.accepted(t, sign(head, claims(`"sub":"ada"`), key))
	}
	after := serve(t, shared(other))
	token := sign(head, claims(`"sub":"ada"`), secret)
	after.refused(t, after.get("Bearer "+token), invalidToken, "signature", token)
}

func TestLeeway(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		leeway   time.Duration
		claims   string
		accepted bool
	}{
		{0, `{"sub":"a","exp":1795521585.001}`, true},
		{0, `{"sub":"a","exp":1795521585}`, false},
		{0, `{"sub":"a","exp":1795522500,"nbf":1795521615}`, true},
		{0, `{"sub":"a","exp":1795522500,"nbf":1795521615.001}`, false},
		{time.Nanosecond, `{"sub":"a","exp":1795521600}`, true}, // "on or after" exp, less the leeway
		{time.Nanosecond, `{"sub":"a","exp":1795521599}`, false},
		{time.Nanosecond, `{"sub":"a","exp":1795522500,"nbf":1795521600}`, true},
		{time.Nanosecond, `{"sub":"a","exp":1795522500,"nbf":1795521601}`, false},
		{5 * time.Minute, `{"sub":"a","exp":1795521301}`, true},
		{5 * time.Minute, `{"sub":"a","exp":1795521300}`, false},
		{5 * time.Minute, `{"sub":"a","exp":1795522500,"nbf":1795521900}`, true},
		{5 * time.Minute, `{"sub":"a","exp":1795522500,"nbf":1795521901}`, false},
	} {
		opts := shared(secret)
		opts.Leeway = test.leeway
		w := serve(t, opts).get("Bearer " + sign(head, test.claims, secret))
		if (w.Code == http.StatusOK) != test.accepted {
			t.Errorf("%v %s: %d", test.leeway, test.claims, w.Code)
		}
	}
}

// TestOptionsAreCopied: what a host does to its options later is no news.
func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	opts := strict()
	s := serve(t, opts)
	opts.Issuers[0].Audience[0] = "evil"
	opts.Issuers[0].URL = "evil"
	s.accepted(t, sign(head, claims(`"sub":"ada","iss":"`+iss+`","aud":"`+aud+`"`), secret))
	evil := sign(head, claims(`"sub":"ada","iss":"`+iss+`","aud":"evil"`), secret)
	s.refused(t, s.get("Bearer "+evil), invalidToken, "audience")
}

// TestManyHeaders: whatever many kinds of headers there are, each is read right.
func TestManyHeaders(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	for range 2 {
		for _, kid := range append(randoms(40), "a", "a", "b") {
			s.accepted(t, sign(`{"alg":"HS256","kid":"`+kid+`"}`, claims(`"sub":"ada"`), secret))
			bad := sign(`{"alg":"HS512","kid":"`+kid+`"}`, claims(`"sub":"ada"`), secret)
			s.refused(t, s.get("Bearer "+bad), invalidToken, "algorithm", bad)
		}
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	id := identify(t, claims(`"sub":"ada","t":"a\u0062c","n":-1.5e3,"b":true,"f":false,`+
		`"z":null,"l":["x","\u0079"],`+
		`"m":["x",1],"e":[],"o":{"sub":"eve"},"d":1795522500,"far":1e300,"big":1e400,"Ä":"ö"`))
	c := id.Claims
	type result struct {
		value any
		ok    bool
	}
	check := func(name string, got, want result) {
		t.Helper()
		a, _ := json.Marshal(got.value)
		b, _ := json.Marshal(want.value)
		if string(a) != string(b) || got.ok != want.ok {
			t.Errorf("%s: %s %v, want %s %v", name, a, got.ok, b, want.ok)
		}
	}
	all := []string{"t", "n", "b", "f", "z", "l", "m", "e", "o", "d", "far", "big", "Ä", "T",
		"absent", "", "sub"}
	texts := map[string]string{"t": "abc", "Ä": "ö", "sub": "ada"}
	numbers := map[string]float64{"n": -1500, "d": 1795522500, "far": 1e300}
	for _, name := range all {
		text, ok := c.Text(name)
		want, has := texts[name]
		check("Text "+name, result{text, ok}, result{want, has})
		number, ok := c.Number(name)
		n, has := numbers[name]
		check("Number "+name, result{number, ok}, result{n, has})
		b, ok := c.Bool(name)
		check("Bool "+name, result{b, ok}, result{name == "b", name == "b" || name == "f"})
		at, ok := c.Time(name)
		if want := name == "d" || name == "n"; ok != want || !ok && !at.IsZero() {
			t.Errorf("Time %s: %v %v", name, at, ok)
		}
		_, ok = c.Raw(name)
		if want := name != "T" && name != "absent" && name != ""; ok != want {
			t.Errorf("Raw %s: %v", name, ok)
		}
	}
	l, ok := c.Texts("l")
	check("Texts l", result{l, ok}, result{[]string{"x", "y"}, true})
	l, ok = c.Texts("t")
	check("Texts t", result{l, ok}, result{[]string{"abc"}, true})
	l, ok = c.Texts("m")
	check("Texts m", result{l, ok}, result{[]string(nil), false})
	if l, ok = c.Texts("e"); len(l) != 0 || !ok {
		t.Errorf("Texts e: %v %v", l, ok)
	}
	if raw, _ := c.Raw("o"); raw != `{"sub":"eve"}` {
		t.Errorf("Raw o: %s", raw)
	}
	if _, ok := (auth.Claims{}).Text("sub"); ok {
		t.Error("the zero Claims have a claim")
	}
}

// identify is the identity of a token with these claims.
func identify(t *testing.T, claims string) (id auth.Identity) {
	t.Helper()
	g, err := auth.New(shared(secret), auth.Deps{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	c := &gin.Context{Request: (&http.Request{Header: http.Header{
		"Authorization": {"Bearer " + sign(head, claims, secret)},
	}}).WithContext(context.Background())}
	if id, err = g.Authenticate(c); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestNoToken: an identity does not hold the token that it came from.
func TestNoToken(t *testing.T) {
	t.Parallel()
	id := identify(t, claims(`"sub":"ada"`))
	b, err := json.Marshal(id)
	if err != nil || strings.Contains(string(b), strings.Split(good(), ".")[2]) {
		t.Errorf("%s %v", b, err)
	}
}
