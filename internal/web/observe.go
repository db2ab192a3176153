package web

import "context"

// Observe is told of every operation that takes time: it returns the context for
// it, and what is to be called with its error when it has ended. Nil observes
// nothing.
type Observe func(ctx context.Context, operation string) (context.Context, func(error))

// Begin begins an operation.
func (o Observe) Begin(ctx context.Context, operation string) (context.Context, func(error)) {
	if o == nil {
		return ctx, func(error) {}
	}
	return o(ctx, operation)
}
