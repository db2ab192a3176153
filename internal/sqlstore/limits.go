package sqlstore

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/authtodo/authtodo/todos"
)

// Callers have validated what they pass. It is measured again, in bytes, all
// the same: an owner must never be empty, and lib/pq loses its place in the
// protocol over a server's message of more than 30,000 bytes, such as one that
// quotes an argument.

var errArgument = errors.New("storage: the caller passed what cannot be valid")

// CheckOwner refuses what cannot be an owner.
func CheckOwner(owner string) error {
	if owner == "" {
		return fmt.Errorf("%w: an empty owner", errArgument)
	}
	return atMost("an owner", owner, todos.MaxOwner)
}

// CheckDraft refuses a draft with a member that is longer than any valid one.
func CheckDraft(d todos.Draft) error {
	err := first(
		atMost("an id", d.ID, idLength),
		atMost("a title", d.Title, todos.MaxTitle*utf8.UTFMax),
		checkDescription(d.Description))
	if r := d.Retry; r != nil && err == nil {
		err = first(atMost("a key", r.Key, 255), atMost("a fingerprint", r.Fingerprint, 255))
	}
	return err
}

// CheckPatch does it for a patch.
func CheckPatch(p todos.Patch) error {
	return first(
		atMost("a title", p.Title.Value, todos.MaxTitle*utf8.UTFMax),
		checkDescription(p.Description.Value))
}

// CheckQuery does it for a query.
func CheckQuery(q todos.Query) error {
	if q.Limit < 1 || q.Limit > todos.MaxLimit {
		return fmt.Errorf("%w: a limit of %d", errArgument, q.Limit)
	}
	// Folding makes up to three code points of one.
	err := first(
		atMost("a search", q.Search, todos.MaxSearch*3*utf8.UTFMax),
		atMost("an epoch", q.Known.Epoch, 64))
	if a := q.After; a != nil && err == nil {
		err = first(
			atMost("an anchor's id", a.ID, idLength),
			atMost("an anchor's text", a.Text, todos.SortPrefix*utf8.UTFMax))
	}
	return err
}

// IsID reports whether id has the length of one: what has not names no todo.
func IsID(id string) bool { return len(id) == idLength }

const idLength = 36

func checkDescription(text *string) error {
	if text == nil {
		return nil
	}
	return atMost("a description", *text, todos.MaxDescription*utf8.UTFMax)
}

func atMost(what, text string, bytes int) error {
	if len(text) > bytes {
		return fmt.Errorf("%w: %s of %d bytes, the longest has %d", errArgument, what, len(text), bytes)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// IsAnswer reports whether err is one of the answers of [todos.Store], or an
// argument that was refused, and not a failure of the store.
func IsAnswer(err error) bool {
	var stale *todos.VersionError
	return errors.Is(err, todos.ErrNotFound) || errors.Is(err, todos.ErrRetryMismatch) ||
		errors.As(err, &stale) || errors.Is(err, errArgument)
}
