package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestAuthorizationRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	try := func(name, challenge, reason string, fields ...string) {
		t.Run(name, func(t *testing.T) {
			s.refused(t, s.get(fields...), challenge, reason, fields...)
			s.accepted(t, good())
		})
	}
	try("absent", "Bearer", "missing")
	for name, field := range otherSchemes(good()) {
		try(name, "Bearer", "missing", field)
	}
	for name, field := range malformedFields(good()) {
		try(name, invalidRequest, "malformed", field)
	}
	bearer := "Bearer " + good()
	try("twice", invalidRequest, "malformed", bearer, bearer)
	try("twice, the first good", invalidRequest, "malformed", bearer, "Basic x")
	try("twice, the last good", invalidRequest, "malformed", "Basic x", bearer)
	try("twice, one empty", invalidRequest, "malformed", bearer, "")
	try("undefined", invalidToken, "malformed", "Bearer undefined")
	try("null", invalidToken, "malformed", "Bearer null")
	try("8193 spaces", invalidToken, "malformed", "Bearer"+strings.Repeat(" ", 8193)+"x")
}

// otherSchemes are fields with another scheme than Bearer.
func otherSchemes(token string) map[string]string {
	return map[string]string{
		"Basic":                  "Basic YWRhOmFkYQ==",
		"Digest":                 `Digest username="ada"`,
		"DPoP":                   "DPoP " + token,
		"Token":                  "Token " + token,
		"JWT":                    "JWT " + token,
		"no scheme":              token,
		"Bearers":                "Bearers " + token,
		"Bear":                   "Bear " + token,
		"Bearer with a colon":    "Bearer: " + token,
		"Bearer with an equals":  "Bearer=" + token,
		"Bearer without a space": "Bearer" + token,
		"Bearer with a wide B":   "\uff22earer " + token,
		"Bearer in quotes":       `"Bearer" ` + token,
		"a space before":         " Bearer " + token,
		"a tab behind Bearer":    "Bearer\t" + token,
		"control codes":          "\x1b[31mBearer\r\n " + token,
	}
}

// malformedFields are fields of the scheme Bearer that hold no token, or more.
func malformedFields(token string) map[string]string {
	part := strings.Split(token, ".")
	end := len(token) - 9
	return map[string]string{
		"empty":                  "",
		"Bearer alone":           "Bearer",
		"Bearer and a space":     "Bearer ",
		"Bearer and spaces":      "Bearer     ",
		"joined by a comma":      "Bearer " + token + ", Bearer " + token,
		"tokens with a comma":    "Bearer " + token + "," + token,
		"a comma behind":         "Bearer " + token + ",",
		"a comma before":         "Bearer ," + token,
		"two tokens":             "Bearer " + token + " " + token,
		"Bearer twice":           "Bearer Bearer " + token,
		"a space behind":         "Bearer " + token + " ",
		"a tab behind":           "Bearer " + token + "\t",
		"a tab before the token": "Bearer \t" + token,
		"a line feed behind":     "Bearer " + token + "\n",
		"a return behind":        "Bearer " + token + "\r",
		"a line break inside":    "Bearer " + token[:20] + "\r\n" + token[20:],
		"a line feed in the MAC": "Bearer " + token[:end] + "\n" + token[end:],
		"a return in the MAC":    "Bearer " + token[:end] + "\r" + token[end:],
		"a NUL behind":           "Bearer " + token + "\x00",
		"a no-break space":       "Bearer \u00a0" + token,
		"a zero-width space":     "Bearer " + token + "\u200b",
		"a byte ff":              "Bearer " + token + "\xff",
		"percent":                "Bearer " + strings.ReplaceAll(token, ".", "%2E"),
		"quotes":                 `Bearer "` + token + `"`,
		"angle brackets":         "Bearer <" + token + ">",
		"a parameter":            "Bearer token=" + token,
		"nothing but padding":    "Bearer =",
		"a JWS in JSON":          `Bearer {"payload":"` + part[1] + `"}`,
		"[object Object]":        "Bearer [object Object]",
		"a megabyte":             "Bearer " + strings.Repeat("A", 1<<20),
		"padding in the middle": "Bearer " + mac(part[0]+"."+part[1]+"==", secret,
			jwt.SigningMethodHS256),
	}
}

func TestAuthorizationAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  ",
		"Bearer          "} {
		if w := s.get(scheme + good()); w.Code != http.StatusOK {
			t.Errorf("%q: %d", scheme, w.Code)
		}
	}
}

// TestOtherPlaces: a token anywhere but in the Authorization field is none, and
// does not help a bad one that is there.
func TestOtherPlaces(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	token := good()
	for name, request := range map[string]func() *http.Request{
		"query": func() *http.Request {
			return httptest.NewRequest(http.MethodGet, "/who?access_token="+token+"&token="+token+"&jwt="+
				token, nil)
		},
		"form": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", strings.NewReader("access_token="+token))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"cookies": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", nil)
			for _, name := range []string{"token", "jwt", "access_token", "Authorization",
				"better-auth.session_token"} {
				r.AddCookie(&http.Cookie{Name: name, Value: token})
			}
			return r
		},
		"header fields": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", nil)
			for _, name := range []string{"Proxy-Authorization", "X-Authorization",
				"X-Forwarded-Authorization",
				"X-Access-Token", "Authentication", "WWW-Authenticate", "Authorization_",
				"Sec-WebSocket-Protocol",
				"X-User-Id", "X-Forwarded-User"} {
				r.Header.Set(name, "Bearer "+token)
			}
			return r
		},
		"user in the URL": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "http://Bearer:"+token+"@example.com/who", nil)
			return r
		},
	} {
		s.refused(t, s.do(request()), "Bearer", "missing", token)
		r := request()
		r.Header.Set("Authorization", "Bearer x")
		s.refused(t, s.do(r), invalidToken, "malformed", token)
		r = request()
		r.Header.Set("Authorization", "Basic x")
		s.refused(t, s.do(r), "Bearer", "missing", token)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestOverTCP: what net/http makes of a field on the wire does not matter.
func TestOverTCP(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	server := httptest.NewServer(s.engine)
	defer server.Close()
	for name, status := range map[string]int{"Authorization": 200, "authorization": 200,
		"AUTHORIZATION":  200,
		"Authorization-": 401} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/who", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header[name] = []string{"Bearer " + good() + " \t"} // white space around a value is not of it
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, status)
		}
	}
}
