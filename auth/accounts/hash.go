package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"
)

// kdf is a stored hash that has been read. Its limits have been checked, so that
// whoever can write a hash into the store cannot make the process run out of
// memory or time.
type kdf interface {
	// memory is what matches needs, in bytes.
	memory() int64

	// matches reports whether the hash is of the password.
	matches(password string) bool

	// isOutdated reports whether [hasher.hash] makes better ones.
	isOutdated() bool
}

// parseHash reads a stored hash.
func parseHash(s string) (kdf, error) {
	switch {
	case len(s) > MaxHash:
		return nil, errors.New("accounts: the hash is too long")
	case len(s) > 0 && s[0] != '$':
		return parseScrypt(s)
	case strings.HasPrefix(s, "$2"):
		return parseBcrypt(s)
	}
	return parseArgon2(s)
}

// KnownHash reports whether passwords can be compared with a stored hash. The
// forms are argon2id in PHC form, Better Auth's scrypt ("salt:key", in
// hexadecimal) and bcrypt ($2a$, $2b$, $2y$), each with parameters that cost at
// most about a second. No password is right for any other hash.
func KnownHash(hash string) bool {
	_, err := parseHash(hash)
	return err == nil
}

// hasher makes and compares hashes of passwords, no more at once than its gate
// lets pass.
type hasher struct {
	gate *gate

	// For tests: hashes that run now, and all that ever ran.
	running, ran atomic.Int64
}

// newHasher is a hasher for which hashes and what they leave to the garbage
// collector take about memoryBudget bytes at most. It leaves one processor to
// everything else that the host does, if there is more than one: where all of
// them hash, a request that takes half a millisecond takes fifty.
func newHasher(memoryBudget int64) *hasher {
	return &hasher{gate: newGate(memoryBudget, runtime.GOMAXPROCS(0)-1)}
}

// hash makes a hash of a password. It fails with [errBusy] and with the error of
// ctx.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	next := standard()
	rand.Read(next.salt)
	err := h.run(ctx, next.memory(), func() { next.key = next.derive(password) })
	if err != nil {
		return "", err
	}
	return next.String(), nil
}

// verify reports whether hash is of the password and, if so, whether it should
// be replaced by a new one. An empty hash is of no password, nor is one that
// [KnownHash] does not know; finding that out takes the time of a new one. It
// fails as hash does.
func (h *hasher) verify(
	ctx context.Context, hash, password string,
) (ok, outdated bool, err error) {
	stored, known := kdf(standard()), false
	if parsed, err := parseHash(hash); err == nil {
		stored, known = parsed, true
	}
	err = h.run(ctx, stored.memory(), func() { ok = stored.matches(password) })
	if err != nil || !ok || !known {
		return false, false, err
	}
	return true, stored.isOutdated(), nil
}

func (h *hasher) run(ctx context.Context, memory int64, do func()) error {
	leave, err := h.gate.enter(ctx, memory*garbage)
	if err != nil {
		return err
	}
	defer leave()
	h.ran.Add(1)
	h.running.Add(1)
	defer h.running.Add(-1)
	do()
	return nil
}

// garbage is how many times the memory of a hash there may be: the collector
// lets the heap grow to twice of what is in use, and while it is at work beyond
// that.
const garbage = 3

// Parameters of new hashes: OWASP's first choice for argon2id.
const (
	newMemory = 19 << 10 // KiB
	newTime   = 2
	newLanes  = 1
	newSalt   = 16
	newKey    = 32
)

// argon2id is a hash in the PHC string format.
type argon2id struct {
	kib, time uint32
	lanes     uint8
	salt, key []byte
}

// standard is what new hashes are made with. Its key is of no password that
// anybody could find.
func standard() *argon2id {
	return &argon2id{
		kib: newMemory, time: newTime, lanes: newLanes,
		salt: make([]byte, newSalt), key: make([]byte, newKey),
	}
}

func (a *argon2id) memory() int64 { return int64(a.kib) << 10 }

// derive is the key of a password. Characters that look the same but are encoded
// in two ways are one.
func (a *argon2id) derive(password string) []byte {
	text := norm.NFC.Bytes([]byte(password))
	return argon2.IDKey(text, a.salt, a.time, a.kib, a.lanes, uint32(len(a.key)))
}

func (a *argon2id) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.derive(password), a.key) == 1
}

// isOutdated takes the memory times the passes for the strength of a hash.
func (a *argon2id) isOutdated() bool {
	const least = newMemory * newTime
	const little = 7 << 10 // KiB; below that OWASP names no parameters
	return uint64(a.kib)*uint64(a.time) < least || a.kib < little ||
		len(a.salt) < newSalt || len(a.key) < newKey
}

// Parameters of Better Auth's hashes, which it has never changed.
const (
	scryptN   = 16384
	scryptR   = 16
	scryptP   = 1
	scryptKey = 64
)

// scryptHash is a hash of Better Auth's. The salt is used as the text it is.
type scryptHash struct {
	salt string
	key  []byte
}

func (s scryptHash) memory() int64    { return 128 * scryptR * (scryptN + scryptP + 2) }
func (s scryptHash) isOutdated() bool { return true }

func (s scryptHash) matches(password string) bool {
	text := norm.NFKC.Bytes([]byte(password))
	key, err := scrypt.Key(text, []byte(s.salt), scryptN, scryptR, scryptP, scryptKey)
	return err == nil && subtle.ConstantTimeCompare(key, s.key) == 1
}

// bcryptHash is a hash as other systems make them, of the bytes that were typed.
type bcryptHash string

func (b bcryptHash) memory() int64    { return 8 << 10 }
func (b bcryptHash) isOutdated() bool { return true }

// matches refuses passwords of which bcrypt sees only a part, and works for them
// all the same.
func (b bcryptHash) matches(password string) bool {
	const whole = 72
	err := bcrypt.CompareHashAndPassword([]byte(b), []byte(password[:min(len(password), whole)]))
	return err == nil && len(password) <= whole
}
