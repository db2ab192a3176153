package auth

import (
	"context"
	"errors"
	"fmt"
)

// Health returns nil if the keys of all issuers are there, or can be fetched now:
// a set that no token has needed yet is fetched. Else the error names the issuers.
func (g *Guard) Health(ctx context.Context) error {
	var errs []error
	for i, iss := range g.issuers {
		if set := iss.keys.set(); set != nil {
			if _, err := set.get(ctx); err != nil {
				errs = append(errs, fmt.Errorf("Auth.Issuers[%d].Keys: %w", i, err))
			}
		}
	}
	return errors.Join(errs...)
}
