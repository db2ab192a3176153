package openapitest

import (
	"context"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// stuck is a [memory.Transact] that never gets its lock.
func stuck(ctx context.Context, _ string, _ bool, _ func(*memory.List) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// panicking is a store with a bug: none of its methods is there.
type panicking struct{ todos.Store }
