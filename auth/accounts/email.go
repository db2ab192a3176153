package accounts

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of the parts of an address, in bytes.
const (
	maxLocal  = 64  // RFC 5321 section 4.5.3.1.1
	maxDomain = 253 // RFC 1035 section 2.3.4 less the root and the first length
	maxLabel  = 63
)

// NormalEmail is the one form in which an address is kept, compared and mailed
// to, and whether s is an address at all. Two texts with one form are one
// mailbox to the module.
//
// The form is ASCII in lower case: a domain in other scripts is kept as DNS has
// it ("müller.example" as "xn--mller-kva.example"). An address is a name of
// letters, digits and !#$%&'*+-/=?^_`{|}~ with single dots in between, an @,
// and a domain of at least two labels, the last of which is no number; at most
// [MaxEmail] bytes in all and 64 in front of the @. Nothing is cut off or
// repaired: blanks, quotes, comments, address literals, a dot at the end and
// other scripts in front of the @ are refused. So is what only becomes ASCII
// when it is folded: a Kelvin sign in front of "@" or behind it is no k, or
// somebody could sign up beside the address of somebody else.
//
// Better Auth takes a part of these addresses (its zod pattern has none of
// !#$%&*/=?^`{|}~, no domains in other scripts and no digits in the last label)
// and puts them in the same lower case.
func NormalEmail(s string) (email string, ok bool) {
	const tooLong = 4 * MaxEmail // in other scripts, at most four bytes for one
	at := strings.LastIndexByte(s, '@')
	if at < 0 || len(s) > tooLong || !isLocal(s[:at]) {
		return "", false
	}
	domain, ok := normalDomain(s[at+1:])
	if !ok {
		return "", false
	}
	email = lowerASCII(s[:at]) + "@" + domain
	if len(email) > MaxEmail {
		return "", false
	}
	return email, true
}

// isLocal reports whether s is a dot-atom of RFC 5322 section 3.2.3.
func isLocal(s string) bool {
	if len(s) > maxLocal {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if !isAtomText(atom[i]) {
				return false
			}
		}
	}
	return true
}

func isAtomText(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// normalDomain is a domain as DNS has it, in lower case.
func normalDomain(s string) (domain string, ok bool) {
	domain, ok = lowerDomain(s)
	if ok && !isPlain(domain) {
		domain, ok = encodedDomain(domain)
	}
	if !ok || !isHost(domain) {
		return "", false
	}
	return domain, true
}

// encodedDomain is a domain in other scripts as DNS has it. Nothing is mapped:
// what would have to be has a form that is valid itself. Whether a label is
// valid package idna only tells of one that is encoded, so that it is read back.
func encodedDomain(s string) (domain string, ok bool) {
	strict := idna.New(
		idna.ValidateLabels(true), idna.StrictDomainName(true), idna.VerifyDNSLength(true),
		idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false),
	)
	domain, err1 := strict.ToASCII(s)
	text, err2 := strict.ToUnicode(domain)
	again, err3 := strict.ToASCII(text)
	if err := errors.Join(err1, err2, err3); err != nil || again != domain {
		return "", false
	}
	return domain, domain == s || text == s
}

// lowerDomain is s in lower case and NFC. A character that is not ASCII must not
// become ASCII by that.
func lowerDomain(s string) (lower string, ok bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	ok = true
	lower = strings.Map(func(r rune) rune {
		l := unicode.ToLower(r)
		ok = ok && (r < utf8.RuneSelf || l >= utf8.RuneSelf)
		return l
	}, s)
	return norm.NFC.String(lower), ok
}

// isPlain reports whether a domain needs no look at its scripts.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return !strings.Contains(s, "xn--")
}

// isHost reports whether s, in ASCII, is the name of a host below a top level.
func isHost(s string) bool {
	if len(s) > maxDomain {
		return false
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !isAlphanumeric(label[i]) && label[i] != '-' {
				return false
			}
		}
	}
	top := labels[len(labels)-1]
	return len(labels) > 1 && strings.Trim(top, "0123456789") != ""
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
