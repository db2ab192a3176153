package authtodo_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/canary"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
	"github.com/authtodo/authtodo/todos"
)

// watch is over all secrets of the tests of this package: none may be in a log, in
// an answer that is not for it, or in clear in a storage.
var watch = canary.New()

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	watch.Keep("the secret of the issuer", secret)
	code := pgtest.Run(m)
	for _, leak := range watch.Leaks() {
		fmt.Println("a secret shows:", leak)
		code = 1
	}
	os.Exit(code)
}

const secret = "a secret of the tests, 32 bytes and more"

// backends are the storages that everything has to work on.
func backends() map[string]func(t testing.TB) storage.Backend {
	return map[string]func(t testing.TB) storage.Backend{
		"memory": func(t testing.TB) storage.Backend {
			db := memory.New()
			t.Cleanup(func() { watch.See("the memory store", canary.Text(db)) })
			return db.Backend()
		},
		"sqlite": func(t testing.TB) storage.Backend {
			folder := t.TempDir()
			db, err := sqlite.Open(t.Context(), filepath.Join(folder, "todos.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := errors.Join(watch.SeeFiles("the files of SQLite", folder), db.Close()); err != nil {
					t.Error(err)
				}
			})
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return db.Backend()
		},
		"postgres": func(t testing.TB) storage.Backend {
			server := pgtest.Migrated(t)
			seeTables(t, server)
			db, err := postgres.Open(t.Context(), server.URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db.Backend()
		},
	}
}

// seeTables has the watch look at what is in a database when the test ends.
func seeTables(t testing.TB, server *pgtest.Database) {
	t.Cleanup(func() {
		pool, err := sql.Open("postgres", server.AdminURL)
		if err == nil {
			err = errors.Join(watch.SeeTables(context.Background(), "the tables of Postgres", pool), pool.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// onEach runs a test on a new server over each backend.
func onEach(t *testing.T, test func(t *testing.T, s *server)) {
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, serve(t, authtodo.Options{Storage: open(t)}))
		})
	}
}

// server is a host with a module under /api.
type server struct {
	t      testing.TB
	url    string
	engine *gin.Engine
	module *authtodo.Module
}

// options are opts with what they lack to be valid.
func options(opts authtodo.Options) authtodo.Options {
	if opts.Storage.Todos == nil {
		opts.Storage = memory.New().Backend()
	}
	if opts.Auth.Issuers == nil {
		opts.Auth.Issuers = []auth.Issuer{{Keys: auth.SharedSecret(secret)}}
	}
	if opts.Logger == nil {
		opts.Logger = watched()
	}
	if opts.Timeout == 0 {
		opts.Timeout = authtodo.MaxTimeout // no test goes by how fast the machine is
	}
	return opts
}

// watched is a logger whose every record the watch sees.
func watched() *slog.Logger {
	return slog.New(slog.NewJSONHandler(watch.Sink("the log"), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func serve(t testing.TB, opts authtodo.Options) *server {
	t.Helper()
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/api"), options(opts))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close() })
	return listen(t, engine, module)
}

func listen(t testing.TB, engine *gin.Engine, module *authtodo.Module) *server {
	listener := httptest.NewServer(engine)
	t.Cleanup(listener.Close)
	return &server{t: t, url: listener.URL, engine: engine, module: module}
}

// token is a token of user that is good for an hour.
func token(t testing.TB, user string) string {
	t.Helper()
	return sign(t, jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Hour).Unix()})
}

func sign(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	watch.Token("a token", text)
	return text
}

// answer is a response that has been read.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
}

// request sends a request as user; fields are "Name: value". A body is sent as
// JSON unless a field says otherwise.
func (s *server) request(user, method, path, body string, fields ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		req.Header.Set("Authorization", "Bearer "+token(s.t, user))
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ":")
		if value = strings.TrimSpace(value); value == "" {
			req.Header.Del(name)
			continue
		}
		req.Header.Set(name, value)
	}
	return s.send(req)
}

func (s *server) send(req *http.Request) answer {
	s.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	watch.See("the answers", fmt.Sprint(resp.Header, string(body)))
	return answer{s.t, req.Method + " " + req.URL.RequestURI(), resp.StatusCode, resp.Header, string(body)}
}

// is fails unless the answer has the status and, as a problem, the kind.
func (a answer) is(status int, kind ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("%s: got %d, want %d: %.300s", a.what, a.status, status, a.body)
	}
	for _, k := range kind {
		if want := `"type":"urn:authtodo:problem:` + k + `"`; !strings.Contains(a.body, want) {
			a.t.Errorf("%s: got %.300s, want %s", a.what, a.body, want)
		}
	}
	return a
}

// has fails unless a header field has the value.
func (a answer) has(name, value string) answer {
	a.t.Helper()
	if got := a.header.Get(name); got != value {
		a.t.Errorf("%s: %s is %q, want %q", a.what, name, got, value)
	}
	return a
}

type todo struct {
	ID          string  `json:"id"`
	UserID      string  `json:"user_id"`
	Title       string  `json:"title"`
	Description *string `json:"description"`
	Completed   bool    `json:"completed"`
	CompletedAt *string `json:"completed_at"`
	Position    int64   `json:"position"`
	CreatedAt   string  `json:"created_at"`
	UpdatedAt   string  `json:"updated_at"`
	Version     int64   `json:"version"`
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v: %.300s", a.what, err, a.body)
	}
}

func (a answer) todo() (v todo) { a.t.Helper(); a.into(&v); return v }

func (a answer) titles() []string {
	a.t.Helper()
	var list []todo
	a.into(&list)
	titles := make([]string, len(list))
	for i := range list {
		titles[i] = list[i].Title
	}
	return titles
}

// create makes a todo with the title.
func (s *server) create(user, title string) todo {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"title": title})
	return s.request(user, "POST", "/api/todos", string(body)).is(201).todo()
}

// anonymous is an answer without what differs between any two answers.
func (a answer) anonymous() string {
	body := regexp.MustCompile(`urn:uuid:[0-9a-f-]{36}`).ReplaceAllString(a.body, "urn:uuid:-")
	header := a.header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	return fmt.Sprint(a.status, header, body)
}

func TestLifeOfATodo(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		made := s.request("anna", "POST", "/api/todos", `{"title":"  Buy milk ","user_id":"bob","id":"x"}`).is(201)
		got := made.todo()
		made.has("ETag", `"1"`).has("Location", "/api/todos/"+got.ID).
			has("Content-Type", "application/json; charset=utf-8").has("Cache-Control", "no-store").
			has("Vary", "Authorization").has("X-Content-Type-Options", "nosniff")
		want := todo{ID: got.ID, UserID: "anna", Title: "Buy milk", Position: 65536, CreatedAt: got.CreatedAt,
			UpdatedAt: got.CreatedAt, Version: 1}
		if got != want || len(got.ID) != 36 || got.ID[14] != '7' {
			t.Errorf("got %+v, want %+v", got, want)
		}
		path := "/api/todos/" + got.ID
		if read := s.request("anna", "GET", path, "").is(200).has("ETag", `"1"`); read.body != made.body {
			t.Errorf("created %s, read %s", made.body, read.body)
		}
		if head := s.request("anna", "HEAD", path, "").is(200).has("ETag", `"1"`); head.body != "" {
			t.Errorf("HEAD has the body %q", head.body)
		}

		done := s.request("anna", "PATCH", path, `{"completed":true}`).is(200).has("ETag", `"2"`).todo()
		if done.Title != "Buy milk" || !done.Completed || done.CompletedAt == nil || done.Version != 2 {
			t.Errorf("after completing it is %+v", done)
		}
		again := s.request("anna", "PATCH", path, `{"completed":true}`).is(200).has("ETag", `"2"`)
		if again.todo().UpdatedAt != done.UpdatedAt {
			t.Errorf("a patch that changes nothing gives %+v", again.todo())
		}
		put := s.request("anna", "PUT", path, `{"description":"two bottles"}`).is(200).todo()
		if put.Title != "Buy milk" || !put.Completed || put.Description == nil || *put.Description != "two bottles" {
			t.Errorf("PUT wiped something: %+v", put)
		}
		patched := s.request("anna", "PATCH", path, `{"description":null,"completed":false}`,
			"Content-Type: application/merge-patch+json").is(200).todo()
		if patched.Description != nil || patched.CompletedAt != nil || patched.Version != 4 {
			t.Errorf("after removing it is %+v", patched)
		}
		back := s.request("anna", "GET", path, "").is(200).body
		s.request("anna", "PUT", path, back).is(200).has("ETag", `"4"`)

		if gone := s.request("anna", "DELETE", path, "").is(204); gone.body != "" {
			t.Errorf("DELETE answers %q", gone.body)
		}
		s.request("anna", "DELETE", path, "").is(404, "todo-not-found")
		s.request("anna", "GET", path, "").is(404, "todo-not-found")
		s.request("anna", "PATCH", path, "{}").is(404, "todo-not-found")
	})
}

// TestForeignIsMissing compares, for each way to name a todo, the answer about
// somebody else's with the answer about one that never was: byte for byte.
func TestForeignIsMissing(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		foreign := s.create("anna", "of anna")
		s.create("bob", "of bob")
		const missing = "0199a2f4-7c00-7000-8000-00000000dead"
		for _, c := range []struct{ method, body, field string }{
			{"GET", "", ""}, {"HEAD", "", ""}, {"DELETE", "", ""}, {"GET", "", `If-None-Match: "1"`},
			{"GET", "", "If-None-Match: *"}, {"DELETE", "", `If-Match: "1"`}, {"DELETE", "", `If-Match: "9"`},
			{"DELETE", "", "If-Match: *"}, {"DELETE", "", "If-Match: broken"},
			{"PATCH", `{"title":"x"}`, ""}, {"PATCH", `{"title":"x"}`, `If-Match: "1"`},
			{"PATCH", `{"title":"x"}`, `If-Match: "9"`}, {"PATCH", `{}`, ""}, {"PATCH", `{"title":""}`, ""},
			{"PATCH", `{"due":1}`, ""}, {"PATCH", `nonsense`, ""}, {"PATCH", `{}`, "Content-Type: text/plain"},
			{"PUT", `{"title":"x"}`, ""}, {"PUT", `{"completed":true}`, "If-Match: *"},
			{"POST", `{}`, ""}, {"TRACE", "", ""},
		} {
			a := s.request("bob", c.method, "/api/todos/"+foreign.ID, c.body, c.field)
			b := s.request("bob", c.method, "/api/todos/"+missing, c.body, c.field)
			if a.anonymous() != b.anonymous() || a.status < 400 || a.status >= 500 {
				t.Errorf("%s %s %s: foreign\n%s\nmissing\n%s", c.method, c.body, c.field, a.anonymous(), b.anonymous())
			}
		}
		if after := s.request("anna", "GET", "/api/todos/"+foreign.ID, "").is(200).todo(); after != foreign {
			t.Errorf("bob made %+v of %+v", after, foreign)
		}
		if got := s.request("bob", "GET", "/api/todos?q=anna", "", "Prefer: count=exact").is(200); got.body != "[]" {
			t.Errorf("bob finds %s", got.body)
		} else {
			got.has("X-Total-Count", "0").has("Preference-Applied", "count=exact")
		}
		for _, id := range []string{"x", strings.ToUpper(foreign.ID), "%00", "..", "'%20OR%201=1--", foreign.ID + ".json", "%ff"} {
			if got := s.request("anna", "GET", "/api/todos/"+id, ""); got.status != 404 {
				t.Errorf("the id %s: %d %s", id, got.status, got.body)
			}
		}
	})
}

func TestPreconditions(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		made := s.create("anna", "a")
		path := "/api/todos/" + made.ID
		list := s.request("anna", "GET", "/api/todos", "").is(200)
		for _, tag := range []string{`"1"`, `W/"1"`, `"x", "1"`, "*"} {
			s.request("anna", "GET", path, "", "If-None-Match: "+tag).is(304).has("ETag", `"1"`)
		}
		for _, tag := range []string{`"2"`, `"01"`, `W/"x"`} {
			s.request("anna", "GET", path, "", "If-None-Match: "+tag).is(200)
		}
		for _, tag := range []string{"1", `"1`, `"1" "2"`, `"1",`, "**", `"a b"`} {
			s.request("anna", "GET", path, "", "If-None-Match: "+tag).is(400, "malformed-header")
			s.request("anna", "PATCH", path, "{}", "If-Match: "+tag).is(400, "malformed-header")
			s.request("anna", "DELETE", path, "", "If-Match: "+tag).is(400, "malformed-header")
		}
		for _, tag := range []string{`"2"`, `W/"1"`, `"01"`, `""`, `"x"`, `"-1"`} {
			s.request("anna", "PATCH", path, `{"title":"b"}`, "If-Match: "+tag).
				is(412, "precondition-failed").has("ETag", `"1"`)
			s.request("anna", "DELETE", path, "", "If-Match: "+tag).is(412, "precondition-failed").has("ETag", `"1"`)
		}
		s.request("anna", "GET", "/api/todos", "", "If-None-Match: "+list.header.Get("ETag")).is(304).
			has("ETag", list.header.Get("ETag"))
		s.request("anna", "PATCH", path, `{"title":"b"}`, `If-Match: "7", "1"`).is(200).has("ETag", `"2"`)
		changed := s.request("anna", "GET", "/api/todos", "", "If-None-Match: "+list.header.Get("ETag")).is(200)
		if tag := changed.header.Get("ETag"); tag == list.header.Get("ETag") || !strings.HasPrefix(tag, `W/"`) {
			t.Errorf("the list's ETag went from %s to %s", list.header.Get("ETag"), tag)
		}
		s.request("anna", "DELETE", path, "", "If-Match: *").is(204)
		never := s.request("zoe", "GET", "/api/todos", "").is(200)
		s.request("zoe", "GET", "/api/todos", "", "If-None-Match: "+never.header.Get("ETag")).is(304)
		s.create("zoe", "first")
		s.request("zoe", "GET", "/api/todos", "", "If-None-Match: "+never.header.Get("ETag")).is(200)
	})
}

func TestRequireIfMatch(t *testing.T) {
	s := serve(t, authtodo.Options{RequireIfMatch: true})
	made := s.create("anna", "a")
	path := "/api/todos/" + made.ID
	s.request("anna", "PATCH", path, `{"title":"b"}`).is(428, "precondition-required")
	s.request("anna", "PUT", path, `{"title":""}`).is(422, "validation-error")
	s.request("anna", "DELETE", path, "").is(428, "precondition-required")
	s.request("anna", "DELETE", "/api/todos/unknown", "").is(428, "precondition-required")
	s.request("anna", "PATCH", path, `{"title":"b"}`, `If-Match: "1"`).is(200)
	s.request("anna", "DELETE", path, "", "If-Match: *").is(204)
}

// TestLostUpdates has sixteen writers on one version.
func TestLostUpdates(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		path := "/api/todos/" + s.create("anna", "a").ID
		var wait sync.WaitGroup
		status := make([]int, 16)
		for i := range status {
			wait.Go(func() {
				status[i] = s.request("anna", "PATCH", path, fmt.Sprintf(`{"title":"by %d"}`, i), `If-Match: "1"`).status
			})
		}
		wait.Wait()
		slices.Sort(status)
		if want := append([]int{200}, slices.Repeat([]int{412}, 15)...); !slices.Equal(status, want) {
			t.Errorf("got %v, want %v", status, want)
		}
		s.request("anna", "GET", path, "").is(200).has("ETag", `"2"`)
	})
}

func TestIdempotency(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		const body = `{"title":"once","description":"\u00e9"}`
		first := s.request("anna", "POST", "/api/todos", body, "Idempotency-Key: k1").is(201).has("Idempotency-Replayed", "")
		s.request("anna", "PATCH", "/api/todos/"+first.todo().ID, `{"title":"changed"}`).is(200)
		again := s.request("anna", "POST", "/api/todos/", body, `Idempotency-Key: "k1"`).is(201).
			has("Idempotency-Replayed", "true").has("Location", first.header.Get("Location")).has("ETag", `"1"`)
		if again.body != first.body {
			t.Errorf("first %s, then %s", first.body, again.body)
		}
		s.request("anna", "POST", "/api/todos", `{"title":"other"}`, "Idempotency-Key: k1").is(422, "idempotency-key-reused")
		s.request("bob", "POST", "/api/todos", `{"title":"other"}`, "Idempotency-Key: k1").is(201).has("Idempotency-Replayed", "")
		s.request("anna", "POST", "/api/todos", `{"title":""}`, "Idempotency-Key: k2").is(422, "validation-error")
		s.request("anna", "POST", "/api/todos", `{"title":"now valid"}`, "Idempotency-Key: k2").is(201)
		s.request("anna", "POST", "/api/todos", body, "Idempotency-Key: a b").is(400, "malformed-header")

		var wait sync.WaitGroup
		answers := make([]answer, 16)
		for i := range answers {
			wait.Go(func() {
				answers[i] = s.request("anna", "POST", "/api/todos", `{"title":"raced"}`, "Idempotency-Key: race")
			})
		}
		wait.Wait()
		created := 0
		for _, a := range answers {
			if a.is(201).header.Get("Idempotency-Replayed") == "" {
				created++
			}
			if a.body != answers[0].body {
				t.Errorf("one racer gets %s, another %s", a.body, answers[0].body)
			}
		}
		if titles := s.request("anna", "GET", "/api/todos?q=raced", "").titles(); created != 1 || len(titles) != 1 {
			t.Errorf("%d of the racers created, %d todos are there", created, len(titles))
		}
	})
}

func TestIdempotencyKeysExpire(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := serve(t, authtodo.Options{Now: clock})
	long := sign(t, jwt.MapClaims{"sub": "anna", "exp": now.Add(72 * time.Hour).Unix()})
	post := func(body string) answer {
		return s.request("", "POST", "/api/todos", body, "Idempotency-Key: k", "Authorization: Bearer "+long)
	}
	post(`{"title":"a"}`).is(201)
	mu.Lock()
	now = now.Add(23 * time.Hour)
	mu.Unlock()
	post(`{"title":"a"}`).is(201).has("Idempotency-Replayed", "true")
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	post(`{"title":"b"}`).is(201).has("Idempotency-Replayed", "")
}

// next is the path and query of the next page; "" on the last.
func (a answer) next() string {
	link := a.header.Get("Link")
	if link == "" {
		return ""
	}
	path, ok := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
	if !ok {
		a.t.Fatalf("%s: Link is %q", a.what, link)
	}
	return path
}

func TestPages(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		var want []string
		for i := range 7 {
			want = append(want, fmt.Sprintf("todo %d", i))
			s.create("anna", want[i])
			s.create("bob", "noise")
		}
		reversed := slices.Clone(want)
		slices.Reverse(reversed)
		for query, want := range map[string][]string{
			"limit=2": want, "limit=3&sort=-position": reversed, "limit=1&sort=title": want,
			"sort=-title&limit=6&q=TODO": reversed, "limit=2&sort=created_at": want,
			"limit=2&sort=completed_at&completed=false": want, "limit=2&q=%3C&sort=title": nil,
		} {
			var got []string
			var page answer
			for path := "/api/todos?" + query; path != ""; path = page.next() {
				page = s.request("anna", "GET", path, "").is(200)
				got = append(got, page.titles()...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		page := s.request("anna", "GET", "/api/todos?limit=2", "", "Prefer: count=exact").is(200).has("X-Total-Count", "7")
		next := page.next()
		s.request("bob", "GET", next, "").is(422, "validation-error")
		s.request("anna", "GET", next+"&sort=title", "").is(422, "validation-error")
		s.request("anna", "GET", next+"&completed=false", "").is(422, "validation-error")
		s.request("anna", "GET", strings.Replace(next, "limit=2", "limit=3", 1), "").is(200)
		s.request("anna", "GET", "/api/todos?cursor=abc", "").is(422, "validation-error")
		s.request("anna", "GET", "/api/todos?limit=501", "").is(422, "validation-error")
		s.request("anna", "GET", "/api/todos?foo=1", "").is(422, "validation-error")
		third := page.titles()[1]
		for _, v := range s.request("anna", "GET", "/api/todos", "").titles() {
			if v == third { // the anchor of the cursor goes
				var list []todo
				s.request("anna", "GET", "/api/todos?q="+strings.ReplaceAll(third, " ", "+"), "").into(&list)
				s.request("anna", "DELETE", "/api/todos/"+list[0].ID, "").is(204)
			}
		}
		if got := s.request("anna", "GET", next, "").is(200).titles(); !slices.Equal(got, want[2:4]) {
			t.Errorf("behind a todo that is gone: %q, want %q", got, want[2:4])
		}
	})
}

// TestCursorsOutliveTheProcess goes on with a page on another instance.
func TestCursorsOutliveTheProcess(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			backend := backends()[name](t)
			one, other := serve(t, authtodo.Options{Storage: backend}), serve(t, authtodo.Options{Storage: backend})
			for i := range 3 {
				one.create("anna", fmt.Sprint(i))
			}
			next := one.request("anna", "GET", "/api/todos?limit=2", "").is(200).next()
			if got := other.request("anna", "GET", next, "").is(200).titles(); !slices.Equal(got, []string{"2"}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSearchIsLiteral(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		for _, title := range []string{"100% sure", "a_b", `back\slash`, "Stra\u00dfe", "E\u0301cole", "\U0001F600 smile", "plain"} {
			s.create("anna", title)
		}
		for q, want := range map[string][]string{
			"%25": {"100% sure"}, "_": {"a_b"}, "%5C": {`back\slash`}, "STRASSE": {"Stra\u00dfe"},
			"%C3%A9COLE": {"E\u0301cole"}, "%F0%9F%98%80": {"\U0001F600 smile"}, "PLAIN": {"plain"}, "zzz": {},
		} {
			if got := s.request("anna", "GET", "/api/todos?q="+q, "").is(200).titles(); !slices.Equal(got, want) {
				t.Errorf("q=%s: got %q, want %q", q, got, want)
			}
		}
	})
}

// TestOrderOfChecks breaks one thing after the other and sees that the one
// that comes first in the contract decides.
func TestOrderOfChecks(t *testing.T) {
	s := serve(t, authtodo.Options{BodyLimit: authtodo.MinBodyLimit})
	big := `{"title":"` + strings.Repeat("x", authtodo.MinBodyLimit) + `"}`
	path := "/api/todos/" + s.create("anna", "a").ID
	s.request("", "TRACE", "/api/todos", "").is(401, "unauthorized")
	s.request("", "POST", "/api/todos", "not JSON").is(401, "unauthorized")
	s.request("anna", "PUT", "/api/todos", big, "Content-Type: text/plain").
		is(405, "method-not-allowed").has("Allow", "GET, HEAD, POST")
	s.request("anna", "POST", path, big).is(405).has("Allow", "GET, HEAD, PUT, PATCH, DELETE")
	s.request("anna", "DELETE", "/api/openapi.json", "").is(405).has("Allow", "GET, HEAD")
	s.request("anna", "PATCH", path, big, "Content-Type: text/plain").
		is(415, "unsupported-media-type").has("Accept-Patch", "application/merge-patch+json, application/json")
	s.request("anna", "POST", "/api/todos", big, "Content-Type: application/merge-patch+json").
		is(415).has("Accept-Post", "application/json")
	s.request("anna", "POST", "/api/todos", "{}", "Content-Type:").is(415)
	s.request("anna", "POST", "/api/todos", "{}", "Content-Encoding: gzip").is(415)
	s.request("anna", "POST", "/api/todos", "{}", "Content-Type: application/json; charset=latin1").is(415)
	s.request("anna", "PATCH", path, big, "If-Match: broken").is(413, "body-too-large")
	s.request("anna", "PATCH", path, "{", `If-Match: "9"`).is(400, "malformed-json")
	s.request("anna", "POST", "/api/todos", "", "Content-Type: application/json").is(400, "malformed-json")
	s.request("anna", "PATCH", path, `{"title":""}`, "If-Match: broken").is(400, "malformed-header")
	s.request("anna", "PATCH", path, `{"title":""}`, `If-Match: "9"`).is(422, "validation-error")
	s.request("anna", "PATCH", "/api/todos/unknown", `{"title":""}`).is(422, "validation-error")
	s.request("anna", "PATCH", "/api/todos/unknown", `{"title":"x"}`, `If-Match: "9"`).is(404, "todo-not-found")
	s.request("anna", "PATCH", path, `{"title":"x"}`, `If-Match: "9"`).is(412, "precondition-failed")
	s.request("anna", "PATCH", path, `{"due":1}`).is(422)
	s.request("anna", "PATCH", path, `{"due":1}`, "Prefer: handling=lenient").is(200).has("ETag", `"1"`)
}

// TestSpellings: both spellings of a path are the path, without a redirect.
func TestSpellings(t *testing.T) {
	s := serve(t, authtodo.Options{})
	made := s.request("anna", "POST", "/api/todos/", `{"title":"a"}`).is(201)
	made.has("Location", "/api/todos/"+made.todo().ID)
	s.request("anna", "GET", "/api/todos/", "").is(200)
	s.request("anna", "GET", "/api/todos/"+made.todo().ID+"/", "").is(200)
	s.request("", "GET", "/api/todos/", "").is(401)
}

func TestAnswersOfEveryKind(t *testing.T) {
	s := serve(t, authtodo.Options{})
	s.request("", "GET", "/api/todos", "").is(401, "unauthorized").has("WWW-Authenticate", "Bearer").
		has("Cache-Control", "no-store").has("Vary", "Authorization").has("Content-Type", "application/problem+json")
	s.request("", "GET", "/api/todos", "", "Authorization: Bearer x.y.z").is(401, "unauthorized").
		has("WWW-Authenticate", `Bearer error="invalid_token"`)
	s.request("anna", "GET", "/api/todos", "", "X-Request-Id: abc-1").is(200).has("X-Request-Id", "abc-1")
	if id := s.request("anna", "GET", "/api/todos", "", "X-Request-Id: a b<>").is(200).header.Get("X-Request-Id"); len(id) != 36 {
		t.Errorf("an odd request id becomes %q", id)
	}
	var problem map[string]any
	a := s.request("anna", "GET", "/api/todos/x", "").is(404)
	a.into(&problem)
	for _, name := range []string{"type", "title", "status", "detail", "error_code", "instance"} {
		if problem[name] == nil {
			t.Errorf("a problem has no %s: %s", name, a.body)
		}
	}
	if problem["detail"] != "Todo not found or access denied" || problem["error_code"] != "NOT_FOUND" {
		t.Errorf("got %s", a.body)
	}
}

func TestOpenAPICarriesItsPrefix(t *testing.T) {
	for prefix, want := range map[string]string{"": "/", "/api": "/api", "/a/b": "/a/b"} {
		engine := gin.New()
		module, err := authtodo.Register(engine.Group(prefix), options(authtodo.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			OpenAPI string
			Servers []struct{ URL string }
		}
		a := listen(t, engine, module).request("", "GET", prefix+"/openapi.json", "").is(200)
		a.into(&document)
		if document.OpenAPI != "3.1.1" || len(document.Servers) != 1 || document.Servers[0].URL != want {
			t.Errorf("under %q: got %+v", prefix, document)
		}
	}
}

// TestRoutesAreThoseOfTheDocument: the two name the same methods and paths.
func TestRoutesAreThoseOfTheDocument(t *testing.T) {
	s := serve(t, authtodo.Options{})
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	s.request("", "GET", "/api/openapi.json", "").is(200).into(&document)
	described := make(map[string]bool)
	for path, item := range document.Paths {
		for method := range item {
			if slices.Contains([]string{"get", "head", "post", "put", "patch", "delete"}, method) {
				described[strings.ToUpper(method)+" /api"+path] = true
			}
		}
	}
	mounted := make(map[string]bool)
	for _, route := range s.engine.Routes() {
		path := strings.Replace(strings.TrimSuffix(route.Path, "/"), ":id", "{id}", 1)
		request := strings.Replace(strings.TrimSuffix(route.Path, "/"), ":id", "0199a2f4-7c00-7000-8000-000000000001", 1)
		if route.Method == http.MethodConnect { // a client sends that to proxies only
			continue
		}
		if a := s.request("anna", route.Method, request, ""); a.status != 405 {
			mounted[route.Method+" "+path] = true
		}
	}
	for route := range mounted {
		if !described[route] {
			t.Errorf("%s is mounted and not described", route)
		}
	}
	for route := range described {
		if !mounted[route] {
			t.Errorf("%s is described and not mounted", route)
		}
	}
}

func TestStoreThatIsDown(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "todos.db"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := serve(t, authtodo.Options{Storage: db.Backend(), Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	id := "/0199a2f4-7c00-7000-8000-000000000001"
	check := func(why string) {
		for _, a := range []answer{
			s.request("anna", "GET", "/api/todos", ""), s.request("anna", "GET", "/api/todos"+id, ""),
			s.request("anna", "POST", "/api/todos", `{"title":"a"}`), s.request("anna", "DELETE", "/api/todos"+id, ""),
			s.request("anna", "PATCH", "/api/todos"+id, `{"title":"a"}`),
		} {
			a.is(503, "unavailable").has("Retry-After", "2")
			if strings.Contains(a.body, "sql") || strings.Contains(a.body, "authtodo_") {
				t.Errorf("%s: %s", why, a.body)
			}
		}
	}
	check("without a schema")
	db.Close()
	check("closed")
	if !strings.Contains(log.String(), "migrations.Up") {
		t.Errorf("the log does not say what to do: %s", log.String())
	}
	s.request("", "GET", "/api/todos", "").is(401)
}

func TestRegisterReportsAllFaults(t *testing.T) {
	engine := gin.New()
	module, err := authtodo.Register(engine, authtodo.Options{
		BodyLimit: -1, Timeout: -time.Second,
		Auth: auth.Options{
			Leeway:  -1,
			Issuers: []auth.Issuer{{Keys: auth.SharedSecret("short")}, {URL: "a", UserSpace: "No Space"}},
		},
	})
	if module != nil || err == nil {
		t.Fatalf("got %v, %v", module, err)
	}
	for _, field := range []string{
		"Storage.Todos", "BodyLimit", "Timeout", "Auth.Leeway", "Auth.Issuers[0].Keys",
		"Auth.Issuers[1].Keys", "Auth.Issuers[1].UserSpace",
	} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not among the faults:\n%v", field, err)
		}
	}
	if strings.Contains(err.Error(), "short\"") {
		t.Errorf("a secret is in %v", err)
	}
	if routes := engine.Routes(); len(routes) > 0 {
		t.Errorf("%d routes are mounted all the same", len(routes))
	}
	if _, err := authtodo.Register(nil, options(authtodo.Options{})); err == nil {
		t.Error("a missing router is accepted")
	}
}

func TestRouteInTheWay(t *testing.T) {
	engine := gin.New()
	engine.GET("/api/todos", func(*gin.Context) {})
	module, err := authtodo.Register(engine.Group("/api"), options(authtodo.Options{}))
	if module != nil || err == nil || !strings.Contains(err.Error(), "/api/todos") {
		t.Errorf("got %v, %v", module, err)
	}
}

// TestHostStaysItself: what the host has beside the module works as before.
func TestHostStaysItself(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		engine := gin.New()
		engine.HandleMethodNotAllowed = allowed
		engine.Use(func(c *gin.Context) { c.Header("X-Host", "yes") })
		engine.NoRoute(func(c *gin.Context) { c.String(404, "the host's 404") })
		engine.NoMethod(func(c *gin.Context) { c.String(405, "the host's 405") })
		engine.GET("/hello", func(c *gin.Context) { c.String(200, "hello") })
		engine.OPTIONS("/api/todos", func(c *gin.Context) { c.Status(204) })
		redirects, raw := engine.RedirectTrailingSlash, engine.UseRawPath
		module, err := authtodo.Register(engine.Group("/api"), options(authtodo.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		engine.GET("/reports", module.Guard(), func(c *gin.Context) {
			identity, ok := auth.From(c)
			c.String(200, "%s %s %t", auth.UserID(c), identity.UserID, ok)
		})
		engine.GET("/open", func(c *gin.Context) { c.String(200, "%q", auth.UserID(c)) })
		if engine.HandleMethodNotAllowed != allowed ||
			engine.RedirectTrailingSlash != redirects || engine.UseRawPath != raw {
			t.Error("Register changed a setting of the engine")
		}
		s := listen(t, engine, module)
		for _, c := range []struct {
			user, method, path string
			status             int
			body               string
		}{
			{"", "GET", "/hello", 200, "hello"},
			{"", "GET", "/nowhere", 404, "the host's 404"},
			{"", "GET", "/api/nowhere", 404, "the host's 404"},
			{"", "OPTIONS", "/api/todos", 204, ""},
			{"anna", "GET", "/reports", 200, "anna anna true"},
			{"", "GET", "/open", 200, `""`},
			{"anna", "GET", "/open", 200, `""`},
		} {
			a := s.request(c.user, c.method, c.path, "").is(c.status).has("X-Host", "yes")
			if a.body != c.body {
				t.Errorf("%s: got %q, want %q", a.what, a.body, c.body)
			}
		}
		s.request("", "GET", "/reports", "").is(401, "unauthorized")
		s.request("anna", "PUT", "/api/todos", "{}").is(405, "method-not-allowed").has("X-Host", "yes")
		if a := s.request("", "POST", "/hello", ""); allowed != (a.body == "the host's 405") {
			t.Errorf("POST /hello: %d %s", a.status, a.body)
		}
	}
}

// TestPrefixWithParameters: a prefix may have a parameter of the name that the
// module's own has.
func TestPrefixWithParameters(t *testing.T) {
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/lists/:id"), options(authtodo.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, engine, module)
	made := s.request("anna", "POST", "/lists/7/todos", `{"title":"a"}`).is(201)
	path := made.header.Get("Location")
	s.request("anna", "GET", path, "").is(200)
	s.request("anna", "PATCH", path, `{"title":"b"}`).is(200)
	s.request("anna", "DELETE", path, "").is(204)
}

// TestExtraSlashes: on an engine that overlooks them, no reference that an
// answer gives leads to another host.
func TestExtraSlashes(t *testing.T) {
	engine := gin.New()
	engine.RemoveExtraSlash = true
	module, err := authtodo.Register(engine.Group("/api"), options(authtodo.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, engine, module)
	made := s.request("anna", "POST", "//api/todos", `{"title":"a"}`).is(201)
	made.has("Location", "/api/todos/"+made.todo().ID)
	s.create("anna", "b")
	if next := s.request("anna", "GET", "//api/todos?limit=1", "").is(200).next(); !strings.HasPrefix(next, "/api/todos?") {
		t.Errorf("the next page is at %s", next)
	}
	if a := s.request("", "GET", "//api/openapi.json", "").is(200); !strings.Contains(a.body, `"url": "/api"`) {
		t.Error("the document has another server than /api")
	}
}

// TestKeyInFlight: who waits for another request with the same key until the
// time is up is told to come back.
func TestKeyInFlight(t *testing.T) {
	engine := gin.New()
	module, err := authtodo.Register(engine.Group("/api"), options(authtodo.Options{
		Storage: storage.Backend{Todos: inFlight{memory.New().Backend().Todos}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	listen(t, engine, module).request("anna", "POST", "/api/todos", `{"title":"a"}`, "Idempotency-Key: k").
		is(409, "idempotency-key-in-flight").has("Retry-After", "1")
}

// inFlight is a store whose every key is in use.
type inFlight struct{ todos.Store }

func (inFlight) CreateTodo(context.Context, string, todos.Draft) (todos.Created, error) {
	return todos.Created{}, todos.ErrRetryInFlight
}

// TestTwoModules: each has its own keys, todos and settings.
func TestTwoModules(t *testing.T) {
	engine := gin.New()
	one, err := authtodo.Register(engine.Group("/one"), options(authtodo.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	const other = "another secret of the tests, 32 bytes and more"
	two, err := authtodo.Register(engine.Group("/two/:tenant"), options(authtodo.Options{
		RequireIfMatch: true,
		Auth:           auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(other)}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := listen(t, engine, one)
	made := s.request("anna", "POST", "/one/todos", `{"title":"a"}`).is(201)
	s.request("anna", "POST", "/two/x/todos", `{"title":"a"}`).is(401)
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256,
		jwt.MapClaims{"sub": "anna", "exp": time.Now().Add(time.Hour).Unix()}).SignedString([]byte(other))
	if err != nil {
		t.Fatal(err)
	}
	bearer := "Authorization: Bearer " + signed
	s.request("", "GET", "/one/todos", "", bearer).is(401)
	if a := s.request("", "GET", "/two/x/todos", "", bearer).is(200); a.body != "[]" {
		t.Errorf("the other module has %s", a.body)
	}
	there := s.request("", "POST", "/two/x/todos", `{"title":"b"}`, bearer).is(201)
	there.has("Location", "/two/x/todos/"+there.todo().ID)
	s.request("", "DELETE", there.header.Get("Location"), "", bearer).is(428)
	s.request("anna", "DELETE", made.header.Get("Location"), "").is(204)
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if err := two.Close(); err != nil {
		t.Error(err)
	}
}

// TestClientsThatLeave: a request whose client is gone writes nothing to the
// log that looks like a failure.
func TestClientsThatLeave(t *testing.T) {
	var log bytes.Buffer
	var mu sync.Mutex
	s := serve(t, authtodo.Options{Logger: slog.New(slog.NewTextHandler(lockedWriter{&mu, &log}, nil))})
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/todos", io.MultiReader(strings.NewReader(`{"title":`), waiting{ctx}))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token(t, "anna"))
		time.AfterFunc(5*time.Millisecond, cancel)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}
	if a := s.request("anna", "GET", "/api/todos", "").is(200); a.body != "[]" {
		t.Errorf("half a request wrote %s", a.body)
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Contains(log.String(), "ERROR") {
		t.Errorf("the log has %s", log.String())
	}
}

type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) { <-w.ctx.Done(); return 0, w.ctx.Err() }

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
