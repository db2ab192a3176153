package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Of first runs at once, one makes the secret, and all have it.
func TestSecretOfRacers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	var got [16]string
	var racers sync.WaitGroup
	for i := range got {
		racers.Go(func() {
			var err error
			if got[i], err = keptSecret(path); err != nil {
				t.Error(err)
			}
		})
	}
	racers.Wait()
	for _, secret := range got {
		if secret != got[0] || len(secret) < 32 {
			t.Errorf("got %q", got)
		}
	}
	hasMode(t, path, 0o600)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v", entries, err)
	}
}

func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	if a, b := newSecret(), newSecret(); a == b || len(a) != 43 {
		t.Errorf("got %q and %q", a, b)
	}
}
