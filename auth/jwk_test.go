package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestJWKAccepted(t *testing.T) {
	t.Parallel()
	ed, p256, p384 := newPair(t, "EdDSA", "k"), newPair(t, "ES256", "k"), newPair(t, "ES384", "k")
	p521, rs := newPair(t, "ES512", "k"), newPair(t, "RS256", "k")
	n := regexp.MustCompile(`"n":"[^"]*"`)
	padded := `"n":"` + b64(append([]byte{0}, rsaKey(t, 2048).N.Bytes()...)) + `"`
	for value, want := range map[string]string{
		ed.jwk():                                            "EdDSA",
		ed.jwk(`"alg":"EdDSA"`):                             "EdDSA",
		ed.jwk(`"alg":"Ed25519"`):                           "EdDSA",
		p256.jwk():                                          "ES256",
		p256.jwk(`"alg":"ES256"`):                           "ES256",
		p384.jwk():                                          "ES384",
		p521.jwk():                                          "ES512",
		p521.jwk(`"alg":"ES512"`):                           "ES512",
		rs.jwk():                                            "RS256",
		rs.jwk(`"alg":"RS256"`):                             "RS256",
		rs.jwk(`"alg":"PS256"`):                             "PS256",
		n.ReplaceAllString(rs.jwk(), padded):                "RS256",
		ed.jwk(`"use":"sig"`):                               "EdDSA",
		ed.jwk(`"key_ops":["verify"]`):                      "EdDSA",
		ed.jwk(`"key_ops":["sign","verify"]`):               "EdDSA",
		ed.jwk(`"x5t":3`, `"x5c":{}`, `"D":"x"`):            "EdDSA",
		ed.jwk(`"y":"not of OKP"`):                          "EdDSA",
		strings.ReplaceAll(ed.jwk(), `,`, " ,\n"):           "EdDSA",
		strings.Replace(ed.jwk(), `"kty"`, `"\u006bty"`, 1): "EdDSA",
		strings.Replace(rs.jwk(), `"AQAB"`, `"Aw"`, 1):      "RS256", // e = 3
		strings.Replace(rs.jwk(), `"AQAB"`, `"f____w"`, 1):  "RS256", // e = 2³¹-1
	} {
		key, kid, err := parseJWK(value)
		if err != nil || key.alg != want || key.kid != "k" || kid != "k" || key.method == nil {
			t.Errorf("%s: %+v %v", value, key, err)
		}
	}
}

func TestJWKPassedOver(t *testing.T) {
	t.Parallel()
	ed, ec, rs := newPair(t, "EdDSA", "k"), newPair(t, "ES256", "k"), newPair(t, "RS256", "k")
	big1, big2 := newPair(t, "ES384", "k"), newPair(t, "ES512", "k")
	x := regexp.MustCompile(`"x":"[^"]*"`)
	with := func(jwk, x2 string) string { return x.ReplaceAllString(jwk, x2) }
	modulus := func(n *big.Int) string {
		return fmt.Sprintf(`{"kty":"RSA","kid":"k","e":"AQAB","n":%q}`, b64(n.Bytes()))
	}
	exponent := func(e string) string { return strings.Replace(rs.jwk(), `"AQAB"`, e, 1) }
	for value, want := range map[string]string{
		`null`: "no strict JSON object", `[]`: "no strict JSON object", `"x"`: "no strict JSON object",
		`{}`: "kty", `{"kty":null}`: "kty", `{"kty":"okp"}`: "kty", `{"kty":"AKP","alg":"ML-DSA-44"}`: "kty",
		`{"kty":"oct","k":"c2VjcmV0"}`:                   "secret",
		`{"kty":"oct"}`:                                  "kty",
		ed.jwk(`"d":"AA"`):                               "secret",
		ec.jwk(`"d":null`):                               "secret",
		rs.jwk(`"p":"AA"`):                               "secret",
		rs.jwk(`"oth":[]`):                               "secret",
		ed.jwk(`"alg":"ES256"`):                          "alg",
		ed.jwk(`"alg":"HS256"`):                          "alg",
		ed.jwk(`"alg":"none"`):                           "alg",
		ed.jwk(`"alg":"eddsa"`):                          "alg",
		ed.jwk(`"alg":""`):                               "alg",
		ed.jwk(`"alg":null`):                             "alg",
		ed.jwk(`"alg":["EdDSA"]`):                        "alg",
		ec.jwk(`"alg":"ES512"`):                          "alg",
		ec.jwk(`"alg":"ECDH-ES"`):                        "alg",
		rs.jwk(`"alg":"RS512"`):                          "alg",
		rs.jwk(`"alg":"HS256"`):                          "alg",
		rs.jwk(`"alg":"RSA-OAEP"`):                       "alg",
		ed.jwk(`"use":1`):                                "use",
		ed.jwk(`"key_ops":"verify"`):                     "key_ops",
		ed.jwk(`"key_ops":[1]`):                          "key_ops",
		ed.jwk(`"key_ops":{}`):                           "key_ops",
		ed.jwk(`"kid":"k"`):                              "no strict JSON object", // twice
		strings.Replace(ed.jwk(), `"k"`, `1`, 1):         "kid",
		strings.Replace(ed.jwk(), `"k"`, `"a\n"`, 1):     "kid",
		strings.Replace(ed.jwk(), `"k"`, `"a\u0000"`, 1): "kid",
		strings.Replace(ed.jwk(), `"k"`, `"`+strings.Repeat("k", 256)+`"`, 1):                                "kid",
		strings.Replace(ed.jwk(), "Ed25519", "Ed448", 1):                                                     "crv",
		strings.Replace(ed.jwk(), "Ed25519", "X25519", 1):                                                    "crv",
		strings.Replace(ec.jwk(), "P-256", "secp256k1", 1):                                                   "crv",
		strings.Replace(ec.jwk(), "P-256", "P-384", 1):                                                       "x has 32 bytes, not 48",
		strings.Replace(ec.jwk(), `"kty":"EC"`, `"kty":"RSA"`, 1):                                            "n is missing",
		strings.Replace(ec.jwk(), `"kty":"EC"`, `"kty":"OKP"`, 1):                                            "crv",
		with(ed.jwk(), `"x":""`):                                                                             "x",
		with(ed.jwk(), `"x":1`):                                                                              "x",
		with(ed.jwk(), `"z":""`):                                                                             "x",
		with(ed.jwk(), `"x":"`+b64(make([]byte, 31))+`"`):                                                    "x has 31 bytes",
		with(ed.jwk(), `"x":"`+b64(make([]byte, 33))+`"`):                                                    "x has 33 bytes",
		with(ed.jwk(), `"x":"`+b64(make([]byte, 32))+`="`):                                                   "x",
		with(ed.jwk(), `"x":"`+strings.Repeat("-", 42)+`_"`):                                                 "x", // spare bits
		with(ed.jwk(), `"x":"`+strings.Repeat("+", 42)+`A"`):                                                 "x", // base64
		with(ed.jwk(), `"x":"`+strings.Repeat("A", 42)+`\nA"`):                                               "x",
		with(ec.jwk(), `"x":"`+b64(make([]byte, 32))+`"`):                                                    "curve",
		with(ec.jwk(), `"x":"`+b64(append(make([]byte, 33), 1))+`"`):                                         "x has 34 bytes",
		with(big1.jwk(), `"x":"`+b64(make([]byte, 48))+`"`):                                                  "curve",
		with(big2.jwk(), `"x":"`+b64(make([]byte, 66))+`"`):                                                  "curve",
		`{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`: "curve",
		modulus(new(big.Int).Lsh(big.NewInt(1), 2046)):                                                       "2047 bits",
		modulus(new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 16384), big.NewInt(1))):                     "16385 bits",
		`{"kty":"RSA","kid":"k","e":"AQAB","n":"` + strings.Repeat("A", 5000) + `"}`:                         "n is no string",
		modulus(new(big.Int).Lsh(big.NewInt(3), 2047)):                                                       "even",
		exponent(`"AQ"`):       "exponent", // 1
		exponent(`"AA"`):       "exponent", // 0
		exponent(`"Ag"`):       "exponent", // 2
		exponent(`"AQAA"`):     "exponent", // 65536
		exponent(`"gAAAAQ"`):   "exponent", // 2³¹+1
		exponent(`"AQAAAAAB"`): "exponent", // 2⁴⁰+1: not 1
		exponent(`65537`):      "e is no string",
		exponent(`""`):         "e is missing",
	} {
		key, _, err := parseJWK(value)
		if key != nil || err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, errOtherUse) {
			t.Errorf("%s: %v, want %s", value, err, want)
		}
	}
	for _, value := range []string{
		ed.jwk(`"use":"enc"`), ed.jwk(`"use":""`), ed.jwk(`"use":"SIG"`), rs.jwk(`"use":"enc"`, `"alg":"RSA-OAEP"`),
		ed.jwk(`"key_ops":["sign"]`), ed.jwk(`"key_ops":[]`), ed.jwk(`"key_ops":["encrypt","wrapKey"]`),
	} {
		if key, _, err := parseJWK(value); key != nil || !errors.Is(err, errOtherUse) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestSmallOrder: for such a key anybody can sign, and Go's verification lets it.
func TestSmallOrder(t *testing.T) {
	t.Parallel()
	identity := append([]byte{1}, make([]byte, 31)...)
	forged := append(slices.Clone(identity), make([]byte, 32)...)
	if !ed25519.Verify(identity, []byte("anything"), forged) {
		t.Error("Go refuses it by now")
	}
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		x, err := hex.DecodeString(y)
		if err != nil {
			t.Fatal(err)
		}
		if !isForgeable(x) && x[0] != 0xed && x[0] != 0xee { // some decoders refuse these two
			t.Errorf("%s is not of small order", y)
		}
		if _, _, err := parseJWK(`{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + b64(x) + `"}`); err == nil {
			t.Errorf("%s is taken", y)
		}
	}
	if isForgeable(newPair(t, "EdDSA", "").private.Public().(ed25519.PublicKey)) {
		t.Error("every key is forgeable")
	}
}

// isForgeable signs without a private key: with R of order 8 at most, s = 0 and
// luck, one message in eight or so verifies.
func isForgeable(key ed25519.PublicKey) bool {
	forged := append([]byte{1}, make([]byte, 63)...)
	for i := range 200 {
		if ed25519.Verify(key, fmt.Append(nil, i), forged) {
			return true
		}
	}
	return false
}

func TestPublished(t *testing.T) {
	t.Parallel()
	a, b, c := newPair(t, "EdDSA", "a"), newPair(t, "EdDSA", "b"), newPair(t, "ES256", "a")
	other, bare := newPair(t, "EdDSA", "a"), newPair(t, "EdDSA", "")
	rs := newPair(t, "RS256", "r")
	for _, test := range []struct {
		keys []string
		want string
		odd  string
	}{
		{nil, "", ""},
		{[]string{a.jwk(), b.jwk()}, `"a" EdDSA, "b" EdDSA`, ""},
		{[]string{a.jwk(), a.jwk()}, `"a" EdDSA`, ""},
		{[]string{a.jwk(), a.named()}, `"a" EdDSA`, ""},
		{[]string{a.jwk(), c.jwk()}, `"a" EdDSA, "a" ES256`, ""}, // RFC 7517 section 4.5
		{[]string{a.jwk(), other.jwk(), b.jwk()}, `"b" EdDSA`, `"a": another key`},
		{[]string{a.jwk(), other.jwk(), a.jwk()}, ``, `"a": another key`},
		{[]string{bare.jwk(), newPair(t, "EdDSA", "").jwk()}, `"" EdDSA, "" EdDSA`, ""},
		{[]string{bare.jwk(), bare.jwk()}, `"" EdDSA`, ""},
		{[]string{rs.jwk(), rs.jwk(`"alg":"PS256"`)}, `"r" RS256, "r" PS256`, ""},
		{[]string{`{"kty":"AKP","kid":"new\u001b"}`, a.jwk(), `7`}, `"a" EdDSA`, `"": its kid is no string`},
		{[]string{a.jwk(), b.jwk(`"kty":"OKP"`)}, `"a" EdDSA`, "no strict JSON object"},
		{[]string{a.jwk(`"use":"enc"`)}, "", ""},
	} {
		p, err := parsePublished([]byte(setOf(test.keys...)), nil)
		if err != nil || p.String() != test.want || !strings.Contains(p.odd(), test.odd) ||
			(p.odd() != "") != (test.odd != "") {
			t.Errorf("%s: %v, keys %v, odd %s", test.keys, err, p, p.odd())
		}
	}
}

func TestNotPublished(t *testing.T) {
	t.Parallel()
	key := newPair(t, "EdDSA", "a").jwk()
	for _, text := range []string{
		"", " ", "{", "{}", "null", "[]", `"keys"`, "<html>", key, `{"keys":null}`, `{"keys":{}}`, `{"keys":"x"}`,
		`{"keys":[}`, `{"keys":[1,]}`, `{"keys":[]`, `{"keys":[]}x`, `{"keys":[]}{"keys":[]}`, `{"keys":[],}`,
		`{"KEYS":[]}`, `{"keys":[],"keys":[]}`, `{"keys":[],"\u006beys":[]}`, "\ufeff" + `{"keys":[]}`,
		`{"keys":["` + "\xff" + `"]}`, `{'keys':[]}`, `{"keys":[] /* none */}`, `{"a":` + strings.Repeat("[", 1<<16),
		setOf(strings.Split(strings.Repeat(key+"\n", 101), "\n")[:101]...),
		setOf(strings.Split(strings.Repeat("1\n", 101), "\n")[:101]...),
	} {
		if p, err := parsePublished([]byte(text), nil); err == nil {
			t.Errorf("%.60q: %v", text, p)
		}
	}
	for _, text := range []string{
		` {"keys" : [ ] } `, `{"a":1,"keys":[],"b":[{}]}`, `{"a":1,"a":2,"keys":[]}`,
		setOf(strings.Split(strings.Repeat(key+"\n", 100), "\n")[:100]...),
	} {
		if _, err := parsePublished([]byte(text), nil); err != nil {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

// TestSameKeyStays: a key is one pointer as long as sets hold it.
func TestSameKeyStays(t *testing.T) {
	t.Parallel()
	a, b := newPair(t, "EdDSA", "a"), newPair(t, "ES256", "b")
	read := func(older *published, keys ...string) *published {
		p, err := parsePublished([]byte(setOf(keys...)), older)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := read(nil, a.jwk(), b.jwk())
	second := read(first, b.named(), a.jwk(`"use":"sig"`))
	if !second.has(first.keys[0]) || !second.has(first.keys[1]) {
		t.Error("equal keys are other ones")
	}
	third := read(second, newPair(t, "EdDSA", "a").jwk())
	if third.has(first.keys[0]) || third.has(first.keys[1]) {
		t.Error("other keys are the old ones")
	}
}

// keyVectors are the groups of testdata/wycheproof/json_web_key_test.json. All
// keys are private, or have a public part beside.
type keyVectors struct {
	TestGroups []struct {
		Comment         string
		Public, Private json.RawMessage
		Tests           []struct {
			TcID   int `json:"tcId"`
			JWS    any `json:"jws"`
			Result string
		}
	}
}

func readKeyVectors(t *testing.T, name string) (v keyVectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/wycheproof/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// ours are the algorithms of the vectors that a key set takes. The payload of 259
// and 272 is empty, which is a JWS and no token.
var ours = regexp.MustCompile(`"alg":"(ES256|RS256|PS256)"`)

// TestWycheproofKeys puts vectors with key pairs to a key set, and all others,
// whose secrets are in the place of keys: none of these is accepted.
func TestWycheproofKeys(t *testing.T) {
	t.Parallel()
	accepted, refused := 0, 0
	for _, name := range []string{"json_web_key_test.json", "json_web_signature_test.json"} {
		for _, group := range readKeyVectors(t, name).TestGroups {
			set := group.Public
			if set == nil {
				set = group.Private
			}
			if !strings.HasPrefix(string(set), `{"keys"`) && !strings.Contains(string(set), `"keys":`) {
				set = json.RawMessage(setOf(string(set)))
			}
			keys := keySetOf(t, set)
			for _, test := range group.Tests {
				text, _ := test.JWS.(string)
				head, _, _ := strings.Cut(text, ".")
				b, _ := base64.RawURLEncoding.DecodeString(head)
				want := test.Result == "valid" && group.Public != nil && ours.Match(b) &&
					!strings.Contains(text, "..")
				err := verifyJWS(t, keys, text)
				if (err == nil) != want {
					t.Errorf("%s %d (%s): %v, want %v", name, test.TcID, group.Comment, err, test.Result)
				}
				if want {
					accepted++
				} else {
					refused++
				}
			}
		}
	}
	if accepted != 15 || refused != 412 {
		t.Errorf("%d accepted and %d refused", accepted, refused)
	}
}

// keySetOf is a source with this set, which it never renews.
func keySetOf(t *testing.T, text []byte) *keySet {
	t.Helper()
	p, err := parsePublished(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	clock := &settable{}
	p.number, p.at = 1, clock.now()
	k := &keySet{renewal: newRenewal(nil, usualPace(defaultMaxStale), clock.now, nil)}
	k.current.Store(p)
	return k
}

// FuzzKeySet: whatever an issuer publishes, it is read or refused, and a set
// that is read holds sound keys for one known algorithm each, which verify
// without a panic.
func FuzzKeySet(f *testing.F) {
	for _, alg := range []string{"EdDSA", "ES256", "ES384", "ES512", "RS256", "PS256"} {
		p := newPair(f, alg, "k")
		f.Add([]byte(setOf(p.named())))
		f.Add([]byte(setOf(p.jwk(), p.jwk(`"use":"enc"`), p.jwk(`"key_ops":["verify"]`))))
	}
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},{"kty":"RSA","n":"AQ","e":"AQ"},7,null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePublished(text, nil)
		if err != nil {
			return
		}
		again, err := parsePublished(text, p)
		if err != nil || again.String() != p.String() || len(p.keys)+len(p.passed) > maxKeys {
			t.Fatalf("%v, then %v %v", p, again, err)
		}
		for i, key := range p.keys {
			if again.keys[i] != key {
				t.Errorf("%s became another key", key.kid)
			}
			if method(key.alg) == nil || !isAsymmetric(key.alg) || key.signed("input", make([]byte, 64)) {
				t.Errorf("%+v", key)
			}
		}
	})
}
