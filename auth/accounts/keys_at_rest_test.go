package accounts

import (
	"bytes"
	"testing"
)

// TestPrivateKeysAreEncrypted: a store has nothing to sign with, no two of its
// texts are alike though the key is one, and what was changed opens nothing (ASVS
// 11.3.2 to 11.3.4).
func TestPrivateKeysAreEncrypted(t *testing.T) {
	t.Parallel()
	var store keyStore
	var clock moved
	own := sign(t, testRing(&store, &clock, ringSecret))
	stored := store.keys[0]
	for _, secret := range [][]byte{own.sign.Seed(), own.sign} {
		if bytes.Contains(stored.Private, secret) {
			t.Error("the private key is in the store as it is")
		}
	}
	seal := newSeal(ringSecret.key("signing keys"))
	seen := make(map[string]bool)
	for range 1000 {
		text := seal.Seal(nil, nil, own.sign.Seed(), bound(stored))
		nonce := string(text[:12])
		if seen[nonce] || len(text) != len(stored.Private) || bytes.Equal(text, stored.Private) {
			t.Fatal("a nonce is there twice")
		}
		seen[nonce] = true
	}
	for i := range stored.Private {
		changed := stored
		changed.Private = bytes.Clone(stored.Private)
		changed.Private[i] ^= 1
		if key, _ := testRing(&store, &clock, ringSecret).read(changed, nil); key.sign != nil {
			t.Fatalf("byte %d does not count", i)
		}
	}
	if key, _ := testRing(&store, &clock, ringSecret).read(stored, nil); key.sign == nil {
		t.Error("the key does not open as it is")
	}
}
