package accounts_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
)

// clock is a clock that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) pass(d time.Duration)    { c.ahead.Add(int64(d)) }
func (c *clock) set(o *authtodo.Options) { o.Now = c.now }

// witness is a store that counts what it is asked, and fails when told to.
type witness struct {
	accounts.Store
	asked atomic.Int64 // for a session
	down  atomic.Bool
	enter func() // before a session is returned; nil: nothing
}

// behind has the options use a witness in front of their store.
func (w *witness) behind(o *authtodo.Options) {
	w.Store = o.Storage.Accounts
	o.Storage.Accounts = w
}

func (w *witness) Session(ctx context.Context, userID, id string) (accounts.Session, accounts.User, error) {
	w.asked.Add(1)
	if w.down.Load() {
		return accounts.Session{}, accounts.User{}, fmt.Errorf("dial tcp 10.0.0.7: %w", accounts.ErrUnavailable)
	}
	s, u, err := w.Store.Session(ctx, userID, id)
	if w.enter != nil {
		w.enter()
	}
	return s, u, err
}

// book keeps events.
type book struct {
	mu     sync.Mutex
	events []accounts.Event
}

func (b *book) keep(_ context.Context, e accounts.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

func (b *book) kinds() (kinds []accounts.EventKind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (b *book) count(kind accounts.EventKind) (n int) {
	for _, k := range b.kinds() {
		if k == kind {
			n++
		}
	}
	return n
}

// all applies several changes.
func all(changes ...func(*authtodo.Options)) func(*authtodo.Options) {
	return func(o *authtodo.Options) {
		for _, change := range changes {
			change(o)
		}
	}
}

func unlimited(o *authtodo.Options) { o.Accounts.Limiter = accounts.Unlimited{} }

// frozen is a clock that stands still.
type frozen struct{ ahead atomic.Int64 }

func (f *frozen) now() time.Time {
	return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(f.ahead.Load()))
}
func (f *frozen) pass(d time.Duration)    { f.ahead.Add(int64(d)) }
func (f *frozen) set(o *authtodo.Options) { o.Now = f.now }

type options = authtodo.Options

func otherSecret(o *options) { o.Accounts.Secret = "Zr8fV2mKq6YwXs4LtBn7Jd0Gh5Pc3Ue1" }

// hs256 is a token that another issuer has signed.
func hs256(t *testing.T, secret string, claims object) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func sprint(value any) string { return fmt.Sprint(value) }
