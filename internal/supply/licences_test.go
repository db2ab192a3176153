package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// allowed are the licences under which a host may ship what it links: those that
// ask for their text to be kept, and no more.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// TestLicences reads the licence of each module that a host can come to link, and
// holds the page with what comes with the module against it.
func TestLicences(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-C", root, "-deps", "-f",
		"{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}", "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(strings.ReplaceAll(string(out), "\t", "="))
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		module, dir, _ := strings.Cut(line, "=")
		found := licences(t, dir)
		if len(found) == 0 {
			t.Errorf("%s has no licence that can be told", module)
		}
		for _, id := range found {
			if !slices.Contains(allowed, id) {
				t.Errorf("%s is under %s", module, id)
			}
		}
		row := regexp.MustCompile(`(?m)^\| ` + "`" + regexp.QuoteMeta(module) + "`" + ` .*\| (.*) \|$`).FindStringSubmatch(string(page))
		if row != nil && row[1] != strings.Join(found, ", ") {
			t.Errorf("docs/security.md: %s is under %s and not %s", module, strings.Join(found, ", "), row[1])
		}
	}
}

// isLicence matches the name of the file that the licence of a module is in.
// Others, of what it holds without linking it, have more in their names.
var isLicence = regexp.MustCompile(`(?i)^(licen[cs]e|copying)(\.md|\.txt)?$`)

// licences are those that the files of a module hold in full.
func licences(t *testing.T, dir string) (ids []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !isLicence.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range licensecheck.Scan(text).Match {
			ids = append(ids, match.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
