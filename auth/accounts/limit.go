package accounts

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often something may happen: Burst times at once, and then once in
// Every. If either is zero or less, it is not limited.
type Rate struct {
	Burst int
	Every time.Duration
}

func (r Rate) isNone() bool { return r.Burst <= 0 || r.Every <= 0 }

// Limiter counts what happens. The default counts in memory, for one instance;
// several instances that are to count together need one that they share. It is
// safe for concurrent use.
type Limiter interface {
	// Take counts one event of key, unless that would exceed rate: then it counts
	// nothing, and wait is how long it takes until there may be one more. Keys of
	// different events are different; they hold addresses of clients and of mail,
	// so a limiter that writes them down should write a hash. With an error
	// nothing is known, and the request is let through: a limiter that is down
	// must not keep everybody out.
	Take(ctx context.Context, key string, rate Rate) (wait time.Duration, err error)
}

// Lifter is a [Limiter] that can forget a key. If [Options.Limiter] is none,
// failures in a row, which a success lifts, are counted in memory, and a reset of
// the password lifts no limit of the Limiter.
type Lifter interface {
	Limiter

	// Lift forgets what was counted of a key.
	Lift(ctx context.Context, key string) error
}

// maxBuckets is how many keys a memoryLimiter knows at once: with all of them it
// takes about 20 MiB.
const maxBuckets = 1 << 16

// memoryLimiter is the [Limiter] of one process. What it forgets first, when it
// is full, is what matters least: the bucket that is the next to be full again.
// So a flood of new keys pushes out its own, and an exhausted bucket stays until
// there are maxBuckets that are more so.
type memoryLimiter struct {
	now  func() time.Time
	most int

	mu      sync.Mutex
	buckets map[digest]*bucketOf
	byFull  fullQueue
}

// newLimiters are the limiters of a service: of all limits, and of failures in a
// row, which stay for long. In memory those are counted apart, so that they push
// out nothing that is full again in minutes.
func newLimiters(given Limiter, now func() time.Time) (limits, failures Limiter) {
	if given == nil {
		return newMemoryLimiter(now), newMemoryLimiter(now)
	}
	if _, ok := given.(Lifter); ok {
		return given, given
	}
	return given, newMemoryLimiter(now)
}

// digest stands for a key, so that long ones take no more memory.
type digest [16]byte

// bucketOf is the bucket of one key.
type bucketOf struct {
	key     digest
	limiter *rate.Limiter
	rate    Rate
	full    time.Time // when it is as if it had never been
	index   int       // in byFull
}

func newMemoryLimiter(now func() time.Time) *memoryLimiter {
	return &memoryLimiter{now: now, most: maxBuckets, buckets: make(map[digest]*bucketOf)}
}

// Take implements [Limiter].
func (m *memoryLimiter) Take(
	_ context.Context, key string, r Rate,
) (wait time.Duration, err error) {
	if r.isNone() {
		return 0, nil
	}
	sum := sha256.Sum256([]byte(key))
	id, now := digest(sum[:16]), m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(now)
	b := m.buckets[id]
	if b == nil {
		b = m.add(id, r, now)
	} else if b.rate != r {
		b.rate = r
		b.limiter.SetLimitAt(now, rate.Every(r.Every))
		b.limiter.SetBurstAt(now, r.Burst)
	}
	reservation := b.limiter.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	missing := float64(r.Burst) - b.limiter.TokensAt(now)
	b.full = now.Add(time.Duration(missing * float64(r.Every)))
	heap.Fix(&m.byFull, b.index)
	return wait, nil
}

// Lift implements [Lifter].
func (m *memoryLimiter) Lift(_ context.Context, key string) error {
	sum := sha256.Sum256([]byte(key))
	m.mu.Lock()
	defer m.mu.Unlock()
	if b := m.buckets[digest(sum[:16])]; b != nil {
		heap.Remove(&m.byFull, b.index)
		delete(m.buckets, b.key)
	}
	return nil
}

// forget drops what is full again: such a bucket is like a new one.
func (m *memoryLimiter) forget(now time.Time) {
	for len(m.byFull) > 0 && !m.byFull[0].full.After(now) {
		m.drop()
	}
}

func (m *memoryLimiter) add(id digest, r Rate, now time.Time) *bucketOf {
	if len(m.buckets) >= m.most {
		m.drop()
	}
	b := &bucketOf{key: id, rate: r, limiter: rate.NewLimiter(rate.Every(r.Every), r.Burst), full: now}
	m.buckets[id] = b
	heap.Push(&m.byFull, b)
	return b
}

// drop drops the bucket that is the first to be full.
func (m *memoryLimiter) drop() {
	delete(m.buckets, heap.Pop(&m.byFull).(*bucketOf).key)
}

// fullQueue is a heap, the first to be full on top.
type fullQueue []*bucketOf

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (q fullQueue) Len() int           { return len(q) }
func (q fullQueue) Less(i, j int) bool { return q[i].full.Before(q[j].full) }
func (q fullQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *fullQueue) Push(x any) {
	b := x.(*bucketOf)
	b.index = len(*q)
	*q = append(*q, b)
}

func (q *fullQueue) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return b
}
