package storagetest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/authtodo/authtodo/todos"
)

// pagingCases try [L3]: a list that changes between its pages.
func pagingCases() []testCase {
	var cases []testCase
	for _, sort := range sorts() {
		name := ", by " + sortName(sort)
		cases = append(cases,
			testCase{clause: "L3", name: "creates between pages" + name, run: func(t *trial) {
				t.pagesWhile(sort, func(p *pager) { p.createAround() })
			}},
			testCase{clause: "L3", name: "deletes between pages" + name, run: func(t *trial) {
				t.pagesWhile(sort, func(p *pager) { p.deleteSome() })
			}},
			testCase{clause: "L3", name: "updates between pages" + name, run: func(t *trial) {
				t.pagesWhile(sort, func(p *pager) { p.moveSome() })
			}},
			testCase{clause: "L3", name: "the anchor deleted" + name, run: func(t *trial) {
				t.pagesWhile(sort, func(p *pager) { p.deleteAnchor() })
			}},
			testCase{clause: "L3", name: "the anchor moved" + name, run: func(t *trial) {
				t.pagesWhile(sort, func(p *pager) { p.move(p.anchor) })
			}},
		)
	}
	return append(cases, testCase{
		clause: "L3", name: "pages while others write", run: pagesInARace,
	})
}

// pager is a client that reads a list page by page while it changes.
type pager struct {
	*trial
	owner   string
	list    []todos.Todo // as it was before the first page
	touched map[string]bool
	anchor  todos.Todo // the last todo of the last page
	turn    int
}

// pagesWhile reads a list in pages of 4, with something happening between
// them, and fails unless what nothing happened to is there once and in order.
func (t *trial) pagesWhile(sort todos.Sort, happens func(*pager)) {
	p := &pager{trial: t, owner: t.owner("a"), touched: make(map[string]bool)}
	p.list = t.sample(p.owner)
	var seen []todos.Todo
	for query := (todos.Query{Sort: sort, Limit: 4}); ; p.turn++ {
		page := t.page(p.owner, query)
		seen = append(seen, page.Todos...)
		if !page.More {
			break
		}
		if p.turn > 100 || len(page.Todos) == 0 {
			t.Fatalf("the pages do not end")
		}
		p.anchor = page.Todos[len(page.Todos)-1]
		query.After = todos.AnchorOf(p.anchor, sort)
		happens(p)
	}
	untouched := func(todo todos.Todo) bool {
		known := slices.ContainsFunc(p.list, func(other todos.Todo) bool { return sameID(todo, other) })
		return known && !p.touched[todo.ID]
	}
	seen = slices.DeleteFunc(seen, func(todo todos.Todo) bool { return !untouched(todo) })
	t.sameList("the todos that stayed", seen, inOrder(p.list, sort, untouched))
}

// createAround adds one todo in front of the anchor and one at the anchor's
// own place but for the id. The list grows for the first pages only, as the
// newest todo may be the last in every order.
func (p *pager) createAround() {
	if p.turn > 8 {
		return
	}
	for _, offset := range []int{-1, 0} {
		draft := p.draft(p.anchor.Title)
		draft.CreatedAt = p.anchor.CreatedAt
		draft.Completed = p.anchor.Completed
		position := max(p.anchor.Position+int64(offset), -todos.MaxPosition)
		draft.Position = &position
		p.create(p.owner, draft)
	}
}

// others calls do with two of the untouched todos that are not the anchor.
func (p *pager) others(do func(todos.Todo)) {
	n := 0
	for i := range p.list {
		todo := p.list[(i*5+p.turn)%len(p.list)]
		if p.touched[todo.ID] || todo.ID == p.anchor.ID || n == 2 || len(p.touched) > 15 {
			continue
		}
		n++
		do(todo)
	}
}

func (p *pager) deleteSome() {
	p.others(func(todo todos.Todo) {
		p.touched[todo.ID] = true
		p.delete(p.owner, todo.ID)
	})
}

func (p *pager) deleteAnchor() {
	if len(p.touched) > 15 {
		return
	}
	p.touched[p.anchor.ID] = true
	p.delete(p.owner, p.anchor.ID)
}

func (p *pager) moveSome() { p.others(p.move) }

// move changes all that an order can go by.
func (p *pager) move(todo todos.Todo) {
	if p.touched[todo.ID] {
		return
	}
	p.touched[todo.ID] = true
	p.update(p.owner, todo.ID, todos.Change{At: p.at(500 * (p.turn%2*2 - 1)), Patch: todos.Patch{
		Title:     todos.Some(fmt.Sprintf("%c moved", "!z"[p.turn%2])),
		Completed: todos.Some(!todo.Completed),
		Position:  todos.Some(int64(p.turn%2*2-1) * 100_000),
	}})
}

// pagesInARace reads pages while four writers create and delete. What was
// there all the time has to be there once.
func pagesInARace(t *trial) {
	owner := t.owner("a")
	stay := t.sample(owner)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				draft := t.draft("passing")
				draft.Position = new(int64(i))
				t.delete(owner, t.create(owner, draft).ID)
			}
		})
	}
	defer writers.Wait()
	defer close(stop)
	for range t.rounds(8) {
		for _, sort := range sorts()[:2] {
			got := t.walk(owner, todos.Query{Sort: sort, Limit: 3})
			got = slices.DeleteFunc(got, func(todo todos.Todo) bool { return todo.Title == "passing" })
			t.sameList("the todos that stayed", got,
				inOrder(stay, sort, func(todos.Todo) bool { return true }))
		}
	}
}
