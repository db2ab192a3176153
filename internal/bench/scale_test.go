package bench

import (
	"fmt"
	"net/http"
	"os"
	"strings"
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
// small one, over HTTP. A ratio of 1 is a cost that does not grow. Everywhere the
// same number of users is active and asks for the same number of todos, which
// stay in the buffers of the server. That is not so for any, which has pages for
// any of the users: on a large database, the server looks for nearly each of the
// 50 todos in another page, and has to fetch that first.
func BenchmarkScale(b *testing.B) {
	path, all := build(b)+"authtodo", cells()
	worlds := make([]*world, len(all))
	for i, c := range all {
		if c.todos == 10_000_000 {
			wantMemory(b, 12<<30)
		}
		worlds[i] = newWorld(b, c.users, c.todos)
		worlds[i].active = min(c.users, 10)
		worlds[i].each = 1 + 500/worlds[i].active
	}
	for _, op := range []struct {
		name   string
		status int
		next   func(*world) traffic
	}{
		{"get", http.StatusOK, func(w *world) traffic { return w.get }},
		{"list", http.StatusOK, func(w *world) traffic { return w.list }},
		{"any", http.StatusOK, func(w *world) traffic { return w.any }},
		{"create", http.StatusCreated, func(w *world) traffic { return w.create }},
		{"update", http.StatusOK, func(w *world) traffic { return w.update }},
		{"delete", http.StatusNoContent, func(w *world) traffic { return w.delete }},
	} {
		b.Run(op.name, func(b *testing.B) {
			services := make([]*service, len(all))
			for i, w := range worlds {
				p := start(b, path, "-db", w.server.URL+" application_name=module", "-conns", "4")
				services[i] = load(b, p, 4, op.status, op.next(w))
				services[i].backends = func() []int { return w.backends(b, "module") }
			}
			compare(b, all, services, func() {
				for _, w := range worlds {
					if op.name == "delete" {
						w.restock(b, 20_000) // more than is deleted in a round
					}
				}
			})
		})
	}
}

func compare(b *testing.B, all []cell, services []*service, before func()) {
	peers, index := make([]peer, len(all)), make(map[string]int)
	for i, c := range all {
		peers[i], index[c.name] = peer{c.name, services[i].contender(b)}, i
	}
	s := race(b, usualPace(), before, peers)
	for i, c := range all {
		own, database := services[i].perRequest(b)
		b.ReportMetric(s.rate(i), c.name+"_op/s")
		b.ReportMetric(own, c.name+"_service_us")
		b.ReportMetric(database, c.name+"_database_us")
		if c.base != "" {
			s.report(b, "x_"+c.name, i, index[c.base])
		}
	}
}

// wantMemory fails unless so many bytes can be had. The databases are in memory,
// and without enough of it, the machine would stand still for half an hour.
func wantMemory(b *testing.B, want int64) {
	b.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		b.Fatalf("memory is read from /proc, which is there on Linux only: %v", err)
	}
	var available int64
	_, rest, _ := strings.Cut(string(text), "MemAvailable:")
	if _, err := fmt.Sscan(rest, &available); err != nil {
		b.Fatalf("no MemAvailable: %v", err)
	}
	if available <<= 10; available < want {
		b.Fatalf("ten million todos need %d GiB of memory, and %d are available; AUTHTODO_BENCH=short does with less",
			want>>30, available>>30)
	}
}
