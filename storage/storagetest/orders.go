package storagetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/todos"
)

// sorts are all orders of a list.
func sorts() []todos.Sort {
	var sorts []todos.Sort
	for _, field := range []todos.SortField{
		todos.ByPosition, todos.ByCreatedAt, todos.ByUpdatedAt, todos.ByTitle, todos.ByCompletedAt,
	} {
		sorts = append(sorts, todos.Sort{Field: field}, todos.Sort{Field: field, Descending: true})
	}
	return sorts
}

func sortName(sort todos.Sort) string {
	name := string(cmp.Or(sort.Field, todos.ByPosition))
	if sort.Descending {
		name += " descending"
	}
	return name
}

// orderCases try [L1]: every order, on pages of every length.
func orderCases() []testCase {
	var cases []testCase
	for _, sort := range sorts() {
		cases = append(cases, testCase{
			clause: "L1", name: "by " + sortName(sort), run: func(t *trial) { t.ordered(sort) },
		})
	}
	return append(cases,
		testCase{clause: "L1", name: "the zero sort is by position", run: zeroSort},
		testCase{clause: "L1", name: "null completed_at is last both ways", run: nullsLast},
		testCase{clause: "L1", name: "titles go by code point", run: codePoints},
		testCase{clause: "L1", name: "titles go by their first 64 code points", run: longTitles},
		testCase{clause: "L1", name: "more only if others follow", run: more},
		testCase{clause: "L1", name: "behind a todo that never was", run: behindNothing},
		testCase{clause: "L1", name: "no todos at all", run: emptyList},
	)
}

// sample fills a list with todos that differ and tie in every order.
func (t *trial) sample(owner string) []todos.Todo {
	positions := []int64{
		0, 1, -1, todos.MaxPosition, -todos.MaxPosition, todos.MaxPosition - 1, 1 - todos.MaxPosition,
		7, 7, 7, 1 << 32, -1 << 32,
	}
	same := strings.Repeat("\u00fc", todos.SortPrefix)
	names := []string{
		"b", "a", "B", "ab", "a b", "a", same + "z", same + "a", same, same[2:] + "a",
		"\U0001F600", "\uff5e", "a\x01", "\u00e9", "e\u0301", "_", "%",
	}
	list := make([]todos.Todo, 0, 24)
	for i := range cap(list) {
		draft := t.draft(names[i%len(names)])
		draft.CreatedAt = t.at(i % 7)
		draft.Completed = i%3 == 0
		draft.Position = &positions[i%len(positions)]
		if i%4 == 0 {
			draft.Description = new(fmt.Sprint("needle ", i))
		}
		todo := t.create(owner, draft)
		if i%5 == 0 { // another UpdatedAt than CreatedAt
			todo = t.update(owner, todo.ID, todos.Change{
				Patch: todos.Patch{Description: todos.Some(new("changed needle"))}, At: t.at(20 - i%10),
			})
		}
		list = append(list, todo)
	}
	return list
}

// inOrder is the part of list that fits, in the order that the page has to
// have: what [todos.Sort.Compare] says is the contract.
func inOrder(list []todos.Todo, sort todos.Sort, fits func(todos.Todo) bool) []todos.Todo {
	list = slices.DeleteFunc(slices.Clone(list), func(todo todos.Todo) bool { return !fits(todo) })
	slices.SortFunc(list, func(a, b todos.Todo) int {
		return sort.Compare(todos.AnchorOf(a, sort), todos.AnchorOf(b, sort))
	})
	return list
}

func (t *trial) ordered(sort todos.Sort) {
	owner := t.owner("a")
	list := t.sample(owner)
	for _, filter := range []struct {
		query todos.Query
		fits  func(todos.Todo) bool
	}{
		{todos.Query{}, func(todos.Todo) bool { return true }},
		{todos.Query{Completed: todos.Some(true)}, func(todo todos.Todo) bool { return todo.Completed }},
		{todos.Query{Completed: todos.Some(false)}, func(todo todos.Todo) bool { return !todo.Completed }},
		{todos.Query{Search: "needle"}, func(todo todos.Todo) bool { return todo.Description != nil }},
	} {
		filter.query.Sort = sort
		want := inOrder(list, sort, filter.fits)
		for _, limit := range limits(len(want)) {
			filter.query.Limit = limit
			got := t.walk(owner, filter.query)
			t.sameList(show(filter.query), got, want)
		}
	}
}

// limits are the lengths of page that a list of n is read in.
func limits(n int) []int {
	if testing.Short() {
		return []int{1, 5, n}
	}
	limits := []int{todos.MaxLimit}
	for i := 1; i <= n+1; i++ {
		if i <= 5 || i%5 == 0 || i >= n-1 {
			limits = append(limits, i)
		}
	}
	return limits
}

// walk reads all pages one after the other.
func (t *trial) walk(owner string, query todos.Query) []todos.Todo {
	var all []todos.Todo
	for {
		page := t.page(owner, query)
		all = append(all, page.Todos...)
		if len(page.Todos) > query.Limit {
			t.Fatalf("a page of %d has %d todos", query.Limit, len(page.Todos))
		}
		if !page.More {
			return all
		}
		if len(page.Todos) < query.Limit {
			t.Fatalf("a page of %d has %d todos, and more follow", query.Limit, len(page.Todos))
		}
		if len(all) > 10_000 {
			t.Fatalf("the pages do not end")
		}
		query.After = todos.AnchorOf(all[len(all)-1], query.Sort)
	}
}

func zeroSort(t *trial) {
	owner := t.owner("a")
	want := inOrder(t.sample(owner), todos.Sort{}, func(todos.Todo) bool { return true })
	t.sameList("the list", t.walk(owner, todos.Query{Limit: 5}), want)
	slices.Reverse(want)
	t.sameList("the list, descending",
		t.walk(owner, todos.Query{Limit: 5, Sort: todos.Sort{Descending: true}}), want)
}

func nullsLast(t *trial) {
	owner := t.owner("a")
	var list []todos.Todo
	for i := range 6 {
		draft := t.draft(fmt.Sprint("todo ", i))
		draft.Completed, draft.CreatedAt = i%2 == 0, t.at(i)
		list = append(list, t.create(owner, draft))
	}
	for _, descending := range []bool{false, true} {
		sort := todos.Sort{Field: todos.ByCompletedAt, Descending: descending}
		for _, limit := range []int{1, 2, 3, 4, 6} {
			got := t.walk(owner, todos.Query{Sort: sort, Limit: limit})
			for i, todo := range got {
				if todo.Completed != (i < 3) {
					t.Errorf("descending %t: %q is at place %d", descending, todo.Title, i)
				}
			}
			t.sameList("the list", got, inOrder(list, sort, func(todos.Todo) bool { return true }))
		}
	}
}

func codePoints(t *trial) {
	owner := t.owner("a")
	want := []string{
		"!", "A", "B", "Z", "_", "a", "a ", "a b", "ab", "b", "z", "\u00c4", "\u00e4", "\u00e9",
		"\u0416", "\u3042", "\ufb01", "\uff5e", "\U0001F600", "\U00020BB7",
	}
	slices.SortFunc(want, strings.Compare) // bytes of UTF-8 sort as code points do
	for i := range want {                  // created in another order than they have to have
		t.add(owner, want[i*7%len(want)])
	}
	got := titles(t.walk(owner, todos.Query{Limit: 3, Sort: todos.Sort{Field: todos.ByTitle}}))
	if !slices.Equal(got, want) {
		t.Errorf("by title: %+q, want %+q", got, want)
	}
}

func longTitles(t *trial) {
	owner := t.owner("a")
	for _, letter := range []string{"a", "\u00fc", "\u8a9e", "\U0001F600"} {
		same := strings.Repeat(letter, todos.SortPrefix)
		for _, end := range []string{"z", "a", "", "m"} {
			t.add(owner, same+end)
		}
		t.add(owner, same[len(letter):]+"\x01"+"z") // differs in the last code point that counts
	}
	sort := todos.Sort{Field: todos.ByTitle}
	list := t.list(owner)
	for _, limit := range []int{1, 3, todos.MaxLimit} {
		got := t.walk(owner, todos.Query{Limit: limit, Sort: sort})
		t.sameList("by title", got, inOrder(list, sort, func(todos.Todo) bool { return true }))
	}
}

func more(t *trial) {
	owner := t.owner("a")
	for i := range 4 {
		t.add(owner, fmt.Sprint("todo ", i))
	}
	for limit := 1; limit <= 5; limit++ {
		page := t.page(owner, todos.Query{Limit: limit})
		if want := min(limit, 4); len(page.Todos) != want {
			t.Errorf("a page of %d has %d todos, want %d", limit, len(page.Todos), want)
		}
		if want := limit < 4; page.More != want {
			t.Errorf("a page of %d out of 4 says more: %t, want %t", limit, page.More, want)
		}
	}
	list := t.list(owner)
	page := t.page(owner, todos.Query{Limit: 1, After: todos.AnchorOf(list[3], todos.Sort{})})
	if len(page.Todos) > 0 || page.More {
		t.Errorf("behind the last: %d todos, more: %t", len(page.Todos), page.More)
	}
}

func behindNothing(t *trial) {
	owner := t.owner("a")
	list := t.sample(owner)
	ghost := t.draft("b").Todo(3)
	ghost.CreatedAt, ghost.UpdatedAt = t.at(3), t.at(3)
	for _, done := range []bool{false, true} {
		if ghost.Completed = done; done {
			ghost.CompletedAt = t.at(3)
		}
		for _, sort := range sorts() {
			anchor := todos.AnchorOf(ghost, sort)
			want := inOrder(list, sort, func(todo todos.Todo) bool {
				return sort.Compare(todos.AnchorOf(todo, sort), anchor) > 0
			})
			got := t.page(owner, todos.Query{Sort: sort, After: anchor}).Todos
			t.sameList("behind a todo that never was, by "+sortName(sort), got, want)
		}
	}
}

func emptyList(t *trial) {
	owner := t.owner("a")
	check := func(what string) {
		for _, sort := range sorts() {
			page := t.page(owner, todos.Query{Sort: sort, Count: true})
			if len(page.Todos) != 0 || page.More || page.Total != 0 || page.NotModified {
				t.Errorf("%s: %+v", what, page)
			}
		}
	}
	check("an owner who never had a todo")
	t.delete(owner, t.add(owner, "gone").ID)
	check("an owner whose todos are gone")
}
