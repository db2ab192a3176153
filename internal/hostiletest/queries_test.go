package hostiletest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// wrongQueries are queries of a list that are refused.
func wrongQueries() map[string]string {
	wrong := map[string]string{
		"q/NUL": "q=%00", "q/NUL inside": "q=a%00b", "q/a byte ff": "q=%ff", "q/half a character": "q=%e2%82",
		"q/a surrogate": "q=%ed%a0%80", "q/an overlong slash": "q=%c0%af", "q/257 letters": "q=" + strings.Repeat("x", 257),
		"q/257 emoji": "q=" + strings.Repeat("%F0%9F%98%80", 257), "q/60 KB": "q=" + strings.Repeat("x", 60_000),
		"q/a broken escape": "q=%", "q/half an escape": "q=%4", "q/an escape that is none": "q=%zz", "q/%u": "q=%u0041",
		"a semicolon between": "completed=true;limit=1", "a semicolon alone": ";", "an escaped name": "%71%00=a",
		"a broken name": "%zz=1", "a name of bytes": "%ff=1",
		"a list": "q[]=a", "an object": "q[$ne]=x", "a name with a blank": "q%20=x", "a name with a dot": "q.x=1",
		"no name": "=x", "a name of 5 KB": strings.Repeat("n", 5000) + "=1", "1000 names": many("n%d=1", 1000),
		"1000 of a name":     many("x=%d", 1000),
		"a name in capitals": "LIMIT=1", "a long s": "%C5%BFort=title", "HTML": "%3Cscript%3E=1",
		"CR LF": "a%0d%0aSet-Cookie:x=y", "JSONP": "callback=alert", "a method": "_method=DELETE", "a user": "user_id=bob",
		"an owner": "owner=bob",
		"sub":      "sub=bob", "id": "id=" + missing, "fields": "fields=*", "offset": "offset=0", "page": "page=1",
		"order": "order=title;DROP", "where": "where=1=1", "select": "select=*", "format": "format=csv", "debug": "debug=1",
		"__proto__": "__proto__[x]=1",
	}
	for _, value := range []string{"", "0", "-1", "501", "1e2", "1.0", "+1", "01", "0x10", "0b1", "1_0", "%201", "1%20", "%00", "1%00", "null", "NaN", "Infinity", "all", "*", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551617",
		"99999999999999999999999999", "%D9%A1", "%EF%BC%91", "1;", "1,2", "1'", "1%20OR%201=1", "true", "[]", "%5B%5D", strings.Repeat("9", 5000)} {
		wrong[fmt.Sprintf("limit/%.24s %d", value, len(value))] = "limit=" + value
	}
	for _, value := range []string{"", "id", "user_id", "Position", "POSITION", "%20title", "title%20", "--title", "+title", "title,-position", "title%00", "title;", "title'", "title%20desc", "title%20DESC", "deleted_at", "search_text", "title_key", "(SELECT%201)", "1", "random()", "null",
		"-", "title/**/", "%2Dtitle%2D", "t%C4%B1tle", "authtodo_users.password", "CASE%20WHEN%201=1%20THEN%20title%20END", "pg_sleep(10)", strings.Repeat("x", 5000)} {
		wrong[fmt.Sprintf("sort/%.24s %d", value, len(value))] = "sort=" + value
	}
	for _, value := range []string{
		"", "1", "0", "TRUE", "True", "yes", "on", "null", "true%20", "%20true", "true%00", "true'", "truefalse", "[]", "t",
		"tru%D0%B5",
	} {
		wrong["completed/"+value] = "completed=" + value
	}
	for _, name := range []string{"q", "limit", "sort", "completed"} {
		value := map[string]string{"q": "a", "limit": "1", "sort": "title", "completed": "true"}[name]
		wrong["twice/"+name] = name + "=" + value + "&" + name + "=" + value
		wrong["twice/"+name+" by an escape"] = fmt.Sprintf("%s=%s&%%%02x%s=%s", name, value, name[0], name[1:], value)
		wrong["twice/"+name+", one empty"] = name + "=" + value + "&" + name + "="
		wrong["twice/"+name+", no value"] = name + "=" + value + "&" + name
	}
	for name, value := range map[string]string{
		"nothing": "", "a letter": "x", "zeros": strings.Repeat("A", 64), "ones": strings.Repeat("_", 64),
		"60 KB": strings.Repeat("A", 60_000), "SQL": "'%20OR%201=1--", "NUL": "%00", "JSON": "%7B%22id%22:1%7D",
		"base64 of JSON": base64.RawURLEncoding.EncodeToString([]byte(`{"id":"x","user":"bob"}`)),
		"an id":          missing, "a number": "100", "a byte ff": "%ff", "a path": "../../etc/passwd",
		"a URL": "http://169.254.169.254/", "padding": "AAAA====", "dots": "a.b.c",
	} {
		wrong["cursor/"+name] = "cursor=" + value
	}
	return wrong
}

// many is a text n times, joined as a query is.
func many(format string, n int) string {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(pairs, "&")
}

// TestQueriesOfLists are refused before anything is asked of the storage.
func TestQueriesOfLists(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	var list attacks
	for name, query := range wrongQueries() {
		list.add("query/"+name, get("/api/todos?"+query).as(s.anna), problem(422, "validation-error"))
		list.add("query/HEAD/"+name, ask("HEAD", "/api/todos?"+query).as(s.anna), want{status: []int{422}})
	}
	for name, query := range map[string]string{
		"empty pairs": "&&&", "a question mark": "?", "unused escapes": "%6cimit=%31", "a plus for a blank": "q=a+b",
		"a semicolon in q": "q=a;limit=1",
	} {
		w := want{status: []int{200}}
		if name == "a question mark" {
			w = problem(422, "validation-error")
		}
		list.add("query/odd/"+name, get("/api/todos?"+query).as(s.anna), w)
	}
	for name, query := range wrongQueries() { // other routes have no parameters and look at none
		list.add("query/of one/"+name, get("/api/todos/"+missing+"?"+query).as(s.anna), problem(404, "todo-not-found"))
	}
	s.run(t, list)
}

// searches are texts that a storage must take literally, and what is found by
// each among the titles of anna.
func searches() map[string][]string {
	return map[string][]string{
		"%": {"100% sure"}, "%%": nil, "_": {"a_b"}, "a_b": {"a_b"}, "a%b": nil, `\`: {`back\slash`}, `\%`: nil, `\_`: nil,
		`\\`: nil, "'": {"it's"}, "''": nil, "' OR '1'='1": nil, "x'; DROP TABLE authtodo_todos; --": nil, "$1": nil, "?": nil,
		":q": nil,
		".*": nil, "^": nil, "[a-z]": nil, "(": nil, "*": nil, "%s": nil, "{{7*7}}": nil, "[[:alpha:]]": nil, `"`: nil,
		"X": nil, "\u212a": {`back\slash`}, "KELVIN": nil, "STRASSE": {"Straße"}, "straße": {"Straße"}, "\u200b": nil,
		"\ufffd":  nil,
		"E\u0301": {"caf\u00e9"}, strings.Repeat("%", 256): nil, strings.Repeat("_", 256): nil,
		strings.Repeat("\u0390", 256): nil, strings.Repeat("\ufdfa", 256): nil, "to_tsquery": nil, "a & b | !c": nil,
	}
}

// TestSearches finds what is there and nothing else, on every storage.
func TestSearches(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		for _, title := range []string{"100% sure", "a_b", `back\slash`, "it's", "Straße", "caf\u00e9"} {
			s.create(s.anna, title)
		}
		s.state = s.look(t)
		for text, found := range searches() {
			name := nameOf(fmt.Sprintf("search/%.40s", text))
			t.Run(name, func(t *testing.T) {
				shared.counts.add(s.place, name)
				s.search(t, text, found)
			})
		}
	})
}

func (s *site) search(t *testing.T, text string, found []string) {
	t.Helper()
	for _, user := range []string{s.anna, s.bob} {
		a := s.send(t, get("/api/todos?q="+escape(text), "Prefer: count=exact").as(user))
		if user == s.bob {
			found = nil
		}
		if a.status != http.StatusOK || strings.Count(a.body, `"id"`) != len(found) || a.header.Get("X-Total-Count") != fmt.Sprint(len(found)) {
			t.Errorf("by %+q is found %d %s, want %q", text, a.status, a.body, found)
		}
		for _, title := range found {
			if !strings.Contains(a.body, `"title":`+quote(title)) {
				t.Errorf("by %+q is found %s, want %q", text, a.body, found)
			}
		}
		checkHeader(t, a)
	}
}

// TestCursors: a cursor is good for its owner and its query, and as it is.
func TestCursors(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		for range 3 {
			s.create(s.anna, "more of anna's")
			s.create(s.bob, "more of bob's")
		}
		s.state = s.look(t)
		cursor := s.cursor(t, s.anna, "limit=1")
		bobs := s.cursor(t, s.bob, "limit=1")
		sorted := s.cursor(t, s.anna, "limit=1&sort=title")
		var list attacks
		list.add("cursor/good", get("/api/todos?limit=1&cursor="+cursor).as(s.anna), want{status: []int{200}})
		list.add("cursor/good with another limit", get("/api/todos?limit=2&cursor="+cursor).as(s.anna), want{status: []int{200}})
		bad := func(name, query, user string) {
			list.add("cursor/"+name, get("/api/todos?"+query).as(user), problem(422, "validation-error"))
		}
		bad("of another user", "limit=1&cursor="+bobs, s.anna)
		bad("for another user", "limit=1&cursor="+cursor, s.bob)
		bad("of another order", "limit=1&cursor="+sorted, s.anna)
		for _, query := range []string{
			"sort=title", "sort=-position", "sort=created_at", "completed=true", "completed=false", "q=a", "q=more",
		} {
			bad("with "+query, "limit=1&"+query+"&cursor="+cursor, s.anna)
		}
		bad("twice", "limit=1&cursor="+cursor+"&cursor="+cursor, s.anna)
		bad("with padding", "limit=1&cursor="+cursor+"=", s.anna)
		bad("with a blank", "limit=1&cursor="+cursor+"%20", s.anna)
		bad("with a line break", "limit=1&cursor="+cursor[:8]+"%0A"+cursor[8:], s.anna)
		bad("with NUL", "limit=1&cursor="+cursor+"%00", s.anna)
		bad("a letter less", "limit=1&cursor="+cursor[:len(cursor)-1], s.anna)
		bad("a letter more", "limit=1&cursor="+cursor+"A", s.anna)
		bad("twice in one", "limit=1&cursor="+cursor+cursor, s.anna)
		bad("the two put together", "limit=1&cursor="+cursor[:len(cursor)/2]+bobs[len(cursor)/2:], s.anna)
		bad("in capitals", "limit=1&cursor="+strings.ToUpper(cursor), s.anna)
		bad("in the other alphabet", "limit=1&cursor="+strings.NewReplacer("-", "%2B", "_", "%2F").Replace(cursor)+"%2F", s.anna)
		for i := 0; i < len(cursor); i += 3 {
			changed := []byte(cursor)
			changed[i] = map[bool]byte{true: 'B', false: 'A'}[changed[i] == 'A']
			bad(fmt.Sprintf("letter %d changed", i), "limit=1&cursor="+string(changed), s.anna)
		}
		s.run(t, list)
	})
}

// cursor is the one of the second page of a list.
func (s *site) cursor(t *testing.T, token, query string) string {
	t.Helper()
	a := s.send(t, get("/api/todos?"+query).as(token))
	_, cursor, ok := strings.Cut(a.header.Get("Link"), "cursor=")
	cursor, _, _ = strings.Cut(cursor, ">")
	cursor, _, _ = strings.Cut(cursor, "&")
	if !ok || cursor == "" {
		t.Fatalf("there is no next page: %v", a.header)
	}
	return cursor
}
