package accounts

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authtodo/authtodo/auth"
)

// The life of a signing key.
const (
	keyAnnounced = time.Hour           // published before it signs: longer than anybody keeps a key set
	keySigns     = 30 * 24 * time.Hour // until the next one does
	keyReserve   = 15 * 24 * time.Hour // signs on for as long if nobody has made the next one
	keysChecked  = time.Minute         // how old what is known of the store may be: far below keyAnnounced
	keysRetried  = 5 * time.Second     // when that could not be read
)

// ring is the signing keys of the store, as this instance knows them. All
// instances agree on them by their numbers.
type ring struct {
	store  Keys
	seals  []cipher.AEAD // of private keys, the current one first
	marks  keys          // of kids
	access time.Duration // the life of a token
	now    func() time.Time
	logger *slog.Logger

	known   atomic.Pointer[keySet]
	loading sync.Mutex
	loads   atomic.Int64 // those that have begun
}

// keySet is the keys at one time, by number.
type keySet struct {
	keys []ownKey
	last int64     // number in the store, also of a key that is damaged
	at   time.Time // before it was read; moved on when that has failed since
	load int64     // that read it

	unusable map[string]bool // kids of keys that are damaged or that no secret opens
}

// ownKey is a signing key that was read.
type ownKey struct {
	SigningKey
	public *auth.PublicKey
	sign   ed25519.PrivateKey
}

func newRing(store Keys, s secrets, access time.Duration, now func() time.Time, l *slog.Logger) *ring {
	r := &ring{store: store, marks: s.keys("kid"), access: access, now: now, logger: l}
	for _, key := range s.keys("signing keys") {
		r.seals = append(r.seals, newSeal(key))
	}
	return r
}

func newSeal(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil { // only of keys of another size
		panic(err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return seal
}

// find is the key with a kid that tokens may be signed with, or nil. An instance
// that signs nothing reads the keys again, too, or it would go on to believe one
// that was taken out of the store. Only a kid that was marked by the module can be
// of a key that another instance has made since, and has the store asked at once.
func (r *ring) find(ctx context.Context, kid string) (*auth.PublicKey, error) {
	before := r.loads.Load()
	set, err := r.fresh(ctx)
	if err == nil && set.key(kid) == nil && set.load <= before && r.isMarked(kid) {
		set, err = r.load(ctx)
	}
	if err != nil {
		return nil, err
	}
	if key := set.key(kid); key != nil && key.DeadAt.After(r.now()) {
		return key.public, nil
	}
	return nil, nil
}

// key is the one with a kid, or nil.
func (s *keySet) key(kid string) *ownKey {
	if s == nil {
		return nil
	}
	for i := range s.keys {
		if s.keys[i].ID == kid {
			return &s.keys[i]
		}
	}
	return nil
}

// load reads the keys. Who has to wait for another call that began after theirs
// takes what that has read.
func (r *ring) load(ctx context.Context) (*keySet, error) {
	before := r.loads.Load()
	r.loading.Lock()
	defer r.loading.Unlock()
	if known := r.known.Load(); known != nil && known.load > before {
		return known, nil
	}
	return r.loadAlone(ctx)
}

// loadAlone is load for who has locked loading.
func (r *ring) loadAlone(ctx context.Context) (*keySet, error) {
	old := r.known.Load()
	set := &keySet{at: r.now(), load: r.loads.Add(1), unusable: make(map[string]bool)}
	stored, err := r.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range stored {
		set.last = max(set.last, key.Number)
		if own, ok := r.read(key, old); ok {
			set.keys = append(set.keys, own)
		} else {
			set.unusable[key.ID] = true
		}
	}
	slices.SortFunc(set.keys, func(a, b ownKey) int { return cmp.Compare(a.Number, b.Number) })
	r.known.Store(set)
	return set, nil
}

// read is a key of the store. One that is known already keeps its pointer. One that
// no secret opens is none: whoever can write to the store would have put it there, or
// have put another public half in the place of its own, and so could sign for
// everybody.
func (r *ring) read(key SigningKey, old *keySet) (own ownKey, ok bool) {
	own.SigningKey = key
	said := old != nil && old.unusable[key.ID]
	if known := old.key(key.ID); known != nil && bytes.Equal(known.Public, key.Public) {
		own.public = known.public
	} else {
		var err error
		if own.public, err = auth.NewPublicKey(key.ID, key.Public); err != nil {
			if !said {
				r.logger.Error("authtodo: a signing key in the store is damaged", "kid", key.ID)
			}
			return own, false
		}
	}
	for _, seal := range r.seals {
		seed, err := seal.Open(nil, nil, key.Private, bound(key))
		if err != nil || len(seed) != ed25519.SeedSize {
			continue
		}
		sign := ed25519.NewKeyFromSeed(seed)
		if sign.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(key.Public)) {
			own.sign = sign
		}
	}
	if own.sign == nil && !said && key.DeadAt.After(r.now()) {
		r.logger.Warn("authtodo: no secret opens a signing key in the store, and its tokens are refused",
			"kid", key.ID)
	}
	return own, own.sign != nil
}

// bound is what a private key is encrypted together with, so that it cannot be
// moved into another row.
func bound(key SigningKey) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(key.Number))
	return append(append(b, key.ID...), key.Public...)
}

// signer is the key to sign with now: the latest that signs already and that a
// secret opens. It makes what is missing, the first key and the next one.
func (r *ring) signer(ctx context.Context) (ownKey, error) {
	set, err := r.fresh(ctx)
	if err != nil {
		return ownKey{}, err
	}
	const tries = 3 // with each of them another instance was faster
	for range tries {
		now := r.now()
		key, ok := set.signer(now, r.access)
		due, from := set.next(now, key, ok)
		if ok && !due {
			return key, nil
		}
		if set, err = r.add(ctx, set, from); err != nil && ok {
			r.logger.Error("authtodo: the next signing key cannot be made", "error", err)
			return key, nil
		} else if err != nil {
			return ownKey{}, err
		}
	}
	if key, ok := set.signer(r.now(), r.access); ok {
		return key, nil
	}
	return ownKey{}, errors.New("accounts: no signing key can be made")
}

// fresh is what is known of the keys, read again from time to time. Those that are
// known serve while somebody reads, and when that fails.
func (r *ring) fresh(ctx context.Context) (*keySet, error) {
	old, now := r.known.Load(), r.now()
	switch {
	case old == nil:
		return r.load(ctx)
	case !now.Before(old.at) && now.Sub(old.at) <= keysChecked, !r.loading.TryLock():
		return old, nil
	}
	defer r.loading.Unlock()
	set, err := r.loadAlone(ctx)
	if err != nil {
		r.logger.Warn("authtodo: the signing keys cannot be read again", "error", err)
		later := *r.known.Load()
		later.at = now.Add(keysRetried - keysChecked)
		r.known.Store(&later)
		return &later, nil
	}
	return set, nil
}

// signer is the latest key that may sign a token now.
func (s *keySet) signer(now time.Time, access time.Duration) (key ownKey, ok bool) {
	for _, k := range slices.Backward(s.keys) {
		if !k.SignsFrom.After(now) && !now.Add(access).After(k.DeadAt) {
			return k, true
		}
	}
	return ownKey{}, false
}

// next says whether another key has to be made, and from when on it signs: at
// once if there is none that does.
func (s *keySet) next(now time.Time, key ownKey, ok bool) (due bool, from time.Time) {
	if !ok {
		return true, now
	}
	ends := key.SignsFrom.Add(keySigns)
	if now.Before(ends.Add(-keyAnnounced)) {
		return false, ends
	}
	for _, k := range s.keys {
		if k.Number > key.Number {
			return false, ends
		}
	}
	if earliest := now.Add(keyAnnounced); earliest.After(ends) {
		return true, earliest
	}
	return true, ends
}

// add makes a key with the number behind the last one, and reads what is there
// then: perhaps the key of another instance, with that number.
func (r *ring) add(ctx context.Context, set *keySet, from time.Time) (*keySet, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return set, err
	}
	now, from := millis(r.now()), millis(from)
	key := SigningKey{
		Number: set.last + 1, ID: r.newKid(), Public: public,
		CreatedAt: now, SignsFrom: from, DeadAt: from.Add(keySigns + keyReserve),
	}
	key.Private = r.seals[0].Seal(nil, nil, private.Seed(), bound(key))
	if _, err = r.store.AddSigningKey(ctx, key); err != nil {
		return set, err
	}
	if err := r.store.DropSigningKeys(ctx, now); err != nil {
		r.logger.Warn("authtodo: old signing keys cannot be removed", "error", err)
	}
	fresh, err := r.load(ctx)
	if err != nil {
		return set, err
	}
	return fresh, nil
}

// millis is a time as stores keep it.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Sizes of a kid, in bytes before it is text.
const (
	kidRandom = 12
	kidMark   = 12
)

// newKid makes an id of a key that the module can tell from others.
func (r *ring) newKid() string {
	b := make([]byte, kidRandom, kidRandom+kidMark)
	rand.Read(b)
	b = append(b, r.marks.sum(b)[:kidMark]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (r *ring) isMarked(kid string) bool {
	if strings.ContainsAny(kid, "\r\n") {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(kid)
	return err == nil && len(b) == kidRandom+kidMark && r.marks.made(b[kidRandom:], b[:kidRandom])
}

// published are the keys that tokens may be signed with, or will be.
func (r *ring) published(ctx context.Context) ([]ownKey, error) {
	set, err := r.fresh(ctx)
	if err != nil {
		return nil, err
	}
	var live []ownKey
	for _, key := range set.keys {
		if key.DeadAt.After(r.now()) {
			live = append(live, key)
		}
	}
	return live, nil
}
