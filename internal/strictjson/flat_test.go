package strictjson

import (
	"slices"
	"testing"
)

// FuzzFlat: the fast reader of objects agrees with the strict one on every text
// that it takes on.
func FuzzFlat(f *testing.F) {
	for _, text := range []string{`{"alg":"HS256","typ":"JWT"}`, `{"sub":"ada","exp":1795522500}`, `{}`,
		`{"a":1,"a":2}`, `{"a":[],"b":["x","y"]}`, `{"a":-0}`, `{"a":01}`, `{"a":1.5}`,
		`{"a":true,"b":false,"c":null}`, `{"a":"\u0061"}`, `{"ä":"😀"}`, "{\"a\":\"\xff\"}",
		`{"a":"b"}x`, `{"a":{"b":{}}}`, ` {"a":1}`, `{"a":tru}`, `{"a":"b",}`, `{"a":["b",]}`, `{"a":-}`,
		`{"a`, `{"a":`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var room [24]Member
		fast, ok := flat(text, room[:0])
		want, err := readAny([]byte(text))
		if ok && (err != nil || !slices.Equal(fast, want)) {
			t.Fatalf("fast: %q, strict: %q %v", fast, want, err)
		}
		clear(room[:])
		got, also := Read(text, room[:0])
		if (also == nil) != (err == nil) || !slices.Equal(got, want) {
			t.Fatalf("read: %q %v, strict: %q %v", got, also, want, err)
		}
	})
}
