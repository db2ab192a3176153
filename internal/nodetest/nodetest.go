// Package nodetest gets tests what they run beside Go: Node.js, the npm
// packages of a lock file, a browser.
package nodetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oldest is the version of Node.js that is enough.
const oldest = 20

// Missing is what a test wants and the machine has not.
type Missing struct{ What, Remedy string }

func (m *Missing) Error() string { return fmt.Sprintf("this test wants %s: %s", m.What, m.Remedy) }

// Required reports whether somebody counts on every test, so that none may be
// skipped: AUTHTODO_REQUIRE is set, or CI is true.
func Required() bool { return os.Getenv("AUTHTODO_REQUIRE") != "" || os.Getenv("CI") == "true" }

// Skip ends a test for want of something, unless tests are [Required]: then,
// and for any other error, it fails.
func Skip(t testing.TB, err error) {
	t.Helper()
	var missing *Missing
	if errors.As(err, &missing) && !Required() {
		t.Skip(err)
	}
	t.Fatal(err)
}

// Packages sees to it that Node.js is there and the npm packages that the lock
// file of dir names. Where tests are [Required] it installs packages, without
// running anything of them; elsewhere a [Missing] says how.
func Packages(dir string) error {
	if err := node(); err != nil || installed(dir) {
		return err
	}
	args := []string{"ci", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund"}
	if !Required() {
		path, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		args[2] = path
		return &Missing{"npm packages", "npm " + strings.Join(args, " ")}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "npm", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("npm %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Chromium is the path of the browser, or the error is a [Missing].
func Chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &Missing{"Chromium", "apt-get install chromium"}
}

func node() error {
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		return &Missing{fmt.Sprintf("Node.js %d or newer", oldest), "apt-get install nodejs npm"}
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldest {
		return &Missing{fmt.Sprintf("Node.js %d or newer", oldest), "node is " + version}
	}
	return nil
}

// locked is a package of a lock file of npm.
type locked struct {
	Version  string
	Optional bool // may be missing
}

// lock are the packages that must be there by a lock file.
func lock(name string) (map[string]locked, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct{ Packages map[string]locked }
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	delete(file.Packages, "") // the project itself
	maps.DeleteFunc(file.Packages, func(_ string, p locked) bool { return p.Optional })
	return file.Packages, nil
}

// installed reports whether node_modules is what the lock says. npm writes its
// own lock there when it is done.
func installed(dir string) bool {
	want, err := lock(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return false
	}
	got, err := lock(filepath.Join(dir, "node_modules", ".package-lock.json"))
	return err == nil && maps.Equal(got, want)
}
