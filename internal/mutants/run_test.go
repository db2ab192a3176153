package mutants

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// run is the tests of a package that are tried on a mutant.
type run struct {
	folder string // of the package
	tests  string // as for the flag -run
	env    []string
}

// Tests of the suites by their clauses: those about whose something is come
// first, and mostly are enough.
const (
	ofIsolation = `^(S1|C7|E1|A1) `
	ofSuite     = `^[A-Z]+[0-9]+ `
)

// binary builds the tests of a package with a mutant in it, or as it is with
// none.
func binary(t *testing.T, folder string, m *mutant) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "tests")
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", file}
	if m != nil {
		args = append(args, "-overlay", overlay(t, dir, *m))
	}
	command := gentle(t, "go", append(args, "./"+folder)...)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return file
}

// overlay writes the file that a mutant is in, and what makes the go command
// read that instead of the one in the module.
func overlay(t *testing.T, dir string, m mutant) string {
	t.Helper()
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	text, err := os.ReadFile(filepath.Join(module, m.file))
	if err != nil {
		t.Fatal(err)
	}
	changed := string(text[:m.from]) + m.text + string(text[m.to:])
	replace := map[string]string{
		filepath.Join(module, m.file): write("mutant"+filepath.Ext(m.file), []byte(changed)),
	}
	if m.kind == aLookup {
		replace[filepath.Join(module, helperFile)] = write("somebody.go", []byte(helperText))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return write("overlay.json", list)
}

// gentle is a command that lets others go first.
func gentle(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if nice, err := exec.LookPath("nice"); err == nil {
		name, args = nice, append([]string{"-n", "10", name}, args...)
	}
	return exec.CommandContext(t.Context(), name, args...)
}

// try runs tests that have been built, one case after the other, so that none
// is in another one's way, and returns whether they passed and what they said.
func (r run) try(t *testing.T, tests string) (passed bool, said string) {
	t.Helper()
	command := gentle(t, tests, "-test.run", r.tests, "-test.short", "-test.failfast",
		"-test.parallel", "1", "-test.timeout", "5m", "-test.v")
	command.Dir = filepath.Join(root, r.folder)
	command.Env = append(os.Environ(), r.env...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	said = failures(out.String())
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%s did not come to an end: %v\n%s", r.tests, err, said)
	}
	if n := strings.Count(out.String(), "--- PASS: "); n == 0 && err == nil {
		t.Fatalf("%s: there are no such tests", r.tests)
	}
	return err == nil, said
}

// failures is the end of what tests say without those that passed.
func failures(said string) string {
	var lines []string
	for line := range strings.SplitSeq(said, "\n") {
		if !strings.HasPrefix(line, "=== ") && !strings.Contains(line, "--- PASS: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[:min(len(lines), 100)], "\n")
}

// complaint is the first failure of tests. One that no statement can be blamed
// for is no sound mutant, and ends the test.
func complaint(t *testing.T, said string) string {
	t.Helper()
	for _, wrong := range []string{
		"syntax error", "no such column", "ambiguous column", "could not determine data type",
		"datatype mismatch", "(42601)", "(42703)", "(42804)", "(42P18)", "panic: ",
	} {
		if strings.Contains(said, wrong) {
			t.Fatalf("the mutant makes no sense:\n%s", said)
		}
	}
	for _, failure := range []string{`\[`, `(?:[^\d\n]|\d+ [^s\n])`} { // of a suite, and else no note of one
		m := regexp.MustCompile(`(?m)^ +\w+\.go:\d+: (` + failure + `.*)$`).FindStringSubmatch(said)
		if m != nil {
			return m[1]
		}
	}
	t.Fatalf("what has failed does not say why:\n%s", said)
	return ""
}

// sample is one mutant, the first one of the last file that has some, or all of
// them if that is asked for.
func sample(mutants []mutant) []mutant {
	if os.Getenv("AUTHTODO_SOAK") != "" {
		return mutants
	}
	last := mutants[len(mutants)-1].file
	i := slices.IndexFunc(mutants, func(m mutant) bool { return m.file == last })
	return mutants[i : i+1]
}
