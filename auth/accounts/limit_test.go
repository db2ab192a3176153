package accounts

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is one that stands still until it is told.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() time.Time         { return time.Unix(1_800_000_000, c.now.Load()).UTC() }
func (c *clock) pass(d time.Duration)   { c.now.Add(int64(d)) }
func limiter() (*memoryLimiter, *clock) { c := new(clock); return newMemoryLimiter(c.Now), c }

// take fails unless the limiter answers with this wait.
func (m *memoryLimiter) take(t *testing.T, key string, r Rate, want time.Duration) {
	t.Helper()
	wait, err := m.Take(t.Context(), key, r)
	if err != nil || (wait-want).Abs() > time.Millisecond {
		t.Errorf("%s: wait %v, want %v; %v", key, wait, want, err)
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	m, c := limiter()
	r := Rate{Burst: 3, Every: time.Minute}
	for range 3 {
		m.take(t, "ada", r, 0)
	}
	m.take(t, "ada", r, time.Minute)
	m.take(t, "bob", r, 0)
	c.pass(45 * time.Second)
	m.take(t, "ada", r, 15*time.Second) // and refusals are not counted
	m.take(t, "ada", r, 15*time.Second)
	c.pass(15 * time.Second)
	m.take(t, "ada", r, 0)
	m.take(t, "ada", r, time.Minute)
	c.pass(time.Hour)
	for range 3 {
		m.take(t, "ada", r, 0)
	}
	m.take(t, "ada", r, time.Minute)
}

// TestNoLimit is what the zero Rate and its like mean.
func TestNoLimit(t *testing.T) {
	t.Parallel()
	m, _ := limiter()
	for _, r := range []Rate{{}, {Burst: 1}, {Every: time.Hour}, {-1, time.Hour}, {1, -time.Hour}} {
		for range 100 {
			m.take(t, "ada", r, 0)
		}
	}
	if n := len(m.buckets); n != 0 {
		t.Errorf("%d buckets", n)
	}
}

// TestClockGoesBack: nobody gets more than the burst by that, or waits longer.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	m, c := limiter()
	r := Rate{Burst: 2, Every: time.Minute}
	m.take(t, "ada", r, 0)
	m.take(t, "ada", r, 0)
	c.pass(-time.Hour)
	m.take(t, "ada", r, time.Minute)
	c.pass(time.Minute)
	m.take(t, "ada", r, 0)
	m.take(t, "ada", r, time.Minute)
}

// TestRateChanges: the key keeps what it has used.
func TestRateChanges(t *testing.T) {
	t.Parallel()
	m, c := limiter()
	m.take(t, "ada", Rate{2, time.Minute}, 0)
	m.take(t, "ada", Rate{2, time.Minute}, 0)
	m.take(t, "ada", Rate{5, time.Hour}, time.Hour)
	c.pass(time.Hour)
	m.take(t, "ada", Rate{5, time.Hour}, 0)
	m.take(t, "ada", Rate{5, time.Hour}, time.Hour)
}

// TestLift: a key that was lifted is as if it had never been, and others stay.
func TestLift(t *testing.T) {
	t.Parallel()
	m, c := limiter()
	r := Rate{Burst: 1, Every: 30 * 24 * time.Hour}
	for _, key := range []string{"ada", "bob", "eve"} {
		m.take(t, key, r, 0)
		c.pass(time.Second)
	}
	for range 2 { // one that is not there is no error
		if err := m.Lift(t.Context(), "bob"); err != nil {
			t.Error(err)
		}
	}
	if len(m.buckets) != 2 || len(m.byFull) != 2 {
		t.Errorf("%d buckets, %d in the queue", len(m.buckets), len(m.byFull))
	}
	m.take(t, "bob", r, 0)
	m.take(t, "ada", r, r.Every-3*time.Second)
	m.take(t, "eve", r, r.Every-time.Second)
	c.pass(r.Every)
	m.take(t, "new", r, 0)
	if len(m.buckets) != 1 || len(m.byFull) != 1 {
		t.Errorf("%d buckets, %d in the queue", len(m.buckets), len(m.byFull))
	}
}

// TestFull: whoever floods the limiter with keys takes the place of his own, not
// of a bucket that is exhausted, and the limiter does not grow.
func TestFull(t *testing.T) {
	t.Parallel()
	m, c := limiter()
	m.most = 1000
	r := Rate{Burst: 5, Every: time.Minute}
	for range 5 {
		m.take(t, "victim", r, 0)
	}
	for i := range 50_000 {
		m.take(t, fmt.Sprint("junk", i), r, 0)
	}
	if len(m.buckets) != m.most || len(m.byFull) != m.most {
		t.Errorf("%d buckets, %d in the queue", len(m.buckets), len(m.byFull))
	}
	m.take(t, "victim", r, time.Minute)
	c.pass(time.Minute) // the junk is as if it had never been
	m.take(t, "victim", r, 0)
	if len(m.buckets) != 1 || len(m.byFull) != 1 {
		t.Errorf("%d buckets, %d in the queue", len(m.buckets), len(m.byFull))
	}
	c.pass(5 * time.Minute)
	m.take(t, "other", r, 0)
	if len(m.buckets) != 1 {
		t.Errorf("%d buckets", len(m.buckets))
	}
}

// TestLimiterIsBounded: in memory too, whatever the keys are.
func TestLimiterIsBounded(t *testing.T) {
	m, _ := limiter()
	long := strings.Repeat("x", 4096)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range maxBuckets + 50_000 {
		m.take(t, fmt.Sprint(long, i), Rate{Burst: 5, Every: time.Minute}, 0)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d keys take %.1f MiB", len(m.buckets), float64(grown)/(1<<20))
	if len(m.buckets) != maxBuckets || grown > 24<<20 {
		t.Errorf("%d keys take %d bytes", len(m.buckets), grown)
	}
	runtime.KeepAlive(m)
}

func TestLimiterAtOnce(t *testing.T) {
	t.Parallel()
	m, _ := limiter()
	m.most = 50
	var all sync.WaitGroup
	var passed atomic.Int64
	for i := range 8 {
		all.Go(func() {
			for j := range 500 {
				wait, err := m.Take(context.Background(), "ada", Rate{Burst: 100, Every: time.Hour})
				if err == nil && wait == 0 {
					passed.Add(1)
				}
				m.Take(context.Background(), fmt.Sprint(i, " ", j), Rate{Burst: 3, Every: time.Second})
			}
		})
	}
	all.Wait()
	if n := passed.Load(); n != 100 {
		t.Errorf("%d passed, want 100", n)
	}
}

func BenchmarkLimiter(b *testing.B) {
	for _, name := range []string{"one key", "new keys"} {
		b.Run(name, func(b *testing.B) {
			m := newMemoryLimiter(time.Now)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := "ada"
				if name == "new keys" {
					key = fmt.Sprint(i)
				}
				m.Take(context.Background(), key, Rate{Burst: 5, Every: time.Minute})
			}
		})
	}
}
