package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// pace is how often a key set is fetched, and how long it serves.
type pace struct {
	limit     time.Duration // for one fetch
	renew     time.Duration // the age at which a set is renewed, beside the request that sees it
	wait      time.Duration // the age at which requests wait for that
	maxStale  time.Duration // the age up to which a set serves if it cannot be renewed
	unknown   time.Duration // between two fetches for keys that the set does not hold
	firstWait time.Duration // after a failure; doubled with each further one
	maxWait   time.Duration
	waiters   int64
}

func usualPace(maxStale time.Duration) pace {
	return pace{
		limit:     5 * time.Second,
		renew:     15 * time.Minute,
		wait:      30 * time.Minute, // after hours without requests, withdrawn keys must not pass first
		maxStale:  maxStale,
		unknown:   10 * time.Second,
		firstWait: time.Second,
		maxWait:   time.Minute,
		waiters:   256,
	}
}

var (
	errClosed  = errors.New("the guard is closed")
	errCrowded = errors.New("too many requests wait for the key set")
)

// renewal keeps a key set up to date, one fetch at a time. Requests that know
// their key only load a pointer.
type renewal struct {
	fetch func(context.Context) ([]byte, error)
	pace  pace
	now   func() time.Time
	log   *slog.Logger

	current atomic.Pointer[published]
	begun   atomic.Uint64 // fetches
	waiting atomic.Int64  // requests

	ctx    context.Context // of all fetches; ended by Close
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu          sync.Mutex // never held while something is fetched
	flight      *flight    // under way, or nil
	failure     error      // of the last fetch, or nil
	failures    int        // since the last success
	retryAt     time.Time  // not earlier, after a failure
	nextUnknown time.Time  // not earlier, for keys that the set does not hold
}

// flight is a fetch that is under way.
type flight struct {
	number uint64
	at     time.Time
	again  bool          // the one before has failed
	landed chan struct{} // closed at the end
	err    error         // then
}

func newRenewal(fetch func(context.Context) ([]byte, error), p pace, now func() time.Time,
	log *slog.Logger) *renewal {
	r := &renewal{fetch: fetch, pace: p, now: now, log: log}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// close ends what is under way and waits for it. What is there serves on.
func (r *renewal) close() {
	r.mu.Lock() // no fetch begins after this
	r.cancel()
	r.mu.Unlock()
	r.done.Wait()
}

// get is the set that may be used now. It starts what renews an old one.
func (r *renewal) get(ctx context.Context) (*published, error) {
	set := r.current.Load()
	age := r.age(set)
	if set != nil && 0 <= age && age < r.pace.renew {
		return set, nil
	}
	serves := set != nil && age < r.pace.maxStale
	f, err := r.board(set, false)
	if serves && (err != nil || age < r.pace.wait || f != nil && f.again) {
		return set, nil
	}
	if err == nil {
		err = r.await(ctx, f)
	}
	switch newer := r.current.Load(); {
	case newer != set:
		return newer, nil
	case serves:
		return set, nil
	}
	return nil, err
}

// newer is a set that was fetched after set, or set itself where it is too early
// to look for keys that it does not hold.
func (r *renewal) newer(ctx context.Context, set *published) (*published, error) {
	f, err := r.board(set, true)
	if err == nil && f != nil {
		err = r.await(ctx, f)
	}
	if newer := r.current.Load(); newer != set {
		return newer, nil
	}
	return set, err
}

func (r *renewal) age(set *published) time.Duration {
	if set == nil {
		return 0
	}
	return r.now().Sub(set.at)
}

// board returns the fetch that is under way, or begins one. It is nil if set has
// been renewed already and, for a key that the set does not hold (unknown), if
// it is too early to look for such keys again. Their fetches take no turn of the
// renewals, nor renewals one of theirs: tokens with invented kids cost a key that
// is really new 10 seconds at most.
func (r *renewal) board(set *published, unknown bool) (*flight, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, next := r.now(), r.retryAt
	if unknown && r.nextUnknown.After(next) {
		next = r.nextUnknown
	}
	ahead := next.Sub(now)
	switch early := 0 < ahead && ahead <= max(r.pace.maxWait, r.pace.unknown); { // no clock put back
	case r.flight != nil:
		return r.flight, nil
	case r.current.Load() != set:
		return nil, nil
	case r.ctx.Err() != nil:
		return nil, &unavailable{cause: errClosed}
	case early && r.failure != nil:
		return nil, &unavailable{after: ahead, cause: r.failure}
	case early:
		return nil, nil
	}
	if unknown {
		r.nextUnknown = now.Add(r.pace.unknown)
	}
	f := &flight{at: now, again: r.failure != nil, landed: make(chan struct{})}
	f.number = r.begun.Add(1)
	r.flight = f
	r.done.Go(func() { r.fly(f) })
	return f, nil
}

// await waits for a fetch, if there is room. Nil has landed already.
func (r *renewal) await(ctx context.Context, f *flight) error {
	if f == nil {
		return nil
	}
	defer r.waiting.Add(-1)
	if r.waiting.Add(1) > r.pace.waiters {
		return &unavailable{cause: errCrowded}
	}
	select {
	case <-f.landed:
		return f.err
	case <-ctx.Done():
		return &unavailable{cause: ctx.Err()}
	}
}

// fly fetches. Nothing that the other side sends may end the process.
func (r *renewal) fly(f *flight) {
	old := r.current.Load()
	set, err := r.load(f, old)
	r.mu.Lock()
	r.flight = nil
	r.failure = err
	wait := time.Duration(0)
	if err == nil {
		r.failures, r.retryAt = 0, time.Time{}
		r.current.Store(set)
	} else {
		wait = r.backoff(err)
		r.failures++
		r.retryAt = r.now().Add(wait)
		f.err = &unavailable{after: wait, cause: err}
	}
	closed := r.ctx.Err() != nil
	r.mu.Unlock()
	close(f.landed)
	switch {
	case closed: // a failure is no news then
	case err != nil:
		r.tellFailure(err, wait, old)
	default:
		r.tellChange(old, set)
	}
}

func (r *renewal) load(f *flight, old *published) (set *published, err error) {
	defer func() {
		if v := recover(); v != nil {
			set, err = nil, fmt.Errorf("a panic over what was fetched: %v", v)
		}
	}()
	ctx, cancel := context.WithTimeout(r.ctx, r.pace.limit)
	defer cancel()
	text, err := r.fetch(ctx)
	if err != nil {
		return nil, err
	}
	if set, err = parsePublished(text, old); err != nil {
		return nil, err
	}
	set.number, set.at = f.number, f.at
	return set, nil
}

// backoff is how long to leave the issuer alone after one more failure.
func (r *renewal) backoff(err error) time.Duration {
	wait := min(r.pace.firstWait<<min(r.failures, 16), r.pace.maxWait)
	var status *statusError
	if errors.As(err, &status) {
		wait = max(wait, min(status.after, r.pace.maxWait))
	}
	return wait
}

func (r *renewal) tellFailure(err error, wait time.Duration, old *published) {
	serves, level := "nothing: requests are answered with 503", slog.LevelError
	if old != nil && r.age(old) < r.pace.maxStale {
		serves, level = fmt.Sprintf("the set of %v ago", r.age(old).Truncate(time.Second)), slog.LevelWarn
	}
	r.log.LogAttrs(context.Background(), level, "authtodo: key set cannot be fetched",
		slog.String("error", err.Error()), slog.Duration("retry_in", wait),
		slog.String("serving", serves))
}

// tellChange tells which keys there are if they are others than before.
func (r *renewal) tellChange(old, set *published) {
	if old != nil && old.String() == set.String() && old.odd() == set.odd() {
		return
	}
	level := slog.LevelInfo
	keys := set.String()
	if len(keys) > 1000 {
		keys = keys[:1000] + "…"
	}
	attrs := []slog.Attr{slog.String("keys", keys)}
	if len(set.passed) > 0 {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("passed_over", set.odd()))
	}
	r.log.LogAttrs(context.Background(), level, "authtodo: key set fetched", attrs...)
}
