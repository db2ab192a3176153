// Package secret tells secrets that can be guessed from those that cannot.
package secret

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// MinLength is how many bytes a secret needs: as many as the hash that it is
// used with (RFC 7518 section 3.2).
const MinLength = 32

const minVariety = 8 // distinct bytes

// Weakness says why a secret can be guessed; empty if it does not show. It does
// not show the secret.
func Weakness(secret string) string {
	const advice = `; try "openssl rand -base64 32"`
	switch {
	case secret == "":
		return "is empty" + advice
	case len(secret) < MinLength:
		return fmt.Sprintf("has %d bytes and needs %d", len(secret), MinLength) + advice
	case isPublished(secret):
		return "is a published example that anybody can try" + advice
	case variety(secret) < minVariety || isRepeated(secret):
		return "has too little variety to be random" + advice
	}
	return ""
}

// minBits is what a random secret of MinLength characters has, with room for
// bad luck: as hexadecimal digits it has 128.
const minBits = 96

// Doubt says why a secret without a [Weakness] may still be guessed; empty if it
// looks random. It does not show the secret, and cannot be sure.
func Doubt(secret string) string {
	switch {
	case !strings.ContainsAny(secret, "0123456789"):
		return "has no digit and looks like words, which can be guessed"
	case bits(secret) < minBits:
		return fmt.Sprintf("has less than %d bits of variety, and so was not made at random", minBits)
	}
	return ""
}

// bits is the Shannon entropy of the bytes of s, counted as if each were drawn
// by itself: more than the secret has if it follows a rule, seldom less.
func bits(s string) float64 {
	var counts [256]float64
	for i := range len(s) {
		counts[s[i]]++
	}
	var sum float64
	for _, n := range counts {
		if n > 0 {
			sum -= n * math.Log2(n/float64(len(s)))
		}
	}
	return sum
}

func variety(s string) int {
	var seen [256]bool
	n := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

// isRepeated reports whether s is one text several times over: then it is found
// inside itself doubled, before its own end.
func isRepeated(s string) bool {
	return strings.Index((s + s)[1:], s) < len(s)-1
}

// isPublished reports whether the secret holds one that documentation prints.
// Case and punctuation do not count.
func isPublished(secret string) bool {
	s := letters(secret)
	return slices.ContainsFunc(samples(), func(sample string) bool {
		return strings.Contains(s, letters(sample))
	})
}

// letters is s in lower case and without the punctuation of ASCII.
func letters(s string) string {
	var b []byte
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c < ' ', c > '~':
			b = append(b, c)
		}
	}
	return string(b)
}

// samples are parts of secrets that are known, so long that a random secret
// does not hold one.
func samples() []string {
	return []string{
		"better-auth-secret",                     // Better Auth's default in development
		"09d25e094faa6ca2556c818166b7a9563b93f7", // FastAPI's tutorial
		"404E635266556A586E3272357538782F413F44", // Spring Boot tutorials
		"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ",     // RFC 7515 appendix A.1
		"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG",        // RFC 7520 section 3.5
		"256-bit-secret",                         // jwt.io
		"secret-at-least-256-bits",               // jwt.io
		"secret-that-is-at-least-512-bits",       // jwt.io
		"super-secret-jwt-token",                 // Supabase on a developer's machine
		"reallyreallyreally",                     // PostgREST
		"django-insecure",
		"bezkoder",
		"keyboard-cat",
		"change-me",
		"change-this",
		"changeit",
		"replace-me",
		"replace-with",
	}
}
