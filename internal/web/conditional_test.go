package web_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

func TestParseTags(t *testing.T) {
	list := func(tags ...web.Tag) web.Tags { return web.Tags{Set: true, List: tags} }
	a, b := web.Tag{Opaque: "a"}, web.Tag{Opaque: "b"}
	for _, c := range []struct {
		name   string
		fields []string
		want   web.Tags
	}{
		{"no field", nil, web.Tags{}},
		{"any", []string{"*"}, web.Tags{Set: true, Any: true}},
		{"any, with blanks", []string{" * \t"}, web.Tags{Set: true, Any: true}},
		{"one", []string{`"a"`}, list(a)},
		{"several", []string{`"a", "b" ,"a"`}, list(a, b, a)},
		{"several fields", []string{`"a"`, `"b"`}, list(a, b)},
		{"weak", []string{`W/"a","b"`}, list(web.Tag{Weak: true, Opaque: "a"}, b)},
		{"an empty tag", []string{`""`}, list(web.Tag{})},
		{"a comma within", []string{`"a,b"`}, list(web.Tag{Opaque: "a,b"})},
		{"a backslash, which escapes nothing", []string{`"a\","b"`}, list(web.Tag{Opaque: `a\`}, b)},
		{"a star as a tag", []string{`"*"`}, list(web.Tag{Opaque: "*"})},
		{"other bytes", []string{"\"\x80\xff!#~\""}, list(web.Tag{Opaque: "\x80\xff!#~"})},
		{"as many as there may be", []string{strings.Repeat(`"a",`, 31) + `"b"`},
			list(append(repeat(a, 31), b)...)},
	} {
		header := http.Header{"If-Match": c.fields}
		if got, err := web.ParseTags(header, "If-Match"); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func repeat(tag web.Tag, n int) (tags []web.Tag) {
	for range n {
		tags = append(tags, tag)
	}
	return tags
}

func TestParseTagsRefuses(t *testing.T) {
	for _, field := range []string{
		"", " ", ",", `a`, `"a`, `a"`, `'a'`, `"a" "b"`, `"a""b"`, `"a",`, `,"a"`, `"a",,"b"`, `*,"a"`, `"a",*`, `**`,
		`w/"a"`, `W/`, `W/a`, `W/ "a"`, `W/W/"a"`, `"a b"`, "\"a\tb\"", "\"\x00\"", "\"\x7f\"", `"a";q=1`,
		strings.Repeat(`"a",`, 32) + `"a"`,
	} {
		got, err := web.ParseTags(http.Header{"If-None-Match": {field}}, "If-None-Match")
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || !reflect.DeepEqual(got, web.Tags{}) {
			t.Errorf("%q: got %+v, %v", field, got, err)
			continue
		}
		if p.Status != http.StatusBadRequest ||
			len(p.Faults) != 1 || p.Faults[0].Header != "If-None-Match" {
			t.Errorf("%q: got the problem %+v", field, p)
		}
	}
}

// FuzzParseTags: what is read can be written, and reads the same.
func FuzzParseTags(f *testing.F) {
	for _, seed := range []string{
		"*", `"a"`, `W/"a", "b"`, `"a""b"`, `""`, `"a,b"`, `"a" , `, "\"\x80\"", `W/"`, strings.Repeat(`"",`, 40),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		tags, err := web.ParseTags(http.Header{"If-Match": {field}}, "If-Match")
		if err != nil {
			if !reflect.DeepEqual(tags, web.Tags{}) {
				t.Fatalf("%q: %+v beside %v", field, tags, err)
			}
			return
		}
		if !tags.Set || tags.Any == (len(tags.List) > 0) || len(tags.List) > 32 {
			t.Fatalf("%q is read as %+v", field, tags)
		}
		again, err := web.ParseTags(http.Header{"If-Match": {written(tags)}}, "If-Match")
		if err != nil || !reflect.DeepEqual(again, tags) {
			t.Fatalf("%q is read as %+v, written as %q, and then read as %+v, %v",
				field, tags, written(tags), again, err)
		}
	})
}

func written(tags web.Tags) string {
	if tags.Any {
		return "*"
	}
	var all []string
	for _, tag := range tags.List {
		all = append(all, map[bool]string{true: "W/"}[tag.Weak]+`"`+tag.Opaque+`"`)
	}
	return strings.Join(all, ", ")
}

func TestParsePreferences(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   web.Preferences
	}{
		{nil, web.Preferences{}},
		{[]string{""}, web.Preferences{}},
		{[]string{"handling=lenient"}, web.Preferences{Lenient: true}},
		{[]string{"count=exact"}, web.Preferences{CountExact: true}},
		{[]string{`Handling = "lenient" , COUNT=exact`}, web.Preferences{Lenient: true, CountExact: true}},
		{[]string{"handling=lenient", "count=exact"}, web.Preferences{Lenient: true, CountExact: true}},
		{[]string{"handling=lenient; foo=bar, wait=10"}, web.Preferences{Lenient: true}},
		{[]string{"handling=strict, count=none"}, web.Preferences{}},
		{[]string{"handling, count"}, web.Preferences{}},
		{[]string{"handling=LENIENT"}, web.Preferences{}},
		{[]string{"return=minimal, respond-async, =, ;, ,"}, web.Preferences{}},
	} {
		if got := web.ParsePreferences(http.Header{"Prefer": c.fields}); got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.fields, got, c.want)
		}
	}
}
