package hostiletest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// missing is the id of a todo that nobody ever had.
const missing = "0199a2f4-7c00-7000-8000-00000000dead"

// route is a path of the module that wants to know who asks.
type route struct {
	method, path string // {id} stands for a todo
	body         string
	open         bool // also those without credentials are answered, in some way
}

func (r route) request(id string) request {
	target := strings.ReplaceAll("/api"+r.path, "{id}", id)
	if r.body != "" {
		return ask(r.method, target).json(r.body)
	}
	return ask(r.method, target)
}

// todoRoutes are all of the todo API, with a body that is good.
func todoRoutes() []route {
	return []route{
		{"GET", "/todos", "", false}, {"HEAD", "/todos", "", false}, {"POST", "/todos", `{"title":"x"}`, false},
		{"GET", "/todos/{id}", "", false}, {"HEAD", "/todos/{id}", "", false}, {"PATCH", "/todos/{id}", `{"title":"x"}`, false},
		{"PUT", "/todos/{id}", `{"title":"x"}`, false}, {"DELETE", "/todos/{id}", "", false},
	}
}

// accountRoutes are all below /auth, with a body that leads as far as it can
// without credentials.
func accountRoutes() []route {
	return []route{
		{"POST", "/auth/sign-up/email", `{}`, true}, {"POST", "/auth/sign-in/email", `{}`, true},
		{"POST", "/auth/sign-out", `{}`, true},
		{"GET", "/auth/get-session", "", true}, {"HEAD", "/auth/get-session", "", true}, {"GET", "/auth/token", "", false},
		{"HEAD", "/auth/token", "", false},
		{"GET", "/auth/jwks", "", true}, {"HEAD", "/auth/jwks", "", true}, {"POST", "/auth/refresh", `{}`, true},
		{"GET", "/auth/ok", "", true}, {"HEAD", "/auth/ok", "", true},
		{"GET", "/auth/list-sessions", "", false}, {"HEAD", "/auth/list-sessions", "", false},
		{"POST", "/auth/revoke-session", `{"token":"x"}`, false},
		{"POST", "/auth/revoke-other-sessions", `{}`, false}, {"POST", "/auth/revoke-sessions", `{}`, false},
		{"POST", "/auth/update-user", `{"name":"x"}`, false},
		{"POST", "/auth/change-email", `{"newEmail":"eve@example.com"}`, false},
		{"POST", "/auth/change-password", `{"currentPassword":"` + goodPassword + `","newPassword":"another good one"}`, false},
		{"POST", "/auth/verify-password", `{"password":"` + goodPassword + `"}`, false},
		{"POST", "/auth/delete-user", `{}`, false},
		{"POST", "/auth/send-verification-email", `{}`, true}, {"POST", "/auth/verify-email", `{}`, true},
		{"GET", "/auth/verify-email", "", true},
		{"HEAD", "/auth/verify-email", "", true}, {"POST", "/auth/request-password-reset", `{}`, true},
		{"POST", "/auth/reset-password", `{}`, true},
		{"GET", "/auth/reset-password", "", true}, {"HEAD", "/auth/reset-password", "", true},
	}
}

// TestRoutesAreAll: the tables are the router's, so that no route goes untested.
func TestRoutesAreAll(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var known []string
	for _, r := range append(todoRoutes(), accountRoutes()...) {
		known = append(known, r.method+" /api"+strings.ReplaceAll(r.path, "{id}", ":id"))
	}
	known = append(known, "GET /api/openapi.json", "HEAD /api/openapi.json", "GET /reports")
	var mounted []string
	for _, route := range s.engine.Routes() {
		r := ask(route.Method, strings.ReplaceAll(route.Path, ":id", missing), "Accept: text/html").as(s.anna)
		if route.Method != http.MethodConnect && s.send(t, r).status != http.StatusMethodNotAllowed {
			mounted = append(mounted, route.Method+" "+strings.TrimSuffix(route.Path, "/"))
		}
	}
	for _, route := range mounted {
		if !slices.Contains(known, route) {
			t.Errorf("%s is in no table", route)
		}
	}
	for _, route := range known {
		if !slices.Contains(mounted, route) {
			t.Errorf("%s is in a table and not mounted", route)
		}
	}
}

// TestEveryRouteWantsCredentials asks all of them without any, and with bad ones.
func TestEveryRouteWantsCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	access, _ := s.tokens(t, s.ada)
	credentials := map[string]struct {
		fields    []string
		challenge string
	}{
		"none": {nil, noCredentials}, "empty": {[]string{"Authorization:"}, invalidRequest},
		"a bad token":                  {[]string{"Authorization: Bearer a.b.c"}, invalidToken},
		"a broken token":               {[]string{"Authorization: Bearer " + s.anna[:len(s.anna)-2]}, invalidToken},
		"Basic":                        {[]string{"Authorization: Basic YW5uYTp4"}, noCredentials},
		"two":                          {[]string{"Authorization: Bearer " + s.anna, "Authorization: Bearer " + s.anna}, invalidRequest},
		"expired":                      {[]string{"Authorization: Bearer " + mac(hs256, `{"sub":"anna","exp":1600000000}`, plainSecret)}, invalidToken},
		"a cookie of nobody":           {[]string{"Cookie: better-auth.session_token=ats_AAAA"}, noCredentials},
		"the access token as a cookie": {[]string{"Cookie: better-auth.session_token=" + access}, noCredentials},
		"a query":                      {nil, noCredentials},
	}
	var list attacks
	for _, r := range append(todoRoutes(), accountRoutes()...) {
		for name, c := range credentials {
			for _, slash := range []string{"", "/"} {
				request := r.request(missing).with(c.fields...)
				request.target += slash
				if name == "a query" {
					request.target += "?access_token=" + exposed() + "&token=" + exposed()
				}
				w := refused(c.challenge)
				if strings.HasPrefix(r.path, "/auth/") {
					w = want{status: []int{401}} // a session token is told from a bearer there, and refused in another way
				}
				if r.open {
					w = want{status: []int{200, 400, 401}, host: r.path == "/auth/jwks", html: isPage(r)}
				}
				list.add("every route/"+r.method+" "+r.path+slash+"/"+name, request, w)
			}
		}
	}
	s.run(t, list)
}

// isPage reports whether a route is one for browsers.
func isPage(r route) bool {
	return r.method != "POST" && (r.path == "/auth/verify-email" || r.path == "/auth/reset-password")
}

// exposed is a good token of anna that a client puts where others can read it, so
// that its being there is no leak.
func exposed() string {
	token := macText(hs256, claims(`"sub":"anna","jti":"exposed"`), plainSecret)
	return token
}
