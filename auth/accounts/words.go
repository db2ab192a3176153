package accounts

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of [Options.ContextWords].
const (
	minWord  = 4 // shorter ones are within other words
	maxWord  = 64
	maxWords = 256
)

// weakPassword says why a password must not become one of the account of a user;
// code is empty if it may.
func (s *Service) weakPassword(password string, u User) (code, message string) {
	if code, message := weakPassword(password, u.Email); code != "" {
		return code, message
	}
	if isOfWords(folded(password), append(s.opts.contextWords(), wordsOf(u)...)) {
		return "PASSWORD_COMPROMISED", "The password is hardly more than a name that others know, " +
			"yours or that of this service. " + another
	}
	return "", ""
}

// contextWords are what somebody who knows the service tries first (ASVS 6.1.2):
// the host's words and the labels of its name, but for the top level.
func (o Options) contextWords() (words []string) {
	for _, word := range o.ContextWords {
		words = append(words, folded(word))
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil {
		return words
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return words
	}
	labels := strings.Split(folded(u.Hostname()), ".")
	return append(words, labels[:len(labels)-1]...)
}

// wordsOf are what somebody who knows the user tries first: the parts of the name
// and of the address in front of the @.
func wordsOf(u User) []string {
	local, _, _ := strings.Cut(u.Email, "@")
	return strings.FieldsFunc(folded(u.Name+" "+local), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// isOfWords reports whether a folded password is too short when each of the words
// counts as one character.
func isOfWords(text string, words []string) bool {
	const word = "\ufffc"
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // the long ones first
	for _, w := range words {
		if utf8.RuneCountInString(w) >= minWord {
			text = strings.ReplaceAll(text, w, word)
		}
	}
	return utf8.RuneCountInString(text) < minPassword && strings.Contains(text, word)
}

func (o Options) validateWords(f *faults) {
	if len(o.ContextWords) > maxWords {
		f.add("ContextWords", "are %d, want at most %d", len(o.ContextWords), maxWords)
	}
	for _, word := range o.ContextWords {
		if n := utf8.RuneCountInString(folded(word)); n < minWord || n > maxWord {
			f.add("ContextWords", "%q has %d characters, want %d to %d", word, n, minWord, maxWord)
		}
	}
}
