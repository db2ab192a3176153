package bench

import (
	"net/http"
	"testing"
)

// cell is a size of a database.
type cell struct {
	name         string
	todos, users int64
	base         string // the cell it is compared with; none for the smallest
}

// cells have a page of 50 for every user. Those of one user are apart: whoever
// writes raises the counter of the list, and so waits for others who write to it.
func cells() []cell {
	all := []cell{
		{"10kx100", 10_000, 100, ""},
		{"100kx1000", 100_000, 1_000, "10kx100"},
		{"1Mx1000", 1_000_000, 1_000, "10kx100"},
		{"1Mx10k", 1_000_000, 10_000, "10kx100"},
		{"10Mx100k", 10_000_000, 100_000, "10kx100"},
		{"10kx1", 10_000, 1, ""},
		{"1Mx1", 1_000_000, 1, "10kx1"},
	}
	if short() {
		for i := range all { // with the same users
			all[i].todos = max(all[i].todos/20, 1_000)
			all[i].users = max(all[i].users/20, 1)
		}
	}
	return all
}

// BenchmarkScale compares the module on databases of many sizes to itself on a
// small one, over HTTP: any todo of any user is asked for. A ratio of 1 is a cost
// that does not grow.
func BenchmarkScale(b *testing.B) {
	path, all := build(b)+"authtodo", cells()
	worlds := make(map[string]*world)
	for _, c := range all {
		worlds[c.name] = newWorld(b, c.users, c.todos)
	}
	for _, op := range []struct {
		name   string
		status int
		next   func(*world) traffic
	}{
		{"get", http.StatusOK, func(w *world) traffic { return w.get }},
		{"list", http.StatusOK, func(w *world) traffic { return w.list }},
		{"create", http.StatusCreated, func(w *world) traffic { return w.create }},
		{"update", http.StatusOK, func(w *world) traffic { return w.update }},
		{"delete", http.StatusNoContent, func(w *world) traffic { return w.delete }},
	} {
		b.Run(op.name, func(b *testing.B) {
			peers, index := make([]peer, len(all)), make(map[string]int)
			for i, c := range all {
				w := worlds[c.name]
				p := start(b, path, "-db", w.server.URL, "-conns", "4")
				peers[i] = peer{c.name, load(b, p, 4, op.status, op.next(w)).contender(b)}
				index[c.name] = i
			}
			s := race(b, usualPace(), func() {
				if op.status != http.StatusNoContent {
					return
				}
				for _, w := range worlds {
					w.restock(b, 20_000) // more than is deleted in a round
				}
			}, peers)
			for i, c := range all {
				b.ReportMetric(s.rate(i), c.name+"_op/s")
				if c.base != "" {
					s.report(b, "x_"+c.name, i, index[c.base])
				}
			}
		})
	}
}
