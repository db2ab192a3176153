package auth

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a key set.
const (
	maxKeys  = 100
	maxTried = 8 // keys for a token that names none
)

// published is a key set as it was fetched. It never changes.
type published struct {
	number uint64    // of the fetch that brought it
	at     time.Time // when that fetch began
	keys   []*publicKey
	byKid  map[string][]*publicKey
	passed []passed
}

// passed is a key of the set that is passed over.
type passed struct{ kid, why string }

var (
	errNoKeySet = errors.New(`the answer is no JSON object with an array "keys"`)
	errTooMany  = errors.New("the set has more than 100 keys")
)

// parsePublished reads a key set (RFC 7517 section 5). Keys that are odd are
// passed over and told; the others of the set are no worse for them. Keys that
// the older set holds, which may be nil, stay the same pointers.
func parsePublished(text []byte, older *published) (*published, error) {
	values, err := keyValues(text)
	if err != nil {
		return nil, err
	}
	p := &published{byKid: make(map[string][]*publicKey, len(values))}
	for _, value := range values {
		key, kid, err := parseJWK(value)
		switch {
		case errors.Is(err, errOtherUse):
		case err != nil:
			p.passed = append(p.passed, passed{kid, err.Error()})
		default:
			p.keys = append(p.keys, older.held(key))
		}
	}
	p.dropTwins()
	for _, key := range p.keys {
		p.byKid[key.kid] = append(p.byKid[key.kid], key)
	}
	return p, nil
}

// keyValues are the JSON texts of the keys. Names that are there twice are
// looked for in each key only, lest one odd key cost all others.
func keyValues(text []byte) (values []string, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() != '{' {
		return nil, errNoKeySet
	}
	found := false
	dec.ReadToken() // the brace
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, errNoKeySet
		}
		if name.String() != "keys" {
			if err := dec.SkipValue(); err != nil {
				return nil, errNoKeySet
			}
			continue
		}
		if found || dec.PeekKind() != '[' {
			return nil, errNoKeySet
		}
		found = true
		if values, err = elements(dec); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil || !found { // the other brace
		return nil, errNoKeySet
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return nil, errNoKeySet
	}
	return values, nil
}

// elements are the texts of the array that comes next.
func elements(dec *jsontext.Decoder) (values []string, err error) {
	dec.ReadToken() // the bracket
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, errNoKeySet
		}
		if len(values) == maxKeys {
			return nil, errTooMany
		}
		values = append(values, string(value))
	}
	_, err = dec.ReadToken()
	return values, err
}

// held is the key as p has it, or else the key itself.
func (p *published) held(key *publicKey) *publicKey {
	if p != nil {
		for _, k := range p.keys {
			if k.equal(key) {
				return k
			}
		}
	}
	return key
}

// has reports whether the set holds this very key.
func (p *published) has(key *publicKey) bool { return slices.Contains(p.keys, key) }

// dropTwins leaves one of several equal keys, and none of different ones that
// share kid and algorithm.
func (p *published) dropTwins() {
	all := p.keys
	p.keys = nil
	for i, key := range all {
		isTwin := func(other *publicKey) bool {
			return key.kid != "" && key.kid == other.kid && key.alg == other.alg && !key.equal(other)
		}
		switch {
		case slices.ContainsFunc(all, isTwin):
			p.passed = append(p.passed, passed{key.kid, "another key has the same kid and algorithm"})
		case !slices.ContainsFunc(all[:i], key.equal):
			p.keys = append(p.keys, key)
		}
	}
}

// verify is the key that made the signature. Where known is false, a newer set
// might say otherwise.
func (p *published) verify(h header, input string, signature []byte) (
	key *publicKey, known bool, err error) {
	alg := canonical(h.alg)
	if h.kid == "" {
		key, err = p.try(alg, input, signature)
		return key, err == nil, err
	}
	keys := p.byKid[h.kid]
	if len(keys) == 0 {
		return nil, false, p.unknown(h.kid)
	}
	for _, key := range keys {
		if key.alg != alg {
			continue
		}
		if key.signed(input, signature) {
			return key, true, nil
		}
		return nil, true, refuse(reasonSignature, "the key %s did not make this signature", quote(h.kid))
	}
	return nil, true, refuse(reasonAlgorithm, "the key %s is for %s and alg is %s", quote(h.kid),
		keys[0].alg, quote(h.alg))
}

// try is verify for a token that names no key.
func (p *published) try(alg, input string, signature []byte) (*publicKey, error) {
	tried := 0
	for _, key := range p.keys {
		if key.alg != alg {
			continue
		}
		if key.signed(input, signature) {
			return key, nil
		}
		if tried++; tried == maxTried {
			break
		}
	}
	return nil, refuse(reasonSignature,
		"the token names no key, and none of %d for %s made this signature", tried, alg)
}

func (p *published) unknown(kid string) error {
	for _, odd := range p.passed {
		if odd.kid == kid {
			return refuse(reasonKey, "the key %s is in the key set and passed over: %s", quote(kid), odd.why)
		}
	}
	return refuse(reasonKey, "the key set has no key %s; is the key set this issuer's?", quote(kid))
}

// String tells which keys there are.
func (p *published) String() string {
	var names []string
	for _, key := range p.keys {
		names = append(names, quote(key.kid)+" "+key.alg)
	}
	return strings.Join(names, ", ")
}

// odd tells the log which keys are passed over, as far as it has room.
func (p *published) odd() string {
	const limit = 8
	var texts []string
	for _, odd := range p.passed[:min(limit, len(p.passed))] {
		texts = append(texts, quote(odd.kid)+": "+odd.why)
	}
	if len(p.passed) > limit {
		texts = append(texts, "…")
	}
	return strings.Join(texts, "; ")
}
