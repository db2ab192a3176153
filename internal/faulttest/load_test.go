package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/internal/race"
)

// loadOf is how many clients come at once, and for how long.
func loadOf() (clients int, warmUp, load time.Duration) {
	if soak() {
		return 500, 15 * time.Second, 2 * time.Minute
	}
	return 50, time.Second, 4 * time.Second
}

const loadUsers = 200

// TestLoad has clients of many users do everything at once, with their own todos
// and with those of others, while the server of PostgreSQL is started anew in the
// middle. The module is in a process of its own, whose memory is measured before
// and after, when nobody asks anything.
func TestLoad(t *testing.T) {
	mortal := pgtest.NewMortal(t)
	server := mortal.Migrated(t)
	p := start(t, "serve", "postgres "+server.URL)
	clients, warmUp, length := loadOf()
	l := &load{t: t, users: make([]*loadUser, loadUsers)}
	shared := newHTTP(t, clients)
	for i := range l.users {
		name := fmt.Sprintf("user-%03d", i)
		l.users[i] = &loadUser{name: name, own: make(map[string]int64), client: &client{
			http: shared, base: func() string { return p.ready }, token: tokenOf(t, name),
		}}
	}
	rest := func() usage {
		shared.CloseIdleConnections()
		idle := &client{http: shared, base: func() string { return p.ready }}
		m := idle.memory(t)
		for next := idle.memory(t); next.Goroutines != m.Goroutines; next = idle.memory(t) {
			m = next // connections are still ending
		}
		return idle.memory(t)
	}
	l.run(clients, warmUp)
	before := rest()
	restarted := make(chan error, 1)
	time.AfterFunc(length/2, func() {
		err := mortal.Stop()
		if err == nil {
			err = mortal.Start(context.Background())
		}
		restarted <- err
	})
	l.run(clients, length)
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	l.recovers()
	after := rest()
	l.audit(server)
	if n := connections(t, server); n > 10 {
		t.Errorf("there are %d connections, want at most 10", n)
	}
	t.Logf("%d clients of %d users for %v: %d requests, answers %s; %d writes acknowledged; of todos of others: %d asked for",
		clients, loadUsers, length, l.requests.Load(), l.answers(), l.writes.Load(), l.foreign.Load())
	t.Logf("before: %+v, after: %+v", before, after)
	checkFlat(t, before, after)
	if err := p.end(); err != nil {
		t.Error(err)
	}
}

// checkFlat fails if memory has grown. A kilobyte that is kept of every request of
// the long form would be fifty times what the heap may grow by; how much of it is
// resident depends on the runtime, too.
func checkFlat(t *testing.T, before, after usage) {
	t.Helper()
	const heap, resident, goroutines = 3 << 20, 24 << 20, 20
	if after.Heap > before.Heap+heap {
		t.Errorf("the heap has grown from %d to %d bytes", before.Heap, after.Heap)
	}
	if !race.Enabled && after.Resident > before.Resident+resident { // the detector keeps what it has seen

		t.Errorf("the process has grown from %d to %d bytes", before.Resident, after.Resident)
	}
	if after.Goroutines > before.Goroutines+goroutines {
		t.Errorf("there are %d goroutines, and were %d", after.Goroutines, before.Goroutines)
	}
}

// load is the traffic, and what is known of it.
type load struct {
	ledger // of which it uses the statuses
	t      testing.TB
	users  []*loadUser

	requests, writes, foreign atomic.Int64
}

// loadUser is one user, who has several clients.
type loadUser struct {
	name   string
	client *client

	mu    sync.Mutex
	own   map[string]int64 // version that was seen last, by id
	maybe []string         // ids that may be gone
	made  int64            // creations that were acknowledged
	lost  int64            // creations of which nothing is known
	gone  int64            // deletions that were acknowledged
}

// run has that many clients send requests for some time.
func (l *load) run(clients int, length time.Duration) {
	l.t.Helper()
	end := time.Now().Add(length)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for n := 0; time.Now().Before(end) && !l.t.Failed(); n++ {
				l.step(random, l.users[i*7%len(l.users)])
			}
		})
	}
	running.Wait()
}

// step is one request.
func (l *load) step(random *rand.Rand, u *loadUser) {
	id, version := u.any(random)
	path, tag := "/api/todos/"+id, fmt.Sprintf(`If-Match: "%d"`, version)
	switch n := random.IntN(100); {
	case n < 20 || id == "":
		l.create(u)
	case n < 40:
		l.check(u, u.send("GET", path, ""), 200, 404)
	case n < 55:
		l.list(u, u.send("GET", "/api/todos?limit=20", ""))
	case n < 60:
		l.list(u, u.send("GET", "/api/todos?q=user-&limit=5&sort=-title", "", "Prefer: count=exact"))
	case n < 75:
		body := fmt.Sprintf(`{"title":"%s has changed this %d","completed":%t}`, u.name, random.Int64(), n%2 == 0)
		l.check(u, u.send("PATCH", path, body, tag), 200, 404, 412)
	case n < 88:
		l.delete(u, id, u.send("DELETE", path, "", tag))
	default:
		l.meddle(random, u)
	}
}

// any is one of the user's todos, or none.
func (u *loadUser) any(random *rand.Rand) (id string, version int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	skip := random.IntN(len(u.own) + 1)
	for id, version := range u.own {
		if skip--; skip < 0 {
			return id, version
		}
	}
	return "", 0
}

func (u *loadUser) send(method, path, body string, fields ...string) answer {
	return u.client.send(context.Background(), method, path, body, fields...)
}

// note counts an answer. 503 is good if it is the module's; other answers have to
// be one of those that fit.
func (l *load) note(a answer, fits ...int) (answered bool) {
	l.requests.Add(1)
	l.statuses[a.status].Add(1)
	if a.status == http.StatusServiceUnavailable {
		if fault := a.unavailable(); fault != "" {
			l.t.Errorf("%s: %s, %s", a.what, a, fault)
		}
		pause()
		return false
	}
	for _, status := range fits {
		if a.status == status {
			return true
		}
	}
	l.t.Errorf("%s: got %s, want one of %v or 503", a.what, a, fits)
	return false
}

// check looks at whose the todo of an answer is.
func (l *load) check(u *loadUser, a answer, fits ...int) (v todo) {
	if !l.note(a, fits...) || a.status >= 300 {
		return v
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		l.t.Errorf("%s: %v: %s", a.what, err, a)
		return v
	}
	l.belongs(u, a, v)
	u.mu.Lock()
	defer u.mu.Unlock()
	if old, ok := u.own[v.ID]; ok && old < v.Version {
		u.own[v.ID] = v.Version
	}
	if strings.HasPrefix(a.what, "PATCH") {
		l.writes.Add(1)
	}
	return v
}

func (l *load) belongs(u *loadUser, a answer, v todo) {
	if v.UserID != u.name || !strings.HasPrefix(v.Title, u.name+" ") {
		l.t.Errorf("%s: %s was given %+v", a.what, u.name, v)
	}
}

func (l *load) create(u *loadUser) {
	a := u.client.create(context.Background(), fmt.Sprintf("%s has made this %s", u.name, strings.Repeat("x", 100)), "")
	v := l.check(u, a, 201)
	u.mu.Lock()
	defer u.mu.Unlock()
	if v.ID == "" {
		u.lost++
		return
	}
	u.own[v.ID] = v.Version
	u.made++
	l.writes.Add(1)
}

func (l *load) list(u *loadUser, a answer) {
	if !l.note(a, 200) {
		return
	}
	var list []todo
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		l.t.Errorf("%s: %v: %s", a.what, err, a)
	}
	for _, v := range list {
		l.belongs(u, a, v)
	}
}

func (l *load) delete(u *loadUser, id string, a answer) {
	answered := l.note(a, 204, 404, 412)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case a.status == http.StatusNoContent:
		u.gone++
		l.writes.Add(1)
		delete(u.own, id)
	case !answered:
		u.maybe = append(u.maybe, id)
	}
}

// meddle asks for somebody else's todo, which must be as none.
func (l *load) meddle(random *rand.Rand, u *loadUser) {
	other := l.users[random.IntN(len(l.users))]
	id, version := other.any(random)
	if id == "" || other == u {
		return
	}
	path, tag := "/api/todos/"+id, fmt.Sprintf(`If-Match: "%d"`, version)
	l.foreign.Add(3)
	l.note(u.send("GET", path, ""), 404)
	l.note(u.send("PATCH", path, `{"title":"`+u.name+` was here"}`, tag), 404)
	l.note(u.send("DELETE", path, "", tag), 404)
}

// recovers fails unless each user is served again.
func (l *load) recovers() {
	l.t.Helper()
	for _, u := range l.users {
		l.list(u, u.send("GET", "/api/todos?limit=1", "").is(l.t, 200))
	}
}

// audit compares what is there with what users were told.
func (l *load) audit(server *pgtest.Database) {
	l.t.Helper()
	db := look(l.t, server)
	if n := number(l.t, db, `SELECT count(*) FROM authtodo_todos WHERE NOT starts_with(title, user_id || ' ')`); n != 0 {
		l.t.Errorf("%d todos are in the hands of others", n)
	}
	for _, u := range l.users {
		found := make(map[string]bool)
		rows, err := db.Query(`SELECT CAST(id AS text) FROM authtodo_todos WHERE user_id = $1`, u.name)
		if err != nil {
			l.t.Fatal(err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				l.t.Fatal(err)
			}
			found[id] = true
		}
		if err := rows.Err(); err != nil {
			l.t.Fatal(err)
		}
		for _, id := range u.maybe {
			delete(u.own, id)
		}
		for id := range u.own {
			if !found[id] {
				l.t.Errorf("%s has lost %s", u.name, id)
			}
		}
		n, least := int64(len(found)), u.made-u.gone-int64(len(u.maybe))
		if n < least || n > u.made-u.gone+u.lost {
			l.t.Errorf("%s has %d todos: %d made, %d gone, %d and %d that may have been", u.name, n,
				u.made, u.gone, u.lost, len(u.maybe))
		}
	}
}
