package authtodo

import (
	"context"

	"github.com/authtodo/authtodo/storage"
)

// Purge removes what has ended and nobody can use any more: records of
// Idempotency-Keys after a day, and with accounts expired sessions, links and
// codes. It returns how many rows that were. A store removes those of a user who
// comes back by itself; Purge is for users who do not. Call it once a day or so,
// from one instance or several. It can take as long as there is much to remove,
// and keeps no request waiting. With a store of your own that is no
// storage.Purger it does nothing.
func (m *Module) Purge(ctx context.Context) (int64, error) {
	var removed int64
	for _, store := range []any{m.storage.Todos, m.storage.Accounts} {
		purger, ok := store.(storage.Purger)
		if !ok {
			continue
		}
		n, err := purger.Purge(ctx, m.now())
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
