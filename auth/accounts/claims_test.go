package accounts_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestAccessTokensAreForOneService: a token says whom it is for, and a service
// with the same store and secret that is another does not take it (ASVS 9.2.4).
func TestAccessTokensAreForOneService(t *testing.T) {
	t.Parallel()
	var first *options
	h := newHouse(t, all(unlimited, func(o *options) { first = o }))
	other := newHouse(t, all(unlimited, func(o *options) {
		o.Storage, o.Accounts.BaseURL = first.Storage, "https://other.example"
	}))
	same := newHouse(t, all(unlimited, func(o *options) {
		o.Storage, o.Accounts.BaseURL = first.Storage, first.Accounts.BaseURL
	}))
	up := signUp(h.app(t, ""), "ada@example.com", object{"tokens": true})
	token := up.text("access_token")
	same.app(t, token).must(200, "GET", "/api/todos", nil)
	other.app(t, token).must(401, "GET", "/api/todos", nil)

	part := func(i int) (object map[string]any) {
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
		if err == nil {
			err = json.Unmarshal(text, &object)
		}
		if err != nil {
			t.Fatal(err)
		}
		return object
	}
	header, claims := part(0), part(1)
	if header["typ"] != "JWT" || header["alg"] != "EdDSA" || len(header) != 3 {
		t.Errorf("the header is %v", header)
	}
	names := slices.Sorted(maps.Keys(claims))
	if want := "aud email exp iat iss jti name sid sub"; strings.Join(names, " ") != want {
		t.Errorf("the claims are %q, want %q", names, want)
	}
	if claims["aud"] != h.URL || claims["iss"] != h.URL || claims["sub"] != up.text("user", "id") ||
		claims["exp"].(float64)-claims["iat"].(float64) != 900 {
		t.Errorf("the claims are %v", claims)
	}
}
