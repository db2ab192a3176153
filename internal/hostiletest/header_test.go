package hostiletest

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestAuthorization is everything that is in the field and is no token.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	token := s.anna
	var list attacks
	add := func(name, challenge string, fields ...string) {
		for _, r := range []request{get("/api/todos"), ask("POST", "/api/todos").json(`{"title":"x"}`)} {
			list.add("field/"+name+"/"+r.method, r.with(fields...), refused(challenge))
		}
	}
	for name, value := range map[string]string{
		"Basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("anna:"+token)), "Digest": `Digest username="anna"`,
		"DPoP": "DPoP " + token, "Token": "Token " + token, "JWT": "JWT " + token,
		"ApiKey": "ApiKey " + token, "no scheme": token, "Bearers": "Bearers " + token, "Bear": "Bear " + token,
		"a colon": "Bearer: " + token, "an equals sign": "Bearer=" + token,
		"no space": "Bearer" + token, "a tab": "Bearer\t" + token, "quotes around": `"Bearer ` + token + `"`,
		"a wide letter": "\uff22earer " + token, "Cyrillic": "B\u0435arer " + token,
		"a comma in front": ", Bearer " + token, "Basic and Bearer": "Basic x, Bearer " + token,
		"a long scheme": strings.Repeat("B", 5000) + " " + token, "Negotiate": "Negotiate YIIB",
		"AWS4":             "AWS4-HMAC-SHA256 Credential=x",
		"a no-break space": "Bearer\u00a0" + token,
	} {
		add("scheme/"+name, noCredentials, "Authorization: "+value)
	}
	for name, value := range map[string]string{
		"nothing": "", "blanks": "   ", "Bearer alone": "Bearer", "Bearer and blanks": "Bearer   ",
		"two tokens": "Bearer " + token + " " + token, "Bearer twice": "Bearer Bearer " + token,
		"joined by a comma": "Bearer " + token + ", Bearer " + token, "tokens with a comma": "Bearer " + token + "," + token,
		"a comma behind": "Bearer " + token + ",", "a comma in front": "Bearer ," + token,
		"a semicolon": "Bearer " + token + "; x=y", "quotes": `Bearer "` + token + `"`,
		"single quotes": "Bearer '" + token + "'", "angle brackets": "Bearer <" + token + ">",
		"braces":      "Bearer {" + token + "}",
		"a parameter": "Bearer token=" + token, "a quoted parameter": `Bearer token="` + token + `"`,
		"percent": "Bearer " + strings.ReplaceAll(token, ".", "%2E"), "an object": "Bearer [object Object]",
		"a tab in front": "Bearer \t" + token, "a no-break space": "Bearer \u00a0" + token,
		"a zero-width space": "Bearer " + token + "\u200b", "a byte ff": "Bearer " + token + "\xff",
		"a backslash":             `Bearer ` + token + `\`,
		"a line break by percent": "Bearer " + token + "%0d%0aX: y", "9 KB": "Bearer " + strings.Repeat("A", 9000),
		"60 KB": "Bearer " + strings.Repeat("A", 60_000), "9 KB of blanks": "Bearer" + strings.Repeat(" ", 9000) + "x y",
		"a template": "Bearer {{token}}", "a variable": "Bearer ${TOKEN}", "HTML": "Bearer <script>alert(1)</script>",
	} {
		add("malformed/"+name, invalidRequest, "Authorization: "+value)
	}
	bearer := "Authorization: Bearer " + token
	for name, fields := range map[string][]string{
		"the same": {bearer, bearer}, "good and bad": {bearer, "Authorization: Bearer x"},
		"bad and good": {"Authorization: Bearer x", bearer}, "good and Basic": {bearer, "Authorization: Basic x"},
		"Basic and good": {"Authorization: Basic x", bearer}, "good and empty": {bearer, "Authorization:"},
		"empty and good": {"Authorization:", bearer}, "of two users": {bearer, "Authorization: Bearer " + s.bob},
		"in other cases": {bearer, "AUTHORIZATION: Bearer " + s.bob}, "with a field between": {bearer, "X: y", bearer},
		"three": {bearer, bearer, bearer},
	} {
		add("twice/"+name, invalidRequest, fields...)
	}
	for _, word := range []string{
		"undefined", "null", "None", "nil", "NaN", "true", "0", "-", "~", ".", "..", "=", "a.b.c", "admin", token + "=",
		strings.Repeat("A", 8192),
	} {
		challenge := invalidToken
		if word == "=" {
			challenge = invalidRequest
		}
		add(fmt.Sprintf("no token/%.20s %d", word, len(word)), challenge, "Authorization: Bearer "+word)
	}
	for name, field := range map[string]string{
		"lower case": "Authorization: bearer " + token, "capitals": "Authorization: BEARER " + token,
		"mixed": "Authorization: bEaReR " + token, "blanks": "Authorization: Bearer    " + token,
		"white space around": "Authorization: \t Bearer " + token + " \t",
		"a name in capitals": "AUTHORIZATION: Bearer " + token, "a name in lower case": "authorization:Bearer " + token,
	} {
		list.add("field/good/"+name, get("/api/todos", field), want{status: []int{200}})
	}
	s.run(t, list)
}

// TestOtherPlacesForTokens puts a good token where it is none.
func TestOtherPlacesForTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	access, refresh := s.tokens(t, s.ada)
	var list attacks
	for name, token := range map[string]string{"anna's": s.anna, "an access token": access, "a refresh token": refresh} {
		for _, field := range []string{
			"Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization", "X-Original-Authorization", "X-Access-Token",
			"X-Auth-Token", "X-Api-Key", "Api-Key", "Token", "Access-Token", "Authentication",
			"X-Amzn-Oidc-Data", "Cf-Access-Jwt-Assertion", "X-Goog-Iap-Jwt-Assertion", "Sec-WebSocket-Protocol", "Set-Cookie",
			"WWW-Authenticate", "Authorization_", "X-Id-Token", "Better-Auth-Cookie", "Set-Auth-Jwt", "DPoP",
		} {
			for _, value := range []string{token, "Bearer " + token} {
				list.add("place/header "+field+"/"+name+"/"+value[:6], get("/api/todos", field+": "+value), refused(noCredentials))
			}
		}
		for _, cookie := range []string{
			"token", "jwt", "access_token", "Authorization", "auth", "session", "better-auth.session_token",
			"better-auth.session_data", "__Secure-better-auth.session_token", "__Host-token", "better-auth-session_token",
		} {
			list.add("place/cookie "+cookie+"/"+name, get("/api/todos", "Cookie: "+cookie+"="+token), refused(noCredentials))
		}
	}
	token := exposed() // a query is in every log of every proxy
	for _, parameter := range []string{
		"access_token", "token", "jwt", "auth", "authorization", "Authorization", "bearer", "api_key", "id_token", "session",
		"better-auth.session_token",
	} {
		for _, prefix := range []string{"", "Bearer%20"} {
			target := "?" + parameter + "=" + prefix + token
			list.add("place/query "+parameter+"/"+prefix, get("/api/todos"+target), refused(noCredentials))
			list.add("place/query of a POST "+parameter+"/"+prefix, ask("POST", "/api/todos"+target).json(`{"title":"x"}`), refused(noCredentials))
		}
		for media, body := range map[string]string{
			"application/x-www-form-urlencoded": parameter + "=" + token,
			"application/json":                  `{"` + parameter + `":"` + token + `","title":"x"}`, "text/plain": token,
			"multipart/form-data; boundary=b": "--b\r\nContent-Disposition: form-data; name=\"" + parameter + "\"\r\n\r\n" + token + "\r\n--b--\r\n",
		} {
			list.add("place/body "+parameter+"/"+media, ask("POST", "/api/todos").holding(media, body), refused(noCredentials))
		}
	}
	list.add("place/URL/user", get("http://Bearer:"+token+"@"+s.address+"/api/todos"), refused(noCredentials))
	list.add("place/URL/fragment", get("/api/todos#access_token="+token), want{status: []int{404}, host: true})
	list.add("place/path", get("/api/todos/"+token), refused(noCredentials))
	list.add("place/path parameter", get("/api/todos;access_token="+token), want{status: []int{404}, host: true})
	for _, field := range []string{ // who somebody says they are
		"X-User-Id", "X-User", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Authenticated-User",
		"X-Auth-Request-User", "X-Forwarded-Email", "X-Sub", "X-Tenant-Id", "X-Original-User", "From", "Impersonate-User",
		"X-Forwarded-Client-Cert", "X-Client-Cert", "X-Ssl-Client-Verify",
	} {
		list.add("place/identity "+field+"/alone", get("/api/todos", field+": anna"), refused(noCredentials))
		r := get("/api/todos?q=of+anna", field+": anna").as(s.bob)
		list.add("place/identity "+field+"/beside bob's token", r, want{status: []int{200}})
	}
	for _, field := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		r := ask("POST", "/api/todos/"+missing, field+": DELETE").as(s.anna)
		list.add("place/method "+field, r, problem(405, "method-not-allowed"))
	}
	for _, field := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path"} {
		list.add("place/path "+field, get("/api/todos/"+missing, field+": /api/openapi.json"), refused(noCredentials))
	}
	s.run(t, list)
	for _, a := range list {
		if !strings.Contains(a.name, "beside bob's token") {
			continue
		}
		if got := s.send(t, a.request); got.body != "[]" {
			t.Errorf("%s: bob sees %s", a.name, got.body)
		}
	}
}
