package hostiletest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/race"
)

// anonymous is an answer without what differs between any two.
func (a answer) anonymous() string {
	header := a.header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	body := regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`).ReplaceAllString(a.body, "urn:uuid:-")
	return fmt.Sprint(a.status, header, body, a.rest)
}

// approaches are the ways to a todo: each method with whatever may be judged
// before it is known whose the todo is.
func approaches() map[string]func(id string) request {
	found := make(map[string]func(id string) request)
	fields := map[string][]string{
		"": nil, `If-Match 1`: {`If-Match: "1"`}, `If-Match 9`: {`If-Match: "9"`}, "If-Match any": {"If-Match: *"},
		"If-Match weak": {`If-Match: W/"1"`}, "If-Match broken": {"If-Match: 1"},
		"If-None-Match 1": {`If-None-Match: "1"`}, "If-None-Match weak": {`If-None-Match: W/"1"`},
		"If-None-Match any": {"If-None-Match: *"}, "If-None-Match broken": {"If-None-Match: 1"},
		"both":    {`If-Match: "1"`, `If-None-Match: "1"`},
		"lenient": {"Prefer: handling=lenient"}, "a range": {"Range: bytes=0-0"}, "an idempotency key": {"Idempotency-Key: k"},
		"since":               {"If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT"},
		"unmodified since":    {"If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"},
		"another user's name": {"X-User-Id: anna"},
		"cross-site":          {"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, "Accept": {"Accept: text/html"},
		"method override": {"X-HTTP-Method-Override: DELETE"},
	}
	bodies := map[string]string{
		"good": `{"title":"stolen"}`, "nothing changed": `{}`, "the same": `{"title":"of anna"}`, "no title": `{"title":""}`,
		"unknown": `{"due":1}`, "malformed": `{`, "not an object": `[]`, "NUL": `{"title":"\u0000"}`,
		"two faults": `{"title":1,"completed":1}`, "its own id": `{"id":"` + missing + `","user_id":"bob"}`,
		"completed": `{"completed":true}`, "large": `{"title":"` + strings.Repeat("x", 300_000) + `"}`, "empty": "",
	}
	for name, more := range fields {
		for _, slash := range []string{"", "/"} {
			for _, method := range []string{"GET", "HEAD", "DELETE", "POST", "TRACE", "OPTIONS", "PROPFIND"} {
				found[strings.Trim(method+slash+" "+name, " ")] = func(id string) request { return ask(method, "/api/todos/"+id+slash, more...) }
			}
		}
		for _, method := range []string{"PATCH", "PUT"} {
			for what, body := range bodies {
				if name != "" && what != "good" && what != "no title" {
					continue
				}
				found[strings.Trim(method+" "+what+" "+name, " ")] = func(id string) request {
					return ask(method, "/api/todos/"+id, more...).json(body)
				}
			}
		}
	}
	for _, method := range []string{"PATCH", "PUT", "DELETE", "GET", "POST"} {
		found[method+" text/plain"] = func(id string) request { return ask(method, "/api/todos/"+id).holding("text/plain", "x") }
		found[method+" with a query"] = func(id string) request { return ask(method, "/api/todos/"+id+"?user_id=anna&limit=x") }
		found[method+" in chunks"] = func(id string) request { return chunked(ask(method, "/api/todos/"+id).json(`{"title":"stolen"}`)) }
	}
	return found
}

// strangers are users who are not the one that has a todo.
func (s *site) strangers() map[string][]string {
	keys := doors()[2]
	return map[string][]string{
		"bob":                           {"Authorization: Bearer " + s.bob},
		"anna of another issuer":        {"Authorization: Bearer " + keys.token(keys.good(""))},
		"anna in the default space":     {"Authorization: Bearer " + doors()[0].token(doors()[0].good(`"sub":"default anna"`))},
		"Anna":                          {"Authorization: Bearer " + doors()[0].token(doors()[0].good(`"sub":"Anna"`))},
		"ada with a cookie":             s.ada.cookies(),
		"ada with a cookie and a token": append(s.ada.cookies(), "Authorization: Bearer "+s.bob),
	}
}

// TestForeignIsMissing: with each method and approach, the answer about a todo of
// somebody else's is the one about a todo that never was, byte for byte, and so
// is the one about a todo that was deleted.
func TestForeignIsMissing(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		s.withAda()
		foreign := s.create(s.anna, "of anna alone")
		gone := s.create(s.bob, "soon gone")
		s.send(t, ask("DELETE", "/api/todos/"+gone).as(s.bob))
		s.state = s.look(t)
		for who, fields := range s.strangers() {
			if s.place != "memory" && who != "bob" && (who != "ada with a cookie" || race.Enabled) {
				continue
			}
			for how, approach := range approaches() {
				name := nameOf("foreign/" + who + "/" + how)
				t.Run(name, func(t *testing.T) {
					shared.counts.add(s.place, name)
					want := s.send(t, approach(missing).with(fields...))
					for what, id := range map[string]string{"somebody else's": foreign, "deleted": gone} {
						got := s.send(t, approach(id).with(fields...))
						if got.anonymous() != want.anonymous() || got.status < 400 || got.status >= 500 {
							t.Errorf("%s is answered with\n%s\nand one that never was with\n%s", what, got.anonymous(), want.anonymous())
						}
					}
				})
			}
			if state := s.look(t); state != s.state {
				t.Fatalf("%s has made\n%s\nof\n%s", who, state, s.state)
			}
		}
	})
}

// TestForeignIsMissingToTheDatabase: nor does it make a difference to what is said
// to the database, and to what it answers, how many statements there are and what
// they are.
func TestForeignIsMissingToTheDatabase(t *testing.T) {
	t.Parallel()
	backend, wire := onRecordedPostgres(t)
	still := time.Now().UTC().Truncate(time.Second)
	s := newSite(t, "postgres, recorded", backend, func(o *authtodo.Options) {
		o.Now = func() time.Time { return still } // what is written down holds no other difference
	})
	foreign := s.create(s.anna, "of anna alone")
	s.state = s.look(t)
	wire.take("")
	asked := 0
	for how, approach := range approaches() {
		name := nameOf("foreign to the database/" + how)
		t.Run(name, func(t *testing.T) {
			shared.counts.add(s.place, name)
			s.send(t, approach(missing).as(s.bob))
			want := wire.take(missing)
			s.send(t, approach(foreign).as(s.bob))
			got := wire.take(foreign)
			if got != want {
				t.Errorf("for somebody else's todo\n%s\nand for none\n%s", got, want)
			}
			asked += statements(got)
		})
	}
	if asked < 50 {
		t.Errorf("there were only %d statements", asked)
	}
	s.send(t, get("/api/todos/"+missing).as(s.anna))
	none := wire.take(missing)
	s.send(t, get("/api/todos/"+foreign).as(s.anna))
	if own := wire.take(foreign); own == none || !strings.Contains(own, "of anna alone") {
		t.Errorf("what anna reads of her own todo is not written down: %s", own)
	}
	t.Logf("%d approaches, %d statements", len(approaches()), asked)
	if state := s.look(t); state != s.state {
		t.Errorf("bob has made\n%s\nof\n%s", state, s.state)
	}
}

// TestListsOfOthers: whatever a user asks for, it is of their own.
func TestListsOfOthers(t *testing.T) {
	t.Parallel()
	onEachPlace(t, func(t *testing.T, s *site) {
		s.withAda()
		for who, fields := range s.strangers() {
			for _, query := range []string{
				"", "?q=anna", "?q=of%20anna", "?completed=false", "?sort=-title", "?limit=500", "?q=%25",
			} {
				name := nameOf("list/" + who + "/" + query)
				t.Run(name, func(t *testing.T) {
					shared.counts.add(s.place, name)
					a := s.send(t, get("/api/todos"+query, "Prefer: count=exact").with(fields...))
					var list []struct {
						Title string
					}
					if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK {
						t.Fatalf("%d %s", a.status, a.body)
					}
					for _, todo := range list {
						if strings.Contains(todo.Title, "anna") {
							t.Errorf("%s is shown %q", who, todo.Title)
						}
					}
					if a.header.Get("X-Total-Count") != fmt.Sprint(len(list)) {
						t.Errorf("%d todos, counted %s", len(list), a.header.Get("X-Total-Count"))
					}
				})
			}
		}
		anna := s.send(t, get("/api/todos").as(s.anna))
		for _, tag := range []string{anna.header.Get("ETag"), `"1"`, `W/"1"`, `W/"0"`} { // another list is never the one that is known
			a := s.send(t, get("/api/todos", "If-None-Match: "+tag).as(s.bob))
			if a.status != http.StatusOK || strings.Contains(a.body, "anna") {
				t.Errorf("with anna's tag bob gets %d %s", a.status, a.body)
			}
		}
		// An idempotency key is a user's own: the same one of another is another.
		post := ask("POST", "/api/todos", "Idempotency-Key: the-same").json(`{"title":"by key"}`)
		a, b := s.send(t, post.as(s.anna)), s.send(t, post.as(s.bob))
		if a.status != 201 || b.status != 201 || a.text("id") == b.text("id") || b.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("anna makes %d %s, bob %d %s", a.status, a.body, b.status, b.body)
		}
	})
}
