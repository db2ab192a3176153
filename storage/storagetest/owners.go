package storagetest

import (
	"strings"

	"github.com/authtodo/authtodo/todos"
)

// ownerCases try [S1]: two owners on every method, and owners that a careless
// store could take for one.
func ownerCases() []testCase {
	cases := []testCase{
		{clause: "S1", name: "another owner's todo cannot be got", run: foreignGet},
		{clause: "S1", name: "another owner's todo cannot be updated", run: foreignUpdate},
		{clause: "S1", name: "another owner's todo cannot be deleted", run: foreignDelete},
		{clause: "S1", name: "another owner's todos are not listed", run: foreignList},
		{clause: "S1", name: "another owner's todos are not counted", run: foreignCount},
		{clause: "S1", name: "another owner's todos are not found", run: foreignSearch},
		{clause: "S1", name: "another owner's anchor lists nothing of theirs", run: foreignAnchor},
		{clause: "S1", name: "another owner's positions do not count", run: foreignPosition},
		{clause: "S1", name: "another owner's writes leave the revision", run: foreignRevision},
		{clause: "S1", name: "another owner's revision is not one's own", run: foreignKnown},
	}
	for _, pair := range ownerPairs() {
		cases = append(cases, testCase{
			clause: "S1", name: "owners that differ by " + pair.by, run: pair.run,
		})
	}
	return cases
}

// two returns two owners with a todo each.
func (t *trial) two() (anna, bob string, annas, bobs todos.Todo) {
	anna, bob = t.owner("anna"), t.owner("bob")
	return anna, bob, t.add(anna, "of anna"), t.add(bob, "of bob")
}

func foreignGet(t *trial) {
	anna, bob, annas, _ := t.two()
	t.unchanged("a foreign get", anna, func() {
		_, err := t.store.GetTodo(t.ctx, bob, annas.ID)
		t.fails("getting another owner's todo", err, todos.ErrNotFound)
	})
}

func foreignUpdate(t *trial) {
	anna, bob, annas, _ := t.two()
	for _, versions := range [][]int64{nil, {1}, {7}} {
		change := t.title("taken")
		change.Versions = versions
		t.unchanged("a foreign update", anna, func() {
			t.unchanged("an update of nothing", bob, func() {
				_, err := t.store.UpdateTodo(t.ctx, bob, annas.ID, change)
				t.fails("updating another owner's todo", err, todos.ErrNotFound)
			})
		})
	}
}

func foreignDelete(t *trial) {
	anna, bob, annas, _ := t.two()
	for _, versions := range [][]int64{nil, {1}, {7}} {
		t.unchanged("a foreign delete", anna, func() {
			t.unchanged("a delete of nothing", bob, func() {
				err := t.store.DeleteTodo(t.ctx, bob, annas.ID, versions)
				t.fails("deleting another owner's todo", err, todos.ErrNotFound)
			})
		})
	}
}

func foreignList(t *trial) {
	anna, bob, annas, bobs := t.two()
	for _, sort := range sorts() {
		t.sameList("the first owner's list", t.page(anna, todos.Query{Sort: sort}).Todos, []todos.Todo{annas})
		t.sameList("the second owner's list", t.page(bob, todos.Query{Sort: sort}).Todos, []todos.Todo{bobs})
	}
	t.sameList("the list of an owner without todos", t.list(t.owner("carol")), nil)
	if t.page(bob, todos.Query{Limit: 1}).More {
		t.Errorf("another owner's todos count as more")
	}
}

func foreignCount(t *trial) {
	anna, bob, _, _ := t.two()
	t.add(bob, "another of bob")
	for owner, want := range map[string]int64{anna: 1, bob: 2, t.owner("carol"): 0} {
		for _, query := range []todos.Query{
			{Count: true}, {Count: true, Completed: todos.Some(false)},
		} {
			if got := t.page(owner, query).Total; got != want {
				t.Errorf("%s counts %d, want %d", show(query), got, want)
			}
		}
	}
}

func foreignSearch(t *trial) {
	anna, _, annas, _ := t.two()
	page := t.page(anna, todos.Query{Search: "of ", Count: true})
	t.sameList("a search that another owner's todo fits", page.Todos, []todos.Todo{annas})
	if page.Total != 1 {
		t.Errorf("a search that another owner's todo fits counts %d, want 1", page.Total)
	}
}

func foreignAnchor(t *trial) {
	anna, bob, annas, bobs := t.two()
	if t.page(anna, todos.Query{After: todos.AnchorOf(annas, todos.Sort{})}).More {
		t.Errorf("behind the only todo there is more")
	}
	// both are at the same position, so one of them is behind the other by id
	for _, descending := range []bool{false, true} {
		sort := todos.Sort{Descending: descending}
		page := t.page(bob, todos.Query{Sort: sort, After: todos.AnchorOf(annas, sort)})
		for _, todo := range page.Todos {
			t.same("behind another owner's anchor", todo, bobs)
		}
	}
}

func foreignPosition(t *trial) {
	draft := t.draft("far away")
	draft.Position = new(int64(1 << 40))
	t.create(t.owner("anna"), draft)
	if got := t.add(t.owner("bob"), "first").Position; got != todos.PositionStep {
		t.Errorf("the first todo of an owner is at %d, want %d", got, todos.PositionStep)
	}
}

func foreignRevision(t *trial) {
	anna, bob, annas, _ := t.two()
	t.unchanged("another owner's writes", bob, func() {
		t.rename(anna, annas.ID, "renamed")
		t.add(anna, "one more")
		t.delete(anna, annas.ID)
	})
}

func foreignKnown(t *trial) {
	anna, bob, _, bobs := t.two()
	annas, own := t.revision(anna), t.revision(bob)
	if annas == own {
		t.Fatalf("the lists of two owners share the revision %v", own)
	}
	for _, known := range []todos.Revision{annas, {Epoch: annas.Epoch, Number: own.Number}} {
		page := t.page(bob, todos.Query{Known: known})
		if page.NotModified {
			t.Errorf("with another owner's revision %v a page is not modified", known)
			continue
		}
		t.sameList("the page", page.Todos, []todos.Todo{bobs})
	}
}

// ownerPair is two owners that a store may take for one: by a collation, by
// trimming, by normalising, by patterns or by joining keys.
type ownerPair struct{ by, one, other string }

func ownerPairs() []ownerPair {
	long := strings.Repeat("x", todos.MaxOwner)
	return []ownerPair{
		{"case", "Anna", "anna"},
		{"a trailing blank", "anna", "anna "},
		{"a leading blank", "anna", " anna"},
		{"a trailing line break", "anna", "anna\n"},
		{"how an accent is written", "an\u00e9", "ane\u0301"},
		{"an accent", "an\u00e9", "ane"},
		{"an invisible character", "anna", "an\u200bna"},
		{"a compatibility form", "anna1", "anna\uff11"},
		{"case folding of more than one letter", "stra\u00dfe", "strasse"},
		{"one being the start of the other", "anna", "annab"},
		{"the last of 512 bytes", long + "a", long + "b"},
		{"a percent sign", "anna%", "annab"},
		{"an underscore", "ann_", "anna"},
		{"an asterisk", "ann*", "anna"},
		{"a quote", "o'anna", "o''anna"},
		{"a backslash", `an\na`, "an\na"},
		{"a double quote", `"anna"`, "anna"},
		{"a separator", "anna/1", "anna:1"},
		{"dots of a path", "../anna", "anna"},
		{"a leading zero", "1", "01"},
		{"an emoji", "anna\U0001F600", "anna\U0001F601"},
		{"a control character", "anna\x01", "anna\x02"},
	}
}

// run gives both owners a todo with the same id and changes one of them.
func (p ownerPair) run(t *trial) {
	one, other := t.named(p.one), t.named(p.other)
	draft := t.draft("of one")
	draft.Retry = &todos.Retry{Key: "key", Fingerprint: "one", ExpiredAt: t.at(-1000)}
	first := t.create(one, draft)
	draft.Title, draft.Retry = "of the other", &todos.Retry{
		Key: "key", Fingerprint: "other", ExpiredAt: t.at(-1000),
	}
	second := t.create(other, draft)

	t.same("the todo of one", t.get(one, first.ID), first)
	t.same("the todo of the other", t.get(other, second.ID), second)
	t.sameList("the list of one", t.list(one), []todos.Todo{first})
	t.sameList("the list of the other", t.list(other), []todos.Todo{second})

	t.unchanged("writes for the one owner", other, func() {
		t.rename(one, first.ID, "renamed")
		t.delete(one, first.ID)
	})
	t.sameList("the list of one after its delete", t.list(one), nil)
	t.delete(other, second.ID)
}

// named is an owner of this trial with the given end, of 512 bytes at most. The
// end of a longer one is what is kept, as that is where a pair differs.
func (t *trial) named(end string) string {
	if room := todos.MaxOwner - len(t.salt); len(end) > room {
		end = end[len(end)-room:]
	}
	if strings.HasPrefix(end, " ") { // a leading blank has to lead
		return " " + t.salt + end[1:]
	}
	return t.salt + end
}
