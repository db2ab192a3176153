package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// promised fails unless the pasted lines do what the greeting says: a todo, the
// list that alice has now, and nothing for bob.
func promised(t *testing.T, lines []string, todos string) {
	t.Helper()
	if len(lines) != 3 || !strings.Contains(lines[0], `"user_id":"alice","title":"Buy milk"`) ||
		titles(lines[1]) != todos || lines[2] != "[]" {
		t.Errorf("pasted lines print %q, want a todo, %s and []", lines, todos)
	}
}

func TestFirstRunAndSecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := launch(t, dir)
	promised(t, first.paste(), "[Buy milk]")

	file := first.find(`(?m)^todos: (.*)$`)
	hasMode(t, filepath.Dir(file), 0o700)
	hasMode(t, file, 0o600)
	hasMode(t, first.find(`made of the secret in (.*)`), 0o600)
	first.get("/api/me", first.token("bob")).
		is(t, 200, `{"email":"bob@example.com","user_id":"bob"}`)
	first.send("GET", "/api/me", "").is(t, 401, "AUTH_ERROR")
	for _, path := range []string{"/healthz", "/readyz"} {
		first.send("GET", path, "").is(t, 200, `{"status":"ok"}`)
	}
	var document struct{ Servers []struct{ URL string } }
	text := first.send("GET", "/api/openapi.json", "").is(t, 200, "").body
	err := json.Unmarshal([]byte(text), &document)
	if err != nil || len(document.Servers) != 1 || document.Servers[0].URL != "/api" {
		t.Errorf("openapi.json has %+v, %v", document, err)
	}
	first.signal(os.Interrupt)
	if err := first.wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}

	second := launch(t, dir)
	second.get("/api/todos", first.token("alice")).is(t, 200, "Buy milk") // the secret is the same
	promised(t, second.paste(), "[Buy milk Buy milk]")
	second.stop()
}

func TestSQLiteAt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, "DATABASE_URL=sqlite:a file?.db")
	if got, want := p.find(`(?m)^todos: (.*)$`), filepath.Join(dir, "a file?.db"); got != want {
		t.Errorf("todos are in %q, want %q", got, want)
	}
	hasMode(t, filepath.Join(dir, "a file?.db.secret"), 0o600)
	p.stop()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("there are %v, want the file and the secret", entries)
	}
}

// slow is a request that is under way: its body has begun.
func slow(t *testing.T, p *process) (finish func() (*http.Response, error)) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	body := `{"title":"slow"}`
	fmt.Fprintf(conn, "POST /api/todos HTTP/1.1\r\nHost: example\r\nAuthorization: Bearer %s\r\n"+
		"Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		p.token("alice"), len(body))
	reader := bufio.NewReader(conn)
	// The server says so when the handler reads: now the request is under way.
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return func() (*http.Response, error) {
		fmt.Fprint(conn, body)
		return http.ReadResponse(reader, nil)
	}
}

// refusing returns when the process takes no connections any more.
func (p *process) refusing() {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			conn.Close()
		}
	}
	p.t.Error("it still takes connections")
}

func TestSignalLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := launch(t, t.TempDir())
			finish := slow(t, p)
			p.signal(signal)
			p.refusing()
			resp, err := finish()
			if err != nil || resp.StatusCode != http.StatusCreated {
				t.Errorf("the request under way ended with %v, %v", resp, err)
			}
			if err := p.wait(); err != nil || p.stderr.Len() > 0 {
				t.Errorf("it ended with %v: %s", err, &p.stderr)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	slow(t, p)
	p.signal(os.Interrupt)
	p.refusing()
	begin := time.Now()
	p.signal(os.Interrupt)
	err := p.wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want by the signal", err)
	}
	if took := time.Since(begin); took > shutdownLimit/2 {
		t.Errorf("it took %v", took)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"-h", "--help"} {
		cmd := example(t, t.TempDir())
		cmd.Args = append(cmd.Args, arg)
		text, err := cmd.Output()
		if err != nil || string(text) != usage {
			t.Errorf("%s: %v, prints %s", arg, err, text)
		}
	}
	cmd := example(t, t.TempDir())
	cmd.Args = append(cmd.Args, "serve\n-h")
	fails(t, cmd, 2, `"serve\n-h" is not understood`)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	const password = "pass-word-of-the-tests" // must not be shown
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, test := range map[string]struct {
		env     string
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"port in use": {
			env:  "ADDR=" + taken.Addr().String(),
			want: "another program listens on 127.0.0.1:",
		},
		"address elsewhere": {env: "ADDR=192.0.2.1:8080", want: "ADDR: "},
		"no port":           {env: "ADDR=127.0.0.1", want: "ADDR must be host:port"},
		"unknown scheme": {
			env:  "DATABASE_URL=mysql://me:" + password + "@db/todos",
			want: "DATABASE_URL must begin",
		},
		"no scheme": {env: "DATABASE_URL=" + password, want: "DATABASE_URL must begin"},
		"bad URL": {
			env:  "DATABASE_URL=postgres://me:" + password + "%@db/todos",
			want: "DATABASE_URL: ",
		},
		"bad password": {
			env:  "DATABASE_URL=postgres://me:" + password + "/#@db/todos",
			want: "DATABASE_URL: ",
		},
		"no server": {
			env:  "DATABASE_URL=postgres://me:" + password + "@127.0.0.1:1/todos?sslmode=disable",
			want: "connection refused",
		},
		"no folder": {env: "DATABASE_URL=sqlite:missing/todos.db", want: "no such file"},
		"no path":   {env: "DATABASE_URL=sqlite:", want: "no path"},
		"slashes":   {env: "DATABASE_URL=sqlite://todos.db", want: "without //"},
		"memory":    {env: "DATABASE_URL=sqlite::memory:", want: "is not a file"},
		"not SQLite": {
			env:     "DATABASE_URL=sqlite:text.db",
			want:    "must be an SQLite file",
			prepare: file("text.db"),
		},
		"folder file": {want: "cannot be made", prepare: file("authtodo-data")},
		"read-only":   {want: "cannot be made", prepare: readOnly},
		"below a file": {
			env: "DATABASE_URL=sqlite:text/todos.db", want: "not a directory", prepare: file("text"),
		},
		"short secret": {
			env:  "BETTER_AUTH_SECRET=" + password,
			want: "BETTER_AUTH_SECRET has 22 bytes and needs 32",
		},
		"published secret": {
			env:  "BETTER_AUTH_SECRET=better-auth-secret-12345678901234567890",
			want: "published",
		},
		"short secret of its own": {
			env:  "AUTH_SECRET=" + password,
			want: "AUTH_SECRET has 22 bytes and needs 32",
		},
		"base URL":       {env: "BASE_URL=https://app.example.com/?x=1", want: "BASE_URL must be like"},
		"clear text":     {env: "BASE_URL=http://app.example.com", want: "BASE_URL http is for this machine"},
		"limit":          {env: "RATE_LIMIT=0", want: "RATE_LIMIT must be off"},
		"nobody's claim": {env: "AUTH_ISSUER=https://app.example.com", want: "BETTER_AUTH_SECRET, which is not set"},
		"wildcard":       {env: "CORS_ORIGINS=*", want: "no wildcard"},
		"secret of others": {want: "others can read", prepare: func(t *testing.T, dir string) {
			write(t, dir, "authtodo-data/todos.db.secret", newSecret(), 0o644)
		}},
		"odd secret": {want: "does not hold", prepare: func(t *testing.T, dir string) {
			write(t, dir, "authtodo-data/todos.db.secret", password, 0o600)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.prepare != nil {
				test.prepare(t, dir)
			}
			line := fails(t, example(t, dir, test.env), 1, test.want)
			if strings.Contains(line, password) {
				t.Errorf("%s shows a secret", line)
			}
		})
	}
}

func file(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		write(t, dir, name, "This is a text of some length, and no SQLite file.\n", 0o600)
	}
}

// readOnly is a folder in which nothing can be made. Root may write everywhere
// but below a file.
func readOnly(t *testing.T, dir string) {
	if os.Geteuid() == 0 {
		file(dataFolder)(t, dir)
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
}

// Where nothing can be made, whoever asks.
func TestFolderOfTheSystem(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip(err)
	}
	fails(t, example(t, "/proc"), 1, "cannot be made")
	fails(t, example(t, t.TempDir(), "DATABASE_URL=sqlite:/proc/todos.db"), 1, "must be writable")
}

// A port in use must not leave a folder behind.
func TestFailuresMakeNothing(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir())
	dir := t.TempDir()
	fails(t, example(t, dir, "ADDR="+strings.TrimPrefix(p.url, "http://")), 1, "another program")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("there are %v, %v", entries, err)
	}
	p.stop()
}
