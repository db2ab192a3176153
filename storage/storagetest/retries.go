package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// retryCases try [C3] to [C7].
func retryCases() []testCase {
	return []testCase{
		{clause: "C3", name: "a creation that fails leaves its key free", run: retryAfterFailure},
		{clause: "C3", name: "a record made before ExpiredAt does not count", run: retryExpired},
		{clause: "C3", name: "a record made at ExpiredAt counts", run: retryAtExpiry},
		{clause: "C3", name: "an expired key takes another body", run: retryExpiredBody},
		{clause: "C3", name: "keys differ byte for byte", run: retryKeys},
		{clause: "C4", name: "a replay creates nothing", run: retryReplay},
		{clause: "C4", name: "a replay of a todo with all members", run: retryReplayFull},
		{clause: "C4", name: "a replay after the todo was changed", run: retryAfterUpdate},
		{clause: "C4", name: "a replay after the todo was deleted", run: retryAfterDelete},
		{clause: "C5", name: "another body is refused", run: retryMismatch},
		{clause: "C5", name: "another body is refused after the todo was deleted", run: retryMismatchDeleted},
		{clause: "C6", name: "one of 16 racers creates", run: retryRace},
		{clause: "C6", name: "one of 16 racers creates behind an expired record", run: retryRaceExpired},
		{clause: "C6", name: "racers with other bodies are refused", run: retryRaceMismatch},
		{clause: "C6", name: "racers with a deadline end by it", run: retryRaceDeadline},
		{clause: "C7", name: "owners do not share keys", run: retryOwners},
		{clause: "C7", name: "owners do not race for a key", run: retryRaceOwners},
		{clause: "C7", name: "records expire for their owner alone", run: retryExpiresAlone},
	}
}

// retry is a key with the body "body".
func (t *trial) retry(key string) *todos.Retry {
	return &todos.Retry{Key: key, Fingerprint: "body", ExpiredAt: t.at(0).Add(-todos.RetryWindow)}
}

func (t *trial) keyed(title, key string) todos.Draft {
	draft := t.draft(title)
	draft.Retry = t.retry(key)
	return draft
}

// replay creates and fails unless that is a replay.
func (t *trial) replay(owner string, draft todos.Draft) todos.Todo {
	created, err := t.store.CreateTodo(t.ctx, owner, draft)
	if err != nil {
		t.Fatalf("replaying %.40q: %v", draft.Title, err)
	}
	if !created.Replayed {
		t.Fatalf("replaying %.40q: it was created once more", draft.Title)
	}
	return created.Todo
}

// again is the draft as a client's second attempt brings it: with the same
// members, but an id and a time of its own.
func (t *trial) again(draft todos.Draft) todos.Draft {
	draft.ID, draft.CreatedAt = t.id(), draft.CreatedAt.Add(5*time.Second)
	return draft
}

func retryAfterFailure(t *trial) {
	owner, draft := t.owner("a"), t.keyed("second", "key")
	draft.ID = t.add(owner, "first").ID
	if _, err := t.store.CreateTodo(t.ctx, owner, draft); err == nil {
		t.Fatalf("an id that is taken is taken again")
	}
	draft = t.again(draft)
	t.same("after a failure with the same key", t.create(owner, draft), draft.Todo(2*todos.PositionStep))
}

func retryExpired(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	first := t.create(owner, draft)
	draft = t.again(draft)
	draft.Retry.ExpiredAt = first.CreatedAt.Add(time.Millisecond)
	second := t.create(owner, draft)
	if second.ID == first.ID {
		t.Errorf("a new todo has the id of the first")
	}
	t.same("a replay of the second", t.replay(owner, t.again(draft)), second)
	t.sameList("the list", t.list(owner), []todos.Todo{first, second})
}

func retryAtExpiry(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	first := t.create(owner, draft)
	draft = t.again(draft)
	draft.Retry.ExpiredAt = first.CreatedAt
	t.same("a replay at the last moment", t.replay(owner, draft), first)
}

func retryExpiredBody(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	t.create(owner, draft)
	draft = t.again(draft)
	draft.Retry = &todos.Retry{Key: "key", Fingerprint: "other", ExpiredAt: t.at(1)}
	second := t.create(owner, draft)
	t.same("a replay", t.replay(owner, t.again(draft)), second)
	draft = t.again(draft)
	draft.Retry = &todos.Retry{Key: "key", Fingerprint: "body", ExpiredAt: t.at(1)}
	_, err := t.store.CreateTodo(t.ctx, owner, draft)
	t.fails("the body of the expired record", err, todos.ErrRetryMismatch)
}

func retryKeys(t *trial) {
	owner := t.owner("a")
	keys := []string{
		"key", "Key", "KEY", "key%", "ke_", "ke*", `"key"`, "'key'", `k\ey`, "key;", "k",
		strings.Repeat("k", 255), strings.Repeat("k", 254) + "j", strings.Repeat("k", 254),
	}
	created := make(map[string]todos.Todo)
	for _, key := range keys {
		created[key] = t.create(owner, t.keyed("title", key))
	}
	for _, key := range keys {
		t.same("a replay", t.replay(owner, t.keyed("title", key)), created[key])
	}
}

func retryReplay(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	first := t.create(owner, draft)
	t.unchanged("three replays", owner, func() {
		for range 3 {
			draft = t.again(draft)
			t.same("a replay", t.replay(owner, draft), first)
			_, err := t.store.GetTodo(t.ctx, owner, draft.ID)
			t.fails("getting the id that a replay brought", err, todos.ErrNotFound)
		}
	})
}

func retryReplayFull(t *trial) {
	owner := t.owner("a")
	for i, description := range []*string{nil, new(""), new("<&> \u2028 \U0001F600\n\"\\")} {
		draft := t.keyed("title \u00df \U0001F600", fmt.Sprint("key ", i))
		draft.Description, draft.Completed, draft.Position = description, true, new(int64(-todos.MaxPosition))
		first := t.create(owner, draft)
		t.same("the answer", first, draft.Todo(-todos.MaxPosition))
		t.same("its replay", t.replay(owner, t.again(draft)), first)
	}
}

func retryAfterUpdate(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	draft.Description = new("described")
	first := t.create(owner, draft)
	changed := t.update(owner, first.ID, todos.Change{At: t.at(1000), Patch: todos.Patch{
		Title:       todos.Some("changed"),
		Description: todos.Some[*string](nil),
		Completed:   todos.Some(true),
		Position:    todos.Some(int64(1)),
	}})
	t.unchanged("a replay", owner, func() {
		t.same("a replay after a change", t.replay(owner, t.again(draft)), first)
	})
	t.same("the todo after its replay", t.get(owner, first.ID), changed)
}

func retryAfterDelete(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	first := t.create(owner, draft)
	t.delete(owner, first.ID)
	t.unchanged("a replay", owner, func() {
		t.same("a replay after a delete", t.replay(owner, t.again(draft)), first)
	})
	_, err := t.store.GetTodo(t.ctx, owner, first.ID)
	t.fails("getting the replayed todo", err, todos.ErrNotFound)
}

// mismatch creates with another body under the key of draft, which must fail.
func (t *trial) mismatch(owner string, draft todos.Draft) {
	draft = t.again(draft)
	draft.Title = "another body"
	draft.Retry = t.retry(draft.Retry.Key)
	draft.Retry.Fingerprint = "another body"
	t.unchanged("another body", owner, func() {
		_, err := t.store.CreateTodo(t.ctx, owner, draft)
		t.fails("another body under the same key", err, todos.ErrRetryMismatch)
	})
}

func retryMismatch(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	first := t.create(owner, draft)
	t.mismatch(owner, draft)
	t.same("a replay after a mismatch", t.replay(owner, t.again(draft)), first)
}

func retryMismatchDeleted(t *trial) {
	owner, draft := t.owner("a"), t.keyed("title", "key")
	t.delete(owner, t.create(owner, draft).ID)
	t.mismatch(owner, draft)
}

// raceFor lets 16 callers create with the drafts at once and fails unless one
// creates and the others replay what it did, or give up waiting.
func (t *trial) raceFor(owner string, drafts func() todos.Draft) {
	var made, answers atomic.Pointer[todos.Todo]
	var count atomic.Int32
	race(16, func(int) {
		created, err := t.store.CreateTodo(t.ctx, owner, drafts())
		switch {
		case errors.Is(err, todos.ErrRetryInFlight):
			return
		case err != nil:
			t.Errorf("a racer failed: %v", err)
			return
		case !created.Replayed:
			count.Add(1)
			made.Store(&created.Todo)
		}
		if other := answers.Swap(&created.Todo); other != nil {
			t.same("the answer of a racer", created.Todo, *other)
		}
	})
	if n := count.Load(); n != 1 {
		t.Fatalf("%d of 16 racers with one key created, want 1", n)
	}
	t.same("the todo that a racer created", t.get(owner, made.Load().ID), *made.Load())
}

func retryRace(t *trial) {
	for round := range t.rounds(8) {
		owner := t.owner(fmt.Sprint("a", round))
		t.raceFor(owner, func() todos.Draft { return t.keyed("title", "key") })
		if got := len(t.list(owner)); got != 1 {
			t.Errorf("16 racers with one key left %d todos, want 1", got)
		}
	}
}

func retryRaceExpired(t *trial) {
	for round := range t.rounds(8) {
		owner := t.owner(fmt.Sprint("a", round))
		t.create(owner, t.keyed("expired", "key"))
		t.raceFor(owner, func() todos.Draft {
			draft := t.keyed("title", "key")
			draft.CreatedAt, draft.Retry.ExpiredAt = t.at(1000), t.at(1)
			return draft
		})
		if got := len(t.list(owner)); got != 2 {
			t.Errorf("16 racers behind an expired record left %d todos, want 2", got)
		}
	}
}

func retryRaceMismatch(t *trial) {
	owner := t.owner("a")
	var made atomic.Int32
	race(16, func(i int) {
		draft := t.keyed("title", "key")
		draft.Retry.Fingerprint = fmt.Sprint("body ", i)
		created, err := t.store.CreateTodo(t.ctx, owner, draft)
		switch {
		case err == nil && created.Replayed:
			t.Errorf("a racer with a body of its own got a replay")
		case err == nil:
			made.Add(1)
		case !errors.Is(err, todos.ErrRetryMismatch) && !errors.Is(err, todos.ErrRetryInFlight):
			t.Errorf("a racer with a body of its own got the error %v", err)
		}
	})
	if n, there := made.Load(), len(t.list(owner)); n != 1 || there != 1 {
		t.Errorf("16 racers with different bodies created %d and left %d, want 1", n, there)
	}
}

func retryRaceDeadline(t *trial) {
	owner := t.owner("a")
	var made atomic.Int32
	race(16, func(i int) {
		ctx, cancel := context.WithTimeout(t.ctx, time.Duration(i)*time.Millisecond)
		defer cancel()
		_, err := t.store.CreateTodo(ctx, owner, t.keyed("title", "key"))
		if err == nil {
			made.Add(1)
		} else if !errors.Is(err, todos.ErrRetryInFlight) {
			t.ended("a racer at its deadline", err, context.DeadlineExceeded)
		}
	})
	there := len(t.list(owner))
	if there > 1 || there == 0 && made.Load() > 0 {
		t.Errorf("of 16 racers %d have an answer, and %d todos are there", made.Load(), there)
	}
}

func retryOwners(t *trial) {
	anna, bob := t.owner("anna"), t.owner("bob")
	annas := t.create(anna, t.keyed("of anna", "key"))
	draft := t.keyed("of bob", "key")
	draft.Retry.Fingerprint = "body of bob"
	bobs := t.create(bob, draft)
	t.same("the replay of one owner", t.replay(anna, t.keyed("of anna", "key")), annas)
	t.same("the replay of the other", t.replay(bob, t.again(draft)), bobs)
	t.mismatch(bob, draft)
}

// retryExpiresAlone has a call for which records have expired: its owner's, of
// whose key another owner has one, too, and the other owner's, of whose key its
// owner has one that has not.
func retryExpiresAlone(t *trial) {
	anna, bob := t.owner("anna"), t.owner("bob")
	early, late := t.keyed("of bob", "key"), t.keyed("of anna", "key")
	late.CreatedAt = t.at(1000)
	bobs, annas := t.create(bob, early), t.create(anna, late)
	old := t.keyed("old", "old key")
	t.create(anna, old)
	bobsOld := t.create(bob, t.again(old))
	draft := t.keyed("another of anna", "another key")
	draft.CreatedAt, draft.Retry.ExpiredAt = t.at(2000), t.at(1)
	t.create(anna, draft)
	t.same("the replay of the other owner", t.replay(bob, t.again(early)), bobs)
	t.same("the replay of the key that both have used", t.replay(bob, t.again(old)), bobsOld)
	t.same("the replay of one's own", t.replay(anna, t.again(late)), annas)
}

func retryRaceOwners(t *trial) {
	race(16, func(i int) {
		owner := t.owner(fmt.Sprint(i))
		t.sameList("the only todo of a racing owner",
			[]todos.Todo{t.create(owner, t.keyed("title", "key"))}, t.list(owner))
	})
}

// rounds is how often a race is run: n times, or less with -short.
func (t *trial) rounds(n int) int {
	if testing.Short() {
		return max(1, n/4)
	}
	return n
}
