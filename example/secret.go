package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const secretBytes = 32 // as long as the hash that it keys

func newSecret() string {
	var bits [secretBytes]byte
	rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}

// keptSecret is the secret in the file, which is made at the first run. If
// several processes make it at once, all get the same one.
func keptSecret(file string) (string, error) {
	secret, err := readSecret(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err = writeSecret(file, newSecret()); err == nil {
			secret, err = readSecret(file)
		}
	}
	if err != nil {
		return "", fmt.Errorf("the secret of the accounts: %w", err)
	}
	return secret, nil
}

// readSecret refuses a file that others can read, as ssh does with keys: they
// could act as every user, and nobody would notice.
func readSecret(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", fmt.Errorf("others can read %s, which has mode %#o: "+
			"delete it for a new one, or set AUTH_SECRET", absolute(name), mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1<<10))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	bits, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(bits) != secretBytes {
		return "", fmt.Errorf("%s does not hold what the first run has written: "+
			"delete it for a new one, or set AUTH_SECRET", absolute(name))
	}
	return secret, nil
}

// writeSecret makes the file with all its content at once, or leaves the one
// that is there: a link, unlike a rename, replaces nothing.
func writeSecret(file, secret string) error {
	if err := makeFolder(file); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".secret-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(secret + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), file); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
