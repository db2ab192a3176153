package authtodo_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

// goTool runs the go command.
func goTool(t testing.TB, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
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

// withAccounts is a host that uses all there is on PostgreSQL.
const withAccounts = `package main

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/auth/accounts/smtp"
	"github.com/authtodo/authtodo/storage/postgres"
)

func main() {
	router, ctx := gin.New(), context.Background()
	db, err := postgres.Open(ctx, "")
	mailer, mailErr := smtp.New(smtp.Options{})
	if err != nil || mailErr != nil || db.Migrate(ctx) != nil {
		panic(err)
	}
	_, err = authtodo.Register(router, authtodo.Options{
		Storage: db.Backend(), Accounts: &accounts.Options{Mailer: mailer},
	})
	router.Run(err.Error())
}
`

// hosts are programs that a page tells the contents of.
func hosts() map[string]string {
	return map[string]string{
		"memory":        hostOf("memory", `memory.New(), ctx.Err()`),
		"SQLite":        hostOf("sqlite", `sqlite.Open(ctx, "")`),
		"PostgreSQL":    hostOf("postgres", `postgres.Open(ctx, "")`),
		"with accounts": withAccounts,
	}
}

// contents are the modules that a program has beside Go and what a host with
// nothing but Gin has: for each its version, and how many KiB of code and data
// the linker keeps.
func contents(t *testing.T, program string, without map[string]bool) map[string]content {
	t.Helper()
	file := overlay(t, program)
	list := goTool(t, "list", "-overlay", file, "-deps", "-f",
		"{{.ImportPath}} {{with .Module}}{{.Path}} {{.Version}}{{end}}", "./internal/host")
	found, moduleOf := make(map[string]content), make(map[string]string)
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 2 || without[fields[1]] {
			continue
		}
		moduleOf[fields[0]] = fields[1]
		found[fields[1]] = content{version: cmp.Or(strings.Join(fields[2:], ""), "this one")}
	}
	binary := filepath.Join(t.TempDir(), "host")
	goTool(t, "build", "-overlay", file, "-o", binary, "./internal/host")
	for line := range strings.Lines(goTool(t, "tool", "nm", "-size", binary)) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		module := moduleOf[packageOf(fields[3])]
		if n, err := strconv.ParseInt(fields[1], 10, 64); err == nil && module != "" {
			c := found[module]
			c.bytes += n
			found[module] = c
		}
	}
	return found
}

type content struct {
	version string
	bytes   int64
}

// packageOf is the package of a symbol: net/http of net/http.(*Client).Do.
func packageOf(symbol string) string {
	if i := strings.IndexAny(symbol, "[("); i >= 0 {
		symbol = symbol[:i] // what follows may name other packages
	}
	slash := strings.LastIndexByte(symbol, '/') + 1
	name, _, _ := strings.Cut(symbol[slash:], ".")
	return symbol[:slash] + strings.ReplaceAll(name, "%2e", ".")
}

// TestContentsAreInTheDocs: what the module brings into a host stands in
// docs/security.md, with versions, and with sizes that are about right: they
// differ with the version of Go.
func TestContentsAreInTheDocs(t *testing.T) {
	t.Parallel()
	without := make(map[string]bool)
	for module := range contents(t, bareHost, nil) {
		without[module] = module != "github.com/authtodo/authtodo"
	}
	rows := make(map[string]map[string]int64) // module and version, host, KiB
	for host, program := range hosts() {
		for module, c := range contents(t, program, without) {
			key := module + " | " + c.version
			if rows[key] == nil {
				rows[key] = make(map[string]int64)
			}
			rows[key][host] = max(c.bytes>>10, 1)
		}
	}
	columns := []string{"memory", "SQLite", "PostgreSQL", "with accounts"}
	_, section, _ := strings.Cut(read(t, "docs/security.md"), "\n| module | version | "+strings.Join(columns, " | ")+" | licence |\n")
	section, _, _ = strings.Cut(section, "\n\n")
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 7 {
			continue
		}
		key := strings.Trim(cells[0], "`") + " | " + cells[1]
		for i, column := range columns {
			said, _ := strconv.ParseInt(cells[i+2], 10, 64)
			if is := rows[key][column]; said-is > 20+is/4 || is-said > 20+is/4 {
				t.Errorf("%s: %s has %d KiB and not %d", key, column, is, said)
			}
		}
		delete(rows, key)
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		t.Errorf("there is no row | %s | %v", key, rows[key])
	}
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
