package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestNothingGlobalIsChanged: a host has other modules in the same process.
func TestNothingGlobalIsChanged(t *testing.T) {
	globals(load(t)).check(t, "what is global is the host's", excused{})
}

func globals(m *module) found {
	setters := map[string][]string{
		"github.com/gin-gonic/gin": {"SetMode", "DisableBindValidation", "DisableConsoleColor", "ForceConsoleColor",
			"EnableJsonDecoderUseNumber", "EnableJsonDecoderDisallowUnknownFields"},
		"log/slog": {"SetDefault", "SetLogLoggerLevel"},
		"net/http": {"Handle", "HandleFunc", "ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS",
			"Get", "Head", "Post", "PostForm"}, // of the default client, which waits forever
		"os":            {"Setenv", "Unsetenv", "Clearenv", "Chdir", "Exit"},
		"runtime":       {"SetFinalizer"},
		"runtime/debug": {"SetGCPercent", "SetMemoryLimit", "SetMaxThreads", "SetTraceback"},
		"database/sql":  {"Register"},
	}
	at := found{}
	m.inspect(func(p *pkg, file *ast.File, in place, n ast.Node) {
		if p.isIn("example") {
			return
		}
		switch n := n.(type) {
		case *ast.CallExpr:
			if imported, name := of(file, n.Fun); slices.Contains(setters[imported], name) {
				at.add(m, in, n, imported+"."+name)
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if imported, name := of(file, left); imported != "" && n.Tok == token.ASSIGN {
					at.add(m, in, n, imported+"."+name)
				}
			}
		case *ast.SelectorExpr:
			if imported, name := of(file, n); imported == "net/http" && strings.HasPrefix(name, "Default") &&
				name != "DefaultTransport" {
				at.add(m, in, n, imported+"."+name)
			}
		}
	})
	return at
}

// TestNoEnvironment: what is set is set in Options.
func TestNoEnvironment(t *testing.T) {
	environment(load(t)).check(t, "what is set is set in Options", excused{})
}

func environment(m *module) found {
	at := found{}
	m.inspect(func(p *pkg, file *ast.File, in place, n ast.Node) {
		imported, name := of(file, n)
		read := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Args", "Stdin", "Stdout", "Stderr", "Hostname"}
		if imported == "os" && slices.Contains(read, name) && !p.isIn("example") {
			at.add(m, in, n, "os."+name)
		}
	})
	return at
}

// TestGlobalsAreFound has what the rules above must find, as nothing in the
// module breaks them.
func TestGlobalsAreFound(t *testing.T) {
	for text, rule := range map[string]func(*module) found{
		`import "github.com/gin-gonic/gin"; func f() { gin.SetMode("release") }`:                        globals,
		`import g "github.com/gin-gonic/gin"; func f() { g.DisableBindValidation() }`:                   globals,
		`import "github.com/gin-gonic/gin/binding"; func f() { binding.EnableDecoderUseNumber = true }`: globals,
		`import "log/slog"; func f() { slog.SetDefault(nil) }`:                                          globals,
		`import "net/http"; func f() { http.Get("https://example.com") }`:                               globals,
		`import "net/http"; func f() { g(http.DefaultClient) }`:                                         globals,
		`import "net/http"; func f() { http.DefaultTransport = nil }`:                                   globals,
		`import "database/sql"; func f() { sql.Register("d", nil) }`:                                    globals,
		`import "os"; func f() { os.Exit(1) }`:                                                          globals,
		`import "os"; func f() string { return os.Getenv("X") }`:                                        environment,
		`import "os"; func f() { g(os.Stdout) }`:                                                        environment,
	} {
		if n := len(rule(written(t, text))); n != 1 {
			t.Errorf("%s: %d places are found, want one", text, n)
		}
	}
	for text, rule := range map[string]func(*module) found{
		`import "net/http"; func f() { x := http.NewRequest; x() }`: globals,
		`import "os"; func f() { os.ReadFile("x") }`:                environment,
	} {
		if n := len(rule(written(t, text))); n != 0 {
			t.Errorf("%s: %d places are found, want none", text, n)
		}
	}
}

// written is a module of one file.
func written(t *testing.T, text string) *module {
	t.Helper()
	m := &module{fset: token.NewFileSet(), packages: make(map[string]*pkg)}
	if err := m.add("x/x.go", []byte("package x; "+text)); err != nil {
		t.Fatal(err)
	}
	return m
}
