package storagetest

import (
	"fmt"
	"strings"

	"github.com/authtodo/authtodo/todos"
)

// filterCases try [L2] and [L6].
func filterCases() []testCase {
	cases := []testCase{
		{clause: "L2", name: "by completed", run: filterCompleted},
		{clause: "L2", name: "no match across title and description", run: searchAcross},
		{clause: "L2", name: "search sees what a todo became", run: searchChanged},
		{clause: "L2", name: "search and completed together", run: searchCompleted},
		{clause: "L6", name: "counts what fits, on all pages", run: countPages},
		{clause: "L6", name: "counts only if asked to", run: countUnasked},
		{clause: "L6", name: "counts what is there now", run: countChanges},
	}
	for _, s := range searches() {
		cases = append(cases, testCase{clause: "L2", name: "search: " + s.name, run: s.run})
	}
	return cases
}

func filterCompleted(t *trial) {
	owner := t.owner("a")
	open, done := t.add(owner, "open"), t.draft("done")
	done.Completed = true
	created := t.create(owner, done)
	t.found(owner, todos.Query{}, open, created)
	t.found(owner, todos.Query{Completed: todos.Some(false)}, open)
	t.found(owner, todos.Query{Completed: todos.Some(true)}, created)
	complete := todos.Change{Patch: todos.Patch{Completed: todos.Some(true)}, At: t.at(1)}
	open = t.update(owner, open.ID, complete)
	t.found(owner, todos.Query{Completed: todos.Some(false)})
	t.found(owner, todos.Query{Completed: todos.Some(true)}, open, created)
}

// search is a text, as title and as description, and what finds it.
type search struct {
	name, text string
	finds      []string
	misses     []string
}

func searches() []search {
	return []search{
		{"letters of any case", "Buy MILK today", []string{"milk", "Milk", "buy milk", "y"}, []string{"milks"}},
		{"percent is a character", "100% of it", []string{"%", "0% o"}, []string{"1%0", "%%", "%it"}},
		{"underscore is a character", "snake_case", []string{"_", "e_c"}, []string{"snak_", "__", "_ase"}},
		{"no patterns without either", "plain", []string{"lai"}, []string{"%", "_", "p%n", "p_ain", "*", "p*n", "[p]", ".", "p.ain", "?"}},
		{"backslash is a character", `a\b\%c`, []string{`\`, `\b`, `\%`, `a\b\%c`}, []string{`\\`, `\c`}},
		{"no backslash without one", "abc", nil, []string{`\`, `a\bc`, `\a`}},
		{"quotes", `it's "so"`, []string{"'", `"`, "it's", `"so"`}, []string{"''", "its"}},
		{"line breaks and blanks", "one\ntwo  three", []string{"\n", "e\nt", "  "}, []string{"one two", "two three"}},
		{"sharp s", "Stra\u00dfe", []string{"strasse", "STRASSE", "STRA\u1e9eE", "stra\u00dfe", "ss", "as"}, []string{"sss"}},
		{"what a sharp s folds to", "STRASSE", []string{"stra\u00dfe", "\u00df", "\u1e9e"}, []string{"\u00df\u00df"}},
		{"the Kelvin sign", "300 \u212a", []string{"300 k", "300 K", "\u212a"}, nil},
		{"what the Kelvin sign folds to", "kilo", []string{"\u212ailo", "KILO"}, nil},
		{"accents composed", "caf\u00e9", []string{"caf\u00e9", "cafe\u0301", "CAF\u00c9", "CAFE\u0301"}, []string{"cafe"}},
		{"accents decomposed", "cafe\u0301", []string{"caf\u00e9", "cafe\u0301", "CAF\u00c9"}, []string{"cafe"}},
		{"Greek with its two small sigmas", "\u039f\u0394\u039f\u03a3", []string{"\u03bf\u03b4\u03bf\u03c2", "\u03bf\u03b4\u03bf\u03c3", "\u03a3"}, nil},
		{"Cyrillic", "\u0416\u0423\u041a", []string{"\u0436\u0443\u043a", "\u0443\u043a"}, []string{"zhuk"}},
		{"a ligature", "\ufb01nal", []string{"final", "FINAL", "\ufb01"}, nil},
		{"full width", "\uff21\uff22", []string{"\uff41\uff42"}, []string{"ab"}},
		{"the dotted capital I", "\u0130zmir", []string{"i\u0307zmir", "zmir"}, nil},
		{"four bytes", "go \U0001F680\U0001F600!", []string{"\U0001F680", "\U0001F600!"}, []string{"\U0001F681"}},
		{"Chinese", "\u8cb7\u725b\u5976", []string{"\u725b", "\u8cb7\u725b"}, []string{"\u8cb7\u5976"}},
		{"invisible characters count", "a\u200bb", []string{"\u200b"}, []string{"ab"}},
		{"the longest search", strings.Repeat("ab", todos.MaxSearch), []string{strings.Repeat("ab", todos.MaxSearch/2)}, []string{strings.Repeat("a", todos.MaxSearch)}},
	}
}

func (s search) run(t *trial) {
	owner := t.owner("a")
	title := t.add(owner, s.text)
	description := t.create(owner, t.described("another", s.text))
	t.create(owner, t.described("#", "#"))
	for _, find := range s.finds {
		query := todos.Query{Search: todos.Fold(find)}
		if strings.Contains("another", query.Search) {
			t.Fatalf("the search for %q finds the title of the case, too", find)
		}
		t.found(owner, query, title, description)
	}
	for _, miss := range s.misses {
		t.found(owner, todos.Query{Search: todos.Fold(miss)})
	}
}

func searchAcross(t *trial) {
	owner := t.owner("a")
	todo := t.create(owner, t.described("north", "south"))
	t.found(owner, todos.Query{Search: "north"}, todo)
	t.found(owner, todos.Query{Search: "south"}, todo)
	for _, across := range []string{"northsouth", "hs", "h s", "h\ns", "h\ts", "h\u200bs"} {
		t.found(owner, todos.Query{Search: across})
	}
}

func searchChanged(t *trial) {
	owner := t.owner("a")
	todo := t.create(owner, t.described("First", "Second"))
	todo = t.rename(owner, todo.ID, "Third")
	t.found(owner, todos.Query{Search: "first"})
	t.found(owner, todos.Query{Search: "second"}, todo)
	t.found(owner, todos.Query{Search: "third"}, todo)
	for _, description := range []*string{new("Fourth"), nil, new("Fifth"), new("")} {
		todo = t.update(owner, todo.ID, todos.Change{
			Patch: todos.Patch{Description: todos.Some(description)}, At: t.at(1),
		})
		t.found(owner, todos.Query{Search: "second"})
		t.found(owner, todos.Query{Search: "third"}, todo)
		if description != nil && *description != "" {
			t.found(owner, todos.Query{Search: todos.Fold(*description)}, todo)
		}
	}
	t.found(owner, todos.Query{Search: "fourth"})
	t.found(owner, todos.Query{Search: "fifth"})
	t.delete(owner, todo.ID)
	t.found(owner, todos.Query{Search: "third"})
}

func searchCompleted(t *trial) {
	owner := t.owner("a")
	draft := t.draft("needle, done")
	draft.Completed = true
	done := t.create(owner, draft)
	open := t.add(owner, "needle, open")
	t.add(owner, "other")
	for _, sort := range sorts() {
		query := todos.Query{Sort: sort, Search: "needle"}
		t.found(owner, query, done, open)
		query.Completed = todos.Some(true)
		t.found(owner, query, done)
		query.Completed = todos.Some(false)
		t.found(owner, query, open)
	}
}

// counted is a list of 10 todos, 4 of them completed, 5 with "needle".
func (t *trial) counted(owner string) {
	for i := range 10 {
		draft := t.draft(fmt.Sprint("todo ", i))
		draft.Completed = i < 4
		if i%2 == 0 {
			draft.Title = "needle " + draft.Title
		}
		t.create(owner, draft)
	}
}

func countPages(t *trial) {
	owner := t.owner("a")
	t.counted(owner)
	for _, c := range []struct {
		query todos.Query
		want  int64
	}{
		{todos.Query{}, 10},
		{todos.Query{Completed: todos.Some(true)}, 4},
		{todos.Query{Completed: todos.Some(false)}, 6},
		{todos.Query{Search: "needle"}, 5},
		{todos.Query{Search: "needle", Completed: todos.Some(true)}, 2},
		{todos.Query{Search: "nowhere"}, 0},
	} {
		for _, limit := range []int{1, 3, 10, todos.MaxLimit} {
			c.query.Limit, c.query.Count, c.query.After = limit, true, nil
			page := t.page(owner, c.query)
			for {
				if page.Total != c.want {
					t.Errorf("%s counts %d, want %d", show(c.query), page.Total, c.want)
				}
				if !page.More || len(page.Todos) == 0 {
					break
				}
				c.query.After = todos.AnchorOf(page.Todos[len(page.Todos)-1], c.query.Sort)
				page = t.page(owner, c.query)
			}
		}
	}
	// behind the last todo there is no page, but the count is the same
	last := t.list(owner)[9]
	page := t.page(owner, todos.Query{Count: true, After: todos.AnchorOf(last, todos.Sort{})})
	if page.Total != 10 {
		t.Errorf("behind the last todo the count is %d, want 10", page.Total)
	}
}

func countUnasked(t *trial) {
	owner := t.owner("a")
	t.counted(owner)
	if got := t.page(owner, todos.Query{Limit: 3}).Total; got != 0 {
		t.Errorf("without Count the total is %d, want 0", got)
	}
}

func countChanges(t *trial) {
	owner := t.owner("a")
	todo := t.add(owner, "title")
	for _, c := range []struct {
		do         func()
		open, done int64
	}{
		{func() {}, 1, 0},
		{func() { t.add(owner, "second") }, 2, 0},
		{func() {
			t.update(owner, todo.ID, todos.Change{
				Patch: todos.Patch{Completed: todos.Some(true)}, At: t.at(1),
			})
		}, 1, 1},
		{func() { t.delete(owner, todo.ID) }, 1, 0},
	} {
		c.do()
		open := t.page(owner, todos.Query{Count: true, Completed: todos.Some(false)}).Total
		done := t.page(owner, todos.Query{Count: true, Completed: todos.Some(true)}).Total
		if open != c.open || done != c.done {
			t.Errorf("%d open and %d done are counted, want %d and %d", open, done, c.open, c.done)
		}
	}
}
