package memory_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

func start() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC) }

func draft(t *testing.T, title string) todos.Draft {
	t.Helper()
	id, err := todos.NewID(start())
	if err != nil {
		t.Fatal(err)
	}
	return todos.Draft{ID: id, Title: title, CreatedAt: start()}
}

func create(t *testing.T, l *memory.List, d todos.Draft) todos.Created {
	t.Helper()
	created, err := l.Create(d)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func encode(t *testing.T, l *memory.List) string {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// filled is a list with everything that a list can hold.
func filled(t *testing.T) (*memory.List, todos.Draft) {
	t.Helper()
	list := new(memory.List)
	keyed := draft(t, "with a key \u2028 <&> \U0001F600")
	keyed.Retry = &todos.Retry{Key: `"key"`, Fingerprint: "body"}
	keyed.Description = new("text")
	create(t, list, keyed)
	done := draft(t, "done")
	done.Completed, done.Description = true, new("")
	create(t, list, done)
	change := todos.Change{Patch: todos.Patch{Position: todos.Some(int64(todos.MaxPosition))}, At: start()}
	if _, err := list.Update(done.ID, change); err != nil {
		t.Fatal(err)
	}
	return list, keyed
}

func TestListRoundTrip(t *testing.T) {
	list, keyed := filled(t)
	var decoded memory.List
	if err := json.Unmarshal([]byte(encode(t, list)), &decoded); err != nil {
		t.Fatal(err)
	}
	if got, want := encode(t, &decoded), encode(t, list); got != want {
		t.Errorf("decoded and encoded again:\n%s\nwant:\n%s", got, want)
	}
	query := todos.Query{Limit: 10, Count: true}
	if got, want := decoded.Page(query), list.Page(query); !reflect.DeepEqual(got, want) {
		t.Errorf("the decoded list has the page %+v, want %+v", got, want)
	}
	if created := create(t, &decoded, keyed); !created.Replayed || created.Todo.Title != keyed.Title {
		t.Errorf("the decoded list answers a retry with %+v", created)
	}
	if got := create(t, &decoded, draft(t, "last")).Todo.Position; got != todos.MaxPosition {
		t.Errorf("the decoded list appends at %d, want %d", got, todos.MaxPosition)
	}
}

func TestFailureChangesNothing(t *testing.T) {
	list, keyed := filled(t)
	id, before := keyed.ID, encode(t, list)
	patch := todos.Patch{Title: todos.Some("changed")}
	other := *keyed.Retry
	other.Fingerprint = "another body"
	mismatch, taken := keyed, draft(t, "taken")
	mismatch.Retry, taken.ID = &other, id
	taken.Retry = &todos.Retry{Key: "free", Fingerprint: "body", ExpiredAt: start().Add(time.Hour)}
	stale := todos.Change{Patch: patch, Versions: []int64{9}}
	for what, do := range map[string]func() error{
		"a create with a used key":   func() error { _, err := list.Create(mismatch); return err },
		"a create with a taken id":   func() error { _, err := list.Create(taken); return err },
		"a get of nothing":           func() error { _, err := list.Get("unknown"); return err },
		"an update of an old todo":   func() error { _, err := list.Update(id, stale); return err },
		"an update of nothing":       func() error { _, err := list.Update("unknown", todos.Change{}); return err },
		"a delete of no version":     func() error { return list.Delete(id, []int64{}) },
		"a delete of what is absent": func() error { return list.Delete("unknown", nil) },
	} {
		if do() == nil {
			t.Errorf("%s: no error", what)
		}
		if got := encode(t, list); got != before {
			t.Errorf("%s: the list became\n%s\nfrom\n%s", what, got, before)
		}
	}
}

// TestRetriesExpire has a client that creates with a key every minute for a
// month: the records must be those of a day, not of the month.
func TestRetriesExpire(t *testing.T) {
	list := new(memory.List)
	perWindow, most := int(todos.RetryWindow/time.Minute), 0
	for i := range 30 * perWindow {
		d := draft(t, "todo")
		d.CreatedAt = start().Add(time.Duration(i) * time.Minute)
		d.Retry = &todos.Retry{Key: fmt.Sprint(i), ExpiredAt: d.CreatedAt.Add(-todos.RetryWindow)}
		create(t, list, d)
		most = max(most, len(list.Retries))
	}
	if most > 2*perWindow+2 {
		t.Errorf("%d records at most, with %d keys in a window", most, perWindow)
	}
	// a document that is decoded for every call has only what is left of them
	var decoded memory.List
	if err := json.Unmarshal([]byte(encode(t, list)), &decoded); err != nil {
		t.Fatal(err)
	}
	late := draft(t, "late")
	late.CreatedAt = start().AddDate(1, 0, 0)
	late.Retry = &todos.Retry{Key: "late", ExpiredAt: late.CreatedAt.Add(-todos.RetryWindow)}
	create(t, &decoded, late)
	if len(decoded.Retries) != 1 {
		t.Errorf("a year later there are %d records, want 1", len(decoded.Retries))
	}
}

func FuzzPages(f *testing.F) {
	f.Add([]byte("\x01\x02\x02\x00\xff\x02"), uint8(2), true)
	f.Add([]byte{}, uint8(0), false)
	f.Fuzz(func(t *testing.T, positions []byte, limit uint8, descending bool) {
		var list memory.List
		for _, p := range positions {
			d := draft(t, "todo")
			d.Position = new(int64(p % 16))
			create(t, &list, d)
		}
		query := todos.Query{Limit: int(limit)%8 + 1, Sort: todos.Sort{Descending: descending}}
		var last *todos.Anchor
		seen := 0
		for more := true; more; {
			page := list.Page(query)
			for _, todo := range page.Todos {
				anchor := todos.AnchorOf(todo, query.Sort)
				if last != nil && query.Sort.Compare(last, anchor) >= 0 {
					t.Fatalf("%+v comes behind %+v", anchor, last)
				}
				last = anchor
				seen++
			}
			query.After, more = last, page.More
		}
		if seen != len(positions) {
			t.Fatalf("the pages have %d todos of %d", seen, len(positions))
		}
	})
}
