package hostiletest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authtodo/authtodo"
)

// sources are where a browser may say that a request comes from, and whether that
// is a page of the service.
func (s *site) sources() map[string]struct {
	fields []string
	own    bool
} {
	type source = struct {
		fields []string
		own    bool
	}
	origin := func(values ...string) (fields []string) {
		for _, value := range values {
			fields = append(fields, "Origin: "+value)
		}
		return fields
	}
	host := s.address
	found := map[string]source{
		"no browser": {nil, true}, "same origin": {[]string{"Sec-Fetch-Site: same-origin"}, true},
		"typed": {[]string{"Sec-Fetch-Site: none"}, true}, "own origin": {origin(s.url), true},
		"same origin and own":                {append(origin(s.url), "Sec-Fetch-Site: same-origin"), true},
		"own origin by Sec-Fetch-Site alone": {append(origin("https://evil.example"), "Sec-Fetch-Site: same-origin"), true},
		"cross-site and own, by a proxy":     {append(origin(s.url), "Sec-Fetch-Site: cross-site"), true}, // the origin is trusted by its name
		"cross-site":                         {[]string{"Sec-Fetch-Site: cross-site"}, false},
		"same site":                          {[]string{"Sec-Fetch-Site: same-site"}, false}, "an unknown site": {[]string{"Sec-Fetch-Site: x"}, false},
		"a site in capitals":  {[]string{"Sec-Fetch-Site: SAME-ORIGIN"}, false},
		"a site with a blank": {[]string{"Sec-Fetch-Site: same-origin, none"}, false}, "null": {origin("null"), false},
		"another host":                 {origin("https://evil.example"), false},
		"cross-site from another host": {append(origin("https://evil.example"), "Sec-Fetch-Site: cross-site"), false}, "https": {origin("https://" + host), true}, // see TestCookiesOverHTTPS
		"another port":                {origin("http://127.0.0.1:1"), false},
		"another name of the machine": {origin(strings.Replace(s.url, "127.0.0.1", "localhost", 1)), false},
		"a label in front":            {origin("http://evil." + host), false},
		"a label behind":              {origin("http://" + host + ".evil.example"), false},
		"a digit behind":              {origin(s.url + "0"), false}, "a user": {origin("http://" + host + "@evil.example"), false},
		"a fragment":      {origin("http://evil.example#" + host), false},
		"a backslash":     {origin(`http://evil.example\@` + host), false},
		"two that differ": {origin("https://evil.example", s.url), false},
		"a list":          {origin("https://evil.example " + s.url), false}, "no scheme": {origin("//evil.example"), false},
		"a file": {origin("file://"), false}, "an extension": {origin("chrome-extension://abc"), false},
		"a word": {origin("x"), false}, "HTML": {origin("<script>"), false},
		"8 KB": {origin("https://" + strings.Repeat("a", 8000)), false}, "data": {origin("data:text/html,x"), false},
	}
	return found
}

// unsafeRequests are all that could change something for a browser.
func (s *site) unsafeRequests(id string) map[string]request {
	found := map[string]request{
		"POST /todos":  ask("POST", "/api/todos").json(`{"title":"theirs"}`),
		"PATCH a todo": ask("PATCH", "/api/todos/"+id).json(`{"title":"theirs"}`),
		"PUT a todo":   ask("PUT", "/api/todos/"+id).json(`{"title":"theirs"}`), "DELETE a todo": ask("DELETE", "/api/todos/"+id),
		"sign-in": ask("POST", "/api/auth/sign-in/email").json(`{"email":"ada@example.com","password":"` + goodPassword + `"}`),
		"sign-up": ask("POST", "/api/auth/sign-up/email").json(`{"name":"x","email":"eve@example.com","password":"` + goodPassword + `"}`),
	}
	for _, r := range accountRoutes() {
		if r.method == "POST" && !r.open {
			found[r.path] = r.request("")
		}
	}
	found["sign-out"] = ask("POST", "/api/auth/sign-out").json(`{}`)
	return found
}

// TestRequestsFromOtherSites sends each with ada's cookies from everywhere else.
func TestRequestsFromOtherSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	id := s.todoOfAda(t)
	var list attacks
	cookies := s.ada.cookies()[0]
	for from, source := range s.sources() {
		for what, r := range s.unsafeRequests(id) {
			if source.own {
				continue
			}
			list.add("cross-site/"+from+"/"+what, r.with(cookies).with(source.fields...), problem(403, "cross-site"))
		}
		for _, path := range []string{"/api/todos", "/api/todos/" + id, "/api/auth/get-session"} { // a link that somebody follows
			list.add("cross-site/"+from+"/GET "+strings.Replace(path, id, "a todo", 1), get(path, cookies).with(source.fields...), want{status: []int{200}})
		}
		if source.own {
			todo := ask("POST", "/api/todos", cookies).json(`{"title":"mine"}`).with(source.fields...)
			list.add("own site/"+from, todo, want{status: []int{201}, writes: true})
		}
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""} { // without a preflight
		for what, r := range s.unsafeRequests(id) {
			if !strings.HasPrefix(what, "DELETE") {
				simple := ask(r.method, r.target).holding(media, r.body).with(cookies)
				list.add("simple/"+media+"/"+what, simple.with("Sec-Fetch-Site: cross-site"), want{status: []int{403, 415}})
				list.add("simple form/"+media+"/"+what+"/no browser says so", simple, want{status: []int{200, 415}, writes: what == "/auth/revoke-other-sessions"})
			}
		}
	}
	list = withoutHarm(list)
	s.run(t, list)
	// A token is no cookie: no page of somebody else's has one.
	r := ask("POST", "/api/todos", "Origin: https://spa.example", "Sec-Fetch-Site: cross-site").as(s.anna).json(`{"title":"by token"}`)
	if a := s.send(t, r); a.status != http.StatusCreated {
		t.Errorf("with a token: %d %s", a.status, a.body)
	}
}

// withoutHarm leaves out what ends ada's session without reading a body.
func withoutHarm(list attacks) (kept attacks) {
	for _, a := range list {
		if !strings.HasPrefix(a.name, "simple form/") || !strings.Contains(a.name, "/auth/revoke-") {
			kept = append(kept, a)
		}
	}
	return kept
}

// todoOfAda is the id of ada's one todo.
func (s *site) todoOfAda(t *testing.T) string {
	t.Helper()
	a := s.send(t, get("/api/todos", s.ada.cookies()...))
	_, id, _ := strings.Cut(a.body, `"id":"`)
	if len(id) < 36 {
		t.Fatalf("ada has %s", a.body)
	}
	return id[:36]
}

// TestCookies are cookies that are not the one that was set.
func TestCookies(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	eve := s.signUp(t, "eve@example.com")
	const name = "better-auth.session_token="
	good := s.ada.cookie
	var list attacks
	add := func(what string, cookies ...string) {
		list.add("cookie/"+what, get("/api/todos", cookies...), refused(noCredentials))
		list.add("cookie/"+what+"/POST", ask("POST", "/api/todos", cookies...).json(`{"title":"x"}`), refused(noCredentials))
		list.add("cookie/"+what+"/get-session", get("/api/auth/get-session", cookies...), want{status: []int{200}})
	}
	add("none")
	add("empty", "Cookie:")
	add("only a name", "Cookie: better-auth.session_token")
	add("no value", "Cookie: "+name)
	add("two that differ", "Cookie: "+name+good+"; "+name+eve.cookie)
	add("two that differ, the other first", "Cookie: "+name+eve.cookie+"; "+name+good)
	add("two fields that differ", "Cookie: "+name+good, "Cookie: "+name+eve.cookie)
	add("good and junk", "Cookie: "+name+good+"; "+name+"x")
	add("junk and good", "Cookie: "+name+"x; "+name+good)
	add("good and empty", "Cookie: "+name+good+"; "+name)
	add("empty and good", "Cookie: "+name+"; "+name+good)
	for what, other := range map[string]string{
		"__Secure-": "__Secure-better-auth.session_token=", "__Host-": "__Host-better-auth.session_token=",
		"in capitals": "BETTER-AUTH.SESSION_TOKEN=", "with a hyphen": "better-auth-session_token=",
		"a prefix": "xbetter-auth.session_token=", "the device": "better-auth.known_device=",
		"the data": "better-auth.session_data=",
		"session":  "session=", "token": "token=", "another namespace": "authjs.session-token=",
		"brackets": "better-auth[session_token]=",
	} {
		add("by the name/"+what, "Cookie: "+other+good)
	}
	half := len(good) / 2
	for what, value := range map[string]string{
		"a letter less": good[:len(good)-1], "a letter more": good + "A", "cut in half": good[:half], "twice": good + good,
		"a letter changed":        good[:half] + flip(good[half]) + good[half+1:],
		"the last letter changed": good[:len(good)-1] + flip(good[len(good)-1]), "in capitals": strings.ToUpper(good),
		"in lower case": strings.ToLower(good),
		"another kind":  "atr" + good[3:], "no kind": good[4:], "halves of two": good[:half] + eve.cookie[half:],
		"a signature as Better Auth's": good + ".c2lnbmF0dXJl", "percent": strings.Replace(good, "ats_", "ats%5F", 1),
		"padding": good + "==", "the standard alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(good),
		"a comma": good + ",x", "8 KB": strings.Repeat("A", 8000), "60 KB": strings.Repeat("A", 60_000), "SQL": "'--",
		"JSON": `{"user":"ada"}`, "a JWT": s.anna, "null": "null", "undefined": "undefined", "deleted": "deleted",
		"a path": "../../etc/passwd", "a byte ff": good + "\xff", "an umlaut": "ä", "zeros": strings.Repeat("0", len(good)),
		"an access token": mac(hs256, claims(`"sub":"`+s.ada.id+`"`), plainSecret), "a quote in front": `"` + good,
		"HTML": "<script>",
	} {
		add("value/"+what, "Cookie: "+name+value)
	}
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("c%d=x", i)
	}
	add("2000 others", "Cookie: "+strings.Join(many, "; "))
	for what, value := range map[string]string{
		"twice the same": name + good + "; " + name + good, "others around": "a=b; " + name + good + "; c=d",
		"odd others": `a="; =; ;;; b; ` + name + good, "no blank": "a=b;" + name + good,
		"a blank behind the name": strings.Replace(name, "=", " =", 1) + good, "in quotes": name + `"` + good + `"`,
	} {
		list.add("cookie/good/"+what, get("/api/todos", "Cookie: "+value), want{status: []int{200}})
	}
	for what, field := range map[string]string{ // a header decides alone
		"junk": "Authorization: Bearer x", "empty": "Authorization:", "Basic": "Authorization: Basic x",
		"expired":         "Authorization: Bearer " + mac(hs256, `{"sub":"anna","exp":1}`, plainSecret),
		"a session token": "Authorization: Bearer " + good,
		"another secret":  "Authorization: Bearer " + mac(hs256, claims(`"sub":"anna"`), otherSecret),
	} {
		list.add("cookie/beside a header/"+what, get("/api/todos", "Cookie: "+name+good, field), want{status: []int{401}})
		list.add("cookie/beside a header/"+what+"/POST", ask("POST", "/api/todos", "Cookie: "+name+good, field).json(`{"title":"x"}`), want{status: []int{401}})
	}
	list.add("cookie/beside a header/two", get("/api/todos", "Cookie: "+name+good, "Authorization: Bearer "+s.anna, "Authorization: Bearer "+s.bob), refused(invalidRequest))
	s.run(t, list)
	if a := s.send(t, get("/api/todos", "Cookie: "+name+good, "Authorization: Bearer "+s.bob)); !strings.Contains(a.body, "of bob") || strings.Contains(a.body, "of ada") {
		t.Errorf("a token of bob's and a cookie of ada's show %s", a.body)
	}
	for _, a := range list {
		if strings.HasSuffix(a.name, "get-session") {
			if got := s.send(t, a.request); got.body != "null" {
				t.Errorf("%s: %s", a.name, got.body)
			}
		}
	}
}

// TestCookiesThatAreSet: what a browser is told about each.
func TestCookiesThatAreSet(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "https://app.example.com"} {
		for place, open := range places() {
			t.Run(base+" "+place, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, place, open(t), func(o *authtodo.Options) {
					if base != "" {
						o.Accounts.BaseURL = base
					}
				})
				shared.counts.add(place, "set-cookie/"+nameOf(base))
				s.checkCookies(t, base != "")
			})
		}
	}
}

func (s *site) checkCookies(t *testing.T, secure bool) {
	t.Helper()
	shared.watch.Keep("a password", goodPassword)
	body := `{"name":"x","email":"ada@example.com","password":"` + goodPassword + `","rememberMe":%t}`
	for i, remember := range []bool{true, false} {
		path := []string{"/sign-up/email", "/sign-in/email"}[i]
		a := s.send(t, ask("POST", "/api/auth"+path, "Host: evil.example", "X-Forwarded-Proto: http").json(fmt.Sprintf(body, remember)))
		cookies := (&http.Response{Header: a.header}).Cookies()
		if a.status != 200 || len(cookies) != 2 {
			t.Fatalf("%d %s %v", a.status, a.body, cookies)
		}
		for _, cookie := range cookies {
			prefixed := strings.HasPrefix(cookie.Name, "__Secure-")
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Secure != secure || prefixed != secure || len(cookie.Raw) > 4096 {
				t.Errorf("the cookie is %s", cookie.Raw)
			}
			if session := strings.HasSuffix(cookie.Name, "session_token"); session && (cookie.MaxAge > 0) != remember {
				t.Errorf("remembered is %t, and the cookie %s", remember, cookie.Raw)
			}
		}
		if secure { // the name without the prefix is one that a page over http could have set
			u := &user{}
			u.take(a)
			for _, prefix := range []string{"", "__Host-"} {
				if got := s.send(t, get("/api/todos", "Cookie: "+prefix+"better-auth.session_token="+u.cookie)); got.status != 401 {
					t.Errorf("by the name %q: %d", prefix, got.status)
				}
			}
			if got := s.send(t, get("/api/todos", "Cookie: __Secure-better-auth.session_token="+u.cookie)); got.status != 200 {
				t.Errorf("by its own name: %d %s", got.status, got.body)
			}
		}
	}
}

// TestOriginsOverHTTPS: a service that browsers reach over https does not take
// its own name over http for its own.
func TestOriginsOverHTTPS(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t), func(o *authtodo.Options) { o.Accounts.BaseURL = "https://app.example.com" })
	u := s.signUp(t, "ada@example.com")
	cookie := "Cookie: __Secure-better-auth.session_token=" + u.cookie
	var list attacks
	for _, origin := range []string{
		"http://app.example.com", "https://app.example.com:8443", "https://example.com", "https://app.example.com.evil.example",
		"https://xapp.example.com", "https://APP.example.com.", "null", "https://app.example.com@evil.example",
		"http://app.example.com:443",
	} {
		list.add("https origin/"+origin, ask("POST", "/api/todos", cookie, "Origin: "+origin).json(`{"title":"x"}`), problem(403, "cross-site"))
	}
	list.add("https origin/own", ask("POST", "/api/todos", cookie, "Origin: https://app.example.com").json(`{"title":"x"}`), want{status: []int{201}})
	list.add("https origin/own, from a same site", ask("POST", "/api/todos", cookie, "Origin: https://app.example.com", "Sec-Fetch-Site: same-origin").json(`{"title":"x"}`), want{status: []int{201}})
	s.run(t, list)
}
