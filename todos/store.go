package todos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a [Store] reports. Each may be wrapped; handlers ask with [errors.Is]
// and [errors.As] and answer with the status named here.
var (
	// ErrNotFound: the owner has no todo of this id. It is the same whether
	// another owner has one or nobody does. 404.
	ErrNotFound = errors.New("todos: not found")

	// ErrRetryMismatch: the key of a [Retry] was used with another body. 422.
	ErrRetryMismatch = errors.New("todos: idempotency key was used with another body")

	// ErrRetryInFlight: another call with the same key had not ended when the
	// deadline of this one came. 409 with Retry-After.
	ErrRetryInFlight = errors.New("todos: a request with this idempotency key is in flight")

	// ErrUnavailable: the store cannot answer now (down, overloaded, out of
	// time). 503 with Retry-After, and the cause in the log only.
	ErrUnavailable = errors.New("todos: storage is unavailable")
)

// VersionError says that the todo is there but has none of the versions the
// caller asked for. 412, with the current version as ETag.
type VersionError struct{ Current int64 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("todos: precondition failed, the current version is %d", e.Current)
}

// Store keeps the todos of all owners. It is the contract that
// storage/storagetest runs against a store; the numbers in brackets are cited
// by its cases.
//
// Of every method:
//
//   - [S1] owner is 1 to [MaxOwner] bytes of UTF-8 without the byte 0; owners
//     are equal only byte for byte. What belongs to one owner is never read,
//     counted, changed or hinted at in a call for another.
//   - [S2] It is safe for concurrent use and keeps nothing of its arguments.
//   - [S3] It returns when ctx ends, with an error for which
//     errors.Is(err, ctx.Err()) or errors.Is(err, [ErrUnavailable]) holds;
//     when it has failed, nothing of the call was written. The only exception
//     is a connection lost after a write was sent, when nobody can know.
//   - [S4] Text comes back byte for byte, ids and times (UTC, milliseconds)
//     come back equal.
//   - [S5] A failure of the store itself wraps [ErrUnavailable].
//
// Callers have validated what they pass: titles, descriptions, positions, ids
// ([ValidID]), times in UTC and whole milliseconds.
type Store interface {
	// CreateTodo adds the draft to the todos of owner and returns it.
	//
	//   - [C1] The todo has the draft's members and version 1; it is completed
	//     at CreatedAt if the draft is completed.
	//   - [C2] Without a position it goes to [NextPosition] of the owner's
	//     highest position (0 if there is none). Calls that race may see the
	//     same highest one; ids order what comes to lie in one place.
	//   - [C3] With a Retry whose key the owner has not used since
	//     Retry.ExpiredAt, the todo and the record of its answer are written
	//     together or not at all.
	//   - [C4] With a Retry whose key and fingerprint are on record, nothing is
	//     written, and the recorded answer comes back with Replayed set: the
	//     todo as it was created, whatever became of it since.
	//   - [C5] With a Retry whose key is on record with another fingerprint:
	//     [ErrRetryMismatch].
	//   - [C6] Of calls that race with one key, one creates; the others wait
	//     for it and replay, or end at the deadline: with [ErrRetryInFlight],
	//     or with [ErrUnavailable] where it cannot be told what was waited for.
	//     A call with the same Retry is the right thing to do after either.
	//   - [C7] Keys of different owners have nothing to do with one another.
	CreateTodo(ctx context.Context, owner string, draft Draft) (Created, error)

	// GetTodo returns one todo.
	//
	//   - [G1] The todo as the last create or update returned it.
	//   - [G2] [ErrNotFound] for an id that is unknown, deleted or another
	//     owner's.
	GetTodo(ctx context.Context, owner, id string) (Todo, error)

	// ListTodos returns one page of the owner's todos.
	//
	//   - [L1] At most query.Limit todos, in the order of query.Sort, strictly
	//     behind query.After if that is set. More says whether others follow.
	//   - [L2] Only todos that fit query.Completed and query.Search.
	//   - [L3] Pages taken one after the other hold every todo that was there
	//     all the time and did not move exactly once, whatever was created,
	//     deleted or changed meanwhile, and whether or not the todo behind
	//     After is still there.
	//   - [L4] Revision is the state of the owner's list that the page was
	//     read from: it changes with every create, update that changed
	//     something, and delete, and with nothing else. An owner who never had
	//     a todo has the zero Revision.
	//   - [L5] If query.Known is not zero and equals the revision, the page is
	//     NotModified, with Revision set, and no todo is read.
	//   - [L6] If query.Count is set, Total is the number of todos that fit
	//     Completed and Search, on all pages; else 0.
	//   - [L7] A page costs the same wherever in the list it is.
	ListTodos(ctx context.Context, owner string, query Query) (Page, error)

	// UpdateTodo applies change.Patch and returns the todo as it is then.
	//
	//   - [U1] The result is that of [Patch.Apply] on the current todo.
	//   - [U2] A patch that changes nothing returns the todo as it is: same
	//     version, same UpdatedAt, same revision of the list.
	//   - [U3] If change.Versions is not nil and does not hold the current
	//     version: a [*VersionError], and nothing changes.
	//   - [U4] Reading, comparing and writing are one: of writers that race
	//     with one expected version exactly one succeeds, and no change is lost.
	//   - [U5] [ErrNotFound] as in [G2], before versions are compared.
	UpdateTodo(ctx context.Context, owner, id string, change Change) (Todo, error)

	// DeleteTodo removes a todo.
	//
	//   - [D1] After it the id is unknown, in lists too.
	//   - [D2] versions as in [U3].
	//   - [D3] [ErrNotFound] as in [G2], before versions are compared; so a
	//     second delete is [ErrNotFound]. Of deletes that race one succeeds.
	DeleteTodo(ctx context.Context, owner, id string, versions []int64) error
}

// Created is the answer of CreateTodo.
type Created struct {
	Todo     Todo
	Replayed bool // an earlier call with the same [Retry] created it
}

// Change is an update of one todo.
type Change struct {
	Patch    Patch
	Versions []int64   // the versions it may be applied to; nil: any
	At       time.Time // becomes UpdatedAt
}

// CursorKeeper is what a [Store] may also be: the keeper of the secret that
// seals list cursors, so that they are good on every instance and after a
// restart. Behind a store without it, cursors end with the process.
type CursorKeeper interface {
	// CursorKey returns at least 32 random bytes, always the same ones for the
	// same data. [K1]
	CursorKey(ctx context.Context) ([]byte, error)
}

// Eraser is what a [Store] may also be: able to forget an owner at once. With a
// store without it, the todos of an owner are deleted one by one.
type Eraser interface {
	// EraseTodos removes all that is kept for owner, beside the todos the state
	// of the list and the records of retries. [E1] The owner is as one who never
	// had a todo.
	EraseTodos(ctx context.Context, owner string) error
}
