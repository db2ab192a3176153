package storage

import (
	"context"

	"github.com/authtodo/authtodo/auth"
)

// Auditor is what a store may be, too: one that can tell how it should be set up
// otherwise. The module asks it in its own Audit.
type Auditor interface {
	// Audit returns what was found, and an error if not everything could be
	// looked at. It changes nothing.
	Audit(ctx context.Context) ([]auth.Finding, error)
}
