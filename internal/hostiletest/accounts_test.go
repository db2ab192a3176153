package hostiletest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// accountMembers are those of the bodies of account routes that are texts, each
// with the routes that read it.
func accountMembers() map[string][]string {
	return map[string][]string{
		"email":           {"/sign-up/email", "/sign-in/email", "/send-verification-email", "/request-password-reset"},
		"password":        {"/sign-up/email", "/sign-in/email", "/verify-password", "/delete-user", "/change-email"},
		"name":            {"/sign-up/email", "/update-user"},
		"image":           {"/sign-up/email", "/update-user"},
		"refresh_token":   {"/refresh", "/sign-out"},
		"token":           {"/verify-email", "/reset-password", "/revoke-session"},
		"newPassword":     {"/change-password", "/reset-password"},
		"currentPassword": {"/change-password"},
		"newEmail":        {"/change-email"},
	}
}

// goodBody is a body of a route that is right but for the member that is
// replaced. Nothing in it does anything if that member is refused.
func goodBody(path string) map[string]string {
	switch path {
	case "/sign-up/email":
		return map[string]string{"name": `"Eve"`, "email": `"eve@example.com"`, "password": quote(goodPassword)}
	case "/sign-in/email":
		return map[string]string{"email": `"nobody@example.com"`, "password": `"a wrong password"`}
	case "/change-password":
		return map[string]string{"currentPassword": `"a wrong password"`, "newPassword": `"another good one"`}
	case "/change-email":
		return map[string]string{"newEmail": `"eve@example.com"`, "password": `"a wrong password"`}
	case "/reset-password":
		return map[string]string{"token": `"atp_x"`, "newPassword": `"another good one"`}
	}
	return map[string]string{}
}

func bodyOf(members map[string]string) string {
	var pairs []string
	for name, value := range members {
		pairs = append(pairs, quote(name)+":"+value)
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// TestAccountMembers has every member of every route be of every wrong type, and
// a text that nobody means. With and without a session.
func TestAccountMembers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	var list attacks
	for member, paths := range accountMembers() {
		for _, path := range paths {
			for _, value := range notStrings() {
				if value == "null" && member == "image" {
					continue // takes it away
				}
				body := goodBody(path)
				body[member] = value
				r := ask("POST", "/api/auth"+path).json(bodyOf(body))
				w := problem(400, "validation-error")
				list.add("account type/"+path+"/"+member+"/"+value, r.with(s.ada.cookies()...), w)
				w = want{status: []int{400, 401}}
				list.add("account type/"+path+"/"+member+"/"+value+"/without a session", r, w)
			}
			for name, text := range oddTexts() {
				r, w, ok := oddMember(s, path, member, name, text)
				if ok {
					list.add("account text/"+path+"/"+member+"/"+name, r, w)
				}
			}
		}
	}
	for _, flag := range []string{"rememberMe", "tokens"} {
		for _, path := range []string{"/sign-up/email", "/sign-in/email"} {
			for _, value := range []string{"null", "0", "1", `"true"`, `"false"`, `""`, "[]", "{}", "[true]"} {
				body := goodBody(path)
				body[flag] = value
				list.add("account type/"+path+"/"+flag+"/"+value, ask("POST", "/api/auth"+path).json(bodyOf(body)), problem(400, "validation-error"))
			}
		}
	}
	s.run(t, list)
}

// oddMember is a request with an odd text for one member; not ok if that text is as
// good as any there, or only makes work: comparing a password takes long.
func oddMember(s *site, path, member, name, text string) (r request, w want, ok bool) {
	body := goodBody(path)
	body[member] = text
	r = ask("POST", "/api/auth"+path, s.ada.cookies()...).json(bodyOf(body))
	w = want{status: []int{400, 401}}
	isText := map[string]bool{
		"empty": true, "a surrogate": true, "a byte ff": true, "60 KB": true,
	}[name] || name == "NUL" && path != "/sign-up/email"
	switch {
	case path == "/sign-up/email" && (member == "name" || member == "image"):
		return r, w, false // makes an account: see TestSignUps
	case strings.Contains(strings.ToLower(member), "password") && !isText:
		return r, w, false
	case member == "token" && path == "/revoke-session":
		w.status = []int{200, 400} // tells nothing
	case path == "/update-user":
		w = want{status: []int{200, 400}, writes: true}
	case path == "/sign-out":
		r = ask("POST", "/api/auth"+path).json(bodyOf(body))
		w.status = []int{200, 400, 401} // an empty token is none, and who has none is signed out
	}
	return r, w, true
}

// oddTexts are JSON strings that nobody means, whatever they are for.
func oddTexts() map[string]string {
	return map[string]string{
		"empty": `""`, "a blank": `" "`, "NUL": `"a\u0000b"`, "a surrogate": `"\ud800"`, "a byte ff": "\"a\xffb\"",
		"CR LF": `"a@b.c\r\nBcc: x@y.z"`, "an escape code": `"\u001b[31m"`, "10 KB": quote(strings.Repeat("x", 10_000)),
		"60 KB": quote(strings.Repeat("x", 60_000)), "SQL": `"' OR '1'='1"`, "SQL with a sleep": `"'; SELECT pg_sleep(10); --"`,
		"a format": `"%s%n%d"`, "a template": `"{{7*7}}"`, "HTML": `"<script>alert(1)</script>"`,
		"JNDI":   `"${jndi:ldap://127.0.0.1/a}"`,
		"a path": `"../../../etc/passwd"`, "a URL": `"http://169.254.169.254/"`, "a token of ours": `"ats_AAAA"`,
		"a JWT": `"eyJhbGciOiJub25lIn0.e30."`, "10 KB of emoji": quote(strings.Repeat("😀", 2500)),
		"accents": quote("e" + strings.Repeat("\u0301", 3000)),
	}
}

// TestAccountBodies are bodies of account routes that are no JSON object.
func TestAccountBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	var list attacks
	for _, r := range accountRoutes() {
		if r.method != "POST" || strings.HasPrefix(r.path, "/auth/revoke-other") || r.path == "/auth/revoke-sessions" {
			continue // these two read no body
		}
		reads := r.request("").with(s.ada.cookies()...)
		for name, text := range brokenObjects(`"x":1`) {
			if name == "nothing" {
				continue // is an object without members there
			}
			bad := reads
			bad.body = text
			list.add("account body/"+r.path+"/"+name, bad, want{status: []int{400}})
		}
		for name, text := range deepObjects(`"x":1`, 12_000) {
			bad := reads
			bad.body = text
			list.add("account body/"+r.path+"/"+name, bad, want{status: []int{400, 413}})
		}
		for _, media := range []string{
			"text/plain", "text/html", "multipart/form-data; boundary=x", "application/json; charset=latin1", "application/xml",
			"application/json, application/json",
		} {
			bad := ask("POST", "/api"+r.path, s.ada.cookies()...).holding(media, `{"email":"ada@example.com","password":"`+goodPassword+`"}`)
			list.add("account media/"+r.path+"/"+media, bad, problem(415, "unsupported-media-type"))
		}
		if r.path != "/auth/verify-email" && r.path != "/auth/reset-password" {
			bad := ask("POST", "/api"+r.path, s.ada.cookies()...).holding("application/x-www-form-urlencoded", "email=ada@example.com&password="+url.QueryEscape(goodPassword))
			list.add("account media/"+r.path+"/a form", bad, problem(415, "unsupported-media-type"))
		}
		bad := reads
		bad.body = `{"x":"` + strings.Repeat("x", 70_000) + `"}`
		list.add("account body/"+r.path+"/70 KB", bad, problem(413, "body-too-large"))
		list.add("account body/"+r.path+"/70 KB in chunks", chunked(bad), problem(413, "body-too-large"))
		list.add("account body/"+r.path+"/gzip", reads.with("Content-Encoding: gzip"), problem(415, "unsupported-media-type"))
	}
	for name, form := range map[string]string{
		"twice": "token=a&token=b", "a semicolon": "token=a;newPassword=b", "a broken escape": "token=%zz",
		"NUL": "token=%00&newPassword=%00", "a byte ff": "token=%ff&newPassword=%ff", "nothing": "",
		"brackets": "token[]=a&newPassword[a]=b", "70 KB": "token=" + strings.Repeat("x", 70_000),
	} {
		for _, path := range []string{"/verify-email", "/reset-password"} {
			r := ask("POST", "/api/auth"+path, s.ada.cookies()...).holding("application/x-www-form-urlencoded", form)
			list.add("account form/"+path+"/"+name, r, want{status: []int{400, 401, 413}, html: isShown(path, name)})
		}
	}
	s.run(t, list)
}

// isShown reports whether what is wrong with a form is told on a page.
func isShown(path, name string) bool {
	switch name {
	case "twice", "a semicolon", "a broken escape", "70 KB", "a byte ff":
		return false // nothing of it could be read
	case "nothing", "brackets":
		return path == "/verify-email"
	}
	return true
}

// wrongAddresses are texts that are no address of mail, or look like ada's.
func wrongAddresses() map[string]string {
	return map[string]string{
		"no at": "ada.example.com", "two ats": "ada@@example.com", "an at behind": "ada@example.com@",
		"no name": "@example.com", "no domain": "ada@", "one label": "ada@localhost", "a dot behind": "ada@example.com.",
		"a dot in front": ".ada@example.com", "two dots": "a..da@example.com",
		"a dot at the at": "ada.@example.com", "a blank in front": " ada@example.com", "a blank behind": "ada@example.com ",
		"a blank inside": "a da@example.com", "a tab": "ada@example.com\t", "a line break": "ada@example.com\n",
		"CR LF": "ada@example.com\r\nBcc: eve@example.com", "CR LF in front": "\r\nada@example.com",
		"NUL": "ada\u0000@example.com", "NUL behind": "ada@example.com\u0000", "quotes": `"ada"@example.com`,
		"quotes with a blank": `"a da"@example.com`, "a display name": "Ada <ada@example.com>", "brackets": "<ada@example.com>",
		"a comment": "ada(x)@example.com", "a list": "ada@example.com,eve@example.com",
		"a list with a semicolon": "ada@example.com;eve@example.com", "a percent route": "ada%example.com@evil.example@",
		"a bang": "evil!ada@", "a source route": "@evil.example:ada@example.com", "an address literal": "ada@[127.0.0.1]",
		"IPv6": "ada@[IPv6:::1]", "an IP": "ada@127.0.0.1", "mailto": "mailto:ada@example.com",
		"a Kelvin sign": "\u212aada@example.com", "a Kelvin sign behind the at": "ada@\u212aexample.com",
		"a long s": "ada@example.co\u017f", "Cyrillic": "\u0430da@example.com", "wide": "\uff41da@example.com",
		"a wide at": "ada\uff20example.com", "a wide dot": "ada@example\uff0ecom", "an ideographic dot": "ada@example\u3002com",
		"zero width": "ada\u200b@example.com", "a soft hyphen": "ada\u00ad@example.com",
		"right to left": "\u202eada@example.com", "a BOM": "\ufeffada@example.com", "an emoji": "😀@example.com",
		"65 letters": strings.Repeat("a", 65) + "@example.com", "a label of 64": "ada@" + strings.Repeat("a", 64) + ".com",
		"255 bytes":         "ada@" + strings.Repeat("a.", 130) + "com",
		"a hyphen in front": "ada@-example.com", "a hyphen behind": "ada@example-.com", "an underscore": "ada@exa_mple.com",
		"numbers": "ada@1.2.3.4", "a number for a top": "ada@example.123", "broken punycode": "ada@xn--a.com",
		"punycode of ASCII": "ada@xn--example-.com", "a slash": "ada@example.com/x", "a colon": "ada@example.com:25",
		"a query": "ada@example.com?bcc=eve@example.com", "SQL": "ada@example.com' OR '1'='1", "a wildcard": "%@example.com%",
		"a backslash": `ada\@example.com`, "10 KB": strings.Repeat("a", 10_000) + "@example.com",
		"9000 dots": "a@" + strings.Repeat(".", 9000), "HTML": "<script>@example.com", "a template": "{{ada}}@exa{{mple.com",
		"null": "null",
	}
}

// TestAddresses sends them wherever an address is read.
func TestAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	var list attacks
	for name, address := range wrongAddresses() {
		for path, member := range map[string]string{
			"/sign-up/email": "email", "/sign-in/email": "email", "/send-verification-email": "email",
			"/request-password-reset": "email", "/change-email": "newEmail",
		} {
			body := goodBody(path)
			body[member] = quote(address)
			delete(body, map[bool]string{true: "password"}[path == "/change-email"])
			list.add("address/"+path+"/"+name, ask("POST", "/api/auth"+path, s.ada.cookies()...).json(bodyOf(body)), want{status: []int{400}})
		}
	}
	for name, address := range map[string]string{
		"capitals": "ADA@EXAMPLE.COM", "mixed": "Ada@Example.Com", "as it is": "ada@example.com",
	} {
		body := goodBody("/sign-up/email")
		body["email"] = quote(address)
		list.add("address/taken/"+name, ask("POST", "/api/auth/sign-up/email").json(bodyOf(body)), problem(422, "user-already-exists-use-another-email"))
	}
	s.run(t, list)
	for _, mail := range s.mails.all("ada@example.com") {
		if strings.ContainsAny(mail.To+mail.Subject, "\r\n") || mail.Kind != accounts.MailVerify {
			t.Errorf("ada gets %+v", mail)
		}
	}
}

// wrongPasswords are passwords that nobody may have, with Better Auth's code.
func wrongPasswords() map[string][2]string {
	const short, long, common = "PASSWORD_TOO_SHORT", "PASSWORD_TOO_LONG", "PASSWORD_COMPROMISED"
	return map[string][2]string{
		"empty": {"", short}, "7 letters": {"x7Kq2pL", short}, "7 emoji": {strings.Repeat("😀", 7), short},
		"4 letters with accents": {"e\u0301e\u0301e\u0301e\u0301"[:8], short},
		"129 letters":            {strings.Repeat("x1Kq", 32) + "y", long}, "10000 letters": {strings.Repeat("x1Kq", 2500), long},
		"123456789": {"123456789", common}, "password": {"password", common}, "Password in capitals": {"PASSWORD", common},
		"password1": {"password1", common}, "qwertyuiop": {"qwertyuiop", common},
		"one letter": {strings.Repeat("a", 20), common}, "87654321": {"87654321", common}, "abcabcabc": {"abcabcabc", common},
		"the address": {"eve@example.com", common}, "the address in capitals": {"EVE@EXAMPLE.COM", common},
		"blanks around a common one":   {"  password  ", common},
		"wide letters of a common one": {"\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44", common},
		"iloveyou":                     {"iloveyou", common}, "11111111": {"11111111", common},
	}
}

// TestPasswords: wrong ones make no account, and no other spelling of a right one
// opens one.
func TestPasswords(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	var list attacks
	for name, p := range wrongPasswords() {
		body := goodBody("/sign-up/email")
		body["password"] = quote(p[0])
		kind := strings.ReplaceAll(strings.ToLower(p[1]), "_", "-")
		list.add("password/new/"+name, ask("POST", "/api/auth/sign-up/email").json(bodyOf(body)), problem(400, kind))
		change := fmt.Sprintf(`{"currentPassword":%q,"newPassword":%s}`, goodPassword, quote(strings.Replace(p[0], "eve", "ada", 1)))
		if name == "the address in capitals" {
			change = fmt.Sprintf(`{"currentPassword":%q,"newPassword":"ADA@EXAMPLE.COM"}`, goodPassword)
		}
		list.add("password/changed/"+name, ask("POST", "/api/auth/change-password", s.ada.cookies()...).json(change), problem(400, kind))
	}
	for name, guess := range map[string]string{
		"capitals": strings.ToUpper(goodPassword), "a blank behind": goodPassword + " ", "a blank in front": " " + goodPassword,
		"a letter more": goodPassword + "x", "NUL behind": goodPassword + "\u0000", "NUL and more": goodPassword + "\u0000x",
		"empty": "", "zero width": goodPassword + "\u200b", "a no-break space": strings.ReplaceAll(goodPassword, " ", "\u00a0"),
		"Cyrillic": strings.Replace(goodPassword, "o", "\u043e", 1), "SQL": "' OR '1'='1",
		"the hash":    "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA",
		"128 letters": strings.Repeat("x1Kq", 32), "wide": "\uff2b" + goodPassword[1:], "a line break": goodPassword + "\n",
		"percent": url.QueryEscape(goodPassword),
	} {
		body := fmt.Sprintf(`{"email":"ada@example.com","password":%s}`, quote(guess))
		list.add("password/guessed/"+name, ask("POST", "/api/auth/sign-in/email").json(body), problem(401, "invalid-email-or-password"))
		if len(guess) > len(goodPassword) {
			continue // was asked in another way
		}
		list.add("password/verified/"+name, ask("POST", "/api/auth/verify-password", s.ada.cookies()...).json(`{"password":`+quote(guess)+`}`), problem(400, "invalid-password"))
	}
	for name, r := range map[string]request{
		"in the query":  ask("POST", "/api/auth/sign-in/email?email=ada@example.com&password="+escape("a password in a query")).json(`{}`),
		"by GET":        get("/api/auth/sign-in/email?email=ada@example.com&password=" + escape("a password in a query")),
		"in Basic":      ask("POST", "/api/auth/sign-in/email", "Authorization: Basic YWRhQGV4YW1wbGUuY29tOng=").json(`{}`),
		"Basic at todo": get("/api/todos", "Authorization: Basic YWRhQGV4YW1wbGUuY29tOng="),
	} {
		list.add("password/place/"+name, r, want{status: []int{400, 401, 405}})
	}
	s.run(t, list)
}

// TestSignUps are accounts that somebody makes with more in the body than a name,
// and with odd names. On every storage.
func TestSignUps(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		s.withAda()
		privileged := map[string]string{
			"id": quote(s.ada.id), "userId": quote(s.ada.id), "user_id": quote(s.ada.id), "sub": quote(s.ada.id),
			"role": `"admin"`, "roles": `["admin"]`, "emailVerified": "true", "email_verified": "true", "disabled": "false",
			"banned":    "false",
			"createdAt": `"2000-01-01T00:00:00Z"`, "session": `{"userId":` + quote(s.ada.id) + `}`, "token": `"x"`,
			"__proto__": `{"emailVerified":true}`, "constructor": `{"prototype":{}}`, "callbackURL": `"https://evil.example"`,
			"redirectTo": `"//evil.example"`,
			"EMAIL":      `"ada@example.com"`, "Password": `"x"`, "user": `{"id":` + quote(s.ada.id) + `}`, "Id": quote(s.ada.id),
		}
		i := 0
		try := func(name string, change func(body map[string]string), check func(t *testing.T, user map[string]any)) {
			t.Run(nameOf("sign-up/"+name), func(t *testing.T) {
				shared.counts.add(s.place, "sign-up/"+nameOf(name))
				body := map[string]string{
					"name": `"Eve"`, "email": fmt.Sprintf(`"eve%d@example.com"`, i), "password": quote(goodPassword),
				}
				i++
				change(body)
				a := s.send(t, ask("POST", "/api/auth/sign-up/email").json(bodyOf(body)))
				var shown struct{ User map[string]any }
				if err := json.Unmarshal([]byte(a.body), &shown); err != nil || a.status != http.StatusOK {
					t.Fatalf("%d %s", a.status, a.body)
				}
				check(t, shown.User)
				checkHeader(t, a)
				if len(shown.User) != 7 || shown.User["id"] == s.ada.id || shown.User["emailVerified"] != false ||
					!regexp.MustCompile(`^eve\d+@example.com$`).MatchString(fmt.Sprint(shown.User["email"])) || strings.HasPrefix(fmt.Sprint(shown.User["createdAt"]), "2000") {
					t.Errorf("the user is %v", shown.User)
				}
				u := &user{}
				u.take(a)
				if got := s.send(t, get("/api/todos", u.cookies()...)); got.status != 200 || got.body != "[]" {
					t.Errorf("a new user has %d %s", got.status, got.body)
				}
			})
		}
		all := func(body map[string]string) {
			for member, value := range privileged {
				body[member] = value
			}
		}
		try("every privileged member", all, func(*testing.T, map[string]any) {})
		for name, text := range map[string]string{
			"HTML": "<b>Eve</b>", "SQL": "'; DROP TABLE authtodo_users;--", "an emoji": "😀", "empty": "",
			"right to left": "\u202eeve", "a template": "{{.Name}}", "wide": strings.Repeat("x", 200), "U+FFFD": "\ufffd",
			"noncharacters": "\uffff", "a URL": "https://evil.example/?a=b",
		} {
			try("name/"+name, func(body map[string]string) { body["name"] = quote(text) }, func(t *testing.T, user map[string]any) {
				if user["name"] != text {
					t.Errorf("the name is %q, want %q", user["name"], text)
				}
			})
		}
		if state := s.look(t); state != s.state {
			t.Errorf("others have\n%s\nand had\n%s", state, s.state)
		}
	})
}

// TestTokensAtOtherDoors tries each kind of token at each door that is for
// another.
func TestTokensAtOtherDoors(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	tokens := s.allTokens(t)
	doors := map[string]struct {
		opens string
		ask   func(token string) request
		shut  []int
	}{
		"todos, bearer":         {"access", func(k string) request { return get("/api/todos").as(k) }, []int{401}},
		"todos, cookie":         {"session", func(k string) request { return get("/api/todos", "Cookie: better-auth.session_token="+k) }, []int{401}},
		"host, bearer":          {"access", func(k string) request { return get("/reports").as(k) }, []int{401}},
		"get-session, bearer":   {"access session", func(k string) request { return get("/api/auth/get-session").as(k) }, []int{200}},
		"get-session, cookie":   {"session", func(k string) request { return get("/api/auth/get-session", "Cookie: better-auth.session_token="+k) }, []int{200}},
		"token, bearer":         {"session", func(k string) request { return get("/api/auth/token").as(k) }, []int{401}},
		"token, cookie":         {"session", func(k string) request { return get("/api/auth/token", "Cookie: better-auth.session_token="+k) }, []int{401}},
		"list-sessions, bearer": {"access session", func(k string) request { return get("/api/auth/list-sessions").as(k) }, []int{401}},
		"update-user, bearer":   {"access session", func(k string) request { return ask("POST", "/api/auth/update-user").as(k).json(`{"name":"Eve"}`) }, []int{401}},
		"refresh": {"refresh", func(k string) request {
			return ask("POST", "/api/auth/refresh").json(`{"refresh_token":` + quote(k) + `}`)
		}, []int{401}},
		"sign-out": {"refresh", func(k string) request {
			return ask("POST", "/api/auth/sign-out").json(`{"refresh_token":` + quote(k) + `}`)
		}, []int{401}},
		"revoke-session": {"handle", func(k string) request { return s.byAda("/revoke-session", `{"token":`+quote(k)+`}`) }, []int{200}},
		"verify-email": {"verify change", func(k string) request {
			return ask("POST", "/api/auth/verify-email").json(`{"token":` + quote(k) + `}`)
		}, []int{401}},
		"verify-email, page": {"verify change", func(k string) request { return get("/api/auth/verify-email?token="+k, "Accept: text/html") }, []int{400}},
		"reset-password": {"reset", func(k string) request {
			return ask("POST", "/api/auth/reset-password").json(`{"token":` + quote(k) + `,"newPassword":"another good one"}`)
		}, []int{400}},
		"reset-password, page": {"reset", func(k string) request { return get("/api/auth/reset-password?token="+k, "Accept: text/html") }, []int{400}},
		"reset-password, by query": {"reset", func(k string) request {
			return ask("POST", "/api/auth/reset-password?token="+k).json(`{"newPassword":"another good one"}`)
		}, []int{400}},
	}
	var list attacks
	for name, door := range doors {
		for kind, token := range tokens {
			opens := strings.Contains(door.opens, kind)
			w := want{status: door.shut, html: strings.Contains(name, "page"), host: strings.HasPrefix(name, "host")}
			if !opens {
				list.add("door/"+name+"/"+kind, door.ask(token), w)
			}
			broken := map[string]string{
				"a letter less": token[:len(token)-1], "a letter more": token + "A",
				"a letter changed":      token[:len(token)/2] + flip(token[len(token)/2]) + token[len(token)/2+1:],
				"another kind in front": "atx" + token[3:],
				"cut in half":           token[:len(token)/2], "in capitals": strings.ToUpper(token), "without its kind": token[4:],
				"spaced": token[:8] + "%20" + token[8:],
			}
			for what, text := range broken {
				if opens || what == "another kind in front" {
					list.add("door/"+name+"/"+kind+"/"+what, door.ask(text), w)
				}
			}
		}
	}
	prefixes := map[string]string{
		"session": "ats_", "refresh": "atr_", "handle": "ath_", "device": "atd_", "verify": "atv_", "change": "atc_",
		"reset": "atp_",
	}
	for name, door := range doors {
		for kind, token := range tokens {
			for opens, prefix := range prefixes { // says that it is what the door is for
				if kind == "access" || kind == opens || !strings.Contains(door.opens, opens) {
					continue
				}
				w := want{status: door.shut, html: strings.Contains(name, "page"), host: strings.HasPrefix(name, "host")}
				list.add("door/"+name+"/"+kind+" as "+opens, door.ask(prefix+token[4:]), w)
			}
		}
	}
	s.run(t, list)
	for _, a := range list {
		if strings.Contains(a.name, "get-session") {
			if got := s.send(t, a.request); got.body != "null" {
				t.Errorf("%s: %s", a.name, got.body)
			}
		}
	}
}

func flip(c byte) string { return map[bool]string{true: "B", false: "A"}[c == 'A'] }

// byAda is a request of ada's browser.
func (s *site) byAda(path, body string) request {
	return ask("POST", "/api/auth"+path, s.ada.cookies()...).json(body)
}

// allTokens are a good token of each kind, all of eve: so that what one does is
// seen as little as can be in what ada has.
func (s *site) allTokens(t *testing.T) map[string]string {
	t.Helper()
	eve := s.signUp(t, "eve@example.com")
	access, refresh := s.tokens(t, eve)
	tokens := map[string]string{
		"access": access, "refresh": refresh, "session": eve.token, "device": eve.device,
		"verify": s.mails.link(t, eve.email, accounts.MailVerify),
		"handle": regexp.MustCompile(`ath_[^"]+`).FindString(s.send(t, get("/api/auth/get-session", eve.cookies()...)).body),
	}
	s.send(t, ask("POST", "/api/auth/request-password-reset").json(`{"email":"eve@example.com"}`))
	tokens["reset"] = s.mails.link(t, eve.email, accounts.MailReset)
	s.send(t, ask("POST", "/api/auth/change-email", eve.cookies()...).json(`{"newEmail":"new-eve@example.com"}`))
	tokens["change"] = s.mails.link(t, "new-eve@example.com", accounts.MailChange)
	for kind, token := range tokens {
		if token == "" {
			t.Fatalf("there is no token %s", kind)
		}
	}
	return tokens
}

// TestAccountsOfOthers: nobody learns or ends what is somebody else's.
func TestAccountsOfOthers(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		s.withAda()
		eve := s.signUp(t, "eve@example.com")
		handle := regexp.MustCompile(`ath_[^"]+`).FindString(s.send(t, get("/api/auth/get-session", s.ada.cookies()...)).body)
		access, _ := s.tokens(t, eve)
		same := func(name string, requests ...request) {
			t.Helper()
			shared.counts.add(s.place, "others/"+name)
			first := s.send(t, requests[0])
			for _, r := range requests[1:] {
				if got := s.send(t, r); got.anonymous() != first.anonymous() {
					t.Errorf("%s: %s is answered with\n%s\nand %s with\n%s", name, requests[0].body, first.anonymous(), r.body, got.anonymous())
				}
			}
			if state := s.look(t); state != s.state {
				t.Errorf("%s: ada has\n%s\nand had\n%s", name, state, s.state)
			}
		}
		for who, fields := range map[string][]string{"cookie": eve.cookies(), "access token": {"Authorization: Bearer " + access}} {
			by := func(path, body string) request { return ask("POST", "/api/auth"+path, fields...).json(body) }
			same("revoke-session/"+who, by("/revoke-session", `{"token":"ath_junk"}`), by("/revoke-session", `{"token":`+quote(handle)+`}`), by("/revoke-session", `{"token":`+quote(s.ada.token)+`}`))
			same("send-verification-email/"+who, by("/send-verification-email", `{"email":"nobody@example.com"}`), by("/send-verification-email", `{"email":"ada@example.com"}`))
			same("update-user/"+who, by("/update-user", `{"name":"Eve"}`), by("/update-user", `{"name":"Eve","id":`+quote(s.ada.id)+`,"userId":`+quote(s.ada.id)+`}`))
			same("verify-password/"+who, by("/verify-password", `{"password":"a wrong password"}`), by("/verify-password", `{"password":"a wrong password","email":"ada@example.com","userId":`+quote(s.ada.id)+`}`))
			same("delete-user/"+who, by("/delete-user", `{"password":"a wrong password"}`), by("/delete-user", `{"password":"a wrong password","userId":`+quote(s.ada.id)+`}`))
		}
		open := func(path, body string) request { return ask("POST", "/api/auth"+path).json(body) }
		same("sign-in", open("/sign-in/email", `{"email":"nobody@example.com","password":"a wrong password"}`), open("/sign-in/email", `{"email":"ada@example.com","password":"a wrong password"}`))
		same("request-password-reset", open("/request-password-reset", `{"email":"nobody@example.com"}`), open("/request-password-reset", `{"email":"nobody2@example.com"}`))
		same("change-email", ask("POST", "/api/auth/change-email", eve.cookies()...).json(`{"newEmail":"nobody@example.com"}`), ask("POST", "/api/auth/change-email", eve.cookies()...).json(`{"newEmail":"ada@example.com"}`))
		if a := s.send(t, get("/api/auth/list-sessions", eve.cookies()...)); strings.Contains(a.body, s.ada.id) || strings.Count(a.body, `"id"`) != 2 {
			t.Errorf("eve's sessions are %s", a.body)
		}
		for _, path := range []string{"/revoke-other-sessions", "/revoke-sessions", "/delete-user"} {
			shared.counts.add(s.place, "others/"+path)
			s.send(t, ask("POST", "/api/auth"+path, eve.cookies()...).json(`{}`))
			if state := s.look(t); state != s.state {
				t.Errorf("%s: ada has\n%s\nand had\n%s", path, state, s.state)
			}
		}
	})
}

// TestRaces has many do at once what may be done once, on every storage.
func TestRaces(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		eve := s.signUp(t, "eve@example.com")
		access, refresh := s.tokens(t, eve)
		shared.counts.add(s.place, "race/refresh")
		answers := s.atOnce(t, 16, func(int) request {
			return ask("POST", "/api/auth/refresh").json(`{"refresh_token":` + quote(refresh) + `}`)
		})
		for _, a := range answers {
			if a.status != 200 || a.text("refresh_token") != answers[0].text("refresh_token") {
				t.Errorf("sixteen refreshes give several families: %d %s", a.status, a.body)
			}
		}
		shared.counts.add(s.place, "race/sign-up")
		made := 0
		for _, a := range s.atOnce(t, 4, func(int) request {
			return ask("POST", "/api/auth/sign-up/email").json(`{"name":"x","email":"race@example.com","password":` + quote(goodPassword) + `}`)
		}) {
			if a.status == 200 {
				made++
			} else if a.status != 422 && (a.status != 503 || a.header.Get("Retry-After") == "") { // or had to wait too long
				t.Errorf("a sign-up in a race: %d %s", a.status, a.body)
			}
		}
		if made != 1 {
			t.Errorf("%d of four sign-ups have made an account", made)
		}
		shared.counts.add(s.place, "race/verification")
		token := s.mails.link(t, "race@example.com", accounts.MailVerify)
		used := 0
		for _, a := range s.atOnce(t, 8, func(int) request { return ask("POST", "/api/auth/verify-email").json(`{"token":` + quote(token) + `}`) }) {
			if a.status == 200 {
				used++
			} else if a.status != 401 {
				t.Errorf("a verification in a race: %d %s", a.status, a.body)
			}
		}
		if used != 1 {
			t.Errorf("a code was used %d times", used)
		}
		shared.counts.add(s.place, "race/update")
		id := s.create(access, "raced for")
		won := 0
		for _, a := range s.atOnce(t, 16, func(i int) request {
			return ask("PATCH", "/api/todos/"+id, `If-Match: "1"`).as(access).json(fmt.Sprintf(`{"title":"by %d"}`, i))
		}) {
			if a.status == 200 {
				won++
			} else if a.status != 412 {
				t.Errorf("an update in a race: %d %s", a.status, a.body)
			}
		}
		if won != 1 {
			t.Errorf("%d of sixteen updates of one version have been made", won)
		}
	})
}

// atOnce sends n requests at the same time.
func (s *site) atOnce(t *testing.T, n int, of func(i int) request) []answer {
	t.Helper()
	answers := make([]answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = s.send(t, of(i)) })
	}
	all.Wait()
	return answers
}

// TestPreHijack: whoever makes an account for the address of somebody else has
// nothing of it when the owner of the address verifies it.
func TestPreHijack(t *testing.T) {
	t.Parallel()
	for place, open := range places() {
		t.Run("with verification on "+place, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, place, open(t), func(o *authtodo.Options) { o.Accounts.RequireVerification = true })
			s.hijack(t)
		})
	}
}

func (s *site) hijack(t *testing.T) {
	t.Helper()
	const theirs, own = "Kanarie5 of the attacker", "Kanarie6 of the owner"
	shared.watch.Keep("a password", theirs, own)
	shared.counts.add(s.place, "pre-hijack/sign-up")
	up := func(password string) answer {
		return s.send(t, ask("POST", "/api/auth/sign-up/email").json(`{"name":"x","email":"victim@example.com","password":`+quote(password)+`}`))
	}
	in := func(password string) int {
		return s.send(t, ask("POST", "/api/auth/sign-in/email").json(`{"email":"victim@example.com","password":`+quote(password)+`}`)).status
	}
	first := up(theirs)
	token := s.mails.link(t, "victim@example.com", accounts.MailVerify)
	second := up(own)
	shape := regexp.MustCompile(`[A-Z2-7]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	if a, b := shape.ReplaceAllString(first.anonymous(), "…"), shape.ReplaceAllString(second.anonymous(), "…"); a != b {
		t.Errorf("the first sign-up is answered with\n%s\nand the second with\n%s", a, b)
	}
	next := s.mails.linkAfter(t, "victim@example.com", accounts.MailVerify, 1)
	if a := s.send(t, ask("POST", "/api/auth/verify-email").json(`{"token":`+quote(next)+`}`)); a.status != 200 {
		t.Errorf("the owner's link: %d %s", a.status, a.body)
	}
	if got := in(theirs); got != 401 {
		t.Errorf("the attacker's password: %d", got)
	}
	// Nobody knows which of the two has read the mail: the password is chosen anew.
	reset := s.mails.link(t, "victim@example.com", accounts.MailReset)
	if a := s.send(t, ask("POST", "/api/auth/reset-password").json(`{"token":`+quote(reset)+`,"newPassword":`+quote(own)+`}`)); a.status != 200 {
		t.Errorf("the owner's reset: %d %s", a.status, a.body)
	}
	if got := in(own); got != 200 {
		t.Errorf("the owner's password: %d", got)
	}
	if a := s.send(t, ask("POST", "/api/auth/verify-email").json(`{"token":`+quote(token)+`}`)); a.status != 401 {
		t.Errorf("the attacker's link: %d %s", a.status, a.body)
	}
}
