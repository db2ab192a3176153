package hostiletest

import (
	"strings"
	"testing"
)

// oddIDs are segments of a path that name no todo; good is the id of one that is
// there.
func oddIDs(good string) map[string]string {
	return map[string]string{
		"a letter": "x", "zero": "0", "minus one": "-1", "capitals": strings.ToUpper(good), "braces": "%7B" + good + "%7D",
		"a URN": "urn:uuid:" + good, "no hyphens": strings.ReplaceAll(good, "-", ""), "a letter less": good[:35],
		"a letter more": good + "0", "a blank behind": good + "%20", "a blank in front": "%20" + good, "a tab": good + "%09",
		"NUL behind": good + "%00", "NUL": "%00", "NUL in the middle": good[:20] + "%00" + good[20:],
		"a line break": good + "%0A",
		"CR LF":        good + "%0D%0ASet-Cookie:%20a=b", ".json": good + ".json", ".css": good + ".css",
		"/.css escaped": good + "%2F.css", "a semicolon": good + ";.css", "a path parameter": good + ";x=y",
		"a plus": good + "+", "a star": "*", "two stars": "**",
		"all": "all", "null": "null", "undefined": "undefined", "NaN": "NaN",
		"the nil UUID": "00000000-0000-0000-0000-000000000000", "the last UUID": "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"version 4": "0199a2f4-7c00-4000-8000-00000000dead",
		"SQL":       "'%20OR%201=1--", "SQL behind": good + "'--", "SQL with a sleep": "1;SELECT%20pg_sleep(10)",
		"UNION": "1%20UNION%20SELECT%20*%20FROM%20authtodo_users", "a format": "%25s%25n", "a template": "%7B%7B7*7%7D%7D",
		"HTML": "%3Cscript%3Ealert(1)%3C/script%3E",
		"dots": "..", "dots escaped": "%2e%2e", "dots escaped twice": "%252e%252e",
		"dots and slashes": "..%2f..%2f..%2fetc%2fpasswd", "dots and backslashes": "..%5c..%5cwindows",
		"overlong dots": "%c0%ae%c0%ae", "a dot": ".",
		"another id behind": good + "%2F" + missing, "a byte ff": "%ff", "a byte ff behind": good + "%ff",
		"an overlong slash": "%c0%af", "a surrogate": "%ed%a0%80", "a lone high byte": "%e2%82",
		"a wide digit": strings.Replace(good, "0", "%ef%bc%90", 1),
		"Cyrillic":     strings.Replace(good, "a", "%d0%b0", 1), "a BOM": "%ef%bb%bf" + good, "zero width": good + "%e2%80%8b",
		"right to left": "%e2%80%ae" + good, "escaped twice": strings.ReplaceAll(good, "-", "%252d"),
		"2 KB":  strings.Repeat("a", 2000),
		"60 KB": strings.Repeat("a", 60_000), "a query escaped": good + "%3Flimit=1", "a fragment escaped": good + "%23x",
		"an at": "x@" + good, "a colon": "x:" + good, "a comma": good + "," + missing, "brackets": "%5B" + good + "%5D",
		"a pipe":    good + "%7C",
		"__proto__": "__proto__", "openapi.json": "openapi.json", "an escape code": "%1b%5b2J",
		"a hexadecimal number": "0x" + good[:8], "a float": "1e1", "a variable": "$%7BHOME%7D", "a tilde": "~",
		"JNDI": "$%7Bjndi:ldap://127.0.0.1%7D",
	}
}

// TestPathsOfTodos asks for todos by ids that are none, with each method. What
// the router takes for another path is the host's 404.
func TestPathsOfTodos(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		id := s.create(s.anna, "to be left alone")
		s.state = s.look(t)
		var list attacks
		for name, odd := range oddIDs(id) {
			for _, r := range todoRoutes()[3:] {
				list.add("path/"+r.method+"/"+name, r.request(odd).as(s.anna), want{status: []int{404}, host: isOther(odd)})
			}
		}
		s.run(t, list)
	})
}

// isOther reports whether a segment makes a router see other segments.
func isOther(segment string) bool {
	lower := strings.ToLower(segment)
	return strings.Contains(lower, "/") || strings.Contains(lower, "%2f") || lower == "." || lower == ".."
}

// TestPathsOfOthers are paths beside those of the module: they are the host's,
// and lead nowhere.
func TestPathsOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	id := s.create(s.anna, "to be left alone")
	s.state = s.look(t)
	var list attacks
	for _, path := range []string{
		"/", "/api", "/api/", "/api/todo", "/api/todosx", "/api/Todos", "/API/todos", "/api/TODOS", "/api//todos",
		"//api/todos", "/api/./todos", "/api/../api/todos", "/api/todos/../todos", "/api/auth/../todos", "/api/todos//",
		"/api/todos/" + id + "//",
		"/api/todos/" + id + "/x", "/api/todos/" + id + "/..", "/api/todos/./" + id, "/api/todos/x/../" + id, "/api/todos%00",
		"/api/todos%20", "/api/todos.json", "/api/todos;x", "/api/todos,x",
		"/api/todos%3flimit=1", "/api/todos%23", "/api\\todos", "/api/todos\\" + id, "/..%2f..%2fetc/passwd",
		"/api/todos/" + id + "/../../auth/ok", "/api/openapi.json/", "/api/openapi", "/api/openapi.yaml", "/api/docs",
		"/api/swagger", "/api/metrics", "/api/health", "/api/debug/pprof",
		"/debug/pprof/", "/api/auth", "/api/auth/", "/api/auth/nothing", "/api/auth/admin", "/api/auth/admin/list-users",
		"/api/auth/admin/impersonate-user", "/api/auth/api-key/create", "/api/auth/sign-in", "/api/auth/sign-in/social",
		"/api/auth/sign-in/email/x",
		"/api/auth/callback/google", "/api/auth/update-session", "/api/auth/delete-user/callback", "/api/auth/reset-password/x",
		"/api/auth/error", "/api/auth/.well-known/openid-configuration", "/api/auth/two-factor/verify", "/api/auth/JWKS",
		"/.well-known/jwks.json",
		"/.env", "/.git/config", "/api/.env", "/api/users", "/api/users/1", "/api/" + strings.Repeat("x", 60_000),
		"/" + strings.Repeat("../", 1000), "/" + strings.Repeat("/", 5000) + "api/todos", "/api/todos/%2e%2e/%2e%2e/reports",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			list.add("other path/"+method+"/"+path[:min(len(path), 60)], ask(method, path).as(s.anna), want{status: []int{301, 307, 404, 405}, host: true})
		}
	}
	for name, target := range map[string]string{ // other spellings of a path that is there
		"an absolute URI": "http://{host}/api/todos", "another host in it": "http://evil.example/api/todos",
		"an escaped letter": "/api/%74odos", "all letters escaped": "/%61%70%69/%74%6f%64%6f%73",
		"a slash behind": "/api/todos/", "an escaped slash behind": "/api/todos/" + id + "%2F",
		"an escaped slash": "/api%2ftodos", "an escaped slash and an id": "/api/todos%2F" + id,
		"escaped, and a slash": "/%61pi/todos%2f",
	} {
		list.add("spelling/"+name, get(strings.ReplaceAll(target, "{host}", s.address)).as(s.anna), want{status: []int{200}})
		list.add("spelling/"+name+"/without a token", get(strings.ReplaceAll(target, "{host}", s.address)), refused(noCredentials))
	}
	s.run(t, list)
}
