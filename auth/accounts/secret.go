package accounts

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a secret that does not show when it is printed, logged or encoded.
type Secret string

const hidden = "accounts.Secret(hidden)"

// Format implements [fmt.Formatter] for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// String implements [fmt.Stringer].
func (s Secret) String() string { return hidden }

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return hidden }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements [encoding.TextMarshaler], and by that of JSON, too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// secrets are all that are believed, the current one first.
type secrets []Secret

// key is a key for one use: none tells anything about another, or about the
// secret.
func (s Secret) key(use string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(s), nil, "authtodo accounts: "+use, sha256.Size)
	if err != nil { // only of lengths that are not asked for
		panic(err)
	}
	return key
}

// keys are those for one use, the current one first.
func (s secrets) keys(use string) keys {
	var k keys
	for _, secret := range s {
		k = append(k, secret.key(use))
	}
	return k
}

// keys are the current key for one use and previous ones.
type keys [][]byte

// sum is the MAC of a text with the current key.
func (k keys) sum(text []byte) []byte { return mac(k[0], text) }

// made reports whether one of the keys made a MAC, or the first bytes of one.
func (k keys) made(sum, text []byte) bool {
	for _, key := range k {
		if hmac.Equal(mac(key, text)[:len(sum)], sum) {
			return true
		}
	}
	return false
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}
