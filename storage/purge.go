package storage

import (
	"context"
	"time"
)

// Purger is what a store may be, too: one that can remove what has ended, of all
// users. The module asks it in its own Purge.
type Purger interface {
	// Purge removes what nobody can use any more at now, and nothing else: of
	// todos the records of retries that are older than todos.RetryWindow, of
	// accounts the sessions and codes that have expired. It returns how many rows
	// that were.
	Purge(ctx context.Context, now time.Time) (int64, error)
}
