package faulttest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/postgres"
	"github.com/authtodo/authtodo/storage/sqlite"
)

// In the environment of another process of this test binary: what it does, and
// with which database.
const (
	roleVariable  = "AUTHTODO_FAULTTEST_ROLE"
	storeVariable = "AUTHTODO_FAULTTEST_STORE"
)

// process is another process of this test binary. It ends when its standard
// input does, and so with the tests, however those end.
type process struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	ready string // what it has said when it was ready
	log   *logged
}

// spawn starts one and returns when it is ready.
func spawn(role, store string) (*process, error) {
	p := &process{cmd: exec.Command(os.Args[0]), log: &logged{}}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role, storeVariable+"="+store)
	p.cmd.Stderr = p.log
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		p.kill()
		return nil, fmt.Errorf("the other process ended: %w: %s", err, p.log)
	}
	p.ready = strings.TrimSpace(line)
	return p, nil
}

// start is spawn for a test, at the end of which the process ends.
func start(t testing.TB, role, store string) *process {
	t.Helper()
	p, err := spawn(role, store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process in the middle of what it does. Twice is once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// end lets the process end by itself.
func (p *process) end() error {
	if err := p.input.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// play is what the other process does.
func play(role string) int {
	store := os.Getenv(storeVariable)
	err := fmt.Errorf("there is no role %q", role)
	switch role {
	case "serve":
		err = playServer(store)
	case "lock":
		err = playLock(store)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// open opens the database that a driver and a URL or path name.
func open(ctx context.Context, store string) (storage.Backend, error) {
	driver, name, _ := strings.Cut(store, " ")
	if driver == "sqlite" {
		db, err := sqlite.Open(ctx, name)
		if err != nil {
			return storage.Backend{}, err
		}
		return db.Backend(), db.Migrate(ctx)
	}
	db, err := postgres.Open(ctx, name)
	if err != nil {
		return storage.Backend{}, err
	}
	return db.Backend(), nil
}

// playServer is a service with a module, and with a route that tells how much
// memory it has.
func playServer(store string) error {
	backend, err := open(context.Background(), store)
	if err != nil {
		return err
	}
	engine := gin.New()
	engine.GET("/memory", func(c *gin.Context) { c.JSON(http.StatusOK, measure()) })
	_, err = authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: backend,
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := http.Server{Handler: engine, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Println("http://" + listener.Addr().String())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-failed; err != http.ErrServerClosed {
		return err
	}
	return nil
}

// usage is what a process has when it does nothing.
type usage struct {
	Heap       uint64 // bytes that are in use after a collection
	Resident   uint64 // bytes, as the system counts them; 0 where it does not tell
	Goroutines int
}

func measure() (m usage) {
	debug.FreeOSMemory() // collects, too
	debug.FreeOSMemory() // what finalizers and pools have let go
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.Heap, m.Goroutines = stats.HeapAlloc, runtime.NumGoroutine()
	status, _ := os.ReadFile("/proc/self/status")
	if _, text, ok := strings.Cut(string(status), "\nVmRSS:"); ok {
		_, _ = fmt.Sscan(text, &m.Resident)
		m.Resident <<= 10
	}
	return m
}

// memory asks a service for its memory.
func (c *client) memory(t testing.TB) (m usage) {
	t.Helper()
	a := c.send(t.Context(), "GET", "/memory", "").is(t, 200)
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
