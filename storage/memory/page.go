package memory

import (
	"slices"

	"github.com/authtodo/authtodo/todos"
)

// Page is [todos.Store].ListTodos. It looks at every todo once and remembers
// a page of them, so the last page of a list costs what the first does; what a
// page costs grows with the list.
func (l *List) Page(query todos.Query) todos.Page {
	page := todos.Page{Revision: l.Revision}
	if query.Known != (todos.Revision{}) && query.Known == l.Revision {
		page.NotModified = true
		return page
	}
	nearest := nearest{sort: query.Sort, size: query.Limit + 1} // one more, to see whether there is more
	for _, t := range l.Todos {
		if !query.Matches(t) {
			continue
		}
		if query.Count {
			page.Total++
		}
		place := todos.AnchorOf(t, query.Sort)
		if query.After == nil || query.Sort.Compare(place, query.After) > 0 {
			nearest.add(place)
		}
	}
	places := nearest.all()
	if page.More = len(places) > query.Limit; page.More {
		places = places[:query.Limit]
	}
	page.Todos = make([]todos.Todo, len(places))
	for i, place := range places {
		page.Todos[i] = clone(l.Todos[place.ID])
	}
	return page
}

// nearest keeps the first places of all that are added, in the order of sort.
// It holds twice as many as are wanted before it drops half of them, which is
// as cheap as a heap and plainer.
type nearest struct {
	sort   todos.Sort
	size   int
	places []*todos.Anchor
	worst  *todos.Anchor // of those that were kept; nil while there was room for all
}

func (n *nearest) add(place *todos.Anchor) {
	if n.worst != nil && n.sort.Compare(place, n.worst) > 0 {
		return
	}
	if n.places = append(n.places, place); len(n.places) == 2*n.size {
		n.worst = n.all()[n.size-1]
	}
}

// all returns the places that are kept, in order.
func (n *nearest) all() []*todos.Anchor {
	slices.SortFunc(n.places, n.sort.Compare)
	n.places = n.places[:min(len(n.places), n.size)]
	return n.places
}
