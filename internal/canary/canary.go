// Package canary finds secrets where none may be. A test gives it every secret
// that it makes or is given, and everything that the code under test shows: logs,
// events, answers, rows of tables. At the end it says which secret is where, also
// one in base64, in hexadecimal, escaped, in another case or cut short.
//
// It is for tests.
package canary

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// window is how many bytes are looked up at once, and so how long a secret must
// be for it to be found at all.
const window = 8

// Watch keeps secrets, and what they must not be in. It is safe for concurrent
// use. The order does not matter: a secret is found in what was shown before the
// watch knew of it.
type Watch struct {
	mu      sync.Mutex
	secrets map[string]string           // secret → what it is
	shown   map[string]*strings.Builder // where → all that was there
}

// New returns a watch that knows no secret.
func New() *Watch {
	return &Watch{secrets: make(map[string]string), shown: make(map[string]*strings.Builder)}
}

// Keep adds secrets; what says of which kind they are. One too short to be
// looked for is a mistake of the test, and a panic.
func (w *Watch) Keep(what string, secrets ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) < window {
			panic(fmt.Sprintf("canary: a secret (%s) of %d bytes is too short to be looked for", what, len(secret)))
		}
		if w.secrets[secret] == "" {
			w.secrets[secret] = what
		}
	}
}

// Token adds a token: all of it, and the claims and the signature of a JWT by
// themselves. Its header is no secret.
func (w *Watch) Token(what, token string) {
	if len(token) < window {
		return // too short to be good for anything
	}
	w.Keep(what, token)
	header, rest, _ := strings.Cut(token, ".")
	if !strings.HasPrefix(header, "eyJ") {
		return
	}
	const long = 16 // a shorter part may well be somewhere by chance
	for part := range strings.SplitSeq(rest, ".") {
		if len(part) >= long {
			w.Keep("part of "+what, part)
		}
	}
}

// See adds text that was shown somewhere.
func (w *Watch) See(where, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.shown[where]
	if b == nil {
		b = new(strings.Builder)
		w.shown[where] = b
	}
	b.WriteString(text)
	b.WriteByte('\n') // so that two texts do not make a secret together
}

// Sink is a writer whose every Write is seen: for the handler of a logger.
func (w *Watch) Sink(where string) io.Writer { return sink{w, where} }

type sink struct {
	watch *Watch
	where string
}

func (s sink) Write(p []byte) (int, error) {
	s.watch.See(s.where, string(p))
	return len(p), nil
}

// Seen is how many secrets there are, and how many bytes they were looked for in:
// a watch that knows nothing or has seen nothing proves nothing.
func (w *Watch) Seen() (secrets, bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.shown {
		bytes += b.Len()
	}
	return len(w.secrets), bytes
}

// Leak is a secret that was found.
type Leak struct {
	What  string // kind of secret, as Keep was told
	Form  string // in which it was found
	Where string
	Near  string // text in front of it
}

func (l Leak) String() string {
	return fmt.Sprintf("%s: %s, %s, behind %q", l.Where, l.What, l.Form, l.Near)
}

// Leaks are the secrets that were found, each once a place and form.
func (w *Watch) Leaks() []Leak {
	w.mu.Lock()
	defer w.mu.Unlock()
	index := newIndex(w.secrets)
	var leaks []Leak
	for where, b := range w.shown {
		leaks = append(leaks, index.find(where, b.String())...)
	}
	slices.SortFunc(leaks, func(a, b Leak) int { return strings.Compare(a.String(), b.String()) })
	return leaks
}

// In are the secrets that are in one text, which is not kept.
func (w *Watch) In(where, text string) []Leak {
	w.mu.Lock()
	index := newIndex(w.secrets)
	w.mu.Unlock()
	return index.find(where, text)
}
