package todos

import (
	"context"
	"errors"
	"net/http"

	"github.com/authtodo/authtodo/internal/problem"
)

// asProblem is the one table from what a [Store] reports to what a client is
// told. What is not in it is a 500.
func asProblem(err error) error {
	var stale *VersionError
	switch {
	case errors.Is(err, ErrNotFound):
		return &problem.Problem{
			Status: http.StatusNotFound, Kind: "todo-not-found", Code: problem.NotFound,
			Detail: "Todo not found or access denied",
		}
	case errors.As(err, &stale):
		p := problem.Problem{
			Status: http.StatusPreconditionFailed, Kind: "precondition-failed",
			Code:   problem.PreconditionFailed,
			Detail: "The todo has changed; ETag is its current version.",
		}
		return p.With("ETag", `"`+versionTag(stale.Current)+`"`)
	case errors.Is(err, ErrRetryMismatch):
		return &problem.Problem{
			Status: http.StatusUnprocessableEntity, Kind: "idempotency-key-reused",
			Code: problem.Conflict, Detail: "This Idempotency-Key was used with another body.",
			Faults: []problem.Fault{{
				Header: keyHeader, Code: "reused",
				Detail: "was used with another body in the last 24 hours",
			}},
		}
	case errors.Is(err, ErrRetryInFlight):
		p := problem.Problem{
			Status: http.StatusConflict, Kind: "idempotency-key-in-flight",
			Code:   problem.Conflict,
			Detail: "Another request with this Idempotency-Key is in progress.",
			Faults: []problem.Fault{{
				Header: keyHeader, Code: "in_flight", Detail: "is in use by a request that has not ended",
			}},
		}
		return p.With("Retry-After", "1")
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled):
		return problem.NewUnavailable(err)
	}
	return err
}

func errPreconditionRequired() error {
	return &problem.Problem{
		Status: http.StatusPreconditionRequired, Kind: "precondition-required",
		Code: problem.PreconditionFailed, Detail: "Send If-Match with the ETag of the todo.",
		Faults: []problem.Fault{{Header: "If-Match", Code: "required", Detail: "is required"}},
	}
}
