package strictjson_test

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtodo/authtodo/internal/strictjson"
)

// read is the members of an object, as "name=value".
func read(text string) (members []string, err error) {
	var room [16]strictjson.Member // for most of them: flat takes these
	all, err := strictjson.Read(text, room[:0])
	for _, m := range all {
		members = append(members, m.Name+"="+m.Value)
	}
	return members, err
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"none", `{}`, nil},
		{"blanks", " \t\r\n{ \"a\" : 1 , \"b\" : 2 } \n", []string{"a=1", "b=2"}},
		{"every kind of value", `{"a":"x","b":-1.5e3,"c":true,"d":null,"e":[1,"2"],"f":{"g":{}}}`,
			[]string{`a="x"`, "b=-1.5e3", "c=true", "d=null", `e=[1,"2"]`, `f={"g":{}}`}},
		{"escaped names", `{"\u0061\n\"":1,"\ud83d\ude00":2}`, []string{"a\n\"=1", "\U0001F600=2"}},
		{"an empty name", `{"":1}`, []string{"=1"}},
		{"names that differ in case", `{"sub":1,"Sub":2,"SUB":3}`, []string{"sub=1", "Sub=2", "SUB=3"}},
		{"one name in two objects", `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`,
			[]string{`a={"a":1}`, `b=[{"a":1},{"a":2}]`}},
		{"a number that no float64 holds", `{"a":12345678901234567890.1}`, []string{"a=12345678901234567890.1"}},
	} {
		if got, err := read(c.text); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no value":                     `{"a":}`,
		"an object that does not end":  `{"a":1`,
		"a string that does not end":   `{"a":"1}`,
		"a comma at the end":           `{"a":1,}`,
		"no comma":                     `{"a":1 "b":2}`,
		"text behind":                  `{"a":1} x`,
		"an object behind":             `{"a":1}{"b":2}`,
		"a null byte behind":           "{\"a\":1}\x00",
		"a byte order mark":            "\ufeff{}",
		"a name twice":                 `{"a":1,"a":1}`,
		"a name twice, once escaped":   `{"a":1,"\u0061":2}`,
		"a name twice, further in":     `{"a":{"b":1,"b":2}}`,
		"a lone surrogate":             `{"a":"\ud800"}`,
		"a lone surrogate in a name":   `{"\udc00":1}`,
		"no UTF-8":                     "{\"a\":\"\xff\"}",
		"an overlong form":             "{\"a\":\"\xc0\xaf\"}",
		"a control character":          "{\"a\":\"\n\"}",
		"an unknown escape":            `{"a":"\x41"}`,
		"a name without quotes":        `{a:1}`,
		"single quotes":                `{'a':1}`,
		"a comment":                    `{"a":1/**/}`,
		"a number with a zero before":  `{"a":01}`,
		"a number with a plus":         `{"a":+1}`,
		"NaN":                          `{"a":NaN}`,
		"more depth than anybody uses": `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
	} {
		got, err := read(text)
		if _, syntax := errors.AsType[*jsontext.SyntacticError](err); !syntax {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if len(got) > 0 {
			t.Errorf("%s: %q was shown before the end was read", name, got)
		}
	}
	for _, text := range []string{"", " \n"} {
		if got, err := read(text); err != io.EOF || len(got) > 0 {
			t.Errorf("%q: got %q, %v, want %v", text, got, err, io.EOF)
		}
	}
	for _, text := range []string{`[]`, `"{}"`, `1`, `null`, `true`} {
		if _, err := read(text); !errors.Is(err, strictjson.ErrNotObject) {
			t.Errorf("%s: got the error %v, want %v", text, err, strictjson.ErrNotObject)
		}
	}
}

func TestString(t *testing.T) {
	for value, want := range map[string]string{
		`""`: "", `"a b"`: "a b", `"\u00e9\n\\\""`: "é\n\\\"", `"\ud83d\ude00"`: "\U0001F600",
	} {
		if got, ok := strictjson.String(value); !ok || got != want {
			t.Errorf("%s is %q, %t, want %q", value, got, ok, want)
		}
	}
	for _, value := range []string{`1`, `null`, `true`, `[]`, `{}`, ``} {
		if got, ok := strictjson.String(value); ok {
			t.Errorf("%s is the string %q", value, got)
		}
	}
}

// FuzzRead compares with encoding/json, which takes more: what is read here
// must be read there, and the same.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1,"b":[true,null]}`, `{"a":1,"\u0061":2}`, `{"\ud800":1}`, "{\"a\":\"\xff\"}", `{"a":1}x`, `[]`,
		` {"a" : "\ud83d\ude00"} `, `{"a":{"b":{"c":1e400}}}`, `{"":""}`, `{"a":1,"A":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]any{}
		var room [16]strictjson.Member
		members, err := strictjson.Read(string(text), room[:0])
		for _, m := range members {
			if _, ok := got[m.Name]; ok {
				t.Errorf("%q is a member twice", m.Name)
			}
			got[m.Name] = m.Value
		}
		var other map[string]json.RawMessage
		if err != nil {
			if len(got) > 0 {
				t.Errorf("%q was shown before the error %v", got, err)
			}
			return
		}
		if e := json.Unmarshal(text, &other); e != nil || other == nil || !utf8.Valid(text) {
			t.Fatalf("read, although encoding/json says %v", e)
		}
		want := map[string]any{}
		for name, value := range other {
			want[name] = string(value)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, encoding/json has %q", got, want)
		}
	})
}

// TestReadWithoutRoom: the room is a matter of speed.
func TestReadWithoutRoom(t *testing.T) {
	const text = `{"a":"x","b":1,"c":[]}`
	want, err := strictjson.Read(text, make([]strictjson.Member, 0, 3))
	if err != nil || len(want) != 3 {
		t.Fatalf("got %q, %v", want, err)
	}
	for _, room := range [][]strictjson.Member{nil, make([]strictjson.Member, 0, 2)} {
		if got, err := strictjson.Read(text, room); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("with room for %d: got %q, %v, want %q", cap(room), got, err, want)
		}
	}
}
