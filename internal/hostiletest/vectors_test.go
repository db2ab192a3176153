package hostiletest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
)

// vectors are the groups of a file of Wycheproof.
type vectors struct {
	TestGroups []struct {
		Comment         string
		Private, Public json.RawMessage
		Tests           []struct {
			TcID   int `json:"tcId"`
			JWS    any `json:"jws"` // a string, or an object: the JSON serialization
			JWE    any `json:"jwe"`
			Result string
		}
	}
}

func readVectors(t *testing.T, path ...string) (v vectors) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestWycheproof runs the published vectors through the guard of a mounted
// module, each with the key set that belongs to it. None of them has claims, so
// that none is a token, also those that are rightly signed; what the signatures
// come to is tested in package auth.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	own := filepath.Join("..", "..", "auth", "testdata", "wycheproof")
	for _, file := range []struct {
		path  []string
		count int
	}{
		{[]string{own, "json_web_signature_test.json"}, 401}, {[]string{own, "json_web_key_test.json"}, 26},
		{[]string{"testdata", "wycheproof", "json_web_encryption_test.json"}, 139},
		{[]string{"testdata", "wycheproof", "json_web_crypto_test.json"}, 83},
	} {
		name := strings.TrimSuffix(file.path[len(file.path)-1], "_test.json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "memory", inMemory(t))
			n := 0
			for i, group := range readVectors(t, file.path...).TestGroups {
				s.keys.set(asSet(group.Public))
				s.idp.set(asSet(group.Public))
				s.ahead.Add(int64(31 * time.Minute)) // so that the sets are fetched
				var list attacks
				for _, test := range group.Tests {
					list = append(list, vector(fmt.Sprintf("vector/%s/%d %s %d", name, i, group.Comment, test.TcID), test.JWS, test.JWE)...)
					n++
				}
				s.run(t, list)
			}
			if n != file.count {
				t.Errorf("%d vectors, want %d", n, file.count)
			}
		})
	}
}

// asSet is the public key of a group as a set, or its set.
func asSet(public json.RawMessage) string {
	switch {
	case len(public) == 0:
		return setOf()
	case regexp.MustCompile(`^\s*\{\s*"keys"`).Match(public):
		return string(public)
	}
	return setOf(string(public))
}

// vector is a test, sent as it is. One that is an object is sent as JSON.
func vector(name string, jws, jwe any) attacks {
	value := jws
	if value == nil {
		value = jwe
	}
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		text = string(encoded)
	}
	var list attacks
	list.add(name, get("/api/todos").as(strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(text)), want{status: []int{401}})
	return list
}

// TestTokensOfTheRFCs are the examples of RFC 7515 appendix A and of RFC 8037
// appendix A.4: what is sound of them is taken for sound, by the reason that the
// log has, and then refused all the same.
func TestTokensOfTheRFCs(t *testing.T) {
	t.Parallel()
	examples := map[string]struct {
		key, header, claims, signature string
		reason                         string
	}{
		"RS256 of A.2": {
			`{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`,
			"eyJhbGciOiJSUzI1NiJ9", rfcClaims,
			"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
			"audience",
		},
		"ES256 of A.3": {
			`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
			"eyJhbGciOiJFUzI1NiJ9", rfcClaims,
			"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			"audience",
		},
		"no signature of A.5": {`{"kty":"oct","k":"AAAA"}`, "eyJhbGciOiJub25lIn0", rfcClaims, "", "malformed"},
		"EdDSA of RFC 8037": {
			`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			"malformed", // its payload is no JSON
		},
	}
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "memory", inMemory(t), func(o *authtodo.Options) {
				o.Now = func() time.Time { return time.Unix(1300819000, 0) } // before they expire
				o.Auth.Issuers = []auth.Issuer{o.Auth.Issuers[0], {URL: "joe", Audience: []string{audience}, Keys: o.Auth.Issuers[3].Keys, UserSpace: "joe"}}
			})
			s.idp.set(setOf(e.key))
			try := func(what, token, reason string) {
				shared.counts.add("memory", "vector/RFC/"+name+"/"+what)
				mark := s.log.mark()
				if a := s.send(t, get("/api/todos").as(token)); a.status != http.StatusUnauthorized {
					t.Errorf("%s: %d %s", what, a.status, a.body)
				}
				if log := s.log.since(mark); !strings.Contains(log, `"reason":"`+reason+`"`) {
					t.Errorf("%s: the log has %s, want %s", what, log, reason)
				}
			}
			try("as it is", e.header+"."+e.claims+"."+e.signature, e.reason)
			if e.reason == "audience" {
				try("changed", e.header+"."+e.claims+"."+e.signature[:20]+flip(e.signature[20])+e.signature[21:], "signature")
				try("of other claims", e.header+"."+b64([]byte(`{"iss":"joe","exp":1300819380}`))+"."+e.signature, "signature")
			}
			s.state = s.look(t)
		})
	}
}

// rfcClaims are those of RFC 7519 section 3.1: of joe, and root.
const rfcClaims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
