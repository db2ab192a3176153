package accounts

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of the parameters of stored hashes: each takes about a second at most.
const (
	maxMemory = 128 << 10 // KiB
	maxPasses = 32
	maxWork   = 512 << 10 // KiB times passes
	maxLanes  = 16
	maxCost   = 14 // of bcrypt
)

// Limits of salts and keys, in bytes.
const (
	minSalt, maxSalt = 8, 64
	minKey, maxKey   = 16, 128
)

// errForm: a text is no hash of its kind, or one with absurd parameters. It says
// nothing of the text.
var errForm = errors.New("accounts: no hash that could be compared with")

// String is the PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (a *argon2id) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
		a.kib, a.time, a.lanes, b64.EncodeToString(a.salt), b64.EncodeToString(a.key))
}

// parseArgon2 takes exactly what String gives, whatever the parameters within
// the limits are.
func parseArgon2(s string) (*argon2id, error) {
	rest, ok := strings.CutPrefix(s, "$argon2id$v=19$m=")
	if !ok {
		return nil, errForm
	}
	var kib, time, lanes uint64
	var faults [3]error
	kib, rest, faults[0] = number(rest, ",t=", maxMemory)
	time, rest, faults[1] = number(rest, ",p=", maxPasses)
	lanes, rest, faults[2] = number(rest, "$", maxLanes)
	if err := errors.Join(faults[:]...); err != nil || kib < 8*lanes || kib*time > maxWork {
		return nil, errForm
	}
	first, second, ok := strings.Cut(rest, "$")
	salt, err1 := unbase64(first, minSalt, maxSalt)
	key, err2 := unbase64(second, minKey, maxKey)
	if !ok || err1 != nil || err2 != nil {
		return nil, errForm
	}
	return &argon2id{uint32(kib), uint32(time), uint8(lanes), salt, key}, nil
}

// number reads a number from 1 to limit, without a sign or zeros in front, up to
// an end.
func number(s, end string, limit uint64) (n uint64, rest string, err error) {
	digits, rest, ok := strings.Cut(s, end)
	n, err = strconv.ParseUint(digits, 10, 32)
	if err != nil || !ok || n < 1 || n > limit || strconv.FormatUint(n, 10) != digits {
		return 0, "", errForm
	}
	return n, rest, nil
}

func unbase64(s string, least, most int) ([]byte, error) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < least || len(b) > most || strings.ContainsAny(s, "\r\n") {
		return nil, errForm
	}
	return b, nil
}

// parseScrypt reads "salt:key" as Better Auth writes it.
func parseScrypt(s string) (scryptHash, error) {
	salt, text, ok := strings.Cut(s, ":")
	bytes, err1 := unhex(salt)
	key, err2 := unhex(text)
	if !ok || err1 != nil || err2 != nil || len(bytes) < minSalt || len(bytes) > maxSalt ||
		len(key) != scryptKey {
		return scryptHash{}, errForm
	}
	return scryptHash{salt, key}, nil
}

func unhex(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || hex.EncodeToString(b) != s { // in capitals it is another salt
		return nil, errForm
	}
	return b, nil
}

// parseBcrypt reads $2b$10$ and 53 characters.
func parseBcrypt(s string) (bcryptHash, error) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	const length = len("$2b$10$") + 53
	if len(s) != length || s[0:2] != "$2" || strings.IndexByte("aby", s[2]) < 0 || s[3] != '$' ||
		s[6] != '$' || strings.Trim(s[7:], alphabet) != "" {
		return "", errForm
	}
	cost, err := strconv.Atoi(s[4:6])
	if err != nil || cost < 4 || cost > maxCost || fmt.Sprintf("%02d", cost) != s[4:6] {
		return "", errForm
	}
	return bcryptHash(s), nil
}
