package house

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// TestNoSuchSurface: what is not imported cannot be attacked. A path that ends
// in a slash stands for all below it.
func TestNoSuchSurface(t *testing.T) {
	forbidden := map[string]string{
		"unsafe": "memory is safe", "C": "so is that of SQLite", "syscall": "the host owns the process",
		"crypto/md5": "is broken", "crypto/sha1": "is broken", "crypto/des": "is broken",
		"crypto/rc4": "is broken", "crypto/dsa": "is broken", "golang.org/x/crypto/": "has much that is old",
		"math/rand": "can be guessed", "math/rand/v2": "can be guessed",
		"os/exec": "nothing is run", "plugin": "nothing is loaded", "net/rpc": "nobody is called",
		"text/template": "nothing is rendered", "html/template": "nothing is rendered",
		"encoding/xml": "nothing is read but JSON", "encoding/gob": "nothing is read but JSON",
		"archive/zip": "nothing is unpacked", "archive/tar": "nothing is unpacked",
		"compress/": "nothing is unpacked", "image": "nothing is drawn", "image/": "nothing is drawn",
		"net/smtp": "is frozen", "net/http/cgi": "httpoxy", "net/http/pprof": "adds routes to all hosts",
		"expvar": "adds routes to all hosts", "flag": "the command line is the host's",
		"log": "logs are the host's", "log/syslog": "logs are the host's", "os/signal": "signals are the host's",
		"os/user": "nobody asks", "reflect": "types are known", "testing": "is for tests",
		"net/http/httptest": "is for tests", "runtime/debug": "is the host's", "path/filepath": "no files",
		"os": "no files",
	}
	m, at := load(t), found{}
	m.inspect(func(p *pkg, file *ast.File, in place, n ast.Node) {
		spec, ok := n.(*ast.ImportSpec)
		if !ok || p.isIn("example") {
			return
		}
		imported := strings.Trim(spec.Path.Value, `"`)
		for name, why := range forbidden {
			if imported == name || strings.HasSuffix(name, "/") && strings.HasPrefix(imported, name) {
				// one place for each import
				at.add(m, place(strings.TrimSuffix(string(in), "import")+imported), n, why)
			}
		}
	})
	at.check(t, "there is no such surface", excused{
		"auth/accounts/hash.go golang.org/x/crypto/argon2": "hashes passwords",
		"auth/accounts/hash.go golang.org/x/crypto/bcrypt": "verifies hashes that were brought along",
		"auth/accounts/hash.go golang.org/x/crypto/scrypt": "verifies hashes that were brought along",
		"auth/accounts/page.go html/template":              "is the page behind a mailed link; it escapes what it shows",
		"auth/accounts/service.go html/template":           "keeps that page",
		"internal/pqconn/idle_unix.go syscall":             "looks whether the server has closed a connection",
		"internal/web/web.go runtime/debug":                "logs where a handler has panicked",
		"storage/postgres/run.go math/rand/v2":             "spreads retries over milliseconds; no secret",
		"storage/sqlite/audit.go os":                       "a database is a file",
		"storage/sqlite/sqlite.go os":                      "a database is a file",
		"storage/sqlite/sqlite.go path/filepath":           "a database is a file",
	})
}

// TestGinAtTheEdge: stores, migrations and what they share know nothing of HTTP.
func TestGinAtTheEdge(t *testing.T) {
	edge := []string{".", "auth", "auth/accounts", "todos", "reference", "internal/web", "example"}
	m := load(t)
	with := make(map[string]bool)
	for _, p := range m.packages {
		for _, file := range p.files {
			for _, name := range imports(file) {
				if strings.HasPrefix(name, "github.com/gin-gonic/gin") || strings.HasPrefix(name, "github.com/gin-contrib/") {
					with[p.dir] = true
				}
			}
		}
		if with[p.dir] && !slices.Contains(edge, p.dir) && !p.isIn("example") && !isForTests(p) {
			t.Errorf("package %s knows Gin", p.dir)
		}
	}
	for _, dir := range edge {
		if !with[dir] {
			t.Errorf("package %s does not need Gin any more", dir)
		}
	}
}

// TestTestsStayOut: no host links what is for tests, by whatever way.
func TestTestsStayOut(t *testing.T) {
	m := load(t)
	for _, p := range m.packages {
		if isForTests(p) {
			continue
		}
		for name := range m.reached(p.dir) {
			rest, ours := strings.CutPrefix(name, modulePath+"/")
			if name == "testing" || ours && m.packages[rest] != nil && isForTests(m.packages[rest]) {
				t.Errorf("package %s leads to %s", p.dir, name)
			}
		}
	}
}

// TestFewModules: who mounts the module links code of these, and what they want.
func TestFewModules(t *testing.T) {
	wanted := []string{
		"github.com/gin-gonic/gin", "github.com/golang-jwt/jwt/v5", "github.com/go-json-experiment/json",
		"github.com/gofrs/uuid/v5", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/sync",
		"golang.org/x/text", "golang.org/x/time",
	}
	m := load(t)
	met := make(map[string]bool)
	for name := range m.reached(".") {
		host, _, _ := strings.Cut(name, "/")
		if !strings.Contains(host, ".") || name == modulePath || strings.HasPrefix(name, modulePath+"/") {
			continue
		}
		i := slices.IndexFunc(wanted, func(w string) bool { return strings.HasPrefix(name+"/", w+"/") })
		if i < 0 {
			t.Errorf("the module leads to %s", name)
		} else {
			met[wanted[i]] = true
		}
	}
	for _, w := range wanted {
		if !met[w] {
			t.Errorf("the module does not need %s any more", w)
		}
	}
}
