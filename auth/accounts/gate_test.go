package accounts

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// occupy takes all slots of a gate until the test calls leave.
func occupy(t *testing.T, g *gate) (leave func()) {
	t.Helper()
	leave, err := g.enter(t.Context(), g.budget)
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestGateSendsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, 1)
		leave := occupy(t, g)
		results := make(chan error)
		for range waitersPerSlot {
			go func() {
				leave, err := g.enter(t.Context(), 1)
				if err == nil {
					leave()
				}
				results <- err
			}()
		}
		synctest.Wait()
		var busy errBusy
		start := time.Now()
		_, err := g.enter(t.Context(), 1)
		if !errors.As(err, &busy) || busy.after < time.Second || time.Since(start) > 0 {
			t.Errorf("with a full queue: %v after %v", err, time.Since(start))
		}
		leave()
		for range waitersPerSlot {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if n := g.inside.Load(); n != 0 {
			t.Errorf("%d are still inside", n)
		}
	})
}

func TestGateLosesPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, slots := range []int{1, 2} { // waits for a slot, waits for memory
			g := newGate(100, slots)
			leave := occupy(t, g)
			start := time.Now()
			var busy errBusy
			_, err := g.enter(t.Context(), 1)
			if !errors.As(err, &busy) || time.Since(start) != hashPatience {
				t.Errorf("%d slots: %v after %v", slots, err, time.Since(start))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err = g.enter(ctx, 1)
			if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &busy) {
				t.Errorf("%d slots, the client's patience: %v", slots, err)
			}
			cancel()
			if _, err = g.enter(ctx, 1); !errors.Is(err, ctx.Err()) {
				t.Errorf("%d slots, the client is gone: %v", slots, err)
			}
			leave()
			occupy(t, g)() // nothing has been lost
		}
	})
}

// TestGateWeighs: as much passes as there is memory for, and one hash in any
// case.
func TestGateWeighs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			budget, memory int64
			slots, want    int
		}{
			{100, 30, 8, 3}, {100, 30, 2, 2}, {100, 1, 8, 8}, {100, 100, 8, 1}, {100, 1000, 8, 1}, {0, 30, 0, 1}, {-5, 30, -5, 1},
		} {
			g := newGate(test.budget, test.slots)
			g.patience = time.Hour
			var leaves []func()
			ctx, cancel := context.WithCancel(t.Context())
			entered := make(chan func(), 10)
			for range 10 {
				go func() {
					if leave, err := g.enter(ctx, test.memory); err == nil {
						entered <- leave
					}
				}()
			}
			synctest.Wait()
			cancel()
			synctest.Wait()
			for len(entered) > 0 {
				leaves = append(leaves, <-entered)
			}
			if len(leaves) != test.want {
				t.Errorf("%+v: %d pass", test, len(leaves))
			}
			for _, leave := range leaves {
				leave()
			}
		}
	})
}

// TestGateLeftByThoseWhoGiveUp: a hash is not computed for a client that is
// gone.
func TestGateLeftByThoseWhoGiveUp(t *testing.T) {
	t.Parallel()
	h := newHasher(plenty)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err1 := h.hash(ctx, "correct horse")
	_, _, err2 := h.verify(ctx, "", "correct horse")
	if !errors.Is(err1, context.Canceled) || !errors.Is(err2, context.Canceled) || h.ran.Load() != 0 {
		t.Errorf("%v, %v, %d hashes", err1, err2, h.ran.Load())
	}
}
