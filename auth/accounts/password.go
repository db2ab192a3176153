package accounts

import (
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of a new password, in code points of its NFC form. Those of Better Auth
// are the same, in UTF-16 units.
const (
	minPassword = 8
	maxPassword = 128
)

// maxPasswordBytes is more than any password has: a character of the NFC form is
// at most four of any form, and each of these four bytes. What is longer is not
// brought into that form, which takes milliseconds for what a body may hold.
const maxPasswordBytes = maxPassword * 4 * utf8.UTFMax

// common are the commonest passwords: the first bytes of the SHA-256 of each, in
// order. testdata/common has the source.
//
//go:embed common.bin
var common string

// commonSize is how many bytes there are of each. A password that nobody has
// used before is taken for a common one once in 60 million.
const commonSize = 5

// weakPassword says why a password must not become one of an account with this
// address; code is empty if it may. Codes are Better Auth's, which has the last
// one in its plugin haveibeenpwned.
func weakPassword(password, email string) (code, message string) {
	switch {
	case isTooLong(password):
		return "PASSWORD_TOO_LONG", "Password too long"
	case utf8.RuneCountInString(norm.NFC.String(password)) < minPassword:
		return "PASSWORD_TOO_SHORT", "Password too short"
	}
	text, address := folded(password), folded(email)
	local, _, _ := strings.Cut(address, "@")
	switch {
	case text == address || text == local:
		return "PASSWORD_COMPROMISED", "The password must not be the email address. " + another
	case isPattern(text) || isCommon(text):
		return "PASSWORD_COMPROMISED", "The password is one of the first that are guessed. " + another
	}
	return "", ""
}

const another = "Please choose a different password."

// folded is what counts of a password when it is compared with what is guessed
// first. What is hashed is never folded.
func folded(s string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
}

// isCommon reports whether a folded password is in the list.
func isCommon(folded string) bool {
	sum := sha256.Sum256([]byte(folded))
	wanted := string(sum[:commonSize])
	n := len(common) / commonSize
	at := func(i int) string { return common[i*commonSize : (i+1)*commonSize] }
	i := sort.Search(n, func(i int) bool { return at(i) >= wanted })
	return i < n && at(i) == wanted
}

// isPattern reports whether a password is a few characters again and again
// ("11111111", "abc1abc1"), or one that counts up or down ("87654321").
func isPattern(s string) bool {
	const few = 4
	runes := []rune(s)
	for period := 1; period <= few; period++ {
		if repeats(runes, period) {
			return true
		}
	}
	return counts(runes, 1) || counts(runes, -1)
}

func repeats(runes []rune, period int) bool {
	for i := period; i < len(runes); i++ {
		if runes[i] != runes[i-period] {
			return false
		}
	}
	return true
}

func counts(runes []rune, step rune) bool {
	for i := 1; i < len(runes); i++ {
		if runes[i]-runes[i-1] != step {
			return false
		}
	}
	return true
}
