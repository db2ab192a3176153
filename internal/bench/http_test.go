package bench

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// Who is there, before anything is created: so few todos that all of them stay in
// the buffers of the server, and so many users that writers hardly meet.
const (
	users = 500
	each  = 60 // todos of a user
)

// connections is how many clients there are, each with a connection of its own.
const connections = 32

// BenchmarkHTTP compares the module, with the guard, row-level security and
// every check, in two modes to others, each a process of its own:
//
//   - bare: a Gin handler without a guard that runs the module's SQL, kept prepared;
//   - plain: the same, but lib/pq gets statements as they come, as most services do;
//   - usual: the service as it is usually written, with gin-jwt and sqlx;
//   - pocketbase: PocketBase with its own SQLite, and rules for who sees what.
//
// Those on Postgres have ten connections each, over a Unix socket. They are new:
// Postgres is slower on such for many thousand calls, so whoever had old ones would
// win.
func BenchmarkHTTP(b *testing.B) {
	dir := build(b)
	goBuild(b, "pocketbase", dir+"pocketbase", ".")
	w := newWorld(b, users, users*each)
	free := w.free(b)
	for _, op := range []struct {
		name   string
		status int
		next   traffic
		other  func(*pocketBase) traffic
	}{
		{"get", http.StatusOK, w.get, func(r *pocketBase) traffic { return r.get }},
		{"list", http.StatusOK, w.list, func(r *pocketBase) traffic { return r.list }},
		{"create", http.StatusCreated, w.create, func(r *pocketBase) traffic { return r.create }},
		{"update", http.StatusOK, w.update, func(r *pocketBase) traffic { return r.update }},
		{"delete", http.StatusNoContent, w.delete, func(r *pocketBase) traffic { return r.delete }},
	} {
		b.Run(op.name, func(b *testing.B) {
			w.exec(b, `VACUUM ANALYZE`)
			run := func(name, program, url string, args ...string) *service {
				args = append(args, "-db", url+" application_name="+name)
				s := load(b, start(b, dir+program, args...), connections, op.status, op.next)
				s.name, s.backends = name, func() []int { return w.backends(b, name) }
				return s
			}
			services := []*service{
				run("default", "authtodo", w.server.URL),
				run("direct", "authtodo", w.server.URL, "-direct"),
				run("bare", "bare", free, "-kept"),
				run("plain", "bare", free),
				run("usual", "usual", free),
				startPocketBase(b, dir+"pocketbase", op.status, op.other),
			}
			match(b, services, func() { w.restock(b, 80_000) }) // more than is deleted in a round, or in 5 s
		})
	}
}

// match reports what the services do and how ours stand to the others.
func match(b *testing.B, services []*service, before func()) {
	const ours = 2 // of the services, the first; the third is bare
	all := make([]peer, len(services))
	for i, s := range services {
		all[i] = peer{s.name, s.contender(b)}
	}
	p := usualPace()
	if !short() { // so that there are a few thousand requests, for the slowest hundredth
		p.rounds, p.slice, p.warmUp = 25, 200*time.Millisecond, 5*time.Second
	}
	score := race(b, p, before, all)
	for i, s := range services {
		own, database := s.perRequest(b)
		b.ReportMetric(score.rate(i), s.name+"_op/s")
		b.ReportMetric(s.latency(50), s.name+"_p50_ms")
		b.ReportMetric(s.latency(99), s.name+"_p99_ms")
		b.ReportMetric(own, s.name+"_service_us")
		b.ReportMetric(database, s.name+"_database_us")
		b.ReportMetric(s.peak(b), s.name+"_MiB")
	}
	for i, s := range services[:ours] {
		for j, other := range services[ours:] {
			score.report(b, s.name+"_x_"+other.name, i, ours+j)
		}
		bare := services[ours]
		b.ReportMetric(s.latency(99)/bare.latency(99), s.name+"_p99_x_"+bare.name)
	}
}

// pocketBase is PocketBase and the requests to it, which do what those to the others
// do. Its clients name the owner and the position of a new todo themselves, and
// ask for no total, as there is none on the pages of the others.
type pocketBase struct {
	*service
	created, renamed, deleted atomic.Int64
}

// spare is how many todos PocketBase has for deletion.
const spare = 100_000

func startPocketBase(b *testing.B, path string, status int, next func(*pocketBase) traffic) *service {
	data, err := os.MkdirTemp(fastFolder(), "authtodo-pocketbase-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(data) })
	p := start(b, path, "-dir", data, "-users", strconv.Itoa(users), "-todos", strconv.Itoa(users*each+spare))
	if len(p.extra) != users {
		b.Fatalf("PocketBase has %d users, want %d", len(p.extra), users)
	}
	r := &pocketBase{}
	r.deleted.Store(users * each)
	if status == http.StatusCreated {
		status = http.StatusOK // is what PocketBase answers
	}
	r.service = load(b, p, connections, status, next(r))
	r.name = "pocketbase"
	return r.service
}

// fastFolder is in memory, as Postgres is here.
func fastFolder() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
}

// head is the end of the head of requests of a user, but for the empty line.
func (r *pocketBase) head(user int64) string {
	return " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + r.extra[user] + "\r\n"
}

func (r *pocketBase) on(method string, buf []byte, number int64) []byte {
	return fmt.Appendf(buf, "%s /api/collections/todos/records/%015d%s\r\n", method, number, r.head(number%users))
}

func (r *pocketBase) get(buf []byte, random *rand.Rand) []byte {
	return r.on("GET", buf, random.Int64N(users*each)+1)
}

func (r *pocketBase) list(buf []byte, random *rand.Rand) []byte {
	return fmt.Appendf(buf, "GET /api/collections/todos/records?perPage=50&sort=position&skipTotal=1%s\r\n",
		r.head(random.Int64N(users)))
}

func (r *pocketBase) create(buf []byte, random *rand.Rand) []byte {
	user := random.Int64N(users)
	body := fmt.Sprintf(`{"title":"created","description":"what there is to be said about it",`+
		`"user":"user%011d","position":%d}`, user, (users*each+r.created.Add(1))*65536)
	return withBody(fmt.Appendf(buf, "POST /api/collections/todos/records%s", r.head(user)), body)
}

func (r *pocketBase) update(buf []byte, random *rand.Rand) []byte {
	buf = r.on("PATCH", buf, random.Int64N(users*each)+1)
	return withBody(buf[:len(buf)-len("\r\n")], renaming(r.renamed.Add(1)))
}

func (r *pocketBase) delete(buf []byte, _ *rand.Rand) []byte {
	return r.on("DELETE", buf, r.deleted.Add(1))
}
