package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	fuzzSecret = "p7Qw1zXv9LmT4cRk8NsHb2Yd6JfGu3Ea"
	fuzzHead   = `{"alg":"HS256","typ":"JWT"}`
	fuzzClaims = `{"sub":"ada","exp":1795522500}`
)

func fuzzGuard(tb testing.TB) *Guard {
	g, err := New(Options{Issuers: []Issuer{{Keys: SharedSecret(fuzzSecret)}}}, Deps{})
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// FuzzToken: no token makes the guard panic or fail in another way than by a
// refusal, and what it accepts golang-jwt accepts too.
func FuzzToken(f *testing.F) {
	g := fuzzGuard(f)
	f.Add(signed(fuzzHead, fuzzClaims))
	f.Add(signed(`{"alg":"none"}`, fuzzClaims))
	f.Add(signed(fuzzHead, `{"sub":"ada","exp":1e300,"nbf":"0"}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) { checkToken(t, g, token) })
}

// FuzzSigned is FuzzToken for tokens whose signature is good, which no fuzzer
// finds by itself.
func FuzzSigned(f *testing.F) {
	g := fuzzGuard(f)
	f.Add(fuzzHead, fuzzClaims)
	f.Add(`{"alg":"HS256","crit":["x"]}`, fuzzClaims)
	f.Add(` {"alg":"HS256" , "kid":"\u0000"}`, `{"user_id":"ä","exp":17955225e2,"aud":[]}`)
	f.Add(`{"alg":"HS256","x":{"y":[1,{}]}}`,
		`{"sub":"a","exp":253402300799,"nbf":-1,"iat":0.5,"email":1,"sid":"\ud83d\ude00"}`)
	f.Fuzz(func(t *testing.T, header, claims string) { checkToken(t, g, signed(header, claims)) })
}

func signed(header, claims string) string {
	encode := (&jwt.Token{}).EncodeSegment
	input := encode([]byte(header)) + "." + encode([]byte(claims))
	sig, err := jwt.SigningMethodHS256.Sign(input, []byte(fuzzSecret))
	if err != nil {
		panic(err)
	}
	return input + "." + encode(sig)
}

func checkToken(t *testing.T, g *Guard, token string) {
	now := time.Unix(1795521600, 0)
	v, err := g.verify(t.Context(), token, now)
	if err != nil {
		var refused *refusal
		if v != nil || !errors.As(err, &refused) || len(refused.hint) > 1200 ||
			strings.ContainsFunc(refused.hint, odd) {
			t.Fatalf("%v %q", v, err)
		}
		return
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(), jwt.WithLeeway(defaultLeeway),
		jwt.WithTimeFunc(func() time.Time { return now }))
	var claims jwt.MapClaims
	key := func(*jwt.Token) (any, error) { return []byte(fuzzSecret), nil }
	_, err = parser.ParseWithClaims(token, &claims, key)
	if err != nil {
		t.Fatalf("the guard accepts what golang-jwt refuses: %v", err)
	}
	user, _ := claims["sub"].(string)
	if user == "" {
		user, _ = claims["user_id"].(string)
	}
	if id := v.identity; id.UserID != user || user == "" || id.Owner() != user {
		t.Fatalf("user %q, golang-jwt %q", id.UserID, user)
	}
	if sub, ok := v.identity.Claims.Text("sub"); ok && sub != user {
		t.Fatalf("sub %q, user %q", sub, user)
	}
}

func odd(r rune) bool { return r < ' ' || r == 0x7f }

// FuzzAuthorization: whatever the field holds, it is one token of a bearer or a
// refusal.
func FuzzAuthorization(f *testing.F) {
	g := fuzzGuard(f)
	token := signed(fuzzHead, fuzzClaims)
	for _, field := range []string{"Bearer " + token, "bearer  " + token, "Basic YTpi",
		"Bearer " + token + "," + token,
		token, "", "Bearer", "Bearer\t" + token, "Bearer " + token + "\n"} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		got, err := bearer([]string{field})
		var refused *refusal
		if err != nil {
			if got != "" || !errors.As(err, &refused) {
				t.Fatalf("%q %v", got, err)
			}
			return
		}
		if len(got) > maxToken || !strings.HasSuffix(field, got) ||
			!strings.EqualFold(field[:7], "Bearer ") {
			t.Fatalf("token %q", got)
		}
		if v, err := g.verify(t.Context(), got, time.Unix(1795521600, 0)); err == nil &&
			(got != token || v.identity.UserID != "ada") {
			t.Fatalf("another token is accepted: %q", got)
		}
	})
}
