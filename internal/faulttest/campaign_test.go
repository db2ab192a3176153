package faulttest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// soak reports whether kills and load are to take minutes.
func soak() bool { return os.Getenv("AUTHTODO_SOAK") == "1" }

// campaign has clients write while something is broken under them. Each repeats
// what was not acknowledged until it is: a creation with its key, an increment
// after it has read anew.
type campaign struct {
	base   func() string // where the service is
	writes int           // that are to be acknowledged
	mute   bool          // requests may have no answer at all

	kills int
	kill  func() error // and starts again
}

// Of the writers two each are one user, and every tenth write is an increment of
// one of two counters.
const (
	writers  = 8
	users    = writers / 2
	counters = 2
)

// ledger is what clients were told.
type ledger struct {
	t     testing.TB
	kills int

	acked     atomic.Int64 // writes
	uncertain atomic.Int64 // requests that may have had an effect or not
	statuses  [600]atomic.Int64
	replayed  atomic.Int64

	mu       sync.Mutex
	created  map[string]todo // by title
	counters [counters]*counter
}

// counter is a todo that several clients count up. Its title is how far.
type counter struct {
	id               string
	acked, uncertain atomic.Int64
}

const ownerOfCounters = "counter"

func userOf(i int) string { return fmt.Sprint("writer-", i%users) }

// run returns when all writes are acknowledged.
func (c campaign) run(t testing.TB) *ledger {
	t.Helper()
	limit := 3 * time.Minute
	if soak() {
		limit = 30 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	l := &ledger{t: t, created: make(map[string]todo)}
	shared := newHTTP(t, 3*writers)
	as := func(user string) *client { return &client{http: shared, base: c.base, token: tokenOf(t, user)} }
	for i := range l.counters {
		l.counters[i] = &counter{id: l.create(ctx, c, as(ownerOfCounters), fmt.Sprint("0 of counter ", i)).ID}
	}
	acks := make(chan struct{}, c.writes)
	var killer, running sync.WaitGroup
	killer.Go(func() { c.strike(l, acks) })
	var next atomic.Int64
	for i := range writers {
		user, counting := as(userOf(i)), as(ownerOfCounters)
		running.Go(func() {
			for n := next.Add(1); n <= int64(c.writes) && ctx.Err() == nil && !t.Failed(); n = next.Add(1) {
				switch {
				case n%10 == 0:
					l.increment(ctx, c, counting, l.counters[n/10%counters])
				case n%7 == 0:
					l.createTwice(ctx, c, user, fmt.Sprint("write ", n))
				default:
					l.create(ctx, c, user, fmt.Sprint("write ", n))
				}
				l.acked.Add(1)
				acks <- struct{}{}
			}
		})
	}
	running.Wait()
	close(acks)
	killer.Wait()
	if err := ctx.Err(); err != nil {
		t.Fatalf("%d of %d writes are acknowledged: %v", l.acked.Load(), c.writes, err)
	}
	return l
}

// strike kills each time that as many writes as there are for a kill have been
// acknowledged, so always in the middle of others.
func (c campaign) strike(l *ledger, acks <-chan struct{}) {
	for range c.kills {
		for range c.writes / (c.kills + 1) {
			if _, ok := <-acks; !ok {
				l.t.Errorf("the writes were over after %d of %d kills", l.kills, c.kills)
				return
			}
		}
		if err := c.kill(); err != nil {
			l.t.Error(err)
			return
		}
		l.kills++
	}
}

// note counts an answer, and reports whether the request is to be sent again.
func (l *ledger) note(c campaign, a answer) (again bool) {
	l.statuses[a.status].Add(1)
	switch fault := ""; {
	case a.status == 0 && c.mute:
		return true
	case a.status == http.StatusServiceUnavailable:
		if fault = a.unavailable(); fault != "" {
			l.t.Errorf("%s: %s, %s", a.what, a, fault)
		}
		return true
	case a.status == http.StatusConflict && strings.Contains(a.body, "idempotency-key-in-flight"):
		return true
	}
	return false
}

// create returns the todo when its creation has been acknowledged.
func (l *ledger) create(ctx context.Context, c campaign, as *client, title string) (made todo) {
	for ctx.Err() == nil && !l.t.Failed() {
		a := as.create(ctx, title, title)
		if l.note(c, a) {
			l.uncertain.Add(1)
			pause()
			continue
		}
		if a.status != http.StatusCreated || json.Unmarshal([]byte(a.body), &made) != nil || made.Title != title {
			l.t.Errorf("%q: %s", title, a)
			return made
		}
		if a.header.Get("Idempotency-Replayed") != "" {
			l.replayed.Add(1)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if old, ok := l.created[title]; ok && old.ID != made.ID {
			l.t.Errorf("%q was acknowledged as %s and as %s", title, old.ID, made.ID)
		}
		l.created[title] = made
		return made
	}
	return made
}

// createTwice is a client who presses the button twice.
func (l *ledger) createTwice(ctx context.Context, c campaign, as *client, title string) {
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { l.create(ctx, c, as, title) })
	}
	both.Wait()
}

// increment returns when a step of a counter has been acknowledged. One of which
// nothing is known may have been made, too.
func (l *ledger) increment(ctx context.Context, c campaign, as *client, n *counter) {
	for ctx.Err() == nil && !l.t.Failed() {
		a := as.send(ctx, "GET", "/api/todos/"+n.id, "")
		if l.note(c, a) {
			pause()
			continue
		}
		seen, value := a.todo(l.t, 200), 0
		if _, err := fmt.Sscan(seen.Title, &value); err != nil {
			l.t.Errorf("a counter is at %s: %v", a, err)
			return
		}
		a = as.send(ctx, "PATCH", "/api/todos/"+n.id, fmt.Sprintf(`{"title":"%d steps"}`, value+1),
			fmt.Sprintf(`If-Match: "%d"`, seen.Version))
		switch {
		case l.note(c, a):
			n.uncertain.Add(1)
			l.uncertain.Add(1)
			pause()
		case a.status == http.StatusOK:
			n.acked.Add(1)
			return
		case a.status != http.StatusPreconditionFailed:
			l.t.Errorf("a step from %d: %s", value, a)
			return
		}
	}
}

// audit compares what clients were told with what is there.
func (l *ledger) audit(t testing.TB, db *sql.DB) {
	t.Helper()
	rows, err := db.Query(`SELECT user_id, CAST(id AS text), title FROM authtodo_todos WHERE user_id <> $1`, ownerOfCounters)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found, n, lost, twice := make(map[string]int), 0, 0, 0
	for ; rows.Next(); n++ {
		var r todo
		if err := rows.Scan(&r.UserID, &r.ID, &r.Title); err != nil {
			t.Fatal(err)
		}
		found[r.Title]++
		if told := l.created[r.Title]; told.ID != r.ID || told.UserID != r.UserID {
			t.Errorf("there is %+v, and the client was told %+v", r, told)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for title, told := range l.created {
		if told.UserID == ownerOfCounters {
			continue
		}
		switch found[title] {
		case 0:
			lost++
		case 1:
		default:
			twice++
		}
	}
	steps := l.auditCounters(t, db)
	created := len(l.created) - counters
	if lost != 0 || twice != 0 || n != created {
		t.Errorf("of %d creations %d are lost, %d are there twice, and there are %d rows", created, lost, twice, n)
	}
	// Each write has raised its list and none is half done.
	if raised := number(t, db, `SELECT sum(revision) FROM authtodo_lists WHERE user_id <> $1`, ownerOfCounters); raised != int64(n) {
		t.Errorf("the lists were raised %d times for %d rows", raised, n)
	}
	if records := number(t, db, `SELECT count(*) FROM authtodo_retries WHERE user_id <> $1`, ownerOfCounters); records != int64(n) {
		t.Errorf("there are %d records of keys for %d rows", records, n)
	}
	t.Logf("%d kills; acknowledged: %d writes, of them %d creations and %d steps; found: %d rows and %d steps; "+
		"lost %d, twice %d; %d replayed, %d requests uncertain; answers %s", l.kills, l.acked.Load(), created,
		l.acked.Load()-int64(created), n, steps, lost, twice, l.replayed.Load(), l.uncertain.Load(), l.answers())
}

// auditCounters returns how many steps all counters have gone. A step that was
// lost would leave the title behind the version.
func (l *ledger) auditCounters(t testing.TB, db *sql.DB) (steps int64) {
	t.Helper()
	for _, c := range l.counters {
		var title string
		var version, value int64
		err := db.QueryRow(`SELECT title, version FROM authtodo_todos WHERE CAST(id AS text) = $1`, c.id).
			Scan(&title, &version)
		if err == nil {
			_, err = fmt.Sscan(title, &value)
		}
		if err != nil {
			t.Fatal(err)
		}
		acked := c.acked.Load()
		if value != version-1 || value < acked || value > acked+c.uncertain.Load() {
			t.Errorf("a counter is at %d in version %d, after %d steps and %d that may have been",
				value, version, acked, c.uncertain.Load())
		}
		steps += value
	}
	return steps
}

// answers are how often which status was answered; none is 0.
func (l *ledger) answers() string {
	counts := make(map[int]int64)
	for status := range l.statuses {
		if n := l.statuses[status].Load(); n > 0 {
			counts[status] = n
		}
	}
	var text []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		text = append(text, fmt.Sprintf("%d: %d", status, counts[status]))
	}
	return strings.Join(text, ", ")
}
