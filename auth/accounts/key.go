package accounts

import "time"

// SigningKey is one that access tokens are signed with. Times are UTC, in
// whole milliseconds.
type SigningKey struct {
	Number  int64  // from 1, one more with every key
	ID      string // the kid; 1 to 64 visible ASCII characters
	Public  []byte // as it is published; at most 1 KiB
	Private []byte // encrypted; at most 4 KiB

	CreatedAt time.Time // from when on it is published
	SignsFrom time.Time // when instances begin to sign with it, unless a later key does
	DeadAt    time.Time // when the last token signed with it is dead
}
