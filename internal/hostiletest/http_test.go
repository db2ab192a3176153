package hostiletest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// TestMethods asks every path with every method that it has not.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	allowed := make(map[string][]string)
	for _, r := range append(append(todoRoutes(), accountRoutes()...), route{"GET", "/openapi.json", "", true}, route{"HEAD", "/openapi.json", "", true}) {
		allowed[r.path] = append(allowed[r.path], r.method)
	}
	var list attacks
	for path, methods := range allowed {
		target := strings.ReplaceAll("/api"+path, "{id}", missing)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"} {
			if slices.Contains(methods, method) {
				continue
			}
			for who, fields := range map[string][]string{
				"anna": {"Authorization: Bearer " + s.anna}, "nobody": nil, "ada": s.ada.cookies(),
			} {
				w := problem(405, "method-not-allowed")
				if strings.HasPrefix(path, "/todos") && who == "nobody" {
					w = refused(noCredentials)
				}
				list.add("method/"+method+" "+path+"/"+who, ask(method, target, fields...), w)
				list.add("method/"+method+" "+path+"/"+who+"/with a body", ask(method, target, fields...).json(`{"title":"x"}`), w)
			}
		}
		for _, method := range []string{
			"OPTIONS", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH", "REPORT", "PURGE", "LINK", "UNLINK",
			"DEBUG", "TRACK", "BREW", "get", "Get", "GETX", "PRI", "QUERY", "X-A_1!", strings.Repeat("A", 3000),
		} {
			list.add("method/other/"+method[:min(len(method), 20)]+" "+path, ask(method, target).as(s.anna), want{status: []int{404}, host: true})
		}
	}
	s.run(t, list)
	for path, methods := range allowed {
		a := s.send(t, ask("TRACE", strings.ReplaceAll("/api"+path, "{id}", missing), "X-Secret: Kanarie-echo").as(s.anna))
		named := strings.Split(a.header.Get("Allow"), ", ")
		slices.Sort(named)
		slices.Sort(methods)
		if !slices.Equal(named, methods) || strings.Contains(a.body, "Kanarie-echo") {
			t.Errorf("TRACE %s: Allow is %q, want %q: %s", path, named, methods, a.body)
		}
	}
}

// TestFraming are messages that two servers in a row may read differently, and
// messages that are none. net/http answers most of them by itself.
func TestFraming(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	const smuggled = "GET /api/todos HTTP/1.1\r\nHost: {host}\r\nX-Smuggled: yes\r\n\r\n"
	head := "POST /api/todos HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + s.anna + "\r\nContent-Type: application/json\r\nConnection: close\r\n"
	line := "GET /api/todos HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + s.anna + "\r\nConnection: close\r\n"
	const body = `{"title":""}`
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	var list attacks
	add := func(name, raw string, status ...int) {
		list.add("framing/"+name, request{raw: raw, cut: true}, want{status: status, host: true})
	}
	for name, field := range map[string]string{
		"two lengths that differ": "Content-Length: 12\r\nContent-Length: 13\r\n",
		"a list of lengths":       "Content-Length: 12, 13\r\n", "a negative length": "Content-Length: -1\r\n",
		"a length with a sign": "Content-Length: +12\r\n", "a length in hexadecimal": "Content-Length: 0xc\r\n",
		"a length with a blank": "Content-Length: 1 2\r\n",
		"a length of letters":   "Content-Length: x\r\n", "a length beyond 64 bits": "Content-Length: 99999999999999999999\r\n",
		"a length with a point": "Content-Length: 12.0\r\n", "a name with a blank behind": "Content-Length : 12\r\n",
		"a name with a tab behind": "Content-Length\t: 12\r\n", "a name with NUL": "X\x00: y\r\n",
		"a value with NUL": "X: a\x00b\r\n", "a value with CR": "X: a\rb\r\n", "no colon": "X\r\n", "no name": ": x\r\n",
		"a name with a slash": "X/Y: z\r\n", "a name of bytes": "X\xff: y\r\n", "a value with DEL": "X: a\x7fb\r\n",
		"a blank in front of the first": " X: y\r\n", "an escape code": "X: \x1b[31m\r\n",
	} {
		add("field/"+name, head+field+"\r\n"+body, 400)
	}
	for name, field := range map[string]string{
		"identity": "identity", "gzip": "gzip", "chunked and gzip": "gzip, chunked", "chunked twice": "chunked, chunked",
		"a word": "x", "xchunked": "xchunked", "a vertical tab": "\vchunked", "quotes": `"chunked"`,
		"with a parameter": "chunked;x=y", "nothing": "",
	} {
		add("coding/"+name, head+"Transfer-Encoding: "+field+"\r\n\r\n"+chunks, 400, 501) // 501 is net/http's word for an unknown coding
	}
	add("coding/two fields", head+"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"+chunks, 400, 501)
	add("coding/a name with a blank", head+"Transfer-Encoding : chunked\r\n\r\n"+chunks, 400)
	add("coding/HTTP 1.0", strings.Replace(head, "HTTP/1.1", "HTTP/1.0", 1)+"Transfer-Encoding: chunked\r\n\r\n"+chunks, 400, 422)
	add("both/length and chunks", head+"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks+smuggled, 400, 422)
	add("both/chunks and length", head+"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"+chunks+smuggled, 400, 422)
	add("both/length of everything and chunks", head+fmt.Sprintf("Content-Length: %d\r\n", len(chunks)+len(smuggled))+"Transfer-Encoding: chunked\r\n\r\n"+chunks+smuggled, 400, 422)
	add("both/a length that is broken and chunks", head+"Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks, 400)
	for name, text := range map[string]string{
		"a size of letters": "xyz\r\n" + body + "\r\n0\r\n\r\n", "a negative size": "-1\r\n" + body + "\r\n0\r\n\r\n",
		"a size with 0x":        "0xc\r\n" + body + "\r\n0\r\n\r\n",
		"a size beyond 64 bits": "fffffffffffffffff\r\n" + body + "\r\n0\r\n\r\n", "no size": "\r\n" + body + "\r\n0\r\n\r\n",
		"a size too small": "4\r\n" + body + "\r\n0\r\n\r\n",
		"a size too large": "ff\r\n" + body, "no end": "c\r\n" + body + "\r\n", "a bare LF": "c\n" + body + "\n0\n\n",
		"an extension of 8 KB": "c;" + strings.Repeat("x", 8000) + "\r\n" + body + "\r\n0\r\n\r\n", "nothing": "",
		"a blank in front of the size": " c\r\n" + body + "\r\n0\r\n\r\n", "an underscore": "1_0\r\n" + body + "\r\n0\r\n\r\n",
		"a CR in an extension": "c;a\rb\r\n" + body + "\r\n0\r\n\r\n",
		"a trailer":            "c\r\n" + body + "\r\n0\r\nAuthorization: Bearer x\r\nContent-Length: 5\r\n\r\n",
		"a broken trailer":     "c\r\n" + body + "\r\n0\r\nX\r\n\r\n",
		"a trailer of 64 KB":   "c\r\n" + body + "\r\n0\r\nX: " + strings.Repeat("x", 65_000) + "\r\n\r\n",
	} {
		add("chunks/"+name, head+"Transfer-Encoding: chunked\r\n\r\n"+text, 400, 422) // 422: the body was whole, and has no title
	}
	for name, raw := range map[string]string{
		"a length too large": head + "Content-Length: 1000\r\n\r\n" + body, "half a header": head[:60],
		"no header":           "POST /api/todos HTTP/1.1\r\n\r\n" + body,
		"no host":             "GET /api/todos HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n",
		"two hosts":           "GET /api/todos HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"a broken host":       "GET /api/todos HTTP/1.1\r\nHost: a b\r\n\r\n",
		"a host with a slash": "GET /api/todos HTTP/1.1\r\nHost: a/b\r\n\r\n",
		"no version":          "GET /api/todos\r\n\r\n", "HTTP 0.9": "GET /api/todos\n",
		"HTTP 2.0":                    "GET /api/todos HTTP/2.0\r\nHost: {host}\r\n\r\n",
		"HTTP 1.2":                    "GET /api/todos HTTP/1.10\r\nHost: {host}\r\n\r\n",
		"HTTP 9.9":                    "GET /api/todos HTTP/9.9\r\nHost: {host}\r\n\r\n",
		"a lower version":             "GET /api/todos http/1.1\r\nHost: {host}\r\n\r\n",
		"two blanks":                  "GET  /api/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a blank in the path":         "GET /api/to dos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a tab for a blank":           "GET\t/api/todos\tHTTP/1.1\r\nHost: {host}\r\n\r\n",
		"no path":                     "GET HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a path without a slash":      "GET api/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"NUL in the path":             "GET /api/todos\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a bare CR in the path":       "GET /api\r/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a byte ff in the path":       "GET /api/todos\xff HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a broken escape in the path": "GET /api/todos/%zz HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"half an escape":              "GET /api/todos/%4 HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a method with a colon":       "GE:T /api/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a method of bytes":           "G\xffT /api/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"no method":                   " /api/todos HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"TLS":                         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "SSH": "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"HTTP 2 by its preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "bytes": "\x00\x01\x02\x03\xff\xfe\r\n\r\n",
		"a line break in front":             "\r\n\r\n",
		"a megabyte of header":              line + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 1100) + "\r\n",
		"a line of 2 MB":                    "GET /" + strings.Repeat("a", 2<<20) + " HTTP/1.1\r\n\r\n",
		"an absolute URI of another scheme": "GET file:///etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"a star":                            "GET * HTTP/1.1\r\nHost: {host}\r\n\r\n",
		"CONNECT":                           "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n",
		"a port that is none":               "GET http://{host}x/api/todos HTTP/1.1\r\nHost: {host}x\r\n\r\n",
		"expectations":                      line + "Expect: x\r\n\r\n",
	} {
		add("message/"+name, raw, 0, 301, 400, 401, 404, 417, 431, 505) // 0: the connection is closed; 505 is net/http's word for another version
	}
	for name, raw := range map[string]string{
		"bare LF": strings.ReplaceAll(line, "\r\n", "\n") + "\n", "100-continue": line + "Expect: 100-continue\r\n\r\n",
		"HTTP 1.0":           strings.Replace(line, "HTTP/1.1", "HTTP/1.0", 1) + "\r\n",
		"an upgrade":         line + "Upgrade: h2c, websocket\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
		"trailers announced": line + "TE: trailers\r\nTrailer: Authorization\r\n\r\n",
		"a body with GET":    line + "Content-Length: 12\r\n\r\n" + body, "a range": line + "Range: bytes=0-0,1-1,2-2\r\n\r\n",
		"an absolute URI of another host": strings.Replace(line, "/api/todos", "http://evil.example/api/todos", 1) + "\r\n",
		"a folded line":                   line + "X: a\r\n b\r\n\r\n", "100 fields": line + strings.Repeat("X: y\r\n", 100) + "\r\n",
	} {
		list.add("framing/odd and good/"+name, request{raw: raw}, want{status: []int{200}, host: true})
	}
	s.run(t, list)
}

// TestPipelines: what is sent behind a request is another request, and has the
// credentials of its own.
func TestPipelines(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	shared.counts.add("memory", "pipeline/one behind another")
	first := "GET /api/todos HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + s.anna + "\r\n\r\n"
	second := "GET /api/todos HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
	a := s.send(t, request{raw: first + second})
	if a.status != 200 || !strings.HasPrefix(a.rest, "HTTP/1.1 401 ") || strings.Contains(a.rest, "of anna") {
		t.Errorf("%d, and behind it %s", a.status, a.rest)
	}
	shared.counts.add("memory", "pipeline/a body that is a request")
	refused := "POST /api/todos HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nAuthorization: Bearer " + s.anna + "\r\n\r\n"
	inner := "GET /api/todos HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer " + s.bob + "\r\n\r\n"
	inner = strings.ReplaceAll(inner, "{host}", s.address)
	a = s.send(t, request{raw: fmt.Sprintf(refused, len(inner)) + inner + second})
	if a.status != 415 || !strings.HasPrefix(a.rest, "HTTP/1.1 401 ") || strings.Contains(a.rest, "of bob") {
		t.Errorf("%d, and behind it %s", a.status, a.rest)
	}
}

// TestHeadIsGet: on every route that can be read, as everybody.
func TestHeadIsGet(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		s.withAda()
		id := s.create(s.anna, "to be read")
		s.state = s.look(t)
		for _, r := range append(append(todoRoutes(), accountRoutes()...), route{"HEAD", "/openapi.json", "", true}) {
			if r.method != "HEAD" {
				continue
			}
			for who, fields := range map[string][]string{
				"nobody": nil, "anna": {"Authorization: Bearer " + s.anna}, "ada": s.ada.cookies(),
				"a bad token": {"Authorization: Bearer x"},
			} {
				for _, todo := range []string{id, missing, "x"} {
					if todo != id && !strings.Contains(r.path, "{id}") {
						continue
					}
					name := nameOf(fmt.Sprintf("HEAD/%s/%s/%d", r.path, who, len(todo)))
					if todo == missing {
						name += " missing"
					}
					t.Run(name, func(t *testing.T) {
						shared.counts.add(s.place, name)
						s.compareHead(t, r.request(todo).with(fields...))
					})
				}
			}
		}
	})
}

func (s *site) compareHead(t *testing.T, r request) {
	t.Helper()
	head := s.send(t, r)
	r.method = "GET"
	got := s.send(t, r)
	for _, a := range []*answer{&head, &got} {
		if a.status == 401 || a.header.Get("set-auth-jwt") != "" {
			a.header.Del("set-auth-jwt")
		}
		for _, name := range []string{"Date", "X-Request-Id"} {
			a.header.Del(name)
		}
	}
	if r.target == "/api/auth/token" && got.status == 200 { // another token each time
		head.header.Del("Content-Length")
		got.header.Del("Content-Length")
	}
	if head.body != "" || head.status != got.status || fmt.Sprint(head.header) != fmt.Sprint(got.header) {
		t.Errorf("HEAD is answered with %d %v %s, GET with %d %v", head.status, head.header, head.body, got.status, got.header)
	}
}

// hosts are what a client may write for the host that it wants.
func hosts() []string {
	return []string{
		"evil.example", "evil.example:80", "127.0.0.1", "localhost", "[::1]", "xn--evil.example",
		strings.Repeat("a", 250) + ".example", "", "EVIL.example", "evil.example.",
	}
}

// TestHostAndForwardedFields: nothing that a request says of where it went leads
// anything anywhere.
func TestHostAndForwardedFields(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t), func(o *authtodo.Options) { o.Accounts.BaseURL = "https://app.example.com" })
	s.create(s.anna, "one more")
	s.state = s.look(t)
	var sets [][]string
	for _, host := range hosts() {
		sets = append(sets, []string{"Host: " + host})
	}
	for _, field := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "X-Original-Host", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-For", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Azure-Clientip",
		"X-Original-Url", "X-Rewrite-Url", "Referer", "X-Url-Scheme", "Front-End-Https", "Via", "X-Proxyuser-Ip", "Proxy", "Destination"} {
		for _, value := range []string{
			"evil.example", "http://evil.example/", "127.0.0.1", "a\tb", "'--", strings.Repeat("9.9.9.9, ", 500) + "1.1.1.1",
		} {
			sets = append(sets, []string{field + ": " + value})
		}
	}
	sets = append(sets, []string{"Forwarded: for=1.2.3.4;host=evil.example;proto=http"}, []string{`Forwarded: for="[::1]:1";by=_hidden`}, []string{
		"Host: evil.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "Forwarded: host=evil.example",
	})
	var list attacks
	for _, fields := range sets {
		name := fmt.Sprintf("%.70s", strings.Join(fields, ", "))
		list.add("forwarded/list/"+name, get("/api/todos?limit=1", fields...).as(s.anna), want{status: []int{200}})
		list.add("forwarded/create/"+name, ask("POST", "/api/todos", fields...).as(s.anna).json(`{"title":"x"}`), want{status: []int{201}, writes: true})
		list.add("forwarded/document/"+name, get("/api/openapi.json", fields...), want{status: []int{200}, host: true})
		list.add("forwarded/refused/"+name, get("/api/todos", fields...), refused(noCredentials))
	}
	s.run(t, list)
	for i, fields := range sets {
		email := fmt.Sprintf("to%d@example.com", i)
		if i > 5 && i%20 != 0 { // each makes a hash
			continue
		}
		body := `{"name":"x","email":"` + email + `","password":"` + goodPassword + `","callbackURL":"https://evil.example","redirectTo":"//evil.example"}`
		shared.watch.Keep("a password", goodPassword)
		if a := s.send(t, ask("POST", "/api/auth/sign-up/email", fields...).json(body)); a.status != 200 {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
		s.mails.link(t, email, accounts.MailVerify)
		for _, mail := range s.mails.all(email) {
			if !strings.HasPrefix(mail.Link, "https://app.example.com/api/auth/") || strings.Contains(mail.Text+mail.Subject+mail.Link, "evil") {
				t.Errorf("%q: the mail is %s %s", fields, mail.Link, mail.Text)
			}
		}
		shared.counts.add("memory", fmt.Sprintf("mail/%.70s", strings.Join(fields, ", ")))
	}
}

// TestEchoes: what comes back of a request cannot end a line of the answer.
func TestEchoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	id := s.create(s.anna, "to be left alone")
	s.state = s.look(t)
	var list attacks
	for name, text := range map[string]string{
		"CR LF": "%0d%0aX-Injected:%20yes", "LF": "%0aX-Injected:%20yes", "CR": "%0dX-Injected:%20yes",
		"UTF-8 of them": "%E5%98%8A%E5%98%8DX-Injected:%20yes", "a NUL": "%00X-Injected",
		"escaped twice": "%250d%250aX-Injected:%20yes", "HTML": "%3Cscript%3Ealert(1)%3C/script%3E",
		"U+2028": "%E2%80%A8X-Injected",
	} {
		list.add("echo/query of the list/"+name, get("/api/todos?limit=1&q=anna"+text).as(s.anna), want{status: []int{200, 422}})
		list.add("echo/parameter/"+name, get("/api/todos?"+text+"=1").as(s.anna), problem(422, "validation-error"))
		list.add("echo/id/"+name, get("/api/todos/"+text).as(s.anna), want{status: []int{404}, host: strings.Contains(text, "/script")})
		list.add("echo/page/"+name, get("/api/auth/verify-email?token="+text, "Accept: text/html"), want{status: []int{400}, html: true})
		list.add("echo/cursor/"+name, get("/api/todos?cursor="+text).as(s.anna), problem(422, "validation-error"))
		list.add("echo/request id/"+name, get("/api/todos/"+id, "X-Request-Id: a"+text).as(s.anna), want{status: []int{200}})
		list.add("echo/callback/"+name, ask("POST", "/api/auth/sign-out?callbackURL="+text).json(`{}`), want{status: []int{200}})
		list.add("echo/next/"+name, get("/api/auth/ok?next="+text), want{status: []int{200}})
	}
	s.run(t, list)
	for _, a := range list {
		got := s.send(t, a.request)
		if got.header.Get("X-Injected") != "" || strings.Contains(fmt.Sprint(got.header), "<script") || strings.Contains(fmt.Sprint(got.header), "Injected: ") {
			t.Errorf("%s: the header is %v", a.name, got.header)
		}
		if location := got.header.Get("Location"); location != "" {
			t.Errorf("%s leads to %q", a.name, location)
		}
	}
}

// TestPreflights: nobody is let in by the module itself; that is for the host.
func TestPreflights(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t)).withAda()
	var list attacks
	for _, origin := range []string{"https://evil.example", "null", s.url} {
		for _, path := range []string{
			"/api/todos", "/api/todos/" + missing, "/api/auth/sign-in/email", "/api/auth/get-session", "/api/openapi.json",
		} {
			fields := []string{
				"Origin: " + origin, "Access-Control-Request-Method: DELETE", "Access-Control-Request-Headers: authorization",
				"Access-Control-Request-Private-Network: true",
			}
			list.add("preflight/"+strings.Replace(origin, s.url, "own", 1)+"/"+path, ask("OPTIONS", path, fields...), want{status: []int{404}, host: true})
			if path == "/api/todos" {
				list.add("preflight/read by "+strings.Replace(origin, s.url, "own", 1), get(path, "Origin: "+origin).as(s.anna), want{status: []int{200}})
			}
		}
	}
	s.run(t, list)
	for _, a := range list {
		got := s.send(t, a.request)
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-Allow") {
				t.Errorf("%s: %s is %q", a.name, name, got.header[name])
			}
		}
	}
}

// TestRedirects: no answer leads a client anywhere, whatever it asked for.
func TestRedirects(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	for _, name := range []string{
		"next", "url", "redirect", "redirect_to", "redirectTo", "redirect_uri", "return", "returnTo", "callbackURL",
		"errorCallbackURL", "newUserCallbackURL", "continue", "dest",
	} {
		for _, value := range []string{
			"https://evil.example", "//evil.example", `/\evil.example`, "https:evil.example", "javascript:alert(1)",
			"/%09/evil.example", "https://app.example.com@evil.example", "data:text/html,x", "///evil.example",
			"/.evil.example",
		} {
			for _, path := range []string{
				"/auth/verify-email?token=x&", "/auth/reset-password?token=x&", "/auth/get-session?", "/auth/ok?",
				"/auth/token?",
			} {
				shared.counts.add("memory", "redirect/"+name+"/"+nameOf(value)+path)
				a := s.send(t, get("/api"+path+name+"="+strings.ReplaceAll(value, " ", "%20"), "Accept: text/html"))
				if a.status >= 300 && a.status < 400 || a.status >= 500 || a.header.Get("Location") != "" || a.header.Get("Refresh") != "" || strings.Contains(a.body, "evil") {
					t.Errorf("%s%s=%s: %d %v %s", path, name, value, a.status, a.header, a.body)
				}
			}
		}
	}
	for _, path := range []string{"/api/auth/sign-out", "/api/auth/refresh", "/api/auth/sign-in/email"} {
		a := s.send(t, ask("POST", path).json(`{"callbackURL":"https://evil.example","redirectTo":"//evil.example"}`))
		if a.header.Get("Location") != "" || a.status >= 300 && a.status < 400 || a.status == http.StatusInternalServerError {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}
