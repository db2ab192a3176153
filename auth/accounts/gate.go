package accounts

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Who comes when as many wait for a slot as it serves in about the time that
// anybody is willing to wait is sent away at once.
const (
	waitersPerSlot = 128
	hashPatience   = 5 * time.Second
)

// errBusy says that no password can be looked at now; after is when to ask
// again.
type errBusy struct{ after time.Duration }

func (e errBusy) Error() string {
	return fmt.Sprintf("accounts: too many passwords are being hashed; again in %v", e.after)
}

// gate bounds the memory of hashes that run at once, and their number. Who has
// to wait is served in turn.
type gate struct {
	slots    *semaphore.Weighted
	memory   *semaphore.Weighted
	budget   int64 // of memory
	limit    int64 // of those who are inside, waiting or not
	patience time.Duration
	inside   atomic.Int64
}

// newGate is a gate of at least one slot. Whatever the budget is, one hash at a
// time passes.
func newGate(budget int64, slots int) *gate {
	budget, slots = max(budget, 1), max(slots, 1)
	return &gate{
		slots:    semaphore.NewWeighted(int64(slots)),
		memory:   semaphore.NewWeighted(budget),
		budget:   budget,
		limit:    int64(slots) * (1 + waitersPerSlot),
		patience: hashPatience,
	}
}

// enter waits for a slot and for memory. It fails with errBusy if the queue is
// full or the wait is too long, and with the error of ctx when that ends.
func (g *gate) enter(ctx context.Context, memory int64) (leave func(), err error) {
	if g.inside.Add(1) > g.limit {
		g.inside.Add(-1)
		return nil, errBusy{g.patience}
	}
	memory = min(memory, g.budget)
	if err := g.wait(ctx, memory); err != nil {
		g.inside.Add(-1)
		return nil, err
	}
	return func() {
		g.memory.Release(memory)
		g.slots.Release(1)
		g.inside.Add(-1)
	}, nil
}

func (g *gate) wait(ctx context.Context, memory int64) error {
	patient, cancel := context.WithTimeout(ctx, g.patience)
	defer cancel()
	err := g.slots.Acquire(patient, 1)
	if err == nil {
		if err = g.memory.Acquire(patient, memory); err != nil {
			g.slots.Release(1)
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errBusy{g.patience}
}
