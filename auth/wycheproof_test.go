package auth

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/secret"
)

// vectors are the groups of testdata/wycheproof/json_web_signature_test.json.
type vectors struct {
	TestGroups []struct {
		Comment string
		Private struct{ Kty, Alg, K string }
		Tests   []struct {
			TcID   int `json:"tcId"`
			JWS    any `json:"jws"` // a string, or an object: the JSON serialization
			Result string
		}
	}
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/wycheproof/json_web_signature_test.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// labels that are not taken as they stand.
var wrongLabels = map[int]string{
	367: "valid",   // is byte for byte 357, which is valid
	370: "valid",   // so is this one
	372: "invalid", // has a ? in the base64url, RFC 7515 section 2
	373: "invalid", // so has this one
}

// TestWycheproofMACs puts the vectors of HMAC to what comes before the claims,
// which they do not have.
func TestWycheproofMACs(t *testing.T) {
	t.Parallel()
	n := 0
	for _, group := range readVectors(t).TestGroups {
		if group.Private.Kty != "oct" {
			continue
		}
		key, err := base64.RawURLEncoding.DecodeString(group.Private.K)
		if err != nil {
			t.Fatal(err)
		}
		keys := SharedSecret(string(key)).open()
		for _, test := range group.Tests {
			want := test.Result
			if label, ok := wrongLabels[test.TcID]; ok {
				want = label
			}
			text, _ := test.JWS.(string)
			if got := verifyJWS(t, keys, text); (got == nil) != (want == "valid") {
				t.Errorf("%d (%s): %v, want %s", test.TcID, group.Comment, got, want)
			}
			n++
		}
	}
	if n != 40 {
		t.Errorf("%d vectors, want 40", n)
	}
}

func verifyJWS(t *testing.T, keys source, token string) error {
	s, err := split(token)
	if err != nil {
		return err
	}
	h, err := parseHeader(s.header)
	if err != nil {
		return err
	}
	if _, err := decode(nil, s.payload); err != nil {
		return err
	}
	signature, err := decode(nil, s.signature)
	if err != nil {
		return err
	}
	if err := keys.accept(h); err != nil {
		return err
	}
	_, err = keys.verify(t.Context(), h, s.signingInput, signature)
	return err
}

// TestWycheproofRefused: no vector gets through a whole guard, whatever its
// algorithm, since none has claims; and none makes it fail in another way.
func TestWycheproofRefused(t *testing.T) {
	t.Parallel()
	n := 0
	for _, group := range readVectors(t).TestGroups {
		shared := "p7Qw1zXv9LmT4cRk8NsHb2Yd6JfGu3Ea"
		if key, err := base64.RawURLEncoding.DecodeString(group.Private.K); err == nil &&
			len(key) >= secret.MinLength {
			shared = string(key)
		}
		g := &Guard{issuers: []issuer{{keys: SharedSecret(shared)}}}
		for _, test := range group.Tests {
			text, _ := test.JWS.(string)
			v, err := g.verify(t.Context(), text, time.Unix(0, 0))
			if _, refused := err.(*refusal); v != nil || !refused {
				t.Errorf("%d (%s): %v %v", test.TcID, group.Comment, v, err)
			}
			n++
		}
	}
	if n != 401 {
		t.Errorf("%d vectors, want 401", n)
	}
}
