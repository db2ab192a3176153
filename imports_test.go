package authtodo_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a host with one storage and no mail must not link.
const (
	driverOfPostgres = "github.com/lib/pq"
	driverOfSQLite   = "modernc.org/sqlite"
	libraryOfSMTP    = "github.com/wneessen/go-mail"
)

const bareHost = `package main

import "github.com/gin-gonic/gin"

func main() { gin.New().Run() }
`

// hostOf is the program of a host that mounts the module on one storage.
func hostOf(storage, open string) string {
	return fmt.Sprintf(`package main

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	%q
)

func main() {
	router, ctx := gin.New(), context.Background()
	db, err := %s
	if err != nil {
		panic(err)
	}
	_, err = authtodo.Register(router, authtodo.Options{
		Storage: db.Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret("")}}},
	})
	if err != nil {
		panic(err)
	}
	router.Run(ctx.Err().Error())
}
`, "github.com/authtodo/authtodo/storage/"+storage, open)
}

// overlay gives the go command a program that is on no disk, as the package
// ./internal/host of this module.
func overlay(t testing.TB, program string) string {
	t.Helper()
	dir := t.TempDir()
	main := filepath.Join(dir, "main.go")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{filepath.Join(here, "internal", "host", "main.go"): main}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	for name, text := range map[string][]byte{main: []byte(program), file: text} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// goTool runs the go command for a build without cgo.
func goTool(t testing.TB, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// links are the packages that a program is made of.
func links(t *testing.T, program string) []string {
	t.Helper()
	list := goTool(t, "list", "-overlay", overlay(t, program), "-deps", "./internal/host")
	return strings.Fields(list)
}

// checkLinks fails if the program has packages of any of the modules.
func checkLinks(t *testing.T, program string, modules ...string) {
	t.Helper()
	packages := links(t, program)
	if !slices.Contains(packages, "github.com/authtodo/authtodo/todos") {
		t.Fatal("it does not even have the module")
	}
	for _, name := range packages {
		for _, module := range modules {
			if name == module || strings.HasPrefix(name, module+"/") {
				t.Errorf("it links %s", name)
			}
		}
	}
}

func TestPostgresHostLinksNoSQLite(t *testing.T) {
	t.Parallel()
	checkLinks(t, hostOf("postgres", `postgres.Open(ctx, "")`), driverOfSQLite)
}

func TestSQLiteHostLinksNoPostgres(t *testing.T) {
	t.Parallel()
	checkLinks(t, hostOf("sqlite", `sqlite.Open(ctx, "")`), driverOfPostgres)
}

func TestMemoryHostLinksNoDriverAndNoMail(t *testing.T) {
	t.Parallel()
	checkLinks(t, hostOf("memory", `memory.New(), ctx.Err()`),
		driverOfPostgres, driverOfSQLite, libraryOfSMTP)
}

// BenchmarkBinary is what the module on Postgres adds to the binary of a host
// with Gin, as one ships it. It builds both, which is why it is no test: the
// first time that takes a minute and more.
func BenchmarkBinary(b *testing.B) {
	for b.Loop() {
		without := size(b, bareHost)
		with := size(b, hostOf("postgres", `postgres.Open(ctx, "")`))
		b.ReportMetric(float64(without)/(1<<20), "gin_MiB")
		b.ReportMetric(float64(with-without)/(1<<20), "more_MiB")
	}
	b.ReportMetric(0, "ns/op") // not shown
}

// size is that of a binary, in bytes.
func size(t testing.TB, program string) int64 {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "host")
	goTool(t, "build", "-overlay", overlay(t, program), "-trimpath", "-ldflags=-s -w",
		"-o", binary, "./internal/host")
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
