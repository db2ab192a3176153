// Package todos is the resource: what a todo is, the rules it obeys, the
// [Store] that keeps it and the handlers that speak its HTTP API.
//
// A todo always belongs to one owner. The owner is an opaque string that the
// caller of this package has authenticated; every method of [Store] takes it,
// so that an unscoped query cannot be written.
package todos

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/uuid/v5"
)

// Limits of a todo, the same on every storage.
const (
	MaxTitle       = 1024      // code points, after trimming
	MaxDescription = 16384     // code points
	MaxPosition    = 1<<53 - 1 // what a JSON number holds exactly (RFC 8259 section 6)
	PositionStep   = 65536     // from the last todo to the next one by default
	MaxOwner       = 512       // bytes
)

// Todo is one todo of one owner. Times are UTC, in whole milliseconds.
type Todo struct {
	ID          string  // UUIDv7, lower case (RFC 9562)
	Title       string  // 1 to [MaxTitle] code points
	Description *string // nil is null; at most [MaxDescription] code points
	Completed   bool
	CompletedAt time.Time // zero unless Completed
	Position    int64     // within ±[MaxPosition]; ties are broken by ID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64 // from 1, one more with every real change
}

// Draft is a todo that is about to be created.
type Draft struct {
	ID          string // by [NewID]
	Title       string
	Description *string
	Completed   bool
	Position    *int64 // nil: [PositionStep] behind the last todo, see [NextPosition]
	CreatedAt   time.Time

	// Retry makes the creation happen at most once; nil: every call creates.
	Retry *Retry
}

// Todo is the draft as a todo of version 1 at position.
func (d Draft) Todo(position int64) Todo {
	t := Todo{
		ID:          d.ID,
		Title:       d.Title,
		Description: d.Description,
		Completed:   d.Completed,
		Position:    position,
		CreatedAt:   d.CreatedAt,
		UpdatedAt:   d.CreatedAt,
		Version:     1,
	}
	if d.Completed {
		t.CompletedAt = d.CreatedAt
	}
	return t
}

// NextPosition is where a todo goes that names no position of its own: one
// step behind the last, but never past [MaxPosition]. The first todo of an
// owner, with no last one before it, goes to [PositionStep].
func NextPosition(last int64) int64 { return min(last+PositionStep, MaxPosition) }

// Retry names a creation that the client may send again (the Idempotency-Key
// of a request) and the body that it was sent with.
type Retry struct {
	Key         string    // 1 to 255 visible ASCII characters, unique per owner
	Fingerprint string    // of the body; another body under the same key is refused
	ExpiredAt   time.Time // a record made before this time no longer counts
}

// RetryWindow is how long the answer to a [Retry] is kept.
const RetryWindow = 24 * time.Hour

// Optional is a member that a request may leave out.
type Optional[T any] struct {
	Value T
	Set   bool
}

// Some is a member that is there.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Set: true} }

// Patch says which members of a todo change, and to what (RFC 7396: what is
// not named stays as it is).
type Patch struct {
	Title       Optional[string]
	Description Optional[*string] // a set nil removes the description
	Completed   Optional[bool]
	Position    Optional[int64]
}

// Apply is the merge that every [Store] performs: t with the patch applied at
// the time at, and whether anything changed. A todo that changed has the next
// version and a new UpdatedAt; one that did not is returned as it was.
func (p Patch) Apply(t Todo, at time.Time) (Todo, bool) {
	old := t
	if p.Title.Set {
		t.Title = p.Title.Value
	}
	if p.Description.Set {
		t.Description = p.Description.Value
	}
	if p.Position.Set {
		t.Position = p.Position.Value
	}
	if p.Completed.Set && p.Completed.Value != t.Completed {
		t.Completed = p.Completed.Value
		t.CompletedAt = time.Time{}
		if t.Completed {
			t.CompletedAt = at
		}
	}
	same := t.Title == old.Title && t.Completed == old.Completed && t.Position == old.Position &&
		equalText(t.Description, old.Description)
	if same {
		return old, false
	}
	t.UpdatedAt = at
	t.Version++
	return t, true
}

func equalText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// NewID is an id for a todo created at the given time: a UUIDv7 in its
// canonical text.
func NewID(at time.Time) (string, error) {
	id, err := uuid.NewV7AtTime(at)
	return id.String(), err
}

// ValidID reports whether id can be the id of a todo: a UUID in its canonical,
// lower-case text. Whatever else a path holds names no todo, so a store is
// never asked for it.
func ValidID(id string) bool {
	if len(id) != 36 {
		return false
	}
	u, err := uuid.FromString(id)
	return err == nil && u.String() == id
}

// ValidText reports whether s can be stored: UTF-8 without the byte 0, which
// Postgres cannot hold.
func ValidText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
