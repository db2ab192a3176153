//go:build unix

// Package nextjs has only this test: the front end in a real browser, with the
// real example as its API.
package nextjs

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authtodo/authtodo/internal/nodetest"
	"github.com/authtodo/authtodo/internal/ports"
)

// patience is for a machine that is busy.
const patience = 2 * time.Minute

// TestInBrowser runs test/browser.mjs. Its steps are there.
func TestInBrowser(t *testing.T) {
	node, chromium := tools(t)
	build(t, node)
	dir := t.TempDir()
	appPort, latePort, apiPort := freePort(t), freePort(t), freePort(t)
	appURL, apiAddr := "http://localhost:"+appPort, "127.0.0.1:"+apiPort
	example := filepath.Join(dir, "example")
	output(t, exec.CommandContext(t.Context(), "go", "build", "-o", example, ".."))

	api := &server{t: t, url: "http://" + apiAddr + "/readyz", command: func() *exec.Cmd {
		cmd := exec.Command(example)
		cmd.Dir = dir
		cmd.Env = environ("ADDR="+apiAddr, "BETTER_AUTH_URL="+appURL, "CORS_ORIGINS="+appURL,
			"DATABASE_URL=", "BETTER_AUTH_SECRET=", "AUTH_ISSUER=", "AUTH_AUDIENCE=")
		return cmd
	}}
	secret := rand.Text() + rand.Text()
	app := func(port, tokenLife string) *server {
		return &server{t: t, url: "http://localhost:" + port + "/sign-in", command: func() *exec.Cmd {
			cmd := exec.Command(node, "node_modules/next/dist/bin/next", "start",
				"--hostname", "localhost", "--port", port)
			cmd.Env = environ("BETTER_AUTH_URL="+appURL, "BETTER_AUTH_SECRET="+secret,
				"AUTH_DATABASE="+filepath.Join(dir, "auth.db"), "AUTH_TOKEN_LIFE="+tokenLife,
				"NEXT_PUBLIC_API_URL=http://"+apiAddr+"/api")
			return cmd
		}}
	}
	// At once: the API does without the key set until the first token comes.
	var starting sync.WaitGroup
	for _, s := range []*server{api, app(appPort, ""), app(latePort, "-1m")} {
		t.Cleanup(func() {
			if err := s.stop(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Logf("%s said:\n%s", s.url, &s.said)
			}
		})
		starting.Go(func() {
			if err := s.start(); err != nil {
				t.Error(err)
			}
		})
	}
	if starting.Wait(); t.Failed() {
		return
	}
	control := httptest.NewServer(switchFor(api))
	defer control.Close()

	pictures := t.ArtifactDir()
	t.Logf("screenshots are in %s; go test -artifacts keeps them", pictures)
	ctx, cancel := context.WithTimeout(t.Context(), 5*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "test/browser.mjs")
	cmd.Env = environ("APP_URL="+appURL, "LATE_URL=http://localhost:"+latePort,
		"API_URL=http://"+apiAddr+"/api", "CONTROL_URL="+control.URL,
		"SCREENSHOTS="+pictures, "CHROMIUM="+chromium)
	inGroup(cmd) // with the processes of the browser
	text, err := cmd.CombinedOutput()
	t.Logf("\n%s", text)
	if err != nil {
		t.Error(err)
	}
}

// tools is what the test wants, or it is skipped; or it fails, where somebody
// counts on it.
func tools(t *testing.T) (node, chromium string) {
	t.Helper()
	err := nodetest.Packages(".")
	if err == nil {
		chromium, err = nodetest.Chromium()
	}
	if err == nil {
		node, err = exec.LookPath("node")
	}
	if err != nil {
		nodetest.Skip(t, err)
	}
	return node, chromium
}

// build builds the app, unless the last build was of the same sources: it takes
// longer than the rest of the test. Nobody else builds or uses it meanwhile.
func build(t *testing.T, node string) {
	t.Helper()
	lock, err := os.OpenFile("node_modules/.browser-test.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	const stamp = ".next/built-from"
	sum := sources(t)
	if last, err := os.ReadFile(stamp); err == nil && string(last) == sum {
		return
	}
	start := time.Now()
	cmd := exec.CommandContext(t.Context(), node, "node_modules/next/dist/bin/next", "build")
	cmd.Env = environ()
	output(t, cmd)
	t.Logf("next build took %v", time.Since(start).Round(time.Second))
	if err := os.WriteFile(stamp, []byte(sum), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sources is a hash of what a build is made from.
func sources(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	client, err := os.ReadFile("node_modules/authtodo/authtodo.js")
	if err != nil {
		t.Fatal(err)
	}
	hash.Write(client)
	err = filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && regexp.MustCompile(`^(node_modules|\.next|data|test|scripts|_artifacts)$`).MatchString(name):
			return fs.SkipDir
		case entry.IsDir() || !regexp.MustCompile(`\.(tsx?|css|svg|json)$`).MatchString(name) || name == "next-env.d.ts":
			return nil
		}
		text, err := os.ReadFile(name)
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// server is a program that can be started and stopped, again and again.
type server struct {
	t       *testing.T
	url     string // answers 200 when it is ready
	command func() *exec.Cmd

	mu   sync.Mutex
	cmd  *exec.Cmd // nil: it does not run
	said bytes.Buffer
}

func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cmd := s.command()
	inGroup(cmd)
	cmd.Stdout, cmd.Stderr = &s.said, &s.said
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd = cmd
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var resp *http.Response
		if resp, err = http.Get(s.url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
	}
	return fmt.Errorf("%s does not start: %w", cmd.Path, err)
}

func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	cmd := s.cmd
	s.cmd = nil
	_ = signal(cmd, syscall.SIGTERM)
	late := time.AfterFunc(patience, func() { _ = signal(cmd, syscall.SIGKILL) })
	_ = cmd.Wait()
	if !late.Stop() {
		return fmt.Errorf("%s does not end", cmd.Path)
	}
	return nil
}

// switchFor starts and stops the server for a script.
func switchFor(s *server) http.Handler {
	mux := http.NewServeMux()
	for path, act := range map[string]func() error{"POST /start": s.start, "POST /stop": s.stop} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if err := act(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return mux
}

// inGroup gives the command a process group, so that it can be ended with what
// it has started.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.Cancel != nil { // it has a context
		cmd.Cancel = func() error { return signal(cmd, syscall.SIGKILL) }
	}
}

func signal(cmd *exec.Cmd, s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }

// environ is the environment with these variables, and without those that
// would change what is tested.
func environ(variables ...string) []string {
	env := []string{"NEXT_TELEMETRY_DISABLED=1"}
	for _, variable := range os.Environ() {
		if !regexp.MustCompile(`^(NODE_ENV|NODE_OPTIONS|NEXT_|PORT=|HOSTNAME=|GIN_MODE)`).MatchString(variable) {
			env = append(env, variable)
		}
	}
	return append(env, variables...)
}

// output is what the command prints; it must succeed.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
	}
	return string(text)
}

// freePort is a port that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := ports.Free("localhost")
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}
