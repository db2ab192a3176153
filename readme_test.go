package authtodo_test

import (
	"bufio"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/auth/accounts/smtp"
	"github.com/authtodo/authtodo/storage/postgres"
)

// pages are the pages whose snippets are held against what is compiled.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	others := []string{
		"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "clients/ts/README.md", "example/nextjs/README.md",
	}
	for _, name := range append(docs, others...) {
		texts[name] = read(t, name)
	}
	return texts
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the fenced blocks of a language.
func blocks(page, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(page, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestReadmeProgram: the program on the first screen is what example/minimal
// is built from, byte for byte.
func TestReadmeProgram(t *testing.T) {
	program := blocks(read(t, "README.md"), "go")[0]
	if _, rest, _ := strings.Cut(read(t, "example/minimal/main.go"), "\npackage main"); "package main"+rest != program {
		t.Error("the README's program is not example/minimal/main.go")
	}
	start := strings.Index(read(t, "README.md"), program)
	if line := strings.Count(read(t, "README.md")[:start], "\n"); line > 20 {
		t.Errorf("the program starts in line %d", line)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", "./example/minimal").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFewLines: what a host writes for guard, accounts and todos is at most 10
// lines in memory, and 4 more on PostgreSQL.
func TestFewLines(t *testing.T) {
	for name, limit := range map[string]int{"example/accounts/main.go": 10, "example_accounts_test.go": 14} {
		_, body, _ := strings.Cut(read(t, name), "() {\n")
		body, _, _ = strings.Cut(body, "\n}\n")
		if n := strings.Count(body, "\n") + 1; n > limit {
			t.Errorf("%s: %d lines, want at most %d:\n%s", name, n, limit, body)
		}
	}
}

// TestSnippetsAreCompiled: every piece of Go in the pages stands in a file
// that is compiled.
func TestSnippetsAreCompiled(t *testing.T) {
	var compiled strings.Builder
	for _, name := range files(t, ".go") {
		compiled.WriteString(flat(read(t, name)))
	}
	for name, page := range pages(t) {
		for _, block := range blocks(page, "go") {
			if !strings.Contains(compiled.String(), flat(block)) {
				t.Errorf("%s: no file has\n%s", name, block)
			}
		}
	}
}

// files are those of the repository whose names end so. What npm installs, and what
// begins with a dot, are left out: a build of the front end, whose test may run at the
// same time, makes folders there and takes them away.
func files(t *testing.T, end string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && name != "." && (entry.Name() == "node_modules" || entry.Name()[0] == '.') {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(name, end) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// flat is a text without what its lines are indented by.
func flat(text string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(text, "")
}

// TestLinksLeadSomewhere: files are there, and have the headings that links
// name. Nobody asks other servers, whose addresses only have to be such.
func TestLinksLeadSomewhere(t *testing.T) {
	links := 0
	for name, page := range pages(t) {
		for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(page, -1) {
			links++
			link, err := url.Parse(m[1])
			if err != nil || link.IsAbs() && (link.Scheme != "https" || !strings.Contains(link.Host, ".")) {
				t.Errorf("%s: %s is no address: %v", name, m[1], err)
			}
			if err != nil || link.IsAbs() {
				continue
			}
			file := name
			if link.Path != "" {
				file = filepath.Join(filepath.Dir(name), filepath.FromSlash(link.Path))
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if link.Fragment != "" && !slices.Contains(headings(read(t, file)), link.Fragment) {
				t.Errorf("%s: %s has no heading for #%s", name, file, link.Fragment)
			}
		}
	}
	if links < 50 {
		t.Errorf("only %d links are seen", links)
	}
}

// headings are the names that GitHub gives those of a page.
func headings(page string) []string {
	var names []string
	code := regexp.MustCompile("(?ms)^```.*?^```$")
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(code.ReplaceAllString(page, ""), -1) {
		name := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		names = append(names, regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(name, ""))
	}
	return names
}

// TestOptionsAreInTheDocs: each field of each kind of options has a row.
func TestOptionsAreInTheDocs(t *testing.T) {
	for _, options := range []struct {
		of   reflect.Type
		page string
	}{
		{reflect.TypeFor[authtodo.Options](), "docs/mounting.md"},
		{reflect.TypeFor[auth.Options](), "docs/mounting.md"},
		{reflect.TypeFor[auth.Issuer](), "docs/mounting.md"},
		{reflect.TypeFor[smtp.Options](), "docs/mounting.md"},
		{reflect.TypeFor[postgres.Options](), "docs/mounting.md"},
		{reflect.TypeFor[accounts.Options](), "docs/accounts.md"},
	} {
		rows := regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllString(read(t, options.page), -1)
		for _, field := range reflect.VisibleFields(options.of) {
			if !strings.Contains(strings.Join(rows, "\n"), "`"+field.Name+"`") {
				t.Errorf("%s has no row for %v.%s", options.page, options.of, field.Name)
			}
		}
	}
}

// wanted skips a test that wants a program that is not there, or fails where
// nothing may be skipped.
func wanted(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		_, err := exec.LookPath(name)
		switch {
		case err == nil:
		case os.Getenv("AUTHTODO_REQUIRE") != "" || os.Getenv("CI") == "true":
			t.Fatalf("this test wants %s: apt-get install %[1]s", name)
		default:
			t.Skipf("this test wants %s: apt-get install %[1]s", name)
		}
	}
}

// TestReadmeCurl runs the curl lines against the example and compares the
// answers with those in the README.
func TestReadmeCurl(t *testing.T) {
	wanted(t, "bash", "curl")
	env, address := startExample(t)
	lines := strings.Split(strings.TrimSpace(blocks(read(t, "README.md"), "console")[0]), "\n")
	if len(lines) != 6 {
		t.Fatalf("the README has %d lines of curl and answers", len(lines))
	}
	for i := 0; i < len(lines); i += 2 {
		line, ok := strings.CutPrefix(lines[i], "$ curl ")
		if !ok {
			t.Fatalf("%q is no curl line", lines[i])
		}
		line = "curl -sS " + strings.ReplaceAll(line, "localhost:8080", address)
		command := exec.CommandContext(t.Context(), "bash", "-euc", line)
		command.Env = append(os.Environ(), env...)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
		if got, want := everyday(string(out)), everyday(lines[i+1]); got != want {
			t.Errorf("%s\nanswers %s\nwant    %s", lines[i], got, want)
		}
	}
}

// everyday is an answer without ids and times.
func everyday(answer string) string {
	answer = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllString(answer, "ID")
	return regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`).ReplaceAllString(answer, "TIME")
}

// startExample runs the example on a free port and returns what it prints of
// use: the assignments of tokens, and its address.
func startExample(t *testing.T, more ...string) (env []string, address string) {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "example")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./example").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	command := exec.Command(binary, "-demo")
	command.Dir = dir
	command.Env = append(os.Environ(), "ADDR=127.0.0.1:0", "DATABASE_URL=", "BETTER_AUTH_SECRET=", "AUTH_SECRET=")
	command.Env = append(command.Env, more...)
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Signal(os.Interrupt)
		command.Wait()
	})
	stop := time.AfterFunc(time.Minute, func() { command.Process.Kill() })
	defer stop.Stop()
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		line := scanner.Text()
		if url, ok := strings.CutPrefix(line, "authtodo: http://"); ok {
			address, _, _ = strings.Cut(url, "/")
		}
		if strings.HasPrefix(line, "ALICE=") || strings.HasPrefix(line, "BOB=") {
			env = append(env, line)
		}
		if len(env) == 2 {
			return env, address
		}
	}
	t.Fatal("the example ended without printing two tokens")
	return nil, ""
}
