package sqlstore

import (
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/todos"
)

func TestAnswerComesBack(t *testing.T) {
	at := time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC)
	for _, d := range []todos.Draft{
		{ID: "an id", Title: "title", CreatedAt: at},
		{ID: "an id", Title: "<&> \u2028 \x01 \U0001F600", Description: new(""), Completed: true, CreatedAt: at},
		{ID: "an id", Title: "null", Description: new("null"), CreatedAt: time.UnixMilli(0).UTC()},
	} {
		text, err := Answer(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Answered(text, -7)
		if err != nil {
			t.Fatal(err)
		}
		want := d.Todo(-7)
		if (got.Description == nil) != (want.Description == nil) ||
			got.Description != nil && *got.Description != *want.Description {
			t.Errorf("the description comes back as %v, want %v", got.Description, want.Description)
		}
		if got.Description = want.Description; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestDamagedRecords(t *testing.T) {
	if _, err := Answered(`{"id":`, 1); err == nil {
		t.Error("half an answer is taken for one")
	}
	for _, setting := range []string{"", "abcd", strings.Repeat("z", 64)} {
		if key, err := CursorKey(setting); err == nil {
			t.Errorf("the setting %q is taken for the cursor key %x", setting, key)
		}
	}
	if key, err := CursorKey(strings.Repeat("0f", 32)); err != nil || len(key) != 32 {
		t.Errorf("a sound setting is the cursor key %x, %v", key, err)
	}
}

// TestLimits has each member at its limit, which must pass, and a byte beyond.
func TestLimits(t *testing.T) {
	text := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name  string
		most  int
		check func(text string) error
	}{
		{"owner", 512, CheckOwner},
		{"draft id", 36, func(s string) error { return CheckDraft(todos.Draft{ID: s}) }},
		{"draft title", 4096, func(s string) error { return CheckDraft(todos.Draft{Title: s}) }},
		{"draft description", 65536, func(s string) error { return CheckDraft(todos.Draft{Description: &s}) }},
		{"key", 255, func(s string) error { return CheckDraft(todos.Draft{Retry: &todos.Retry{Key: s}}) }},
		{"fingerprint", 255, func(s string) error {
			return CheckDraft(todos.Draft{Retry: &todos.Retry{Fingerprint: s}})
		}},
		{"patch title", 4096, func(s string) error {
			return CheckPatch(todos.Patch{Title: todos.Some(s)})
		}},
		{"patch description", 65536, func(s string) error {
			return CheckPatch(todos.Patch{Description: todos.Some(&s)})
		}},
		{"search", 3072, func(s string) error { return CheckQuery(todos.Query{Limit: 1, Search: s}) }},
		{"epoch", 64, func(s string) error {
			return CheckQuery(todos.Query{Limit: 1, Known: todos.Revision{Epoch: s}})
		}},
		{"anchor id", 36, func(s string) error {
			return CheckQuery(todos.Query{Limit: 1, After: &todos.Anchor{ID: s}})
		}},
		{"anchor text", 256, func(s string) error {
			return CheckQuery(todos.Query{Limit: 1, After: &todos.Anchor{Text: s}})
		}},
	} {
		if err := c.check(text(c.most)); err != nil {
			t.Errorf("%s of %d bytes is refused: %v", c.name, c.most, err)
		}
		err := c.check(text(c.most + 1))
		if err == nil {
			t.Errorf("%s of %d bytes is accepted", c.name, c.most+1)
		} else if strings.Contains(err.Error(), "xx") {
			t.Errorf("%s is in the error that refuses it: %.60v", c.name, err)
		}
	}
	if CheckOwner("") == nil {
		t.Error("an empty owner is accepted")
	}
	for limit, want := range map[int]bool{-1: false, 0: false, 1: true, 500: true, 501: false} {
		if err := CheckQuery(todos.Query{Limit: limit}); (err == nil) != want {
			t.Errorf("the limit %d: %v", limit, err)
		}
	}
}

func TestScannersRefuseOtherKinds(t *testing.T) {
	r := NewRow()
	for i, dest := range r.into {
		scanner := dest.(interface{ Scan(any) error })
		if err := scanner.Scan(struct{}{}); err == nil {
			t.Errorf("column %d takes anything", i)
		}
		if err := scanner.Scan(nil); err != nil {
			t.Errorf("column %d of a row without a todo: %v", i, err)
		}
	}
	if r.Todo != (todos.Todo{}) {
		t.Errorf("a row of nulls is %+v", r.Todo)
	}
}
