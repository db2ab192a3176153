package accounts

import (
	"encoding/base64"
	"strings"
	"testing"
)

// FuzzOpaque: no text makes the reader fail or take for sealed what was not.
func FuzzOpaque(f *testing.F) {
	s := newSealer(secrets{ringSecret})
	for _, k := range kinds() {
		f.Add(s.seal(k, opaque{user: "u", session: "s"}))
		f.Add(string(k))
	}
	f.Add("")
	f.Add("ats_" + strings.Repeat("A", 600))
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range kinds() {
			token, ok := s.open(k, text)
			if !ok {
				continue
			}
			if again := s.seal(k, token); again != text {
				t.Errorf("%q was read as what is written %q", text, again)
			}
		}
	})
}

func TestOpaque(t *testing.T) {
	t.Parallel()
	s := newSealer(secrets{ringSecret})
	for _, want := range []opaque{
		{user: "u", session: "s", secret: newSecret()},
		{user: strings.Repeat("ü", 127), session: strings.Repeat("s", maxSession), secret: newSecret()},
		{user: "u", secret: newSecret()},
		{},
	} {
		for _, k := range kinds() {
			text := s.seal(k, want)
			if got, ok := s.open(k, text); !ok || got != want {
				t.Errorf("%v is read as %v, %v", want, got, ok)
			}
			for _, other := range kinds() {
				renamed := string(other) + strings.TrimPrefix(text, string(k))
				if _, ok := s.open(other, renamed); ok && other != k {
					t.Errorf("a token %s is one of %s, too", k, other)
				}
			}
		}
	}
}

// TestOpaqueIsExact: every bit of a token counts.
func TestOpaqueIsExact(t *testing.T) {
	t.Parallel()
	s := newSealer(secrets{ringSecret})
	text := s.seal(kindSession, opaque{user: "user", session: "session", secret: newSecret()})
	raw, err := base64.RawURLEncoding.DecodeString(text[4:])
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			changed := append([]byte(nil), raw...)
			changed[i] ^= 1 << bit
			if _, ok := s.open(kindSession, "ats_"+base64.RawURLEncoding.EncodeToString(changed)); ok {
				t.Errorf("bit %d of byte %d does not count", bit, i)
			}
		}
	}
	for _, other := range []string{
		text + "\n", "\n" + text, text[:20] + "\r\n" + text[20:], text + "=", " " + text, strings.ToUpper(text), text + text,
	} {
		if _, ok := s.open(kindSession, other); ok {
			t.Errorf("%q is read, too", other)
		}
	}
}

// TestNewSecret: tokens of the old secret work while it is listed, and new ones
// are sealed with the new one.
func TestNewSecret(t *testing.T) {
	t.Parallel()
	old := newSealer(secrets{ringSecret})
	both := newSealer(secrets{otherSecret, ringSecret})
	gone := newSealer(secrets{otherSecret})
	text := old.seal(kindSession, opaque{user: "u"})
	if _, ok := both.open(kindSession, text); !ok {
		t.Error("the previous secret is not believed")
	}
	if _, ok := gone.open(kindSession, text); ok {
		t.Error("a secret that is not listed is believed")
	}
	if _, ok := gone.open(kindSession, both.seal(kindSession, opaque{user: "u"})); !ok {
		t.Error("new tokens are not sealed with the new secret")
	}
}
