package auth

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds of a cache.
const (
	defaultCache = 4096    // tokens
	minCache     = 64      // tokens
	maxCache     = 1 << 20 // tokens
	maxCached    = 2048    // bytes of one token; longer ones are verified each time
	ways         = 8       // places that a token may lie in
)

// cache remembers tokens that were verified, so that one seen before costs a
// lookup and no signature. What it answers is true as long as the keys hold:
// whoever asks has still to look at the time and at the key.
//
// A token lies in one of the places of its set, and which set that is nobody
// outside can tell. A user has one place in a set, so one who makes tokens
// without end takes an eighth of the cache and no more.
type cache struct {
	seed maphash.Seed
	sets []cacheSet // a power of two of them
}

// cacheSet fits a line of the processor's cache.
type cacheSet [ways]atomic.Pointer[cached]

// cached is a token that was verified. But for used, it never changes.
type cached struct {
	hash  uint64 // finds; the comparison of the whole token decides
	token string
	v     *verified
	used  atomic.Bool // since a place was last looked for here
}

// newCache is a cache for about size tokens, and nil for NoCache. All methods
// of a nil cache do nothing.
func newCache(size int) *cache {
	switch size {
	case NoCache:
		return nil
	case 0:
		size = defaultCache
	}
	sets := 1 << bits.Len(uint((size-1)/ways))
	return &cache{maphash.MakeSeed(), make([]cacheSet, sets)}
}

// set is where a token lies. The hash is of its end, which is all or most of the
// signature and so tells those that were verified apart as well as the whole does,
// in a ninth of the time. Others may end in the same: get compares all of a token.
func (c *cache) set(token string) (*cacheSet, uint64) {
	hash := maphash.String(c.seed, token[max(0, len(token)-64):])
	return &c.sets[hash&uint64(len(c.sets)-1)], hash
}

// get is what the token was found to say, or nil.
func (c *cache) get(token string) *verified {
	if c == nil {
		return nil
	}
	set, hash := c.set(token)
	for i := range set {
		if e := set[i].Load(); e != nil && e.hash == hash && e.token == token {
			if !e.used.Load() { // else readers would take the line from one another
				e.used.Store(true)
			}
			return e.v
		}
	}
	return nil
}

// put remembers a token. Of calls that race for a place one has it.
func (c *cache) put(token string, v *verified, now time.Time) {
	if c == nil || len(token) > maxCached {
		return
	}
	set, hash := c.set(token)
	place := set.place(v, hash, now)
	// The clone holds on to the token only, not to the whole head of a request.
	place.CompareAndSwap(place.Load(), &cached{hash: hash, token: strings.Clone(token), v: v})
}

// place is where a token goes: where the same user has one, or nobody, or a
// token that has expired, or one that was not used for longest.
func (s *cacheSet) place(v *verified, hash uint64, now time.Time) *atomic.Pointer[cached] {
	var free *atomic.Pointer[cached]
	for i := range s {
		switch e := s[i].Load(); {
		case e == nil || !now.Before(e.v.identity.ExpiresAt):
			free = &s[i]
		case e.v.identity.UserID == v.identity.UserID && e.v.identity.UserSpace == v.identity.UserSpace:
			return &s[i]
		}
	}
	if free != nil {
		return free
	}
	first := int(hash >> 61) // of bits that did not choose the set
	for i := range s {
		place := &s[(first+i)%ways]
		if e := place.Load(); e == nil || !e.used.Swap(false) {
			return place
		}
	}
	return &s[first]
}
