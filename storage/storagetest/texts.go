package storagetest

import (
	"strings"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// textCases try [S4] with what hurts.
func textCases() []testCase {
	var cases []testCase
	for _, text := range texts() {
		cases = append(cases, testCase{
			clause: "S4", name: "text with " + text.with, run: text.run,
		})
	}
	return append(cases,
		testCase{clause: "S4", name: "the longest title and description", run: longestText},
		testCase{clause: "S4", name: "null and empty descriptions", run: nullAndEmpty},
		testCase{clause: "S4", name: "times from 1900 to 9999", run: times},
		testCase{clause: "S4", name: "ids of any kind", run: ids},
	)
}

// text comes back byte for byte, whatever a driver, a collation or an encoding
// would make of it.
type text struct{ with, text string }

func texts() []text {
	return []text{
		{"characters of four bytes", "\U0001F600\U0001F469\u200d\U0001F680 \U00020BB7"},
		{"accents written both ways", "\u00e9 e\u0301 \u1e69 s\u0323\u0307 s\u0307\u0323"},
		{"a heap of combining marks", "Z\u0351\u036b\u0343\u036a\u0302\u036b"},
		{"both directions", "abc \u202e\u05d0\u05d1\u202c \u0627\u0644 \u2066x\u2069"},
		{"invisible characters", "\ufeffa\u200b\u200c\u200d\u2060\u00ad\ufeff"},
		{"blanks around and inside", " \u00a0 a  b\u3000 "},
		{"line breaks and tabs", "a\nb\r\nc\rd\te\u2028f\u2029\u0085"},
		{"control characters", "a\x01\x02\x1b[31m\x1f\x7f\u009f"},
		{"quotes", `it's "so" 'called' ''''` + "`"},
		{"backslashes", `\ \\ \n \x00 \u0041 \' a\`},
		{"patterns of LIKE", `% _ %% \% [a-z] * ?`},
		{"placeholders", "$1 ? :name @p1 %s %d {{.}} ${x}"},
		{"SQL", "'); DROP TABLE authtodo_todos; --"},
		{"markup", "<b>&amp;</b><!-- ]]> \\u003c"},
		{"what looks like null", "null NULL \\N nil"},
		{"what looks like a number", "0012.50e3"},
		{"noncharacters", "\ufffd\ufffe\uffff\U0010ffff\ue000"},
		{"letters that fold to more", "\u00df\u1e9e\u0130\u0131\ufb01\u212a"},
	}
}

func (x text) run(t *trial) {
	owner := t.owner("a")
	draft := t.described(x.text, x.text)
	draft.Retry = t.retry("key")
	want := draft.Todo(todos.PositionStep)
	t.same("as it was created", t.create(owner, draft), want)
	t.same("as it was got", t.get(owner, draft.ID), want)
	t.sameList("as it was listed", t.list(owner), []todos.Todo{want})
	t.same("as it was replayed", t.replay(owner, t.again(draft)), want)

	plain := t.add(owner, "plain")
	changed := t.update(owner, plain.ID, todos.Change{At: t.at(1), Patch: todos.Patch{
		Title: todos.Some(x.text), Description: todos.Some(&x.text),
	}})
	if changed.Title != x.text || !sameText(changed.Description, &x.text) {
		t.Errorf("as it was updated: %+q and %s, want %+q",
			changed.Title, quoted(changed.Description), x.text)
	}
	t.same("as it was got after the update", t.get(owner, plain.ID), changed)
	for _, sort := range []todos.SortField{todos.ByTitle, todos.ByPosition} {
		t.found(owner, todos.Query{Search: todos.Fold(x.text), Sort: todos.Sort{Field: sort}}, want, changed)
	}
}

// found fails unless the query finds exactly want, in any order.
func (t *trial) found(owner string, query todos.Query, want ...todos.Todo) {
	query.Count = true
	page := t.page(owner, query)
	if page.Total != int64(len(want)) || len(page.Todos) != len(want) {
		t.Errorf("a search for %+.80q finds %d and counts %d todos, want %d",
			query.Search, len(page.Todos), page.Total, len(want))
		return
	}
	for _, w := range want {
		found := false
		for _, todo := range page.Todos {
			found = found || difference(todo, w) == ""
		}
		if !found {
			t.Errorf("a search for %+.80q does not find the title %+.80q", query.Search, w.Title)
		}
	}
}

func longestText(t *trial) {
	owner := t.owner("a")
	title := strings.Repeat("\U0001F600", todos.MaxTitle-1) + "\U0001F601"
	description := strings.Repeat("\U0001F600", todos.MaxDescription-1) + "\U0001F602"
	draft := t.described(title, description)
	draft.Retry = t.retry(strings.Repeat("~", 255))
	want := draft.Todo(todos.PositionStep)
	t.same("as it was created", t.create(owner, draft), want)
	t.same("as it was got", t.get(owner, draft.ID), want)
	t.same("as it was replayed", t.replay(owner, t.again(draft)), want)
	t.found(owner, todos.Query{Search: "\U0001F600\U0001F601"}, want)
	t.found(owner, todos.Query{Search: "\U0001F600\U0001F602"}, want)
	t.found(owner, todos.Query{Search: strings.Repeat("\U0001F600", todos.MaxSearch)}, want)
	t.found(owner, todos.Query{Search: strings.Repeat("\U0001F601", 2)})
}

func nullAndEmpty(t *trial) {
	owner := t.owner("a")
	null, empty := t.add(owner, "null"), t.create(owner, t.described("empty", ""))
	t.sameList("the list", t.list(owner), []todos.Todo{null, empty})
	if got := t.get(owner, null.ID).Description; got != nil {
		t.Errorf("a null description came back as %s", quoted(got))
	}
	if got := t.get(owner, empty.ID).Description; got == nil || *got != "" {
		t.Errorf("an empty description came back as %s", quoted(got))
	}
}

func times(t *trial) {
	owner := t.owner("a")
	for _, at := range []time.Time{
		time.Date(1900, 1, 1, 0, 0, 0, 1e6, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
		time.UnixMilli(0).UTC(),
		time.UnixMilli(1).UTC(),
		time.Date(2001, 9, 9, 1, 46, 39, 999e6, time.UTC),
		time.Date(2026, 3, 29, 1, 30, 0, 1e6, time.UTC), // an hour some zones leave out
		time.Date(2038, 1, 19, 3, 14, 8, 10e6, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		draft := t.draft("at " + at.String())
		draft.Completed, draft.CreatedAt = true, at
		todo := t.create(owner, draft)
		t.same("as it was created", todo, draft.Todo(todo.Position))
		t.same("as it was got", t.get(owner, draft.ID), todo)
		list := t.page(owner, todos.Query{Sort: todos.Sort{Field: todos.ByCreatedAt, Descending: true}}).Todos
		if len(list) == 0 {
			t.Fatalf("the list is empty after the creation at %v", at)
		}
		t.same("as it was listed", list[0], todo) // each is later than those before
		changed := t.update(owner, draft.ID, todos.Change{
			Patch: todos.Patch{Title: todos.Some("changed")}, At: at.Add(-time.Millisecond),
		})
		if !sameTime(changed.UpdatedAt, at.Add(-time.Millisecond)) {
			t.Errorf("updated at %v, want %v", changed.UpdatedAt, at.Add(-time.Millisecond))
		}
		t.same("as it was got after the update", t.get(owner, draft.ID), changed)
	}
}

func ids(t *trial) {
	owner := t.owner("a")
	for _, id := range []string{
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479",
		"01234567-89ab-7def-8123-456789abcdef",
	} {
		draft := t.draft("with the id " + id)
		draft.ID = id
		todo := t.create(owner, draft)
		t.same("as it was created", todo, draft.Todo(todo.Position))
		t.same("as it was got", t.get(owner, id), todo)
	}
	// as text and as a number alike, "0" comes before "f"
	list := t.page(owner, todos.Query{Sort: todos.Sort{Field: todos.ByCreatedAt}}).Todos
	for i := 1; i < len(list); i++ {
		if list[i-1].ID >= list[i].ID {
			t.Errorf("of todos made at one time %s comes before %s", list[i-1].ID, list[i].ID)
		}
	}
}
