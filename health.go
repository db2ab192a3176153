package authtodo

import (
	"context"
	"errors"
	"fmt"
)

// pinger is a store that can tell whether it would answer; those of this module
// that are outside of the process can.
type pinger interface {
	Ping(ctx context.Context) error
}

// Health returns nil if requests can be served: the storage answers, and the keys
// of all issuers are there or can be fetched. Else the error names what is wrong;
// it is for the log and not for strangers. It is for readiness probes, with a
// deadline in ctx. A liveness probe should not: that the database is down is no
// reason to restart all instances.
//
// A store of your own is asked if it has the method Ping(ctx) error.
func (m *Module) Health(ctx context.Context) error {
	var errs []error
	for _, store := range []any{m.storage.Todos, m.storage.Accounts} {
		if p, ok := store.(pinger); ok {
			if err := p.Ping(ctx); err != nil {
				errs = append(errs, fmt.Errorf("Storage: %w", err))
			}
		}
	}
	return errors.Join(append(errs, m.guard.Health(ctx))...)
}
