package nodetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestInstalled(t *testing.T) {
	const wanted = `{"packages":{"":{"version":"0"},"node_modules/a":{"version":"1.2.3"},
		"node_modules/b":{"version":"1.0.0","optional":true}}}`
	for name, test := range map[string]struct {
		have string
		want bool
	}{
		"the same":             {`{"packages":{"node_modules/a":{"version":"1.2.3"}}}`, true},
		"an optional one, too": {wanted, true},
		"an other version":     {`{"packages":{"node_modules/a":{"version":"1.2.4"}}}`, false},
		"none":                 {`{"packages":{}}`, false},
		"half of a file":       {`{"packages":`, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "package-lock.json"), wanted)
			write(t, filepath.Join(dir, "node_modules", ".package-lock.json"), test.have)
			if got := installed(dir); got != test.want {
				t.Errorf("installed is %t, want %t", got, test.want)
			}
		})
	}
}

// TestMissing is a machine without anything.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Chromium()
	for _, err := range []error{Packages(t.TempDir()), err} {
		var missing *Missing
		if !errors.As(err, &missing) || missing.What == "" || missing.Remedy == "" {
			t.Errorf("got %v, want what is missing and what to do", err)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
