package auth

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func cachedFor(user string, expires time.Time) *verified {
	return &verified{identity: Identity{UserID: user, UserSpace: DefaultSpace, ExpiresAt: expires}}
}

func (c *cache) count(is func(*cached) bool) (n int) {
	for i := range c.sets {
		for j := range c.sets[i] {
			if e := c.sets[i][j].Load(); e != nil && is(e) {
				n++
			}
		}
	}
	return n
}

func TestCacheSize(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 4096, 64: 64, 65: 128, 4096: 4096, 4097: 8192, 1 << 20: 1 << 20} {
		if got := len(newCache(size).sets) * ways; got != want {
			t.Errorf("%d: %d places, want %d", size, got, want)
		}
	}
	none := newCache(NoCache)
	none.put("token", cachedFor("ada", time.Now().Add(time.Hour)), time.Now())
	if none.get("token") != nil {
		t.Error("NoCache remembers")
	}
}

// TestCacheComparesTokens: what lies where a token would lie, with its hash, is
// another token all the same.
func TestCacheComparesTokens(t *testing.T) {
	t.Parallel()
	c := newCache(64)
	set, hash := c.set("header.payload.signature")
	for i := range set {
		set[i].Store(&cached{hash: hash, token: "header.payload.signaturE", v: cachedFor("ada", time.Time{})})
	}
	if c.get("header.payload.signature") != nil {
		t.Error("a token was taken for another of its hash")
	}
}

// TestCacheSameEnd: tokens that differ only before what is hashed are different
// tokens.
func TestCacheSameEnd(t *testing.T) {
	t.Parallel()
	c := newCache(64)
	now := time.Now()
	end := strings.Repeat("s", 64)
	for _, user := range []string{"ada", "bob"} {
		c.put(user+"."+end, cachedFor(user, now.Add(time.Hour)), now)
	}
	for _, user := range []string{"ada", "bob"} {
		if v := c.get(user + "." + end); v == nil || v.identity.UserID != user {
			t.Errorf("the token of %s is missing or taken for another", user)
		}
	}
	for _, other := range []string{"eve." + end, end, ""} {
		if v := c.get(other); v != nil {
			t.Errorf("%.8q is taken for the token of %s", other, v.identity.UserID)
		}
	}
}

// TestCacheLongTokens: long tokens take no room.
func TestCacheLongTokens(t *testing.T) {
	t.Parallel()
	c := newCache(64)
	now := time.Now()
	for length, want := range map[int]bool{maxCached: true, maxCached + 1: false} {
		token := strings.Repeat("a", length)
		c.put(token, cachedFor("ada", now.Add(time.Hour)), now)
		if got := c.get(token) != nil; got != want {
			t.Errorf("%d bytes: remembered %v", length, got)
		}
	}
}

// TestCacheOfOneUser: somebody who makes tokens without end takes one place in
// eight, and what others use stays.
func TestCacheOfOneUser(t *testing.T) {
	t.Parallel()
	c := newCache(0)
	now := time.Now()
	later := now.Add(time.Hour)
	users := len(c.sets)
	for i := range users {
		c.put(fmt.Sprint("token of ", i), cachedFor(fmt.Sprint("user ", i), later), now)
	}
	before := c.count(func(*cached) bool { return true })
	for i := range 100_000 {
		c.put(fmt.Sprint("another token ", i), cachedFor("mallory", later), now)
	}
	if n := c.count(func(e *cached) bool { return e.v.identity.UserID == "mallory" }); n > len(c.sets) {
		t.Errorf("one user has %d of %d places", n, len(c.sets)*ways)
	}
	left := c.count(func(e *cached) bool { return e.v.identity.UserID != "mallory" })
	if left < before*98/100 {
		t.Errorf("%d tokens of others are left of %d", left, before)
	}
}

// TestCachePlaces: room is made of what has expired, and then of what was not
// used for longest.
func TestCachePlaces(t *testing.T) {
	t.Parallel()
	c := newCache(64)
	now := time.Now()
	later := now.Add(time.Hour)
	var set cacheSet
	for i := range set {
		set[i].Store(&cached{v: cachedFor(fmt.Sprint(i), later)})
		set[i].Load().used.Store(i != 5)
	}
	if set.place(cachedFor("ada", later), 0, now) != &set[5] {
		t.Error("what was used gave way to what was not")
	}
	set[3].Load().v.identity.ExpiresAt = now
	if set.place(cachedFor("ada", later), 0, now) != &set[3] {
		t.Error("an expired token kept its place")
	}
	if set.place(cachedFor("6", later), 0, now) != &set[6] {
		t.Error("a user got a second place")
	}
	set[6].Load().v.identity.UserSpace = "partner"
	if set.place(cachedFor("6", later), 0, now) != &set[3] {
		t.Error("two users of one id in two spaces share a place")
	}
	for i := range 10_000 { // never more than there is room for
		c.put(fmt.Sprint(i), cachedFor(fmt.Sprint(i), later), now)
	}
	if n := c.count(func(*cached) bool { return true }); n != 64 {
		t.Errorf("%d tokens", n)
	}
}

func TestCacheRace(t *testing.T) {
	t.Parallel()
	c := newCache(64)
	now := time.Now()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				name := fmt.Sprint((i * (w + 1)) % 100)
				if v := c.get(name); v != nil && v.identity.UserID != name {
					t.Errorf("the token of %s is that of %s", name, v.identity.UserID)
				}
				c.put(name, cachedFor(name, now.Add(time.Hour)), now)
			}
		})
	}
	wg.Wait()
}

// TestSeen: a token that was seen is judged like any other: by the time, and by
// the keys there are.
func TestSeen(t *testing.T) {
	t.Parallel()
	p, other := newPair(t, "EdDSA", "1"), newPair(t, "EdDSA", "2")
	keys := newPublisher(t, p.named(), other.named())
	h := hostOf(t, app(keys))
	token := p.token("ada")
	h.want(t, 200, token)
	if h.cache.get(token) == nil {
		t.Fatal("the token is not remembered")
	}
	if w := h.want(t, 200, token); w.Body.String() != "ada" {
		t.Errorf("seen as %s", w.Body)
	}
	for _, end := range "AQgw" { // what 64 bytes in base64url may end in
		if other := token[:len(token)-1] + string(end); other != token {
			h.want(t, 401, other)
		}
	}
	keys.publish(other.named())
	h.clock.pass(15 * time.Minute)
	h.want(t, 200, other.token("bob")) // sets off the renewal
	eventually(t, "renewed", func() bool { return len(h.sets[0].current.Load().keys) == 1 })
	h.want(t, 401, token)

	brief := other.sign(`{"alg":"EdDSA","kid":"2"}`, fmt.Sprintf(`{"iss":%q,"aud":%q,"sub":"bob","exp":%d}`,
		appURL, appAudience, h.clock.now().Add(time.Minute).Unix()))
	h.want(t, 200, brief)
	h.clock.pass(2 * time.Minute)
	h.want(t, 401, brief)
}

// TestSeenRefused: what was refused is not remembered.
func TestSeenRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t, "EdDSA", "1")
	h := hostOf(t, app(newPublisher(t, p.named())))
	h.want(t, 200, p.token("ada"))
	for _, token := range []string{
		p.token("ada") + "x", newPair(t, "EdDSA", "1").token("ada"), p.tokenOf("https://other.example", "ada"),
		p.sign(`{"alg":"EdDSA","kid":"1"}`, `{"sub":"ada","iss":"`+appURL+`","aud":"`+appAudience+`","exp":1}`),
	} {
		h.want(t, 401, token)
		if h.cache.get(token) != nil {
			t.Errorf("remembered: %s", token)
		}
	}
}
