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
	token := good()
	part := strings.Split(token, ".")
	padded := mac(part[0]+"."+part[1]+"==", secret, jwt.SigningMethodHS256)
	for name, test := range map[string]struct {
		fields            []string
		challenge, reason string
	}{
		"absent":                   {nil, "Bearer", "missing"},
		"Basic":                    {[]string{"Basic YWRhOmFkYQ=="}, "Bearer", "missing"},
		"Digest":                   {[]string{`Digest username="ada"`}, "Bearer", "missing"},
		"DPoP":                     {[]string{"DPoP " + token}, "Bearer", "missing"},
		"Token":                    {[]string{"Token " + token}, "Bearer", "missing"},
		"JWT":                      {[]string{"JWT " + token}, "Bearer", "missing"},
		"no scheme":                {[]string{token}, "Bearer", "missing"},
		"Bearers":                  {[]string{"Bearers " + token}, "Bearer", "missing"},
		"Bear":                     {[]string{"Bear " + token}, "Bearer", "missing"},
		"Bearer with a colon":      {[]string{"Bearer: " + token}, "Bearer", "missing"},
		"Bearer with an equals":    {[]string{"Bearer=" + token}, "Bearer", "missing"},
		"Bearer without a space":   {[]string{"Bearer" + token}, "Bearer", "missing"},
		"Bearer with a wide B":     {[]string{"\uff22earer " + token}, "Bearer", "missing"},
		"Bearer in quotes":         {[]string{`"Bearer" ` + token}, "Bearer", "missing"},
		"a space before":           {[]string{" Bearer " + token}, "Bearer", "missing"},
		"a tab behind Bearer":      {[]string{"Bearer\t" + token}, "Bearer", "missing"},
		"empty":                    {[]string{""}, invalidRequest, "malformed"},
		"Bearer alone":             {[]string{"Bearer"}, invalidRequest, "malformed"},
		"Bearer and a space":       {[]string{"Bearer "}, invalidRequest, "malformed"},
		"Bearer and spaces":        {[]string{"Bearer     "}, invalidRequest, "malformed"},
		"twice":                    {[]string{"Bearer " + token, "Bearer " + token}, invalidRequest, "malformed"},
		"twice, the first good":    {[]string{"Bearer " + token, "Basic x"}, invalidRequest, "malformed"},
		"twice, the last good":     {[]string{"Basic x", "Bearer " + token}, invalidRequest, "malformed"},
		"twice, one empty":         {[]string{"Bearer " + token, ""}, invalidRequest, "malformed"},
		"joined by a comma":        {[]string{"Bearer " + token + ", Bearer " + token}, invalidRequest, "malformed"},
		"tokens with a comma":      {[]string{"Bearer " + token + "," + token}, invalidRequest, "malformed"},
		"a comma behind":           {[]string{"Bearer " + token + ","}, invalidRequest, "malformed"},
		"a comma before":           {[]string{"Bearer ," + token}, invalidRequest, "malformed"},
		"two tokens":               {[]string{"Bearer " + token + " " + token}, invalidRequest, "malformed"},
		"Bearer twice":             {[]string{"Bearer Bearer " + token}, invalidRequest, "malformed"},
		"a space behind":           {[]string{"Bearer " + token + " "}, invalidRequest, "malformed"},
		"a tab behind":             {[]string{"Bearer " + token + "\t"}, invalidRequest, "malformed"},
		"a tab before the token":   {[]string{"Bearer \t" + token}, invalidRequest, "malformed"},
		"a line feed behind":       {[]string{"Bearer " + token + "\n"}, invalidRequest, "malformed"},
		"a line break inside":      {[]string{"Bearer " + token[:20] + "\r\n" + token[20:]}, invalidRequest, "malformed"},
		"a line feed in the MAC":   {[]string{"Bearer " + token[:len(token)-9] + "\n" + token[len(token)-9:]}, invalidRequest, "malformed"},
		"a NUL behind":             {[]string{"Bearer " + token + "\x00"}, invalidRequest, "malformed"},
		"a no-break space":         {[]string{"Bearer \u00a0" + token}, invalidRequest, "malformed"},
		"a zero-width space":       {[]string{"Bearer " + token + "\u200b"}, invalidRequest, "malformed"},
		"a byte ff":                {[]string{"Bearer " + token + "\xff"}, invalidRequest, "malformed"},
		"percent":                  {[]string{"Bearer " + strings.ReplaceAll(token, ".", "%2E")}, invalidRequest, "malformed"},
		"quotes":                   {[]string{`Bearer "` + token + `"`}, invalidRequest, "malformed"},
		"angle brackets":           {[]string{"Bearer <" + token + ">"}, invalidRequest, "malformed"},
		"a parameter":              {[]string{"Bearer token=" + token}, invalidRequest, "malformed"},
		"padding in the middle":    {[]string{"Bearer " + padded}, invalidRequest, "malformed"},
		"nothing but padding":      {[]string{"Bearer ="}, invalidRequest, "malformed"},
		"a JWS in JSON":            {[]string{`Bearer {"payload":"` + part[1] + `"}`}, invalidRequest, "malformed"},
		"undefined":                {[]string{"Bearer undefined"}, invalidToken, "malformed"},
		"null":                     {[]string{"Bearer null"}, invalidToken, "malformed"},
		"[object Object]":          {[]string{"Bearer [object Object]"}, invalidRequest, "malformed"},
		"a megabyte":               {[]string{"Bearer " + strings.Repeat("A", 1<<20)}, invalidRequest, "malformed"},
		"8193 spaces and a token":  {[]string{"Bearer" + strings.Repeat(" ", 8193) + "x"}, invalidToken, "malformed"},
		"a scheme of control code": {[]string{"\x1b[31mBearer\r\n " + token}, "Bearer", "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s.refused(t, s.get(test.fields...), test.challenge, test.reason, test.fields...)
			s.accepted(t, good())
		})
	}
}

func TestAuthorizationAccepted(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer  ", "Bearer          "} {
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
			return httptest.NewRequest(http.MethodGet, "/who?access_token="+token+"&token="+token+"&jwt="+token, nil)
		},
		"form": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", strings.NewReader("access_token="+token))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		},
		"cookies": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", nil)
			for _, name := range []string{"token", "jwt", "access_token", "Authorization", "better-auth.session_token"} {
				r.AddCookie(&http.Cookie{Name: name, Value: token})
			}
			return r
		},
		"header fields": func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/who", nil)
			for _, name := range []string{"Proxy-Authorization", "X-Authorization", "X-Forwarded-Authorization",
				"X-Access-Token", "Authentication", "WWW-Authenticate", "Authorization_", "Sec-WebSocket-Protocol",
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
	for name, status := range map[string]int{"Authorization": 200, "authorization": 200, "AUTHORIZATION": 200,
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
