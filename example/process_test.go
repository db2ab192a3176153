package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/pgtest"
)

// asExample tells the program of the tests to be the example: so what runs is
// the real main in a process of its own, and with -race if the tests have it.
const asExample = "AUTHTODO_TEST_AS_EXAMPLE"

func TestMain(m *testing.M) {
	if os.Getenv(asExample) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(pgtest.Run(m))
}

// patience is for a machine that is busy, and for SQLite under -race.
const patience = time.Minute

// example is the example in dir, with nothing in its environment but env.
func example(t *testing.T, dir string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir = dir
	cmd.Env = append([]string{asExample + "=1", "ADDR=127.0.0.1:0", "TZ=UTC"}, env...)
	return cmd
}

// process is an example that is running.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	greeting string
	url      string
	stderr   bytes.Buffer
	mails    mailbox       // whole when it has ended
	ended    chan struct{} // when err is there
	err      error
}

// mailbox is what an example prints when it is running.
type mailbox struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (m *mailbox) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(p)
}

func (m *mailbox) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// ServeHTTP shows the mails to a script.
func (m *mailbox) ServeHTTP(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, m) }

// launch starts an example with -demo and returns when it has said all it has to
// say.
func launch(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	cmd := example(t, dir, env...)
	cmd.Args = append(cmd.Args, "-demo")
	return start(t, cmd)
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for !strings.Contains(p.greeting, "Ctrl-C") {
		line, err := lines.ReadString('\n')
		p.greeting += line
		if err != nil {
			t.Fatalf("it ended: %v: %s%s", p.cmd.Wait(), p.greeting, &p.stderr)
		}
	}
	go func() {
		_, _ = io.Copy(&p.mails, lines)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	p.url = "http://" + p.find(`authtodo: http://([^/]+)/`)
	return p
}

// find is what the group of the pattern matches in the greeting.
func (p *process) find(pattern string) string {
	p.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(p.greeting)
	if found == nil {
		p.t.Fatalf("no %s in %s", pattern, p.greeting)
	}
	return found[1]
}

func (p *process) token(user string) string {
	p.t.Helper()
	return p.find(`(?m)^` + strings.ToUpper(user) + `=(\S+)$`)
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// wait returns when the process has ended, with how it did.
func (p *process) wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
	}
	return p.err
}

// stop ends the process as Ctrl-C does; it must succeed and have nothing to
// complain of.
func (p *process) stop() {
	p.t.Helper()
	p.signal(os.Interrupt)
	if err := p.wait(); err != nil || p.stderr.Len() > 0 {
		p.t.Errorf("it ended with %v: %s", err, &p.stderr)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request; fields are "Name: value".
func (p *process) send(method, path, body string, fields ...string) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ": ")
		req.Header.Set(name, value)
	}
	// Kept connections would be one more thing for a process to end.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// get reads path with the token.
func (p *process) get(path, token string) answer {
	p.t.Helper()
	return p.send("GET", path, "", "Authorization: Bearer "+token)
}

// is fails unless the answer has the status and text in its body.
func (a answer) is(t *testing.T, status int, text string) answer {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, text) {
		t.Errorf("got %d %.300s, want %d %s", a.status, a.body, status, text)
	}
	return a
}

// paste runs in a real shell what the greeting says to paste, and returns the
// lines that it prints.
func (p *process) paste() []string {
	p.t.Helper()
	bash := program(p.t, "bash")
	program(p.t, "curl")
	cmd := exec.CommandContext(p.t.Context(), bash, "-eu")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C"}
	cmd.Stdin = strings.NewReader(p.find(`(?s)\n\n((?:ALICE|API)=.*?\n)\n`))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		p.t.Fatalf("pasted: %v: %s%s", err, text, &stderr)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// program is the path of a program. Where nobody counts on the test, it is
// skipped without it.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("AUTHTODO_REQUIRE") != "" || os.Getenv("CI") == "true":
		t.Fatalf("there is no %s on this machine", name)
	}
	t.Skipf("there is no %s on this machine", name)
	return ""
}

// fails runs an example that must end by itself, with nothing but one line that
// has the text, and returns the line.
func fails(t *testing.T, cmd *exec.Cmd, code int, text string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	defer timer.Stop()
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != code {
		t.Errorf("it ended with %v, want exit status %d", err, code)
	}
	line, rest, _ := strings.Cut(stderr.String(), "\n")
	if rest != "" || !strings.HasPrefix(line, "example: ") || !strings.Contains(line, text) {
		t.Errorf("stderr is %q, want one line with %q", &stderr, text)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout is %q", &stdout)
	}
	return line
}

// write makes a file in dir.
func write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// hasMode fails unless the file has the mode.
func hasMode(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != mode {
		t.Errorf("%s has mode %#o, want %#o", path, got, mode)
	}
}

// titles are the titles in a list of todos.
func titles(list string) string {
	var all []string
	for _, m := range regexp.MustCompile(`"title":"([^"]*)"`).FindAllStringSubmatch(list, -1) {
		all = append(all, m[1])
	}
	return fmt.Sprint(all)
}
