package hostiletest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// writer is a way to send a body to the todo API.
type writer struct{ name, method, target string }

// writers are all there are. Those with an id are about a todo that is there: a
// body must be refused before anything is written.
func writers(id string) []writer {
	return []writer{{"POST", "POST", "/api/todos"}, {"PATCH", "PATCH", "/api/todos/" + id}, {"PUT", "PUT", "/api/todos/" + id}}
}

func (w writer) of(token, body string) request { return ask(w.method, w.target).as(token).json(body) }

// TestBodiesThatAreNoJSON are bodies without a member to look at.
func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	id := s.create(s.anna, "to be left alone")
	s.state = s.look(t)
	var list attacks
	for _, w := range writers(id) {
		for name, text := range brokenObjects(`"title":"x"`) {
			list.add("body/"+w.name+"/"+name, w.of(s.anna, text), problem(400, "malformed-json"))
		}
		for name, text := range deepObjects(`"title":"x"`, 33, 1000) {
			want := problem(422, "validation-error") // of an unknown member
			if strings.Contains(name, "open") {
				want = problem(400, "malformed-json")
			}
			list.add("body/"+w.name+"/"+name, w.of(s.anna, text), want)
		}
		for name, text := range deepObjects(`"title":"x"`, 20_000) {
			list.add("body/"+w.name+"/"+name, w.of(s.anna, text), problem(400, "malformed-json"))
		}
		for name, size := range map[string]int{"a byte too many": 256<<10 + 1, "a megabyte": 1 << 20, "2 megabytes": 2 << 20} {
			padded := `{"title":"` + strings.Repeat(" ", size-12) + `"}`
			list.add("body/"+w.name+"/size/"+name, w.of(s.anna, padded), problem(413, "body-too-large"))
			list.add("body/"+w.name+"/size/"+name+" in blanks", w.of(s.anna, `{"title":"x"}`+strings.Repeat(" ", size-13)), problem(413, "body-too-large"))
			list.add("body/"+w.name+"/size/"+name+" in chunks", chunked(w.of(s.anna, padded)), problem(413, "body-too-large"))
		}
		many := make([]string, 10_000)
		for i := range many {
			many[i] = fmt.Sprintf(`"m%d":%d`, i, i)
		}
		list.add("body/"+w.name+"/size/10000 unknown members", w.of(s.anna, "{"+strings.Join(many, ",")+"}"), problem(422, "validation-error"))
		list.add("body/"+w.name+"/size/a name of 200 KB", w.of(s.anna, `{"`+strings.Repeat("n", 200_000)+`":1}`), problem(422, "validation-error"))
		list.add("body/"+w.name+"/size/a number of 200 KB", w.of(s.anna, `{"title":"x","position":`+strings.Repeat("9", 200_000)+`}`), problem(422, "validation-error"))
		list.add("body/"+w.name+"/size/an exponent of 200 KB", w.of(s.anna, `{"title":"x","position":1e`+strings.Repeat("9", 200_000)+`}`), problem(422, "validation-error"))
	}
	s.run(t, list)
}

// chunked sends the body without telling its length before.
func chunked(r request) request {
	r.body = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(r.body), r.body)
	return r.with("Transfer-Encoding: chunked")
}

// TestMediaTypes are bodies that are sound, and not said to be JSON.
func TestMediaTypes(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	id := s.create(s.anna, "to be left alone")
	s.state = s.look(t)
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	zip.Write([]byte(`{"title":"x"}`))
	zip.Close()
	var list attacks
	for _, w := range writers(id) {
		for _, media := range []string{
			"", "text/plain", "text/json", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
			"application/xml", "application/octet-stream", "application/x-json",
			"application/json-patch+json", "application/problem+json", "application/vnd.api+json", "application/ld+json",
			"application/json5", "application/jsonp", "application/javascript", "application/*", "*/*", "json",
			"application/json; charset=latin1", "application/json; charset=utf-16", "application/json; charset=utf-7",
			"application/json; charset", "application/json;;", "application/json, text/plain", "text/plain, application/json",
			"application/json; charset=utf-8; charset=utf-16", "application /json", "application/json/", "\"application/json\"",
			"application/jsonx", "applicationjson", "application/json\u00a0", "\uff41pplication/json",
			"application/x-ndjson", "application/cbor", "application/yaml", strings.Repeat("a", 5000),
		} {
			list.add("media/"+w.name+"/"+media[:min(len(media), 60)], ask(w.method, w.target).as(s.anna).holding(media, `{"title":"x"}`), problem(415, "unsupported-media-type"))
		}
		none := ask(w.method, w.target).as(s.anna)
		none.body = `{"title":"x"}`
		list.add("media/"+w.name+"/none", none.with("Content-Length: 13"), problem(415, "unsupported-media-type"))
		two := w.of(s.anna, `{"title":"x"}`)
		list.add("media/"+w.name+"/two", two.with("Content-Type: application/json"), problem(415, "unsupported-media-type"))
		list.add("media/"+w.name+"/two that differ", two.with("Content-Type: text/plain"), problem(415, "unsupported-media-type"))
		for _, coding := range []string{
			"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "GZIP", "identity, gzip", "gzip, identity", "identity;q=1",
			"*", "x", " ,",
		} {
			list.add("coding/"+w.name+"/"+coding, w.of(s.anna, zipped.String()).with("Content-Encoding: "+coding), problem(415, "unsupported-media-type"))
		}
		list.add("coding/"+w.name+"/gzip that nobody mentions", w.of(s.anna, zipped.String()), problem(400, "malformed-json"))
		list.add("media/"+w.name+"/empty", w.of(s.anna, ""), problem(400, "malformed-json"))
		list.add("media/"+w.name+"/nothing at all", ask(w.method, w.target).as(s.anna), problem(415, "unsupported-media-type"))
	}
	list.add("media/POST/a merge patch", ask("POST", "/api/todos").as(s.anna).holding("application/merge-patch+json", `{"title":"x"}`), problem(415, "unsupported-media-type"))
	s.run(t, list)
}

// wrongValues are values that a member of a todo may not have, by their names.
func wrongValues() map[string]map[string]string {
	long := func(n int) string { return quote(strings.Repeat("😀", n)) }
	wrong := map[string]map[string]string{
		"title": {
			"null": "null", "an empty text": `""`, "blanks": `"  "`,
			"white space of Unicode": `"\u00a0\u2003\u3000\u2028\u0085"`, "a letter too many": long(1025),
			"ASCII, a letter too many": quote(strings.Repeat("x", 1025)),
			"100 KB":                   quote(strings.Repeat("x", 100_000)), "NUL": `"\u0000"`, "NUL inside": `"a\u0000b"`,
			"NUL behind": `"a\u0000"`,
		},
		"description": {"a letter too many": long(16385), "ASCII, a letter too many": quote(strings.Repeat("x", 16385)), "NUL": `"\u0000"`, "NUL inside": `"a\u0000b"`},
		"completed":   {"null": "null", "a word": `"true"`, "an empty text": `""`, "on": `"on"`},
		"position": {
			"null": "null", "a text": `"1"`, "an empty text": `""`, "2^53": "9007199254740992", "-2^53": "-9007199254740992",
			"2^63": "9223372036854775808", "-2^63-1": "-9223372036854775809", "2^64": "18446744073709551616",
			"a half": "0.5", "a small part": "1.0000000000000001", "1e300": "1e300", "-1e300": "-1e300", "1e400": "1e400",
			"1e-400": "1e-400", "1e999999999": "1e999999999", "1e-999999999": "1e-999999999",
			"5e-324": "5e-324", "400 digits": strings.Repeat("9", 400),
			"400 digits behind the point": "0." + strings.Repeat("1", 400), "2^53 as an exponent": "9.007199254740992e15",
		},
	}
	for _, value := range []string{
		"true", "false", "0", "-1", "1.5", "[]", `["x"]`, "{}", `{"x":1}`, "[null]", `{"$gt":""}`, `{"__proto__":{}}`,
	} {
		for member := range wrong {
			switch {
			case member == "completed" && (value == "true" || value == "false"), member == "position" && (value == "0" || value == "-1"):
			default:
				wrong[member]["type "+value] = value
			}
		}
	}
	return wrong
}

// TestMembersThatAreWrong has a bad value for one member among good ones. On
// every storage, because what is let through leads there.
func TestMembersThatAreWrong(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		id := s.create(s.anna, "to be left alone")
		s.state = s.look(t)
		var list attacks
		for _, w := range writers(id) {
			for member, values := range wrongValues() {
				for name, value := range values {
					body := `{"` + member + `":` + value + `}`
					if member != "title" {
						body = `{"title":"x","` + member + `":` + value + `}`
					}
					list.add("member/"+w.name+"/"+member+"/"+name, w.of(s.anna, body), problem(422, "validation-error"))
					list.add("member/"+w.name+"/"+member+"/lenient/"+name, w.of(s.anna, body).with("Prefer: handling=lenient"), problem(422, "validation-error"))
				}
			}
			for name, member := range unknownMembers() {
				list.add("unknown/"+w.name+"/"+name, w.of(s.anna, `{"title":"x",`+quote(member)+`:"x"}`), problem(422, "validation-error"))
			}
		}
		list.add("member/POST/title/absent", writers("")[0].of(s.anna, `{}`), problem(422, "validation-error"))
		list.add("member/POST/title/absent beside others", writers("")[0].of(s.anna, `{"completed":true,"description":"x"}`), problem(422, "validation-error"))
		s.run(t, list)
	})
}

// unknownMembers are names that are no members of a todo.
func unknownMembers() map[string]string {
	names := map[string]string{
		"empty": "", "NUL": "title\u0000", "a blank behind": "title ", "a blank in front": " title", "Cyrillic": "t\u0456tle",
		"a zero-width space": "ti\u200btle", "a wide letter": "\uff54itle", "a dotless i": "t\u0131tle",
		"a long s": "po\u017fition", "a Kelvin sign": "\u212aey", "HTML": "<script>alert(1)</script>", "SQL": "title' OR 1=1--",
		"a pointer": "/title", "a tilde": "~0~1", "a fragment": "#/title", "percent": "%2Ftitle",
		"CR LF": "a\r\nb", "an escape code": "\x1b[31m", "an emoji": "😀", "U+FFFD": "\ufffd",
		"300 letters": strings.Repeat("n", 300), "a format": "%s%n%!d", "a template": "{{.}}", "a path": "../../etc/passwd",
		"a dot":    "todo.title",
		"brackets": "title[]", "a dollar": "$where", "operators": "$gt",
	}
	for _, name := range []string{
		"Title", "TITLE", "Completed", "Description", "Position", "User_id", "ID", "userId", "owner", "owner_id", "account_id",
		"tenant_id", "role", "admin", "is_admin", "deleted_at", "deleted", "search_text", "title_key", "revision", "epoch",
		"sub", "iss", "email", "password", "token", "__proto__", "constructor", "prototype", "toString", "_method", "class",
		"due", "due_date", "priority", "tags", "_id", "fields", "select", "where",
	} {
		names[name] = name
	}
	return names
}

// TestMembersOfTheService: what only the service says is ignored, whatever it is.
func TestMembersOfTheService(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		target := s.create(s.bob, "what somebody else has")
		s.state = s.look(t)
		for _, member := range []string{"id", "user_id", "completed_at", "created_at", "updated_at", "version"} {
			values := append(notStrings(), `""`, `"bob"`, quote(target), `"x"`, `"\u0000"`, `"2000-01-01T00:00:00Z"`, "999999", "9223372036854775808", quote(strings.Repeat("x", 10_000)))
			for _, value := range values {
				name := "mass assignment/" + member + "/" + value[:min(len(value), 30)]
				t.Run(nameOf(name), func(t *testing.T) {
					shared.counts.add(s.place, nameOf(name))
					s.assign(t, member, value)
				})
			}
		}
	})
}

// assign makes, changes and deletes a todo with a member that is not the
// client's.
func (s *site) assign(t *testing.T, member, value string) {
	t.Helper()
	body := `{"title":"mine","` + member + `":` + value + `}`
	check := func(a answer, status int, version int64) (id string) {
		t.Helper()
		var todo struct {
			ID          string
			UserID      string  `json:"user_id"`
			CompletedAt *string `json:"completed_at"`
			CreatedAt   string  `json:"created_at"`
			Version     int64
		}
		if err := json.Unmarshal([]byte(a.body), &todo); err != nil || a.status != status {
			t.Fatalf("%d %s: %v", a.status, a.body, err)
		}
		if todo.UserID != "anna" || todo.CompletedAt != nil || todo.Version != version || strings.HasPrefix(todo.CreatedAt, "2000") || strings.Contains(value, todo.ID) {
			t.Errorf("with %s the todo is %s", body, a.body)
		}
		return todo.ID
	}
	id := check(s.send(t, ask("POST", "/api/todos").as(s.anna).json(body)), 201, 1)
	for _, method := range []string{"PATCH", "PUT"} {
		check(s.send(t, ask(method, "/api/todos/"+id).as(s.anna).json(body)), 200, 1)
	}
	if a := s.send(t, ask("DELETE", "/api/todos/"+id).as(s.anna)); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.send(t, get("/api/todos").as(s.bob)); !strings.Contains(s.state, a.body) {
		t.Errorf("bob has %s", a.body)
	}
	s.state = s.look(t)
}

// keptTexts are texts that are odd and good: each comes back as it went.
func keptTexts() map[string]string {
	return map[string]string{
		"HTML": `<script>alert("x")</script>&amp;<img src=x onerror=alert(1)>`, "JSON": `{"title":"x"}","user_id":"bob`,
		"a format": "%s%n%d%!v(PANIC=x)", "SQL": "'; DROP TABLE authtodo_todos; --", "SQL of two quotes": `''""\'\"`,
		"a dollar quote": "$$; SELECT 1; $$", "parameters": "$1 ? :name @x", "wildcards": "%_\\%\\_",
		"backslashes": `\\server\share\0`, "a template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
		"JNDI":        "${jndi:ldap://127.0.0.1/a}",
		"line breaks": "a\r\nb\nc\rd", "a tab": "a\tb", "escape codes": "a\x1b[31mb\x07", "delete": "a\x7fb",
		"C1": "a\u0080\u009fb", "a BOM": "\ufeffa\ufeff", "line separators": "a\u2028b\u2029c",
		"right to left": "\u202eabc\u202c",
		"zero width":    "a\u200b\u200c\u200d\u2060b", "U+FFFD": "a\ufffdb", "noncharacters": "a\ufffe\uffff\U0001fffe\U0010ffff",
		"private use": "\ue000\U000f0000", "composed": "\u00e9", "not composed": "e\u0301",
		"100 accents": "e" + strings.Repeat("\u0301", 100),
		"emoji":       "👩‍👩‍👧‍👦🏳️‍🌈", "Kelvin": "\u212a", "a long s": "\u017f", "a dotted I": "\u0130\u0131",
		"Arabic ligature": "\ufdfa", "Chinese": "待办事项", "ancient": "𒐫𓀀", "a formula": "=cmd|' /C calc'!A0",
		"a header": "x\r\nSet-Cookie: a=b",
		"mail":     "a@b.c\r\nBcc: x@y.z", "a URL": "javascript:alert(1)", "a path": "../../../etc/passwd",
		"XML": `<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>`, "null": "null", "a number": "1e400",
		"a UUID": missing, "1024 emoji": strings.Repeat("😀", 1024),
		"a separator of the search": "aXb", "surrogates as text": `\ud800`, "an escape as text": `\u0000`,
		"LIKE": "100% _ [a-z]", "a comment": "/* -- # */", "COPY": "\\.\n",
	}
}

// TestTextsAreKept byte for byte, on every storage, and found by themselves.
func TestTextsAreKept(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		for name, text := range keptTexts() {
			t.Run(nameOf("text/"+name), func(t *testing.T) {
				shared.counts.add(s.place, "text/"+nameOf(name))
				s.keep(t, text)
			})
		}
	})
}

// keep sends a text as title and as description and reads it back in each way.
func (s *site) keep(t *testing.T, text string) {
	t.Helper()
	var todo struct{ ID, Title, Description string }
	same := func(a answer, status int) {
		t.Helper()
		if err := json.Unmarshal([]byte(strings.Trim(a.body, "[]")), &todo); err != nil || a.status != status {
			t.Fatalf("%d %s: %v", a.status, a.body, err)
		}
		if todo.Title != strings.TrimSpace(text) || todo.Description != text {
			t.Errorf("%+q became %+q and %+q", text, todo.Title, todo.Description)
		}
		checkHeader(t, a)
	}
	body := `{"title":` + quote(text) + `,"description":` + quote(text) + `}`
	same(s.send(t, ask("POST", "/api/todos").as(s.anna).json(body)), 201)
	path := "/api/todos/" + todo.ID
	same(s.send(t, get(path).as(s.anna)), 200)
	same(s.send(t, ask("PUT", path).as(s.anna).json(body)), 200)
	same(s.send(t, ask("PATCH", path).as(s.anna).json(`{"completed":true}`)), 200)
	search := []rune(text)
	for _, sort := range []string{"position", "-title", "completed_at"} {
		same(s.send(t, get("/api/todos?completed=true&sort="+sort+"&q="+escape(string(search[:min(len(search), 100)]))).as(s.anna)), 200)
	}
	if a := s.send(t, get("/api/todos?completed=true&q="+escape(string(search[:min(len(search), 100)]))).as(s.bob)); a.body != "[]" {
		t.Errorf("bob finds %s", a.body)
	}
	if a := s.send(t, ask("DELETE", path).as(s.anna)); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.state = s.look(t)
}

// escape writes every byte as a query may have it.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02X", text[i])
	}
	return b.String()
}

// TestHeaderFieldsOfTodos are conditions, keys and preferences.
func TestHeaderFieldsOfTodos(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	id := s.create(s.anna, "to be left alone")
	s.state = s.look(t)
	var list attacks
	for _, tag := range []string{
		"", " ", ",", "1", "x", `"1`, `1"`, `'1'`, `"1" "2"`, `"1";q=1`, `"1",`, `,"1"`, `"1",,"2"`, `W/1`, `W/`, `w/"1"`,
		`W/ "1"`, `W/W/"1"`, `"*",*`, `*,"1"`, "**", `"a b"`, "\"a\tb\"", `"1"x`, "null", "undefined", "' OR 1=1",
		strings.Repeat(`"1",`, 32) + `"1"`, strings.Repeat(`"1",`, 5000) + `"1"`, "\u201c1\u201d",
	} {
		name := fmt.Sprintf("%.20s %d", tag, len(tag))
		list.add("tags/If-None-Match/"+name, get("/api/todos/"+id, "If-None-Match: "+tag).as(s.anna), problem(400, "malformed-header"))
		list.add("tags/If-None-Match of the list/"+name, get("/api/todos", "If-None-Match: "+tag).as(s.anna), problem(400, "malformed-header"))
		for _, method := range []string{"PATCH", "PUT", "DELETE"} {
			r := ask(method, "/api/todos/"+id, "If-Match: "+tag).as(s.anna)
			if method != "DELETE" {
				r = r.json(`{"title":"x"}`)
			}
			list.add("tags/If-Match of "+method+"/"+name, r, problem(400, "malformed-header"))
		}
	}
	for _, tag := range []string{
		`"2"`, `"0"`, `"-1"`, `"01"`, `"1.0"`, `"+1"`, `""`, `W/"1"`, `"9223372036854775808"`, `"99999999999999999999999999"`,
		`"1e0"`, "\"\xff\"", `"NaN"`, `"'OR'1'='1"`, `"` + strings.Repeat("1", 5000) + `"`,
	} {
		for _, method := range []string{"PATCH", "PUT", "DELETE"} {
			r := ask(method, "/api/todos/"+id, "If-Match: "+tag).as(s.anna)
			if method != "DELETE" {
				r = r.json(`{"title":"x"}`)
			}
			list.add(fmt.Sprintf("tags/no version/%s/%.30s", method, tag), r, problem(412, "precondition-failed"))
		}
	}
	post := ask("POST", "/api/todos").as(s.anna).json(`{"title":"x"}`)
	for name, key := range map[string]string{
		"nothing": "", "blanks": "  ", "a blank inside": "a b", "a tab inside": "a\tb", "empty quotes": `""`, "one quote": `"`,
		"an open quote": `"a`, "a quote behind": `a"`, "a quote inside": `a"b`, "quotes inside": `"a"b"`,
		"256 letters": strings.Repeat("k", 256), "60 KB": strings.Repeat("k", 60_000), "an umlaut": "ä", "a byte ff": "\xff",
		"an emoji": "😀", "two quoted": `"a" "b"`, "delete": "a\x7f",
	} {
		list.add("key/"+name, post.with("Idempotency-Key: "+key), want{status: []int{400}, host: name == "delete"})
	}
	list.add("key/two", post.with("Idempotency-Key: a", "Idempotency-Key: b"), problem(400, "malformed-header"))
	list.add("key/two that are the same", post.with("Idempotency-Key: a", "Idempotency-Key: a"), problem(400, "malformed-header"))
	for _, prefer := range []string{
		"handling=strict", "handling=lenient; x", "handling", "=", ";;;", ",,,,", "count",
		"handling=lenient" + strings.Repeat(",x", 10_000), "x=\"", "respond-async", "return=minimal",
		"wait=99999999999999999999",
	} {
		list.add(fmt.Sprintf("prefer/%.24s", prefer), get("/api/todos", "Prefer: "+prefer).as(s.anna), want{status: []int{200}})
	}
	for name, value := range map[string]string{
		"nothing": "", "9 KB": strings.Repeat("x", 9000), "HTML": "<script>", "a byte ff": "\xff", "a blank": "a b",
		"quotes": `"a"`, "percent": "%0d%0aX: y", "UTF-8": "ä", "a comma": "a,b", "JSON": `{"a":1}`, "an escape": "\\x1b",
	} {
		list.add("request id/"+name, get("/api/todos/"+missing, "X-Request-Id: "+value).as(s.anna), problem(404, "todo-not-found"))
	}
	s.run(t, list)
}
