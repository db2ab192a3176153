package accounts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth"
)

// keyStore is the [Keys] of these tests.
type keyStore struct {
	mu    sync.Mutex
	keys  []SigningKey
	reads atomic.Int64
	down  atomic.Bool
	enter func() // before an answer; nil: nothing
}

func (k *keyStore) SigningKeys(context.Context) ([]SigningKey, error) {
	k.reads.Add(1)
	if k.down.Load() {
		return nil, ErrUnavailable
	}
	if k.enter != nil {
		k.enter()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.keys), nil
}

func (k *keyStore) AddSigningKey(_ context.Context, key SigningKey) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range k.keys {
		if other.Number == key.Number {
			return false, nil
		}
	}
	k.keys = append(k.keys, key)
	return true, nil
}

func (k *keyStore) DropSigningKeys(_ context.Context, before time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.keys[len(k.keys)-1].Number
	k.keys = slices.DeleteFunc(k.keys, func(key SigningKey) bool {
		return key.DeadAt.Before(before) && key.Number != last
	})
	return nil
}

const (
	ringSecret  = Secret("kN3vQ8xT1mZ7pLc5rW2yB9dF6gH4jS0a")
	otherSecret = Secret("Zr8fV2mKq6YwXs4LtBn7Jd0Gh5Pc3Ue1")
)

type moved struct{ at atomic.Int64 }

func (m *moved) now() time.Time       { return time.UnixMilli(1_800_000_000_000 + m.at.Load()).UTC() }
func (m *moved) pass(d time.Duration) { m.at.Add(d.Milliseconds()) }

func testRing(store Keys, clock *moved, s ...Secret) *ring {
	return newRing(store, s, DefaultAccess, clock.now, slog.New(slog.DiscardHandler))
}

func sign(t *testing.T, r *ring) ownKey {
	t.Helper()
	key, err := r.signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestInstancesAgree(t *testing.T) {
	t.Parallel()
	for range 50 {
		var store keyStore
		var clock moved
		kids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range kids {
			r := testRing(&store, &clock, ringSecret)
			wg.Go(func() {
				if key, err := r.signer(context.Background()); err == nil {
					kids[i] = key.ID
				}
			})
		}
		wg.Wait()
		if kids[0] == "" || len(slices.Compact(kids)) != 1 || len(store.keys) != 1 {
			t.Fatalf("the keys are %v, in the store are %d", kids, len(store.keys))
		}
	}
}

// TestRotation goes through half a year. A token that was signed at any time is
// verified until it expires, also by an instance that signs nothing and only
// reads the keys when it meets one that it does not know; every key is published
// for an hour before it signs; and of keys that are dead none stay.
func TestRotation(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	signs, verifies := testRing(&store, &clock, ringSecret), testRing(&store, &clock, ringSecret)
	type token struct {
		kid string
		at  time.Time
	}
	var tokens []token
	published := map[string]time.Time{} // since when
	used := map[string]bool{}
	const step = 41 * time.Minute
	for range int(180 * 24 * time.Hour / step) {
		clock.pass(step)
		key := sign(t, signs)
		if !used[key.ID] && len(used) > 0 && clock.now().Sub(published[key.ID]) < keyAnnounced-step {
			t.Fatalf("%s signs, and was published at %v only", key.ID, published[key.ID])
		}
		used[key.ID] = true
		set, err := verifies.published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range set {
			if published[p.ID].IsZero() {
				published[p.ID] = clock.now()
			}
		}
		tokens = append(tokens, token{key.ID, clock.now()})
		for _, old := range tokens {
			if found, err := verifies.find(t.Context(), old.kid); found == nil || err != nil {
				t.Fatalf("the key of a token of %v is not known: %v", clock.now().Sub(old.at), err)
			}
		}
		if len(tokens) > 3 {
			tokens = tokens[1:]
		}
	}
	if len(used) != 6 || len(store.keys) > 3 {
		t.Errorf("%d keys were used, %d are kept", len(used), len(store.keys))
	}
}

func TestLostSecret(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	old := sign(t, testRing(&store, &clock, ringSecret))
	clock.pass(time.Hour)
	kept := sign(t, testRing(&store, &clock, otherSecret, ringSecret))
	if kept.ID != old.ID {
		t.Error("the previous secret does not open the key")
	}
	lost := testRing(&store, &clock, otherSecret)
	next := sign(t, lost)
	if next.ID == old.ID || next.Number != 2 {
		t.Errorf("the next key is %d, %s", next.Number, next.ID)
	}
	if found, _ := lost.find(t.Context(), old.ID); found != nil {
		t.Error("tokens of a key are believed that anybody may have put there")
	}
	if again := sign(t, lost); again.ID != next.ID {
		t.Error("a key with every token")
	}
	if tampered := store.keys[1]; true {
		tampered.Number, tampered.ID = 3, "moved"
		store.keys = append(store.keys, tampered)
		if key := sign(t, testRing(&store, &clock, otherSecret)); key.ID == "moved" {
			t.Error("a private key works in another row")
		}
	}
}

// TestDormant: a service that nobody used for months has no key that it may use.
func TestDormant(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	first := sign(t, r)
	clock.pass(keySigns + keyReserve - 5*time.Minute) // a token would outlive the key
	next := sign(t, r)
	if next.ID == first.ID || next.DeadAt.Before(clock.now().Add(keySigns)) {
		t.Errorf("it signs with %s, which is dead at %v", next.ID, next.DeadAt)
	}
}

// TestJunkKids: a kid that nobody has made has nobody asked.
func TestJunkKids(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	first := sign(t, r)
	before := store.reads.Load()
	for i := range 1000 {
		if key, err := r.find(t.Context(), fmt.Sprint("junk", i)); key != nil || err != nil {
			t.Fatal(key, err)
		}
		r.find(t.Context(), testRing(&store, &clock, otherSecret).newKid())
	}
	if n := store.reads.Load() - before; n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
	clock.pass(keySigns - keyAnnounced)
	made := testRing(&store, &clock, ringSecret)
	sign(t, made) // and announces the next
	next := store.keys[1].ID
	if key, err := r.find(t.Context(), next); key == nil || err != nil {
		t.Errorf("the key of another instance is not known: %v", err)
	}
	store.down.Store(true)
	if key, err := r.find(t.Context(), first.ID); key == nil || err != nil {
		t.Errorf("a known key is not known any more: %v", err)
	}
	if _, err := r.find(t.Context(), r.newKid()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	clock.pass(time.Hour)
	if _, err := r.signer(t.Context()); err != nil {
		t.Errorf("known keys do not sign: %v", err)
	}
}

// TestSamePointer: a key is the same pointer after every reading.
func TestSamePointer(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	key := sign(t, r)
	var seen []*auth.PublicKey
	for range 3 {
		clock.pass(2 * keysChecked)
		sign(t, r)
		found, err := r.find(t.Context(), key.ID)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, found)
	}
	if seen[0] != seen[1] || seen[1] != seen[2] {
		t.Error("it is another")
	}
}

// finds fails unless a ring has a key, or has it not, after having read the keys
// so many times.
func finds(t *testing.T, what string, r *ring, store *keyStore, kid string, want bool, reads int64) {
	t.Helper()
	before := store.reads.Load()
	for range 20 {
		if key, err := r.find(t.Context(), kid); (key != nil) != want || err != nil {
			t.Fatalf("%s: the key is found %t, %v", what, key != nil, err)
		}
	}
	if n := store.reads.Load() - before; n != reads {
		t.Errorf("%s: the keys were read %d times, want %d", what, n, reads)
	}
}

// TestWithdrawnKey: a key that was taken out of the store is not believed for more
// than a minute, by an instance that signs nothing neither.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	kid := sign(t, testRing(&store, &clock, ringSecret)).ID
	guards := testRing(&store, &clock, ringSecret)
	finds(t, "at first", guards, &store, kid, true, 1)
	clock.pass(keysChecked + time.Millisecond)
	finds(t, "a minute later", guards, &store, kid, true, 1)
	store.keys = nil
	finds(t, "right after it was withdrawn", guards, &store, kid, true, 0)
	clock.pass(keysChecked)
	finds(t, "within a minute", guards, &store, kid, true, 0)
	clock.pass(time.Millisecond)
	if key, err := guards.find(t.Context(), kid); key != nil || err != nil {
		t.Errorf("a withdrawn key is found %t, %v", key != nil, err)
	}
}

// TestKnownKeysServe while the store cannot be asked, and the store is left alone
// for a while.
func TestKnownKeysServe(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	kid := sign(t, r).ID
	clock.pass(keysChecked + time.Millisecond)
	store.down.Store(true)
	for range 3 {
		finds(t, "while the store is down", r, &store, kid, true, 1)
		clock.pass(keysRetried)
		finds(t, "a little later", r, &store, kid, true, 0)
		clock.pass(time.Millisecond)
	}
	store.down.Store(false)
	store.keys = nil
	finds(t, "when it is up again", r, &store, "of nobody", false, 1)
	if key, err := r.find(t.Context(), kid); key != nil || err != nil {
		t.Errorf("a key that was withdrawn meanwhile is found %t, %v", key != nil, err)
	}
}

// TestNobodyWaitsForKnownKeys while another request reads them again.
func TestNobodyWaitsForKnownKeys(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	kid := sign(t, r).ID
	clock.pass(keysChecked + time.Millisecond)
	reading, release := make(chan struct{}), make(chan struct{})
	store.enter = func() {
		close(reading)
		<-release
	}
	done := make(chan error, 1)
	go func() {
		_, err := r.find(t.Context(), kid)
		done <- err
	}()
	select {
	case <-reading:
	case <-done:
		t.Fatal("nobody has read the keys")
	}
	finds(t, "while somebody reads", r, &store, kid, true, 0)
	if _, err := r.signer(t.Context()); err != nil {
		t.Errorf("signing while somebody reads: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestDeadKey: no token that a key has signed outlives its DeadAt, also if the key
// stays in the store because it is the last.
func TestDeadKey(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	r := testRing(&store, &clock, ringSecret)
	key := sign(t, r)
	clock.pass(key.DeadAt.Sub(clock.now()) - time.Millisecond)
	finds(t, "in its last millisecond", r, &store, key.ID, true, 1)
	clock.pass(time.Millisecond)
	finds(t, "dead", r, &store, key.ID, false, 0)
}

// TestUnusableKeyIsReportedOnce and not with every reading.
func TestUnusableKeyIsReportedOnce(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	var lines strings.Builder
	sign(t, testRing(&store, &clock, otherSecret))
	damaged := store.keys[0]
	damaged.Number, damaged.ID, damaged.Public = 2, "damaged", []byte("short")
	store.keys = append(store.keys, damaged)
	r := newRing(&store, secrets{ringSecret}, DefaultAccess, clock.now, slog.New(slog.NewTextHandler(&lines, nil)))
	for range 5 {
		sign(t, r)
		clock.pass(keysChecked + time.Millisecond)
	}
	if n := strings.Count(lines.String(), "kid="); n != 2 {
		t.Errorf("there are %d lines about two keys:\n%s", n, lines.String())
	}
}
