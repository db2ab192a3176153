package accounts

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"
)

// cache knows which sessions were live a moment ago, so that a request whose
// session was seen lately costs no question to the store. It holds live
// sessions only: one that has ended never comes back.
type cache struct {
	bound  time.Duration // how long a session is believed; below zero: not at all
	now    func() time.Time
	load   loader
	seed   maphash.Seed
	shards [64]shard
}

// loader is [Sessions].Session.
type loader func(ctx context.Context, userID, id string) (Session, User, error)

// shard holds the sessions of some of the users.
type shard struct {
	mu sync.Mutex
	// generation counts what made sessions end or users change. What was loaded
	// in an earlier one may be out of date and is not kept.
	generation uint64
	users      map[string]map[string]seen // user → session
	size       int                        // sessions of all users
}

// seen is a session as the store had it at a time.
type seen struct {
	session Session
	user    User
	at      time.Time
}

// maxSeen is how many sessions a shard holds, 65,536 in all shards: at most
// about 100 MiB, and usually a fifth of that.
const maxSeen = 1024

func newCache(bound time.Duration, now func() time.Time, load loader) *cache {
	return &cache{bound: bound, now: now, load: load, seed: maphash.MakeSeed()}
}

func (c *cache) shard(userID string) *shard {
	return &c.shards[maphash.String(c.seed, userID)%uint64(len(c.shards))]
}

// get is a session that was live within the bound, and its user. It is
// [ErrNoSession] if it has ended, expired or its user is disabled.
func (c *cache) get(ctx context.Context, userID, id string) (Session, User, error) {
	s, now := c.shard(userID), c.now()
	s.mu.Lock()
	found, ok := s.users[userID][id]
	generation := s.generation
	s.mu.Unlock()
	age := now.Sub(found.at)
	if ok && 0 <= age && age <= c.bound && isLive(found.session, found.user, now) {
		return found.session, found.user, nil
	}
	session, user, err := c.load(ctx, userID, id)
	if err == nil && !isLive(session, user, now) {
		err = ErrNoSession
	}
	switch {
	case err == nil && c.bound >= 0:
		s.put(generation, seen{session, user, now})
	case errors.Is(err, ErrNoSession):
		s.mu.Lock()
		s.drop(userID, id)
		s.mu.Unlock()
	}
	return session, user, err
}

// isLive reports whether a session may be used.
func isLive(session Session, user User, now time.Time) bool {
	return !session.ExpiresAt.Before(now) && !user.Disabled
}

// put keeps a session, unless something of the shard has changed since it was
// asked for.
func (s *shard) put(generation uint64, found seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return
	}
	userID, id := found.session.UserID, found.session.ID
	s.drop(userID, id)
	for user, sessions := range s.users { // in no order: any is as good
		if s.size < maxSeen {
			break
		}
		s.size -= len(sessions)
		delete(s.users, user)
	}
	if s.users == nil {
		s.users = make(map[string]map[string]seen)
	}
	if s.users[userID] == nil {
		s.users[userID] = make(map[string]seen)
	}
	s.users[userID][id] = found
	s.size++
}

func (s *shard) drop(userID, id string) {
	if _, ok := s.users[userID][id]; !ok {
		return
	}
	delete(s.users[userID], id)
	s.size--
	if len(s.users[userID]) == 0 {
		delete(s.users, userID)
	}
}

// forget makes the next request of every session of a user ask the store.
func (c *cache) forget(userID string) {
	s := c.shard(userID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.size -= len(s.users[userID])
	delete(s.users, userID)
}
