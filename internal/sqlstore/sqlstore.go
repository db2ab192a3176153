// Package sqlstore is what the stores on SQL databases share: of todos the
// statement for a page, the scan of its rows, the record of an answered creation;
// the whole store of accounts; and the limits of arguments.
//
// Both databases take parameters as $1, $2 and so on; $1 is the owner in every
// statement, or the address where the owner has yet to be found.
package sqlstore

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// Columns are the columns of a todo, in the order in which [Row] scans them.
const Columns = `id, title, description, completed, completed_at, position, created_at, updated_at, version`

// NewEpoch is the random part of the revisions of a list that is about to be
// made.
func NewEpoch() string { return rand.Text() }

// CursorKey decodes the setting cursor_key.
func CursorKey(setting string) ([]byte, error) {
	key, err := hex.DecodeString(setting)
	if err == nil && len(key) < 32 {
		err = fmt.Errorf("it has %d bytes, want 32 or more", len(key))
	}
	if err != nil {
		return nil, fmt.Errorf("the setting cursor_key is damaged: %w", err)
	}
	return key, nil
}
