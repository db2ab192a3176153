package accounts

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// anyStore has every session.
type anyStore struct {
	now func() time.Time
}

func (a anyStore) Session(_ context.Context, userID, id string) (Session, User, error) {
	return Session{UserID: userID, ID: id, ExpiresAt: a.now().Add(time.Hour)}, User{ID: userID}, nil
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	var clock moved
	c := newCache(time.Minute, clock.now, anyStore{now: clock.now}.Session)
	for i := range 3 * maxSeen * len(c.shards) / 2 {
		if _, _, err := c.get(t.Context(), fmt.Sprint(i), "s"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range c.shards {
		s, n := &c.shards[i], 0
		for _, sessions := range s.users {
			n += len(sessions)
		}
		if n != s.size || n > maxSeen {
			t.Errorf("shard %d holds %d and counts %d", i, n, s.size)
		}
	}
	for user := range 1000 { // and after everybody was forgotten, nothing
		for session := range 20 {
			c.get(t.Context(), fmt.Sprint(user), fmt.Sprint(session))
		}
	}
	for i := range c.shards {
		for user := range c.shards[i].users {
			c.forget(user)
		}
		if c.shards[i].size != 0 || len(c.shards[i].users) != 0 {
			t.Errorf("shard %d still holds %d", i, c.shards[i].size)
		}
	}
}

func TestCacheClockGoesBack(t *testing.T) {
	t.Parallel()
	var clock moved
	store := anyStore{now: clock.now}
	asked := 0
	c := newCache(time.Minute, clock.now, func(ctx context.Context, userID, id string) (Session, User, error) {
		asked++
		return store.Session(ctx, userID, id)
	})
	c.get(t.Context(), "u", "s")
	clock.pass(-time.Hour)
	c.get(t.Context(), "u", "s")
	if asked != 2 {
		t.Errorf("the store was asked %d times", asked)
	}
}
