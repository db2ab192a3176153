package todos

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

// faultsOf is an error as "status code@place code@place".
func faultsOf(err error) string {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return fmt.Sprint(err)
	}
	s := fmt.Sprint(p.Status)
	for _, f := range p.Faults {
		s += " " + f.Code + "@" + f.Pointer + f.Parameter + f.Header
	}
	return s
}

func tagsOf(t *testing.T, value string) web.Tags {
	t.Helper()
	tags, err := web.ParseTags(http.Header{"If-None-Match": {value}}, "If-None-Match")
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

func TestDecodeDraft(t *testing.T) {
	long := strings.Repeat("\u00e9", MaxTitle)
	text := strings.Repeat("\u00e9", MaxDescription)
	for _, c := range []struct{ body, want string }{
		{`{"title":"a"}`, "<nil>"},
		{`{"title":"` + long + `"}`, "<nil>"},
		{`{"title":"  ` + long + `\t\n"}`, "<nil>"},
		{`{"title":"` + long + `x"}`, "422 too_long@#/title"},
		{`{}`, "422 required@#/title"},
		{`{"title":""}`, "422 too_short@#/title"},
		{`{"title":" \t\u00a0\u2003\n"}`, "422 too_short@#/title"},
		{`{"title":null}`, "422 wrong_type@#/title"},
		{`{"title":1}`, "422 wrong_type@#/title"},
		{`{"title":["a"]}`, "422 wrong_type@#/title"},
		{`{"title":{"a":1}}`, "422 wrong_type@#/title"},
		{`{"title":true}`, "422 wrong_type@#/title"},
		{`{"title":"a\u0000b"}`, "422 invalid_character@#/title"},
		{`{"Title":"a"}`, "422 unknown@#/Title required@#/title"},
		{`{"t\u0069tle":"a"}`, "<nil>"},
		{`{"title":"a","description":"` + text + `"}`, "<nil>"},
		{`{"title":"a","description":"` + text + `x"}`, "422 too_long@#/description"},
		{`{"title":"a","description":null}`, "<nil>"},
		{`{"title":"a","description":""}`, "<nil>"},
		{`{"title":"a","description":1}`, "422 wrong_type@#/description"},
		{`{"title":"a","description":"\u0000"}`, "422 invalid_character@#/description"},
		{`{"title":"a","completed":true}`, "<nil>"},
		{`{"title":"a","completed":null}`, "422 wrong_type@#/completed"},
		{`{"title":"a","completed":"true"}`, "422 wrong_type@#/completed"},
		{`{"title":"a","completed":1}`, "422 wrong_type@#/completed"},
		{`{"title":"a","position":9007199254740991}`, "<nil>"},
		{`{"title":"a","position":-9007199254740991}`, "<nil>"},
		{`{"title":"a","position":9007199254740992}`, "422 out_of_range@#/position"},
		{`{"title":"a","position":-9007199254740992}`, "422 out_of_range@#/position"},
		{`{"title":"a","position":1e400}`, "422 out_of_range@#/position"},
		{`{"title":"a","position":99999999999999999999}`, "422 out_of_range@#/position"},
		{`{"title":"a","position":1.5}`, "422 wrong_type@#/position"},
		{`{"title":"a","position":9007199254740991.4}`, "422 wrong_type@#/position"},
		{`{"title":"a","position":1e-400}`, "422 wrong_type@#/position"},
		{`{"title":"a","position":0.1e1}`, "<nil>"},
		{`{"title":"a","position":1e999999999999}`, "422 out_of_range@#/position"},
		{`{"title":"a","position":-1E+5}`, "<nil>"},
		{`{"title":"a","position":1.0}`, "<nil>"},
		{`{"title":"a","position":1e3}`, "<nil>"},
		{`{"title":"a","position":-0}`, "<nil>"},
		{`{"title":"a","position":null}`, "422 wrong_type@#/position"},
		{`{"title":"a","position":"1"}`, "422 wrong_type@#/position"},
		{`{"title":"a","id":1,"user_id":[],"completed_at":{},"created_at":false,"updated_at":"x","version":-1}`, "<nil>"},
		{`{"title":"a","due":1,"a/b~c \u00e9":2}`, "422 unknown@#/due unknown@#/a~1b~0c%20%C3%A9"},
		{`{"title":1,"description":2,"completed":3,"position":"4"}`,
			"422 wrong_type@#/title wrong_type@#/description wrong_type@#/completed wrong_type@#/position"},
		{`{"title":"a","` + strings.Repeat("x", 300) + `":1}`, "422 unknown@#"},
		{``, "400"}, {` `, "400"}, {`null`, "400"}, {`[]`, "400"}, {`"a"`, "400"}, {`1`, "400"},
		{`{"title":"a"} x`, "400"}, {`{"title":"a"}{}`, "400"}, {`{"title":"a"`, "400"},
		{`{"title":"a","title":"b"}`, "400"}, {`{"title":"a","t\u0069tle":"b"}`, "400"},
		{`{"due":{"x":1,"x":2},"title":"a"}`, "400"},
		{`{title:"a"}`, "400"}, {`{'title':'a'}`, "400"}, {`{"title":"a",}`, "400"}, {`{"title":"a"}//`, "400"},
		{"{\"title\":\"\xff\"}", "400"}, {`{"title":"\ud800"}`, "400"}, {`{"title":"\udc00\ud800"}`, "400"},
		{"\ufeff{\"title\":\"a\"}", "400"}, {`{"title":"a","position":01}`, "400"}, {`{"title":NaN}`, "400"},
		{"{\"title\":\"a\nb\"}", "400"},
		{`{"x":` + strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000) + `}`, "400"},
	} {
		if _, err := decodeDraft([]byte(c.body), false); faultsOf(err) != c.want {
			t.Errorf("%.80s: got %s, want %s", c.body, faultsOf(err), c.want)
		}
	}
}

func TestDecodePatch(t *testing.T) {
	p, err := decodePatch([]byte(`{"title":" b ","description":null,"completed":false,"position":-3}`), false)
	if err != nil {
		t.Fatal(err)
	}
	want := Patch{Title: Some("b"), Description: Some[*string](nil), Completed: Some(false), Position: Some(int64(-3))}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if p, err := decodePatch([]byte(`{}`), false); err != nil || p != (Patch{}) {
		t.Errorf("an empty patch is %+v, %v", p, err)
	}
	if p, err := decodePatch([]byte(`{"due":1}`), true); err != nil || p != (Patch{}) {
		t.Errorf("a lenient patch is %+v, %v", p, err)
	}
	if _, err := decodePatch([]byte(`{"due":1,"title":""}`), true); faultsOf(err) != "422 too_short@#/title" {
		t.Errorf("a lenient patch with a bad title: %v", err)
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var members []string
	for i := range 1000 {
		members = append(members, fmt.Sprintf(`"m%d":1`, i))
	}
	_, err := decodePatch([]byte("{"+strings.Join(members, ",")+"}"), false)
	if n := strings.Count(faultsOf(err), "unknown"); n != maxFaults {
		t.Errorf("%d faults are told, want %d", n, maxFaults)
	}
}

func TestParameters(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"", "<nil>"}, {"&&", "<nil>"}, {"limit=1", "<nil>"}, {"limit=500", "<nil>"},
		{"limit=0", "422 out_of_range@limit"}, {"limit=501", "422 out_of_range@limit"},
		{"limit=-1", "422 out_of_range@limit"}, {"limit=", "422 out_of_range@limit"},
		{"limit=01", "422 out_of_range@limit"}, {"limit=%2B5", "422 out_of_range@limit"},
		{"limit=1e2", "422 out_of_range@limit"}, {"limit=9223372036854775808", "422 out_of_range@limit"},
		{"limit=1;completed=true", "422 out_of_range@limit"},
		{"limit=1&limit=1", "422 repeated@limit"}, {"limit=1&l%69mit=2", "422 repeated@limit"},
		{"completed=true", "<nil>"}, {"completed=false", "<nil>"}, {"completed=1", "422 wrong_type@completed"},
		{"completed=True", "422 wrong_type@completed"}, {"completed", "422 wrong_type@completed"},
		{"sort=title", "<nil>"}, {"sort=-completed_at", "<nil>"}, {"sort=--title", "422 unknown@sort"},
		{"sort=", "422 unknown@sort"}, {"sort=user_id", "422 unknown@sort"}, {"sort=title,id", "422 unknown@sort"},
		{"q=", "<nil>"}, {"q=%25_", "<nil>"}, {"q=%00", "422 invalid_character@q"}, {"q=%ff", "422 invalid_character@q"},
		{"q=%", "422 malformed@q"}, {"%=1", "422 malformed@parameter"},
		{"q=" + strings.Repeat("%C3%9F", MaxSearch), "<nil>"},
		{"q=" + strings.Repeat("a", MaxSearch+1), "422 too_long@q"},
		{"cursor=", "422 malformed@cursor"}, {"cursor=x", "<nil>"},
		{"page=2&user_id=bob", "422 unknown@page unknown@user_id"}, {"Limit=1", "422 unknown@Limit"},
		{"=1", "422 unknown@"},
	} {
		if _, err := parseParameters(c.query); faultsOf(err) != c.want {
			t.Errorf("%.80s: got %s, want %s", c.query, faultsOf(err), c.want)
		}
	}
	p, err := parseParameters("limit=7&q=Stra%C3%9Fe+x&cursor=abc&sort=-title&completed=true")
	want := Query{
		Limit: 7, Search: "strasse x", Sort: Sort{ByTitle, true}, Completed: Some(true),
	}
	if err != nil || p.query != want || p.cursor != "abc" ||
		p.next != "limit=7&q=Stra%C3%9Fe+x&sort=-title&completed=true&" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestParseRetry(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ value, key string }{
		{"abc", "abc"}, {`"abc"`, "abc"}, {" abc\t", "abc"}, {strings.Repeat("k", 255), strings.Repeat("k", 255)},
		{"", ""}, {`""`, ""}, {`"`, ""}, {`"a`, ""}, {`a"`, ""}, {`a"b`, ""}, {"a b", ""}, {"\u00e9", ""},
		{"a\x7f", ""}, {strings.Repeat("k", 256), ""},
	} {
		got, err := parseRetry(http.Header{keyHeader: {c.value}}, []byte("{}"), now)
		if c.key == "" {
			if faultsOf(err) != "400 malformed@Idempotency-Key" {
				t.Errorf("%q: got %s", c.value, faultsOf(err))
			}
			continue
		}
		if err != nil || got.Key != c.key || !got.ExpiredAt.Equal(now.Add(-RetryWindow)) {
			t.Errorf("%q: got %+v, %v", c.value, got, err)
		}
	}
	if _, err := parseRetry(http.Header{keyHeader: {"a", "a"}}, nil, now); faultsOf(err) != "400 malformed@Idempotency-Key" {
		t.Errorf("two keys: %v", err)
	}
	if got, err := parseRetry(http.Header{}, nil, now); got != nil || err != nil {
		t.Errorf("no key: %+v, %v", got, err)
	}
}

// FuzzBody looks for bodies that are accepted and cannot be stored or come back
// as something else, and for those that are JSON objects and yet are refused as
// none.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"title":"a"}`, `{"title":"a","description":null,"completed":true,"position":1e3}`,
		`{"title":"\ud83d\ude00"}`, `{"title":"\ud800"}`, `{"a":1,"a":2}`, "{\"title\":\"\xff\"}", `[]`, `{"x":[[[]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		patch, err := decodePatch(body, false)
		if err != nil {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Status/100 != 4 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q is accepted and no JSON", body)
		}
		if title := patch.Title.Value; patch.Title.Set {
			n := utf8.RuneCountInString(title)
			if !ValidText(title) || n == 0 || n > MaxTitle || strings.TrimSpace(title) != title {
				t.Errorf("%q gives the title %q", body, title)
			}
		}
		if text := patch.Description.Value; text != nil && !ValidText(*text) {
			t.Errorf("%q gives the description %q", body, *text)
		}
		if at := patch.Position.Value; at > MaxPosition || at < -MaxPosition {
			t.Errorf("%q gives the position %d", body, at)
		}
	})
}

// FuzzParameters looks for queries that are accepted and mean what a store
// cannot take.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"", "limit=1&q=a", "q=%ff", "sort=-title;x", "completed=true&completed=true", "cursor=%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := parseParameters(raw)
		if err != nil {
			return
		}
		if p.query.Limit < 1 || p.query.Limit > MaxLimit || !ValidText(p.query.Search) {
			t.Errorf("%q gives %+v", raw, p.query)
		}
		if again, err := parseParameters(strings.TrimSuffix(p.next, "&")); err != nil || again.query != p.query {
			t.Errorf("%q goes on as %q: %+v, %v", raw, p.next, again.query, err)
		}
	})
}

func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"", "a", `"a"`, `"`, `""`, "a b", "\x7f", strings.Repeat("k", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		retry, err := parseRetry(http.Header{keyHeader: {value}}, nil, time.Unix(0, 0))
		if err == nil && (len(retry.Key) < 1 || len(retry.Key) > maxKey || !strings.Contains(value, retry.Key)) {
			t.Errorf("%q gives the key %q", value, retry.Key)
		}
	})
}
