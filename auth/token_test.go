package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo/auth"
)

// attempt is a token that must be refused, and why.
type attempt struct{ name, token, reason string }

// run puts every attempt to a service, and a good token after each.
func run(t *testing.T, opts auth.Options, good string, attempts []attempt) {
	t.Helper()
	s := serve(t, opts)
	seen := map[string]bool{}
	for _, a := range attempts {
		if seen[a.name] {
			t.Errorf("two attempts of the name %q", a.name)
		}
		seen[a.name] = true
		t.Run(a.name, func(t *testing.T) {
			s.refused(t, s.get("Bearer "+a.token), invalidToken, a.reason, a.token)
			s.accepted(t, good)
		})
	}
	t.Logf("%d attempts", len(attempts))
}

// wrong are JSON values of all types but a string with something in it.
func wrong() []string {
	return []string{`null`, `true`, `false`, `0`, `-1`, `1.5`, `1e400`, `[]`, `["HS256"]`, `[null]`,
		`{}`, `{"a":1}`}
}

// malformedObjects are texts that are no strict JSON object, whatever member m
// they should have.
func malformedObjects(m string) map[string]string {
	return map[string]string{
		"empty":                     ``,
		"blank":                     ` `,
		"null":                      `null`,
		"true":                      `true`,
		"number":                    `1`,
		"string":                    `"` + strings.ReplaceAll(m, `"`, `\"`) + `"`,
		"array":                     `[{` + m + `}]`,
		"no braces":                 m,
		"unterminated":              `{` + m,
		"unterminated string":       `{` + m + `,"x":"`,
		"unterminated escape":       `{` + m + `,"x":"\`,
		"trailing comma":            `{` + m + `,}`,
		"leading comma":             `{,` + m + `}`,
		"text behind":               `{` + m + `}x`,
		"brace behind":              `{` + m + `}}`,
		"object behind":             `{` + m + `}{` + m + `}`,
		"NUL behind":                `{` + m + "}\x00",
		"comment":                   `{/**/` + m + `}`,
		"line comment":              "{" + m + "}//",
		"single quotes":             `{` + strings.ReplaceAll(m, `"`, `'`) + `}`,
		"bare name":                 `{` + m + `,x:1}`,
		"no colon":                  `{` + m + `,"x" 1}`,
		"no value":                  `{` + m + `,"x":}`,
		"equals sign":               `{` + m + `,"x"=1}`,
		"byte order mark":           "\ufeff{" + m + "}",
		"UTF-16":                    "\xff\xfe{\x00",
		"no-break space":            "{\u00a0" + m + "}",
		"form feed":                 "{\f" + m + "}",
		"NaN":                       `{` + m + `,"x":NaN}`,
		"infinity":                  `{` + m + `,"x":-Infinity}`,
		"leading zero":              `{` + m + `,"x":01}`,
		"plus sign":                 `{` + m + `,"x":+1}`,
		"bare minus":                `{` + m + `,"x":-}`,
		"bare point":                `{` + m + `,"x":1.}`,
		"no digit":                  `{` + m + `,"x":.5}`,
		"bare exponent":             `{` + m + `,"x":1e}`,
		"hexadecimal":               `{` + m + `,"x":0x10}`,
		"underscore":                `{` + m + `,"x":1_0}`,
		"literal in capitals":       `{` + m + `,"x":TRUE}`,
		"literal cut":               `{` + m + `,"x":tru}`,
		"line break in a string":    "{" + m + ",\"x\":\"a\nb\"}",
		"NUL in a string":           "{" + m + ",\"x\":\"a\x00b\"}",
		"tab in a string":           "{" + m + ",\"x\":\"a\tb\"}",
		"escape that is none":       `{` + m + `,"x":"\x41"}`,
		"short escape":              `{` + m + `,"x":"\u004"}`,
		"byte ff":                   "{" + m + ",\"x\":\"\xff\"}",
		"byte ff in a name":         "{" + m + ",\"\xff\":1}",
		"overlong NUL":              "{" + m + ",\"x\":\"\xc0\x80\"}",
		"overlong slash":            "{" + m + ",\"x\":\"\xe0\x80\xaf\"}",
		"surrogate in bytes":        "{" + m + ",\"x\":\"\xed\xa0\x80\"}",
		"beyond Unicode":            "{" + m + ",\"x\":\"\xf4\x90\x80\x80\"}",
		"character cut":             "{" + m + ",\"x\":\"\xe2\x82\"}",
		"lone high surrogate":       `{` + m + `,"x":"\ud800"}`,
		"lone low surrogate":        `{` + m + `,"x":"\udc00"}`,
		"surrogates swapped":        `{` + m + `,"x":"\udc00\ud800"}`,
		"high surrogate twice":      `{` + m + `,"x":"\ud800\ud800"}`,
		"lone surrogate in a name":  `{` + m + `,"\ud800":1}`,
		"a name twice":              `{` + m + `,"x":1,"x":1}`,
		"an empty name twice":       `{` + m + `,"":1,"":2}`,
		"a name twice by an escape": `{` + m + `,"x":1,"\u0078":1}`,
		"a name twice inside":       `{` + m + `,"x":{"y":1,"y":1}}`,
		"a name twice in an array":  `{` + m + `,"x":[{"y":1,"y":1}]}`,
		"33 arrays":                 `{` + m + `,"x":` + nested("[", "]", 32) + `}`,
		"33 objects":                `{` + m + `,"x":` + nested(`{"a":`, "}", 32) + `}`,
		"1000 arrays":               `{` + m + `,"x":` + nested("[", "]", 1000) + `}`,
		"1000 brackets open":        `{` + m + `,"x":` + strings.Repeat("[", 1000),
		"deep behind a false quote": `{` + m + `,"x":"\\"` + strings.Repeat("[", 1000),
		"33 arrays behind a quote":  `{` + m + `,"x":"\"","y":` + nested("[", "]", 32) + `}`,
		"mismatched brackets":       `{` + m + `,"x":[}]`,
	}
}

// quote is s as a JSON string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func nested(open, close string, n int) string {
	inner := "0"
	if open == "[" {
		inner = ""
	}
	return strings.Repeat(open, n) + inner + strings.Repeat(close, n)
}

func TestHeaderRefused(t *testing.T) {
	t.Parallel()
	var attempts []attempt
	add := func(name, header, reason string) {
		attempts = append(attempts, attempt{name, sign(header, claims(`"sub":"ada"`), secret), reason})
	}
	for name, text := range malformedObjects(`"alg":"HS256"`) {
		add("JSON/"+name, text, "malformed")
	}

	add("alg/absent", `{"typ":"JWT"}`, "algorithm")
	add("alg/empty object", `{}`, "algorithm")
	for _, v := range wrong() {
		add("alg/"+v, `{"alg":`+v+`}`, "algorithm")
		add("typ/"+v, `{"alg":"HS256","typ":`+v+`}`, "type")
		add("kid/"+v, `{"alg":"HS256","kid":`+v+`}`, "malformed")
	}
	for _, alg := range []string{"", " ", "none", "None", "NONE", "nOnE", "hs256", "Hs256", "HS256 ",
		" HS256",
		"HS-256", "HS256,none", "HS384", "HS512", "HS1", "HS256\u0000", "HS25\uff16", "\uff28S256",
		"HmacSHA256",
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K",
		"EdDSA",
		"Ed25519", "Ed448", "dir", "A128KW", "RSA-OAEP", "PBES2-HS256+A128KW",
		strings.Repeat("H", 4000)} {
		add("alg/"+fmt.Sprintf("%.20q", alg), `{"alg":`+quote(alg)+`}`, "algorithm")
	}
	for _, name := range []string{"ALG", "Alg", "aLg", "alg ", " alg", "a\u200blg", "\uff41lg",
		"algorithm", "enc"} {
		add("alg named "+name, `{`+quote(name)+`:"HS256"}`, "algorithm")
	}
	add("alg/twice", `{"alg":"HS256","alg":"HS256"}`, "malformed")
	add("alg/twice, none first", `{"alg":"none","alg":"HS256"}`, "malformed")
	add("alg/twice, none last", `{"alg":"HS256","alg":"none"}`, "malformed")
	add("alg/twice by an escape", `{"alg":"HS256","\u0061lg":"none"}`, "malformed")

	for _, v := range append(wrong(), `""`, `"exp"`, `["exp"]`, `["b64"]`, `["alg"]`, `["x"]`) {
		add("crit/"+v, `{"alg":"HS256","crit":`+v+`,"b64":true,"x":1}`, "critical")
	}
	add("crit/unencoded payload", `{"alg":"HS256","b64":false,"crit":["b64"]}`, "critical")
	add("crit/by an escape", `{"alg":"HS256","\u0063rit":["x"],"x":1}`, "critical")

	for _, typ := range []string{"", " ", "JWT ", " JWT", "JWTs", "JW", "JWS", "JWE", "JOSE",
		"at+jwt", "AT+JWT",
		"jwt+at", "application/jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt",
		"better-auth.session-cache+jwt", "JWT\u0000", "\uff2a\uff37\uff34", "J\u200bWT",
		strings.Repeat("J", 4000)} {
		add("typ/"+fmt.Sprintf("%.20q", typ), `{"alg":"HS256","typ":`+quote(typ)+`}`, "type")
	}
	add("typ/twice", `{"alg":"HS256","typ":"JWT","typ":"JWT"}`, "malformed")
	add("kid/twice", `{"alg":"HS256","kid":"a","kid":"a"}`, "malformed")
	run(t, shared(secret), good(), attempts)
}

func TestHeaderAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	for _, header := range []string{
		`{"alg":"HS256"}`,
		`{"typ":"JWT","alg":"HS256"}`,
		`{"alg":"HS256","typ":"jwt"}`,
		`{"alg":"HS256","typ":"Jwt"}`,
		` { "alg" : "HS256" , "typ" : "JWT" } `,
		"{\r\n\t\"alg\":\"HS256\"\r\n}\n",
		`{"\u0061lg":"HS\u0032\u0035\u0036"}`,
		`{"alg":"HS256","ALG":"none","Crit":["x"]}`, // names are matched exactly
		`{"alg":"HS256","kid":""}`,
		`{"alg":"HS256","kid":"../../dev/null"}`,
		`{"alg":"HS256","kid":"' OR 1=1 --"}`,
		`{"alg":"HS256","kid":"a\r\nb\u0000"}`,
		`{"alg":"HS256","kid":"` + strings.Repeat("k", 5000) + `"}`,
		`{"alg":"HS256","jku":"https://evil.example/jwks","jwk":{"kty":"oct","k":"AA"}}`,
		`{"alg":"HS256","x5u":"https://evil.example","x5c":["MIIB"],"x5t":"a","x5t#S256":"b"}`,
		`{"alg":"HS256","cty":"x","zip":"DEF","enc":"A128GCM","b64":true}`,
		`{"alg":"HS256","name":"Zoë 😀","x":[1,{"y":null}],"z":-1.5e3}`,
		`{"alg":"HS256","x":` + nested("[", "]", 31) + `}`,
	} {
		if got := s.accepted(t, sign(header, claims(`"sub":"ada"`), secret)); got.User != "ada" {
			t.Errorf("%s: %+v", header, got)
		}
	}
}

// TestKeysInHeader: a key that a token brings along is no key.
func TestKeysInHeader(t *testing.T) {
	t.Parallel()
	k := b64(other)
	var attempts []attempt
	for _, m := range []string{`"jwk":{"kty":"oct","k":"` + k + `"}`, `"k":"` + k + `"`, `"kid":"` +
		other + `"`,
		`"jku":"data:application/json,{\"keys\":[{\"kty\":\"oct\",\"k\":\"` + k + `\"}]}"`, `"x5c":["` +
			k + `"]`} {
		attempts = append(attempts, attempt{m, sign(`{"alg":"HS256",`+m+`}`, claims(`"sub":"ada"`),
			other), "signature"})
	}
	run(t, shared(secret), good(), attempts)
}

func TestClaimsRefused(t *testing.T) {
	t.Parallel()
	var attempts []attempt
	add := func(name, claims, reason string) {
		attempts = append(attempts, attempt{name, sign(head, claims, secret), reason})
	}
	for name, text := range malformedObjects(`"exp":` + exp + `,"sub":"ada"`) {
		add("JSON/"+name, text, "malformed")
	}
	add("JSON/a token in the token", good(), "malformed")
	addDates(add)
	addUsers(add)

	for _, v := range append(wrong(), `""`, `"x"`, `["`+aud+`"]`) {
		add("aud where none is expected/"+v, claims(`"sub":"ada","aud":`+v), "audience")
	}
	for _, v := range append(wrong(), `""`, `"`+iss+`"`) {
		add("iss where none is expected/"+v, claims(`"sub":"ada","iss":`+v), "issuer")
	}
	for _, name := range []string{"exp", "nbf", "iat", "iss", "aud", "sub", "user_id", "email",
		"sid"} {
		add("twice/"+name, claims(`"sub":"ada","`+name+`":1,"`+name+`":1`), "malformed")
	}
	add("twice/sub of two users", claims(`"sub":"ada","sub":"eve"`), "malformed")
	add("twice/sub by an escape", claims(`"sub":"ada","\u0073ub":"eve"`), "malformed")
	run(t, shared(secret), good(), attempts)
}

func addDates(add func(name, claims, reason string)) {
	add("exp/absent", `{"sub":"ada"}`, "claims")
	for _, name := range []string{"EXP", "Exp", "eXp", "e\u0445p", "exp ", "expires", "expiresAt"} {
		add("exp named "+name, `{"sub":"ada","`+name+`":`+exp+`}`, "claims")
	}
	for _, v := range []string{`null`, `true`, `false`, `""`, `"` + exp + `"`, `"9999999999"`, `[]`,
		`[` + exp + `]`, `{}`,
		`1e19`, `-1e19`, `1e300`, `-1e300`, `1e400`, `1e999999999`, `253402300800`, `-253402300800`,
		`9223372036854775807`, `9223372036854775808`, `18446744073709551616`, strings.Repeat("9", 400)} {
		for _, name := range []string{"exp", "nbf", "iat"} {
			members := `"sub":"ada","` + name + `":` + v
			if name != "exp" {
				members = `"exp":` + exp + `,` + members
			}
			add(name+fmt.Sprintf("/%.24s", v), `{`+members+`}`, "claims")
		}
	}
	for _, v := range []string{`0`, `-0`, `-1`, `1`, `1.5`, `900`, `-253402300799`, `1e3`,
		`1795521585`, `1795521584.999`} {
		add("exp/past "+v, `{"sub":"ada","exp":`+v+`}`, "expired")
	}
	for _, v := range []string{`1795521615.001`, `1795521616`, `1795522000`, `253402300799`,
		`2.5e11`} {
		add("nbf/future "+v, claims(`"sub":"ada","nbf":`+v), "not-yet-valid")
	}
}

func addUsers(add func(name, claims, reason string)) {
	add("user/absent", claims(``), "claims")
	add("user/userId (an e-mail link of Better Auth)", claims(`"email":"a@b.c","userId":"ada"`),
		"claims")
	add("user/user.id (a session cookie of Better Auth)",
		claims(`"session":{"userId":"ada"},"user":{"id":"ada","sub":"ada"},"version":"1"`), "claims")
	for _, name := range []string{"SUB", "Sub", "sUb", "\u017fub", "s\u200bub", "sub ", "subject",
		"id", "uid", "email",
		"userId", "userid", "USER_ID", "User_Id", "u\u017fer_id", "user-id", "user_ID", "username",
		"name", "user"} {
		add("user named "+name, claims(`"`+name+`":"ada"`), "claims")
	}
	bad := append(wrong(), `""`, `"`+strings.Repeat("a", 256)+`"`, `"`+strings.Repeat("ä", 128)+`"`,
		`"`+strings.Repeat("a", 3000)+`"`, `"a\nb"`, `"a\tb"`, `"\u007f"`, `"ada\u0000"`, `"\u0000ada"`,
		`"space\u001fada"`)
	for c := range 0x20 {
		bad = append(bad, fmt.Sprintf(`"x\u%04x"`, c))
	}
	for _, v := range bad {
		name := fmt.Sprintf("%.24s of %d", v, len(v))
		add("sub/"+name, claims(`"sub":`+v), "claims")
		add("user_id/"+name, claims(`"user_id":`+v), "claims")
		add("sub beside user_id/"+name, claims(`"sub":`+v+`,"user_id":"ada"`), "claims")
		add("user_id beside sub/"+name, claims(`"user_id":`+v+`,"sub":"ada"`), "claims")
	}
	for name, text := range map[string]string{"byte ff": "\xff", "half a character": "\xc3",
		"overlong":  "\xc0\x80",
		"surrogate": "\xed\xa0\x80", "escaped surrogate": `\ud800`, "low surrogate": `\udfff`,
		"NUL":        "\x00",
		"line break": "\n"} {
		add("sub/raw "+name, claims(`"sub":"ada`+text+`"`), "malformed")
		add("user_id/raw "+name, claims(`"user_id":"ada`+text+`"`), "malformed")
		add("email/raw "+name, claims(`"sub":"ada","email":"ada`+text+`"`), "malformed")
	}
	for _, v := range []string{"eve", "Ada", "ada ", "ad\u0430", "\ufffd"} {
		add("user_id and sub differ/"+v, claims(`"sub":"ada","user_id":"`+v+`"`), "claims")
	}
}

func TestClaimsAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	long := strings.Repeat("a", 255)
	for claims, user := range map[string]string{
		claims(`"sub":"ada"`):                                       "ada",
		claims(`"user_id":"ada"`):                                   "ada",
		claims(`"sub":"ada","user_id":"ada"`):                       "ada",
		claims(`"sub":"ada","user_id":"\u0061da"`):                  "ada",
		claims(`"\u0073ub":"\u0061da"`):                             "ada",
		claims(`"sub":"ada","SUB":"eve","Sub":1,"\u017fub":"eve"`):  "ada",
		claims(`"sub":"ada","id":"eve","userId":"eve","uid":"eve"`): "ada",
		claims(`"sub":"1"`):                                         "1",
		claims(`"sub":" "`):                                         " ",
		claims(`"sub":"` + long + `"`):                              long,
		claims(`"sub":"\ufffd"`):                                    "\ufffd",
		// is a character, and another user than 0xff
		claims(`"sub":"ä"`):       "ä",
		claims(`"sub":"\u00e4"`):  "ä",
		claims(`"sub":"a\u0308"`): "a\u0308",
		// not composed: another user than ä
		claims(`"sub":"\ud83d\ude00"`):                              "😀",
		claims(`"sub":"a\\b\"c\/d"`):                                `a\b"c/d`,
		claims(`"sub":"' OR 1=1 --"`):                               "' OR 1=1 --",
		claims(`"sub":"ada@example.com","email":"eve@example.com"`): "ada@example.com",
		claims(`"sub":"ada","iat":99999999999`):                     "ada", // iat decides nothing
		claims(`"sub":"ada","iat":-1.5e3`):                          "ada",
		claims(`"sub":"ada","nbf":1795521615`):                      "ada",
		// the leeway, to the second
		claims(`"sub":"ada","nbf":-253402300799`):                       "ada",
		claims(`"sub":"ada","nbf":0,"jti":[],"scope":null,"roles":{}`):  "ada",
		`{"sub":"ada","exp":1795521585.001}`:                            "ada",
		`{"sub":"ada","exp":1.7955225e9}`:                               "ada",
		`{"sub":"ada","exp":253402300799}`:                              "ada",
		" {\n\"sub\" : \"ada\" ,\t\"exp\" : " + exp + "\r\n}\n":         "ada",
		claims(`"sub":"ada","x":` + nested("[", "]", 31)):               "ada",
		claims(`"sub":"ada","x":"` + strings.Repeat("[", 500) + `"`):    "ada", // text nests nothing
		claims(`"sub":"ada","x":"\"` + strings.Repeat("[", 500) + `"`):  "ada",
		claims(`"sub":"ada","x":"\\","y":"\"[[[","z":"\\\"{"`):          "ada",
		claims(`"sub":"ada","":1," ":2,"exp ":"x","nbf\u0000":"x"`):     "ada",
		claims(`"sub":"ada",` + many(40)):                               "ada",
		claims(`"sub":"ada","a":true,"b":false,"c":null,"d":-0,"e":[]`): "ada",
	} {
		if got := s.accepted(t, sign(head, claims, secret)); got.User != user {
			t.Errorf("%s: %+v", claims, got)
		}
	}
}

func many(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d":%d`, i, i)
	}
	return strings.Join(members, ",")
}

// TestInformation: email and sid decide nothing, so odd ones are left out and
// refuse nobody.
func TestInformation(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	for _, v := range append(wrong(), `""`, `"a\nb"`, `"a\u0000b"`, `"`+strings.Repeat("e", 256)+`"`) {
		got := s.accepted(t, sign(head, claims(`"sub":"ada","email":`+v+`,"sid":`+v), secret))
		if got.Email != "" || got.Session != "" {
			t.Errorf("%s: %+v", v, got)
		}
	}
	got := s.accepted(t, sign(head, claims(`"sub":"ada","Email":"a@b.c","SID":"1","session_id":"1"`),
		secret))
	if got.Email != "" || got.Session != "" {
		t.Errorf("%+v", got)
	}
}

func TestIssuerAndAudienceRefused(t *testing.T) {
	t.Parallel()
	var attempts []attempt
	add := func(name, members, reason string) {
		attempts = append(attempts, attempt{name, sign(head, claims(`"sub":"ada",`+members), secret),
			reason})
	}
	add("iss/absent", `"aud":"`+aud+`"`, "issuer")
	for _, v := range append(wrong(), `""`, `"x"`, `"`+iss+`/"`, `"`+iss+`."`, `"`+iss+` "`, `" `+
		iss+`"`,
		`"HTTPS://app.example.com"`, `"https://APP.example.com"`, `"https://app.example.com:443"`,
		`"http://app.example.com"`, `"https://app.example.co"`, `"`+iss+`\u0000"`, `["`+iss+`"]`, `{"`+
			iss+`":1}`,
		`"https://app.example.com@evil.example"`, `"https://evil.example/`+iss+`"`, `"`+aud+`"`) {
		add("iss/"+v, `"aud":"`+aud+`","iss":`+v, "issuer")
	}
	add("iss/in another case", `"aud":"`+aud+`","ISS":"`+iss+`"`, "issuer")
	add("iss/with a long s", "\"aud\":\""+aud+"\",\"i\u017f\u017f\":\""+iss+"\"", "issuer")

	add("aud/absent", `"iss":"`+iss+`"`, "audience")
	for _, v := range append(wrong(), `""`, `"x"`, `"`+aud+`/"`, `"`+aud+` "`,
		`"https://API.example.com"`, `"`+iss+`"`,
		`"`+aud+`,todo"`, `"tod"`, `"todos"`, `[""]`, `["x","y"]`, `["`+aud+`",1]`, `[1,"`+aud+`"]`,
		`[["`+aud+`"]]`,
		`["`+aud+`",null]`, `{"0":"`+aud+`"}`, `[{"aud":"todo"}]`, `["`+aud+` todo"]`, `["\u0000todo"]`,
		`["x","x","x","x","x","x"]`) {
		add("aud/"+v, `"iss":"`+iss+`","aud":`+v, "audience")
	}
	add("aud/in another case", `"iss":"`+iss+`","AUD":"`+aud+`"`, "audience")
	add("aud/a session cache of Better Auth", `"iss":"`+iss+`","aud":"better-auth:session-cache"`,
		"audience")
	run(t, strict(), sign(head, claims(`"sub":"ada","iss":"`+iss+`","aud":"`+aud+`"`), secret),
		attempts)
}

func TestAudienceAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, strict())
	for _, v := range []string{`"` + aud + `"`, `"todo"`, `["todo"]`, `["x","` + aud + `"]`,
		`["","todo",""]`,
		`["todo","todo"]`, `"\u0074odo"`, `["t\u006fdo"]`, ` [ "x" , "todo" ] `} {
		s.accepted(t, sign(head, claims(`"sub":"ada","iss":"`+iss+`","aud":`+v), secret))
	}
}

func TestFormRefused(t *testing.T) {
	t.Parallel()
	token := good()
	part := strings.Split(token, ".")
	h, p, sig := part[0], part[1], part[2]
	input := h + "." + p
	mac256 := decoded(t, sig)
	attempts := []attempt{
		{"one segment", h, "malformed"},
		{"a session token", "6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P", "malformed"},
		{"a signed session token", "6bAsC0CLkq2V.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c2v3b4=",
			"malformed"},
		{"two segments", input, "malformed"},
		{"no signature", input + ".", "malformed"},
		{"no claims", h + ".." + sig, "malformed"},
		{"no claims, signed", mac(h+".", secret, jwt.SigningMethodHS256), "malformed"},
		{"no header", "." + p + "." + sig, "malformed"},
		{"no header, signed", mac("."+p, secret, jwt.SigningMethodHS256), "malformed"},
		{"nothing but dots", "..", "malformed"},
		{"8192 dots", strings.Repeat(".", 8192), "malformed"},
		{"a dot behind", token + ".", "malformed"},
		{"a dot before", "." + token, "malformed"},
		{"four segments", token + "." + sig, "malformed"},
		{"five segments (JWE)", token + "." + sig + "." + sig, "malformed"},
		{"the secret itself", secret, "malformed"},
		{"padding", token + "=", "malformed"},
		{"a tilde", input + "~." + sig, "malformed"},
		{"a plus", mac(h+"+."+p, secret, jwt.SigningMethodHS256), "malformed"},
		{"a slash", mac(h+"/."+p, secret, jwt.SigningMethodHS256), "malformed"},
		{"a lone letter behind the claims", mac(h+"."+p+strings.Repeat("A", 5-len(p)%4), secret,
			jwt.SigningMethodHS256), "malformed"},
		{"a lone letter behind the signature", token + "AA", "malformed"},
		{"spare bits in the signature", input + "." + loosened(sig), "malformed"},
		{"spare bits in the claims", mac(h+"."+loosened(b64(claims(`"sub":"ada"`)+" ")), secret,
			jwt.SigningMethodHS256), "malformed"},
		{"spare bits in the header", mac(loosened(b64(`{"alg":"HS256"} `))+"."+p, secret,
			jwt.SigningMethodHS256), "malformed"},
		{"signature of 31 bytes", input + "." + b64(mac256[:31]), "signature"},
		{"signature of 33 bytes", input + "." + b64(mac256+"\x00"), "signature"},
		{"signature of 16 bytes", input + "." + b64(mac256[:16]), "signature"},
		{"signature of one byte", input + ".AA", "signature"},
		{"signature of zeros", input + "." + strings.Repeat("A", 43), "signature"},
		{"signature twice", input + "." + b64(mac256+mac256), "signature"},
		{"signature in hexadecimal", input + "." + b64(fmt.Sprintf("%x", decoded(t, sig))), "signature"},
		{"signature of other claims", h + "." + b64(claims(`"sub":"eve"`)) + "." + sig, "signature"},
		{"signature of another header", b64(`{"alg":"HS256"}`) + "." + p + "." + sig, "signature"},
		{"another secret", sign(head, claims(`"sub":"ada"`), other), "signature"},
		{"the secret with a line break", sign(head, claims(`"sub":"ada"`), secret+"\n"), "signature"},
		{"the secret without its end", sign(head, claims(`"sub":"ada"`), secret[:31]), "signature"},
		{"an empty secret", sign(head, claims(`"sub":"ada"`), ""), "signature"},
		{"the secret in base64", sign(head, claims(`"sub":"ada"`), b64(secret)), "signature"},
		{"HS384 in the MAC only", mac(input, secret, jwt.SigningMethodHS384), "signature"},
		{"HS512 in the MAC only", mac(input, secret, jwt.SigningMethodHS512), "signature"},
		{"HS384", mac(b64(`{"alg":"HS384"}`)+"."+p, secret, jwt.SigningMethodHS384), "algorithm"},
		{"HS512", mac(b64(`{"alg":"HS512"}`)+"."+p, secret, jwt.SigningMethodHS512), "algorithm"},
		{"none with a MAC", sign(`{"alg":"none"}`, claims(`"sub":"ada"`), secret), "algorithm"},
		{"none without a signature", b64(`{"alg":"none"}`) + "." + p + ".", "malformed"},
		{"header in claims", p + "." + h + "." + sig, "algorithm"},
	}
	attempts = append(attempts, flips(token)...)
	run(t, shared(secret), token, attempts)
}

// flips are the token with one letter changed, for some of its letters.
func flips(token string) []attempt {
	var list []attempt
	sig := strings.LastIndexByte(token, '.')
	for i := sig + 1; i < len(token)-1; i += 3 {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		list = append(list, attempt{fmt.Sprintf("letter %d of the signature changed", i-sig),
			token[:i] + string(c) + token[i+1:], "signature"})
	}
	return list
}

// loosened is a base64url segment with a spare bit set in its last letter:
// loose decoders read the same bytes from it.
func loosened(segment string) string {
	if len(segment)%4 == 0 {
		panic("no spare bits")
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(segment) - 1
	return segment[:last] + alphabet[strings.IndexByte(alphabet, segment[last])|1:][:1]
}

// TestLength: 8192 bytes are read, one more is not.
func TestLength(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	padded := func(size int) string {
		for n := size*3/4 - 200; ; n++ {
			if token := sign(head, claims(`"sub":"ada","x":"`+strings.Repeat("x", n)+`"`),
				secret); len(token) >= size {
				return token
			}
		}
	}
	if token := padded(8192); len(token) != 8192 {
		t.Fatal(len(token))
	} else {
		s.accepted(t, token)
	}
	for _, size := range []int{8193, 10000, 100000} {
		s.refused(t, s.get("Bearer "+padded(size)), invalidRequest, "malformed")
		s.accepted(t, good())
	}
}

func decoded(t *testing.T, segment string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
