package canary

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// form is a secret as it may be written.
type form struct {
	what, how string
	text      string // in lower case
}

// index finds forms by their last bytes. Most of a text ends no form: maybe tells
// that of nearly all places without a look into the map.
type index struct {
	forms map[uint64][]form
	maybe []bool // by a part of the hash of a key
}

const maybeBits = 22

func (x *index) add(f form) {
	key := keyOf(f.text[len(f.text)-window:])
	x.forms[key] = append(x.forms[key], f)
	x.maybe[slot(key)] = true
}

// slot spreads keys by the golden ratio.
func slot(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - maybeBits) }

func newIndex(secrets map[string]string) *index {
	x := &index{forms: make(map[uint64][]form), maybe: make([]bool, 1<<maybeBits)}
	for secret, what := range secrets {
		seen := make(map[string]bool)
		for _, w := range formsOf(secret) {
			for _, text := range w.texts {
				if text = lower(text); len(text) >= window && !seen[text] {
					seen[text] = true
					x.add(form{what, w.how, text})
				}
			}
		}
	}
	return x
}

func keyOf(text string) uint64 { return binary.BigEndian.Uint64([]byte(text)) }

// writing is a way to write a secret down.
type writing struct {
	how   string
	texts []string
}

// formsOf are the ways in which a secret is looked for, the plainest first. Case
// does not count in any of them.
func formsOf(secret string) []writing {
	numbers := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	quoted := strconv.QuoteToASCII(secret)
	forms := []writing{
		{"as it is", []string{secret}},
		{"in hexadecimal", []string{hex.EncodeToString([]byte(secret))}},
		{"in base64", inBase64(secret)},
		{"as a list of bytes", []string{
			numbers, strings.ReplaceAll(numbers, " ", ", "),
			strings.Trim(strings.TrimPrefix(fmt.Sprintf("%#v", []byte(secret)), "[]byte"), "{}"),
		}},
		{"escaped as a URL", []string{url.QueryEscape(secret), url.PathEscape(secret)}},
		{"escaped as Go", []string{quoted[1 : len(quoted)-1]}},
	}
	if text, err := json.Marshal(secret); err == nil {
		forms = append(forms, writing{"escaped as JSON", []string{strings.Trim(string(text), `"`)}})
	}
	const start = 40 // enough to tell whose it is, and little enough to have come through a limit
	if len(secret) > start+window {
		forms = append(forms, writing{"cut short", []string{secret[:start]}})
	}
	return forms
}

// inBase64 is a secret within the base64 of something longer, of which it may
// begin at each of three places. Letters that hold bits of a neighbour are left
// out.
func inBase64(secret string) (texts []string) {
	for shift := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
			text = text[(shift*8+5)/6:]
			if (shift+len(secret))%3 != 0 {
				text = text[:len(text)-1]
			}
			texts = append(texts, text)
		}
	}
	return texts
}

// lower folds ASCII only, so that nothing changes its length.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// find looks for all forms in one pass.
func (x *index) find(where, text string) (leaks []Leak) {
	folded := lower(text)
	seen := make(map[form]bool)
	var key uint64
	for i := range len(folded) {
		if key = key<<8 | uint64(folded[i]); i < window-1 || !x.maybe[slot(key)] {
			continue
		}
		for _, f := range x.forms[key] {
			start := i + 1 - len(f.text)
			if start < 0 || seen[f] || folded[start:i+1] != f.text {
				continue
			}
			seen[f] = true
			leaks = append(leaks, Leak{f.what, f.how, where, text[max(0, start-60):start]})
		}
	}
	return leaks
}
