package authtodo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage"
)

// Defaults of [Options].
const (
	DefaultBodyLimit = 256 << 10        // bytes
	DefaultTimeout   = 10 * time.Second // for one operation of the store
)

// Limits of [Options].
const (
	MinBodyLimit = 1 << 10
	MaxBodyLimit = 16 << 20
	MaxTimeout   = 5 * time.Minute
)

// Options say what a module stands on. Storage is required, and Auth or Accounts;
// the zero value of every other field is its default.
type Options struct {
	// Storage is where todos are kept: the Backend of a database of the
	// packages storage/memory, storage/sqlite or storage/postgres, or a store
	// of your own. The module does not open, migrate or close it.
	Storage storage.Backend

	// Auth says whose tokens are believed.
	Auth auth.Options

	// Accounts make the module an issuer of its own, with sign-up and sign-in below
	// /auth. Nil: tokens come from elsewhere. They are kept in Storage.Accounts.
	Accounts *accounts.Options

	// Logger gets refused credentials, without their tokens, the causes of 5xx
	// answers, and what becomes of key sets. Nil is slog.Default(), as it is when
	// Register is called.
	Logger *slog.Logger

	// BodyLimit is how many bytes the body of a request may have; a larger one
	// is 413. Zero is [DefaultBodyLimit]; else from [MinBodyLimit] to
	// [MaxBodyLimit]. Below 128 KiB the longest descriptions do not fit.
	BodyLimit int64

	// RequireIfMatch refuses changes and deletions without If-Match (428), so
	// that no client can overwrite what it has not seen.
	RequireIfMatch bool

	// Timeout is how long the store may take for one request; then the answer
	// is 503. Zero is [DefaultTimeout]; at most [MaxTimeout].
	Timeout time.Duration

	// Observe is told of what takes time, for metrics and traces: it returns the
	// context for the operation, in which a span may be, and what is called with
	// its error when it has ended. The operations are todos.create, todos.get,
	// todos.list, todos.update and todos.delete, a call of the store each;
	// auth.verify, the check of a token that is not in the cache, the wait for keys
	// included; and auth.session, which asks whether a session of an account is
	// live. Errors are those of the store, with answers such as todos.ErrNotFound
	// among them, and refusals of tokens; they show no secret. Nil: nobody is told.
	Observe func(ctx context.Context, operation string) (context.Context, func(error))

	// Now is the clock: for the times of todos and the expiry of tokens. Nil is
	// time.Now. While it is put back, tokens and sessions that had ended are good
	// again, a token with an nbf may not be good yet, and a todo may be updated
	// before it was made: versions and entity tags, not times, tell what is newer.
	// An Idempotency-Key counts until a day has passed on this clock, be it by being
	// put on.
	Now func() time.Time
}

// withDefaults returns the options with every default in its place, or all
// that is wrong with them.
func (o Options) withDefaults() (Options, error) {
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, fmt.Errorf(field+": "+format, args...))
	}
	if o.Storage.Todos == nil {
		fault("Storage.Todos", "is missing; storage/memory, storage/sqlite and storage/postgres have one")
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.BodyLimit < MinBodyLimit || o.BodyLimit > MaxBodyLimit {
		fault("BodyLimit", "is %d, want %d to %d bytes", o.BodyLimit, MinBodyLimit, MaxBodyLimit)
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Timeout < 0 || o.Timeout > MaxTimeout {
		fault("Timeout", "is %v, want more than 0 and at most %v", o.Timeout, MaxTimeout)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, errors.Join(faults...)
}
