package todos

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func testSealer() *sealer { return &sealer{key: bytes.Repeat([]byte("k"), 32)} }

const anID = "0199a2f4-7c00-7000-8000-000000000001"

func TestCursorComesBack(t *testing.T) {
	s := testSealer()
	for _, want := range []Anchor{
		{ID: anID, Number: 65536},
		{ID: anID, Number: -MaxPosition},
		{ID: anID, Text: strings.Repeat("\U0001F600", SortPrefix)},
		{ID: anID, Null: true},
	} {
		cursor, err := s.seal("anna", Query{}, &want)
		if err != nil {
			t.Fatal(err)
		}
		if len(cursor) > maxCursor {
			t.Errorf("a cursor has %d characters, want at most %d", len(cursor), maxCursor)
		}
		got, err := s.open("anna", Query{Limit: 7}, cursor)
		if err != nil || *got != want {
			t.Errorf("%+v comes back as %+v, %v", want, got, err)
		}
	}
}

// TestCursorIsBound opens a cursor for every other list.
func TestCursorIsBound(t *testing.T) {
	s := testSealer()
	mine := Query{Sort: Sort{Field: ByTitle}, Completed: Some(false), Search: "a"}
	cursor, err := s.seal("anna", mine, &Anchor{ID: anID, Text: "secret title"})
	if err != nil {
		t.Fatal(err)
	}
	if raw, _ := base64.RawURLEncoding.DecodeString(cursor); bytes.Contains(raw, []byte("secret")) {
		t.Error("a cursor shows the title that it is of")
	}
	for name, c := range map[string]struct {
		sealer *sealer
		owner  string
		query  Query
	}{
		"owner":      {s, "bob", mine},
		"key":        {&sealer{key: bytes.Repeat([]byte("l"), 32)}, "anna", mine},
		"sort":       {s, "anna", Query{Sort: Sort{Field: ByPosition}, Completed: mine.Completed, Search: "a"}},
		"direction":  {s, "anna", Query{Sort: Sort{ByTitle, true}, Completed: mine.Completed, Search: "a"}},
		"completed":  {s, "anna", Query{Sort: mine.Sort, Completed: Some(true), Search: "a"}},
		"unfiltered": {s, "anna", Query{Sort: mine.Sort, Search: "a"}},
		"search":     {s, "anna", Query{Sort: mine.Sort, Completed: mine.Completed, Search: "b"}},
	} {
		if got, err := c.sealer.open(c.owner, c.query, cursor); err != errCursor {
			t.Errorf("with another %s the cursor is %+v, %v", name, got, err)
		}
	}
	for i := range cursor {
		forged := []byte(cursor)
		if forged[i] = 'A'; cursor[i] == 'A' {
			forged[i] = 'B'
		}
		if _, err := s.open("anna", mine, string(forged)); err != errCursor {
			t.Fatalf("with another character at %d the cursor is good, %v", i, err)
		}
		for _, more := range []string{"\n", "\r", "=", " "} {
			if _, err := s.open("anna", mine, cursor[:i]+more+cursor[i:]); err != errCursor {
				t.Fatalf("with %q at %d the cursor is good, %v", more, i, err)
			}
		}
	}
}

// FuzzCursor looks for text that is taken for a cursor.
func FuzzCursor(f *testing.F) {
	s := testSealer()
	good, err := s.seal("anna", Query{}, &Anchor{ID: anID, Number: 1})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", good, good[1:], good + "A", "====", "\x00", strings.Repeat("A", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		place, err := s.open("anna", Query{}, cursor)
		if err == nil && *place != (Anchor{ID: anID, Number: 1}) {
			t.Errorf("%q is a cursor of %+v", cursor, place)
		}
		if _, err := s.open("bob", Query{}, cursor); err == nil {
			t.Errorf("%q is a cursor of another owner", cursor)
		}
	})
}

func FuzzAnchor(f *testing.F) {
	b, err := appendAnchor(nil, &Anchor{ID: anID, Number: -5, Text: "t"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAnchor(b)
		if err != nil {
			return
		}
		again, err := appendAnchor(nil, a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := parseAnchor(again); err != nil || *b != *a {
			t.Errorf("%+v comes back as %+v, %v", a, b, err)
		}
	})
}

func TestRevisionTags(t *testing.T) {
	for _, r := range []Revision{{Epoch: "E", Number: 1}, {Epoch: "a-b", Number: 42}} {
		tags := tagsOf(t, `W/"`+revisionTag(r)+`"`)
		if got := knownRevision(tags); got != r {
			t.Errorf("%+v comes back as %+v", r, got)
		}
	}
	for _, tag := range []string{"0", "-1", "E-", "E-01", "E-x", "E-99999999999999999999", strings.Repeat("e", 70) + "-1"} {
		if got := knownRevision(tagsOf(t, `"`+tag+`"`)); got != (Revision{}) {
			t.Errorf("%q is taken for the revision %+v", tag, got)
		}
	}
}

func TestTimesAreMilliseconds(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678999999, time.FixedZone("X", 3600))
	if got := string(appendTime(nil, at)); got != `"2026-01-02T02:04:05.678Z"` {
		t.Errorf("got %s", got)
	}
}
