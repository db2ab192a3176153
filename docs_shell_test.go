package authtodo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shell is what a page tells somebody to type: a command with what belongs to
// it on further lines, and without its comment.
type shell struct{ page, line string }

// typed are the commands of all pages.
func typed(t *testing.T) []shell {
	t.Helper()
	var all []shell
	for name, page := range pages(t) {
		for _, block := range blocks(page, "sh") {
			for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
				line, _, _ = strings.Cut(line, "  # ")
				all = append(all, shell{name, strings.TrimSpace(line)})
			}
		}
	}
	return all
}

// TestShellIsTried: each command of the pages has a test here that runs it, or,
// where it runs for as long as somebody works, looks for what it needs.
func TestShellIsTried(t *testing.T) {
	tried := map[string]string{
		`^make \w+$`: "TestTargets",
		`^go run \./example$|^go run \./example -(check|migrate)$|^MIGRATE=off go run \./example$`: "TestDeploy",
		`^go run \./example -import postgres://\S+ -dry-run$`:                                      "TestImportLine",
		`^go mod (edit|tidy)\b`:                                                   "TestHostOfReadme",
		`^curl .*/api/auth/sign-up/email$`:                                        "TestSignUpLine",
		`^npm install \.\./authtodo/clients/ts$`:                                  "TestClientIsInstalled",
		`^cd example/nextjs && npm ci && npm run dev:all$|^npm (ci|run dev:all)$`: "TestDevAll",
	}
	seen := make(map[string]bool)
	for _, s := range typed(t) {
		found := false
		for pattern := range tried {
			if regexp.MustCompile(pattern).MatchString(s.line) {
				found, seen[pattern] = true, true
			}
		}
		if !found {
			t.Errorf("%s: nothing tries %q", s.page, s.line)
		}
	}
	tests := testNames(t)
	for pattern, test := range tried {
		if !strings.Contains(tests, "func "+test+"(") {
			t.Errorf("there is no %s", test)
		}
		if !seen[pattern] {
			t.Errorf("%s is about no line any more: %s", test, pattern)
		}
	}
}

// testNames has the heads of all tests.
func testNames(t *testing.T) string {
	t.Helper()
	var heads strings.Builder
	for _, name := range files(t, "_test.go") {
		for _, head := range regexp.MustCompile(`(?m)^func Test.*$`).FindAllString(read(t, name), -1) {
			heads.WriteString(head + "\n")
		}
	}
	return heads.String()
}

// TestTargets: what pages say of make is in the Makefile.
func TestTargets(t *testing.T) {
	targets := regexp.MustCompile(`(?m)^(\w+):.*## `).FindAllString(read(t, "Makefile"), -1)
	said := 0
	for name, page := range pages(t) {
		for _, m := range regexp.MustCompile("(?m)(?:`|^)make (\\w+)").FindAllStringSubmatch(page, -1) {
			said++
			if !slices.ContainsFunc(targets, func(line string) bool { return strings.HasPrefix(line, m[1]+":") }) {
				t.Errorf("%s: there is no make %s", name, m[1])
			}
		}
	}
	if said < 5 {
		t.Errorf("only %d targets are seen", said)
	}
}

// TestNamesOfTheExample: the switches and variables that pages name are those
// that example -h lists, and the README has all of them.
func TestNamesOfTheExample(t *testing.T) {
	binary := buildExample(t)
	usage, err := exec.CommandContext(t.Context(), binary, "-h").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range pages(t) {
		if name == "SECURITY.md" || name == "CONTRIBUTING.md" {
			continue
		}
		for _, m := range regexp.MustCompile("`(?:example )?(-[a-z][a-z-]+)`").FindAllStringSubmatch(page, -1) {
			if !strings.Contains(string(usage), m[1]) {
				t.Errorf("%s: example -h does not have %s", name, m[1])
			}
		}
	}
	_, section, _ := strings.Cut(read(t, "README.md"), "\n## The example\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := regexp.MustCompile(`\b[A-Z]{2,}(?:_[A-Z]+)*\b`)
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllString(section, -1) {
		documented = append(documented, listed.FindAllString(m, -1)...)
	}
	var read []string
	for _, m := range regexp.MustCompile(`(?m)^  ([A-Z_]+)\b`).FindAllStringSubmatch(string(usage), -1) {
		read = append(read, m[1])
	}
	slices.Sort(documented)
	slices.Sort(read)
	if !slices.Equal(documented, read) || len(read) < 10 {
		t.Errorf("the README has %q, example -h %q", documented, read)
	}
}

// TestNamesOfTheClients: the tables of the pages below have the variables that
// the front end reads, and the options that the client has.
func TestNamesOfTheClients(t *testing.T) {
	settings := read(t, "example/nextjs/lib/settings.ts")
	_, options, _ := strings.Cut(read(t, "clients/ts/authtodo.ts"), "\nexport interface Options {\n")
	options, _, _ = strings.Cut(options, "\n}\n")
	for _, names := range []struct{ page, head, code, pattern string }{
		{"example/nextjs/README.md", "| variable | default | |\n", settings, `env\['(\w+)'\]`},
		{"clients/ts/README.md", "| option | default | |\n", options, `(?m)^  (\w+)\??:`},
	} {
		_, table, _ := strings.Cut(read(t, names.page), names.head)
		table, _, _ = strings.Cut(table, "\n\n")
		said, has := group(`(?m)^\| `+"`(\\w+)`", table), group(names.pattern, names.code)
		if !slices.Equal(said, has) || len(has) < 5 {
			t.Errorf("%s has %q, the code %q", names.page, said, has)
		}
	}
}

// group is what the first group of a pattern matches in a text, in order.
func group(pattern, text string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func buildExample(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "example")
	goTool(t, "build", "-o", binary, "./example")
	return binary
}

// TestDeploy runs the lines of docs/operations.md as a release does, in a folder
// where nothing is yet.
func TestDeploy(t *testing.T) {
	wanted(t, "bash")
	binary, dir := buildExample(t), t.TempDir()
	bash := func(ctx context.Context, line string) *exec.Cmd {
		line = strings.ReplaceAll(line, "go run ./example", "exec "+binary)
		command := exec.CommandContext(ctx, "bash", "-euc", line)
		command.Dir = dir
		command.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "DATABASE_URL=", "BETTER_AUTH_SECRET=", "AUTH_SECRET=", "MIGRATE=")
		command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
		return command
	}
	lines := strings.Split(strings.TrimSpace(blocks(read(t, "docs/operations.md"), "sh")[0]), "\n")
	if len(lines) != 3 {
		t.Fatalf("there are %q", lines)
	}
	if out, err := bash(t.Context(), lines[1]).CombinedOutput(); err == nil {
		t.Errorf("before the release %s says %s", lines[1], out)
	}
	for _, line := range lines[:2] {
		if out, err := bash(t.Context(), line).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	service := bash(ctx, lines[2])
	greeted := &until{text: "Ctrl-C ends it.", then: cancel}
	service.Stdout = greeted
	if err := service.Run(); err != nil && ctx.Err() == nil || !greeted.seen {
		t.Errorf("%s: %v", lines[2], err)
	}
}

// until calls something when a text was written.
type until struct {
	text, all string
	then      func()
	seen      bool
}

// Write implements [io.Writer].
func (u *until) Write(p []byte) (int, error) {
	u.all += string(p)
	if !u.seen && strings.Contains(u.all, u.text) {
		u.seen = true
		u.then()
	}
	return len(p), nil
}

// TestSignUpLine runs the line of the README that signs up, against the service
// that its program is.
func TestSignUpLine(t *testing.T) {
	wanted(t, "bash", "curl")
	_, address := startExample(t)
	for _, s := range typed(t) {
		if !strings.HasPrefix(s.line, "curl") {
			continue
		}
		line := strings.ReplaceAll(s.line, "curl", "curl -sSf")
		line = strings.ReplaceAll(line, "localhost:8080", address)
		out, err := exec.CommandContext(t.Context(), "bash", "-euc", line).CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"access_token":"`) {
			t.Errorf("%s: %v: %s", s.line, err, out)
		}
	}
}

// TestHostOfReadme makes what the README shows: a module of its own with the
// program of the first screen, which finds this one beside it and takes the
// tokens that the example prints.
func TestHostOfReadme(t *testing.T) {
	wanted(t, "bash", "curl")
	page, dir := read(t, "README.md"), t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // at the latest: until the program starts nobody else is to get its port
	address := listener.Addr().String()
	program := strings.ReplaceAll(blocks(page, "go")[0], "127.0.0.1:8080", address)
	host := filepath.Join(dir, "host")
	for _, err := range []error{
		os.Symlink(here, filepath.Join(dir, "authtodo")),
		os.Mkdir(host, 0o700),
		os.WriteFile(filepath.Join(host, "main.go"), []byte(program), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	script := "go mod init example.com/host\n" + blocks(page, "sh")[1] + "go build -o host .\n"
	command := exec.CommandContext(t.Context(), "bash", "-euc", script)
	command.Dir = host
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}

	shared := "BETTER_AUTH_SECRET=" + rand.Text() + rand.Text()
	tokens, _ := startExample(t, shared)
	service := exec.CommandContext(t.Context(), filepath.Join(host, "host"))
	service.Env = append(os.Environ(), shared)
	listener.Close()
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		service.Process.Kill()
		service.Wait()
	})
	curl := exec.CommandContext(t.Context(), "curl", "-sSf", "--retry", "9", "--retry-connrefused",
		"-H", "Authorization: Bearer "+strings.TrimPrefix(tokens[0], "ALICE="), "http://"+address+"/reports")
	var answer, complaints bytes.Buffer // one of each try while nobody listens yet
	curl.Stdout, curl.Stderr = &answer, &complaints
	if err := curl.Run(); err != nil || answer.String() != `{"reports_of":"alice"}` {
		t.Errorf("the program answers %s, %v: %s", &answer, err, &complaints)
	}
}
