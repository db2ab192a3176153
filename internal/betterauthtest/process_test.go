package betterauthtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// patience is for a machine that is busy.
const patience = 2 * time.Minute

// issuers is the process with all issuers. It is a variable of the package
// because package testing hands nothing from TestMain to tests.
var issuers process

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	code := m.Run()
	issuers.stop()
	os.Exit(code)
}

// process is a Node process with issuers.
type process struct {
	once   sync.Once
	err    error
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer

	said struct { // its line
		Control, Secret string
		Issuers         map[string]string // URLs by name
	}
}

// errMissing: what the tests need is not installed.
type errMissing struct{ what, install string }

func (e *errMissing) Error() string {
	return fmt.Sprintf("this test wants %s: %s", e.what, e.install)
}

// needs starts the process if no test has, and skips t where it cannot run, or
// fails it where nothing may be skipped.
func needs(t *testing.T) {
	t.Helper()
	issuers.once.Do(func() { issuers.err = issuers.start() })
	var missing *errMissing
	switch err := issuers.err; {
	case errors.As(err, &missing) && !required():
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
}

func required() bool { return os.Getenv("AUTHTODO_REQUIRE") != "" || os.Getenv("CI") == "true" }

func (p *process) start() error {
	if err := hasNode(); err != nil {
		return err
	}
	if !installed() {
		if err := install(); err != nil {
			return err
		}
	}
	p.cmd = exec.Command("node", "server.mjs")
	// Nothing of the environment may configure Better Auth.
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p.said)
	}
	if err != nil {
		p.stop()
		return fmt.Errorf("server.mjs: %w: %s", err, &p.stderr)
	}
	return nil
}

// stop ends the process by the end of its standard input.
func (p *process) stop() {
	if p.stdin != nil {
		p.stdin.Close()
		p.cmd.Wait()
	}
}

func hasNode() error {
	const oldest = 20
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		return &errMissing{"Node 20 or newer", "apt-get install nodejs npm"}
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldest {
		return &errMissing{"Node 20 or newer", "node is " + version}
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
func installed() bool {
	want, err := lock("package-lock.json")
	if err != nil {
		return false
	}
	got, err := lock("node_modules/.package-lock.json")
	return err == nil && maps.Equal(got, want)
}

// install installs the packages, without running anything of them.
func install() error {
	args := []string{"ci", "--ignore-scripts", "--no-audit", "--no-fund"}
	if !required() {
		return &errMissing{"npm packages", "cd internal/betterauthtest && npm " + strings.Join(args, " ")}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "npm", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("npm %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// ask asks the process for what no endpoint of an issuer gives.
func (i issuer) ask(what string, pairs ...string) string {
	i.t.Helper()
	query := url.Values{"issuer": {i.name}}
	for pair := range slices.Chunk(pairs, 2) {
		query.Set(pair[0], pair[1])
	}
	a := i.send("POST", issuers.said.Control+"/"+what+"?"+query.Encode(), "")
	if a.status != 200 {
		i.t.Fatalf("%s of %s: %d %s", what, i.name, a.status, a.body)
	}
	return a.body
}
