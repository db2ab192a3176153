package hostiletest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// door is an issuer, and how its tokens are made.
type door struct {
	name, url string
	header    string // of a good token
	claims    string // members that a good token has, but for its user
	sign      func(header, claims string) string
}

func (d door) token(claims string) string { return d.sign(d.header, claims) }

// good are the members of a good token, and more.
func (d door) good(more string) string {
	if more == "" {
		return "{" + d.claims + `,"sub":"anna"}`
	}
	return "{" + d.claims + "," + more + "}"
}

// doors are all issuers outside of the module.
func doors() []door {
	ring := shared.rings()
	secret := func(secret string) func(header, claims string) string {
		return func(header, claims string) string { return mac(header, claims, secret) }
	}
	named := func(url string) string { return `"exp":` + expiry + `,"iss":"` + url + `","aud":"` + audience + `"` }
	return []door{
		{"plain", "", hs256, `"exp":` + expiry, secret(plainSecret)},
		{"strict", strictURL, hs256, named(strictURL), secret(strictSecret)},
		{"keys", keysURL, ring.ed.header(), named(keysURL), ring.ed.token},
		{"oidc", oidcURL, ring.idp.header(), named(oidcURL), ring.idp.token},
	}
}

// bad is a token that is refused, wherever it is sent.
func (a *attacks) bad(name, token string) {
	challenge := invalidToken
	if len(token) > 8192 || !regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`).MatchString(token) {
		challenge = invalidRequest // not the form of a token at all
	}
	a.add(name, get("/api/todos").as(token), refused(challenge))
}

// fine is a token that looks odd and is good.
func (a *attacks) fine(name, token string) {
	a.add(name, get("/api/todos").as(token), want{status: []int{200}})
}

// TestTokenForms are texts that are no JWS in the compact serialization, or not
// with this signature.
func TestTokenForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var list attacks
	for _, d := range doors() {
		token := d.token(d.good(""))
		list.fine("token/"+d.name+"/good", token)
		part := strings.Split(token, ".")
		for name, text := range formsOf(part[0], part[1], part[2]) {
			list.bad("token/"+d.name+"/"+name, text)
		}
		for i := len(part[0]) + len(part[1]) + 2; i < len(token)-1; i += 7 {
			changed := []byte(token)
			changed[i] = map[bool]byte{true: 'B', false: 'A'}[token[i] == 'A']
			list.bad(fmt.Sprintf("token/%s/letter %d of the signature changed", d.name, i-len(part[0])-len(part[1])-2), string(changed))
		}
		other := strings.Split(d.token(d.good(`"sub":"bob"`)), ".")
		list.bad("token/"+d.name+"/the signature of another user's", part[0]+"."+other[1]+"."+part[2])
		list.bad("token/"+d.name+"/expired and wrongly signed", part[0]+"."+b64([]byte(`{"sub":"anna","exp":1}`))+"."+part[2])
	}
	s.run(t, list)
}

// formsOf takes the three parts of a good token and puts them together wrongly.
func formsOf(header, claims, signature string) map[string]string {
	input := header + "." + claims
	token := input + "." + signature
	forms := map[string]string{
		"no dots": header + claims + signature, "one dot": input, "no signature": input + ".",
		"no claims": header + ".." + signature,
		"no header": "." + claims + "." + signature, "only dots": "..", "one dot only": ".",
		"8000 dots":          strings.Repeat(".", 8000),
		"a megabyte of dots": strings.Repeat(".", 1<<20-4096), "10000 parts": strings.Repeat("e.", 4000) + "e",
		"a dot behind": token + ".", "a dot in front": "." + token, "four parts": token + "." + signature,
		"five parts, as a JWE": token + "." + signature + "." + signature, "twice": token + token,
		"twice with a dot":    token + "." + token,
		"the parts turned":    signature + "." + claims + "." + header,
		"claims for a header": claims + "." + header + "." + signature,
		"padding behind":      token + "=", "much padding behind": token + "====",
		"padded parts":          padded(header) + "." + padded(claims) + "." + padded(signature),
		"the standard alphabet": header + "." + claims + "." + strings.NewReplacer("-", "+", "_", "/").Replace(signature) + "/",
		"a tilde":               token + "~", "percent": strings.ReplaceAll(token, ".", "%2e"),
		"percent twice":  strings.ReplaceAll(token, ".", "%252e"),
		"in hexadecimal": fmt.Sprintf("%x", token), "in base64": b64([]byte(token)), "in capitals": strings.ToUpper(token),
		"a letter less": token[:len(token)-1], "a letter more": token + "A", "two letters more": token + "AA",
		"four letters more": token + "AAAA",
		"spare bits":        input + "." + spare(signature), "no bytes but zeros": input + "." + strings.Repeat("A", len(signature)),
		"a signature of one byte": input + ".AA", "the signature twice": input + "." + signature + signature,
		"a header of null":        b64([]byte("null")) + "." + claims + "." + signature,
		"no header but an object": b64([]byte("{}")) + "." + claims + "." + signature,
		"a comma and a token":     token + "," + token, "quotes": `"` + token + `"`, "in JSON": `{"token":"` + token + `"}`,
		"flattened JSON": `{"protected":"` + header + `","payload":"` + claims + `","signature":"` + signature + `"}`,
		"general JSON":   `{"payload":"` + claims + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`,
		"in a JWE":       b64([]byte(`{"alg":"dir","enc":"A256GCM","cty":"JWT"}`)) + "..AAAAAAAAAAAAAAAA." + b64([]byte(token)) + ".AAAAAAAAAAAAAAAAAAAAAA",
		"PBES2":          b64([]byte(`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2s":"AAAAAAAAAAA","p2c":2147483647}`)) + ".AAAA.AAAA.AAAA.AAAA",
		"undefined":      "undefined", "null": "null",
		"a session token of Better Auth": "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY.c2lnbmF0dXJl%2Bb%3D",
		"a letter of Cyrillic":           strings.Replace(token, "e", "\u0435", 1), "a byte ff": token + "\xff",
		"9000 letters": strings.Repeat("A", 9000),
		"8193 letters": strings.Repeat("A", 8193), "8192 letters": strings.Repeat("A", 8192),
		"a token and 8 KB": token + strings.Repeat("A", 8192),
	}
	for where, at := range map[string]int{"header": 4, "claims": len(header) + 5, "signature": len(token) - 6} {
		for name, text := range map[string]string{
			"a blank": " ", "a tab": "\t", "a plus": "+", "a slash": "/", "an equals sign": "=", "an exclamation mark": "!",
			"a zero-width space": "\u200b", "a colon": ":", "a bracket": "[",
		} {
			forms[name+" in the "+where] = token[:at] + text + token[at:]
		}
	}
	return forms
}

// padded is a part of a token in base64 with padding.
func padded(part string) string { return part + strings.Repeat("=", (4-len(part)%4)%4) }

// spare sets a bit in the last letter of base64 that stands for no byte. Loose
// decoders read the same from it.
func spare(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 {
		panic("no bits are spare")
	}
	last := len(part) - 1
	return part[:last] + string(alphabet[strings.IndexByte(alphabet, part[last])^1])
}

// TestTokenHeaders are headers of tokens that are rightly signed.
func TestTokenHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var list attacks
	for _, d := range []door{doors()[0], doors()[2]} {
		alg := d.header[:strings.Index(d.header, ",")] // with the brace
		rest := d.header[len(alg)+1:]                  // kid and typ, with the brace
		add := func(name, header string) { list.bad("header/"+d.name+"/"+name, d.sign(header, d.good(""))) }
		for name, text := range brokenObjects(d.header[1 : len(d.header)-1]) {
			add("JSON/"+name, text)
		}
		for name, text := range deepObjects(d.header[1:len(d.header)-1], 33, 500) {
			add("JSON/"+name, text)
		}
		for _, value := range notStrings() {
			add("alg/"+value, `{"alg":`+value+","+rest)
			add("typ/"+value, alg+`,"typ":`+value+`,"kid":"ed-1"}`)
			add("kid/"+value, alg+`,"kid":`+value+`}`)
		}
		add("alg/absent", "{"+rest)
		for _, name := range []string{"", " ", "none", "None", "NONE", "nOnE", "null", "HS256 ", " HS256", "hs256", "HS-256", "HS256\u0000", "\uff28S256",
			"HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512",
			"eddsa", "EDDSA", "EdDSA ",
			"Ed448", "ed25519", "dir", "A128KW", "A256GCMKW", "RSA-OAEP", "RSA1_5", "ECDH-ES", "PBES2-HS256+A128KW", "HS1",
			"MD5", "EdDSA,HS256",
			"HS256,none", "../none", "' OR 1=1--", strings.Repeat("H", 3000)} {
			add("alg/"+quote(name[:min(len(name), 24)]), `{"alg":`+quote(name)+","+rest)
		}
		for _, name := range []string{"ALG", "Alg", "aLg", "alg ", " alg", "\uff41lg", "a\u200blg", "algorithm", "signingAlg"} {
			add("alg by the name "+name, "{"+quote(name)+alg[len(`{"alg"`):]+","+rest)
		}
		for _, typ := range []string{"", " ", "JWS", "JWE", "JOSE", "JOSE+JSON", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt", "jwt+at", "JWT ",
			" JWT", "JWT\u0000", "J\u200bWT", "\uff2aWT", "JW", "JWTT", "id_token", "logout+jwt", "dpop+jwt", "secevent+jwt",
			"token-introspection+jwt",
			"refresh", "better-auth.session-cache+jwt", "text/html", strings.Repeat("J", 3000)} {
			add("typ/"+typ[:min(len(typ), 32)], alg+`,"typ":`+quote(typ)+`,"kid":"ed-1"}`)
		}
		for _, value := range append(notStrings(), `""`, `"exp"`, `["exp"]`, `["b64"]`, `["alg"]`, `["crit"]`, `["http://x"]`, `["x","x"]`, `[1]`) {
			add("crit/"+value, alg+`,"crit":`+value+`,"x":1,"b64":true,`+rest)
		}
		add("crit/by an escape", alg+`,"\u0063rit":["x"],"x":1,`+rest)
		add("b64/false", alg+`,"b64":false,"crit":["b64"],`+rest)
		for _, member := range []string{"alg", "typ", "kid", "crit", "jwk", "x"} {
			add("twice/"+member, strings.TrimSuffix(d.header, "}")+`,"`+member+`":"a","`+member+`":"a"}`)
		}
		for name, more := range map[string]string{
			"other members": `"cty":"JWT","zip":"DEF","enc":"A128GCM","b64":true,"apu":"x","p2c":2147483647`,
			"other cases":   `"ALG":"none","Crit":["x"],"KID":"x","Typ":"x"`,
			"31 arrays":     `"x":` + nested("[", "]", 31), "odd texts": `"x":"\u0000\u001b\ud83d\ude00"`,
			"numbers out of range": `"x":1e400`,
		} {
			list.fine("header/"+d.name+"/ignored/"+name, d.sign(strings.TrimSuffix(d.header, "}")+","+more+"}", d.good("")))
		}
	}
	s.run(t, list)
}

// dates are values of a NumericDate that is none, or out of every range.
func dates() []string {
	return []string{"null", "true", "false", `""`, `"` + expiry + `"`, `"9999999999"`, `"0"`, `"never"`, "[]", "[" + expiry + "]", "{}", `{"$gt":0}`,
		"1e19", "-1e19", "1e300", "-1e300", "1e400", "-1e400", "1e999999999", "253402300800", "-253402300800",
		"9223372036854775807",
		"9223372036854775808", "-9223372036854775809", "18446744073709551616", "4102444800000000", strings.Repeat("9", 400), "0." + strings.Repeat("9", 400) + "e40"}
}

// TestTokenClaims are claims of tokens that are rightly signed.
func TestTokenClaims(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var list attacks
	for _, d := range []door{doors()[0], doors()[2]} {
		add := func(name, claims string) { list.bad("claims/"+d.name+"/"+name, d.token(claims)) }
		fine := func(name, claims string) { list.fine("claims/"+d.name+"/good/"+name, d.token(claims)) }
		_, unnamed, _ := strings.Cut(d.claims+",", ",") // all members but exp, with a comma behind
		for name, text := range brokenObjects(d.claims + `,"sub":"anna"`) {
			add("JSON/"+name, text)
		}
		for name, text := range deepObjects(d.claims+`,"sub":"anna"`, 33, 500) {
			add("JSON/"+name, text)
		}
		add("exp/absent", "{"+unnamed+`"sub":"anna"}`)
		for _, name := range []string{"EXP", "Exp", "exp ", "e\u0445p", "expires", "expires_at", "expiresAt", "\uff45xp"} {
			add("exp by the name "+name, "{"+unnamed+quote(name)+":"+expiry+`,"sub":"anna"}`)
		}
		for _, value := range dates() {
			add("exp/"+value[:min(len(value), 24)], "{"+unnamed+`"sub":"anna","exp":`+value+"}")
			add("nbf/"+value[:min(len(value), 24)], d.good(`"sub":"anna","nbf":`+value))
			add("iat/"+value[:min(len(value), 24)], d.good(`"sub":"anna","iat":`+value))
		}
		for _, value := range []string{"0", "-0", "1", "-1", "0.5", "1e3", "1e9", "1600000000", "-253402300799", "1.6e9"} {
			add("exp/past/"+value, "{"+unnamed+`"sub":"anna","exp":`+value+"}")
		}
		for _, value := range []string{"4102444800", "2.5e11", "253402300799", "4102444800.5"} {
			add("nbf/future/"+value, d.good(`"sub":"anna","nbf":`+value))
		}
		for _, name := range []string{"exp", "nbf", "iat", "iss", "aud", "sub", "user_id", "email", "sid", "jti"} {
			twice := strings.TrimSuffix(d.good(`"sub":"anna"`), "}")
			add("twice/"+name, twice+`,"`+name+`":1,"`+name+`":1}`)
		}
		add("twice/two users", d.good(`"sub":"anna","sub":"bob"`))
		add("twice/two users, one by an escape", d.good(`"sub":"anna","\u0073ub":"bob"`))
		for name, value := range map[string]string{"iat in the future": `"iat":4102444800`, "odd e-mail": `"email":{"a":[1]}`, "odd sid": `"sid":["x"]`,
			"other cases": `"SUB":"bob","Sub":"bob","\u017fub":"bob","EXP":1,"NBF":4102444800`,
			"other users": `"id":"bob","uid":"bob","userId":"bob","act":{"sub":"bob"}`,
			"roles":       `"role":"admin","roles":["admin"],"scope":"*","is_admin":true`,
			"prototype":   `"__proto__":{"sub":"bob"},"constructor":{"prototype":{}}`,
			"31 arrays":   `"x":` + nested("[", "]", 31), "nbf of long ago": `"nbf":-253402300799`, "emailVerified": `"email":"bob@example.com","email_verified":"true"`} {
			fine(name, d.good(`"sub":"anna",`+value))
		}
	}
	s.run(t, list)
}

// TestTokenUsers are users that a token may not be of, and odd ones that it may.
// On each storage, because it is the storage that they lead to.
func TestTokenUsers(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		var list attacks
		for _, d := range []door{doors()[0], doors()[2]} {
			for name, members := range wrongUsers() {
				list.bad("user/"+d.name+"/"+name, d.token(d.good(members)))
			}
			for name, user := range oddUsers() {
				list.fine("user/"+d.name+"/good/"+name, d.token(d.good(`"sub":`+quote(user))))
				todo := ask("POST", "/api/todos").as(d.token(d.good(`"sub":` + quote(user)))).json(`{"title":"x"}`)
				list.add("user/"+d.name+"/good/writes/"+name, todo, want{status: []int{201}})
			}
		}
		s.run(t, list)
	})
}

func wrongUsers() map[string]string {
	users := map[string]string{
		"absent": `"x":1`, "in the e-mail": `"email":"anna@example.com"`, "userId": `"userId":"anna"`, "id": `"id":"anna"`,
		"a list":                   `"sub":["anna","bob"]`,
		"in an object":             `"user":{"id":"anna","sub":"anna"}`,
		"a session of Better Auth": `"session":{"userId":"anna"},"user":{"id":"anna"}`,
		"two that differ":          `"sub":"anna","user_id":"bob"`, "two that differ in case": `"sub":"anna","user_id":"Anna"`,
		"two that differ by a blank": `"sub":"anna","user_id":"anna "`, "two, one of them a number": `"sub":"1","user_id":1`,
	}
	for _, name := range []string{
		"SUB", "Sub", "sUb", "\u017fub", "s\u200bub", "sub ", " sub", "subject", "uid", "username", "USER_ID", "User_Id",
		"u\u017fer_id", "user-id",
	} {
		users["by the name "+name] = quote(name) + `:"anna"`
	}
	for _, member := range []string{"sub", "user_id"} {
		for _, value := range append(notStrings(), `""`) {
			users[member+"/"+value] = `"` + member + `":` + value
			users[member+"/"+value+" beside another"] = `"` + member + `":` + value + `,"` + map[string]string{"sub": "user_id", "user_id": "sub"}[member] + `":"anna"`
		}
		for name, text := range map[string]string{
			"NUL": "anna\u0000", "NUL in front": "\u0000anna", "a line break": "anna\nbob", "CR LF": "anna\r\nSet-Cookie: x=y",
			"a tab": "an\tna", "an escape code": "\x1b[2Janna",
			"delete": "anna\u007f", "a bell": "\a", "256 letters": strings.Repeat("a", 256),
			"3000 letters": strings.Repeat("a", 3000), "128 umlauts": strings.Repeat("ä", 128),
		} {
			users[member+"/"+name] = `"` + member + `":` + quote(text)
		}
		for name, text := range map[string]string{
			"a byte ff": "anna\xff", "half a character": "anna\xc3", "an overlong a": "\xc1\xa1nna",
			"a surrogate": "anna\xed\xa0\x80", "an escaped surrogate": `anna\ud800`,
			"an escaped low surrogate": `anna\udfff`, "a bare NUL": "anna\x00",
		} {
			users[member+"/"+name] = `"` + member + `":"` + text + `"`
		}
	}
	return users
}

// oddUsers are other users than anna, each a user of its own.
func oddUsers() map[string]string {
	return map[string]string{
		"capitals": "ANNA", "a blank behind": "anna ", "a blank": " ", "a dot": ".", "two dots": "..",
		"a path": "../../etc/passwd", "SQL": "' OR '1'='1", "SQL of two": "x'; DROP TABLE authtodo_todos;--",
		"a dollar quote": "$$x$$", "a format": "%s%n%d", "a template": "{{7*7}}", "JNDI": "${jndi:ldap://x}",
		"HTML": "<script>alert(1)</script>", "a wildcard": "%", "an underscore": "____",
		"U+FFFD": "anna\ufffd", "Cyrillic": "\u0430nna", "a combining accent": "a\u0308nna", "a composed accent": "\u00e4nna",
		"a zero-width space": "anna\u200b", "right to left": "\u202eanna",
		"a BOM": "\ufeffanna", "an emoji": "😀", "a line separator": "a\u2028b", "C1": "a\u0085b", "a noncharacter": "a\uffff",
		"the last character": "\U0010ffff", "255 letters": strings.Repeat("a", 255),
		"127 umlauts": strings.Repeat("ä", 127), "a number": "1", "null": "null", "a space and a user": "keys anna",
		"a colon": "keys:anna", "a slash": "keys/anna", "a backslash": `keys\anna`,
		"a comma": "anna,bob", "JSON": `{"sub":"bob"}`, "a quote": `a"b`, "a setting": "authtodo.user_id",
		"a UUID": "0199a2f4-7c00-7000-8000-00000000dead",
	}
}

// TestTokenIssuers are names of issuers and audiences.
func TestTokenIssuers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var list attacks
	for _, d := range doors()[1:3] {
		token := func(iss, aud string) string {
			return d.token(`{"sub":"anna","exp":` + expiry + iss + aud + "}")
		}
		iss, aud := `,"iss":"`+d.url+`"`, `,"aud":"`+audience+`"`
		list.bad("issuer/"+d.name+"/absent", token("", aud))
		list.bad("audience/"+d.name+"/absent", token(iss, ""))
		for _, value := range append(notStrings(), `""`, quote(d.url+"/"), quote(d.url+" "), quote(" "+d.url), quote(d.url+"."), quote(d.url+"\u0000"), quote(d.url+":443"),
			quote(strings.ToUpper(d.url)), quote("http"+d.url[5:]), quote(d.url[:len(d.url)-1]), quote(d.url+"@evil.example"), quote("https://evil.example/"+d.url), quote(d.url+"?x"),
			quote(d.url+"#x"), quote(d.url+"/.."), quote(audience), `["`+d.url+`"]`, `["`+d.url+`","x"]`, `{"`+d.url+`":1}`, quote(strings.Replace(d.url, "e", "\u0435", 1)), `"null"`,
			`"default"`, quote("file:///etc/passwd"), quote("http://169.254.169.254/latest/meta-data"), quote("' OR 1=1--"), quote("a\r\nb"), quote(strings.Repeat("x", 3000))) {
			list.bad("issuer/"+d.name+"/"+value[:min(len(value), 60)], token(`,"iss":`+value, aud))
		}
		for _, value := range append(notStrings(), `""`, `[""]`, quote(audience+"/"), quote(audience+" "), quote(strings.ToUpper(audience)), quote(audience+",x"), quote("x "+audience), quote(d.url),
			`["x","y","z"]`, `["`+audience+`",1]`, `["`+audience+`",null]`, `[1,"`+audience+`"]`, `[["`+audience+`"]]`,
			`[{"aud":"`+audience+`"}]`, `{"aud":"`+audience+`"}`, `"*"`,
			`["*"]`, `"https://*.example.com"`, `"https://"`, quote(audience+"\u0000"), quote("http"+audience[5:]), `"better-auth:session-cache"`) {
			list.bad("audience/"+d.name+"/"+value, token(iss, `,"aud":`+value))
		}
		for _, name := range []string{"ISS", "Iss", "i\u017fs", "iss ", "issuer"} {
			list.bad("issuer/"+d.name+"/by the name "+name, token(","+quote(name)+`:"`+d.url+`"`, aud))
		}
		for _, name := range []string{"AUD", "Aud", "aud ", "audience", "azp", "client_id", "resource"} {
			list.bad("audience/"+d.name+"/by the name "+name, token(iss, ","+quote(name)+`:"`+audience+`"`))
		}
		for _, value := range []string{`["` + audience + `"]`, `["x","` + audience + `"]`, `["","` + audience + `",""]`} {
			list.fine("audience/"+d.name+"/good/"+value, token(iss, `,"aud":`+value))
		}
	}
	plain := doors()[0]
	for _, value := range append(notStrings(), `""`, `"x"`, quote(strictURL), quote(keysURL), quote(s.url)) {
		list.bad("issuer/plain/is there/"+value, plain.token(plain.good(`"sub":"anna","iss":`+value)))
		list.bad("audience/plain/is there/"+value, plain.token(plain.good(`"sub":"anna","aud":`+value)))
	}
	s.run(t, list)
}

// TestTokenCross signs for one issuer with the key of another, the same kid
// included.
func TestTokenCross(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	access, refresh := s.tokens(t, s.ada)
	own := header(t, access)
	var list attacks
	all := append(doors(), door{"local", s.url, own, `"exp":` + expiry + `,"iss":"` + s.url + `","aud":"` + s.url + `","sid":"x"`, nil})
	for _, signer := range doors() {
		for _, claimed := range all {
			if signer.name == claimed.name {
				continue
			}
			for name, header := range map[string]string{"its own header": signer.header, "the other's header": claimed.header} {
				list.bad("cross/"+signer.name+" for "+claimed.name+"/"+name, signer.sign(header, claimed.good("")))
				list.bad("cross/"+signer.name+" for "+claimed.name+"/"+name+", for bob", signer.sign(header, claimed.good(`"sub":"bob","user_id":"bob"`)))
			}
		}
	}
	for _, secret := range []string{
		otherSecret, "", "secret", strings.ToUpper(plainSecret), plainSecret + "\n", plainSecret[:31], b64([]byte(plainSecret)),
		accountsSecret, keysURL,
	} {
		list.bad("cross/secret/"+fmt.Sprint(len(secret), " ", secret == strings.ToUpper(plainSecret)), macOf(b64([]byte(hs256))+"."+b64([]byte(plainClaims())), jwt.SigningMethodHS256, secret))
	}
	for name, token := range map[string]string{
		"plain": plainSecret, "strict": strictSecret, "accounts": accountsSecret,
	} {
		list.bad("cross/the secret itself/"+name, token)
	}
	for name, token := range map[string]string{
		"session": s.ada.token, "cookie": s.ada.cookie, "device": s.ada.device, "refresh": refresh,
	} {
		list.bad("cross/another kind/"+name, token)
		list.bad("cross/another kind/"+name+", with dots", token+"."+token+"."+token)
	}
	part := strings.Split(access, ".")
	list.fine("cross/access/good", access)
	list.bad("cross/access/without its signature", part[0]+"."+part[1]+".")
	list.bad("cross/access/with none", b64([]byte(`{"alg":"none"}`))+"."+part[1]+".")
	list.bad("cross/access/claims of another user", part[0]+"."+b64([]byte(strings.Replace(plainClaims(), "anna", s.ada.id, 1)))+"."+part[2])
	s.run(t, list)
}

func plainClaims() string { return claims(`"sub":"anna"`) }
