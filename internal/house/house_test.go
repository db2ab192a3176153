package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Packages that exist for tests only, and programs for those who work on the
// module.
func isForTests(p *pkg) bool {
	return isTool(p) || p.isIn("authtodotest", "storage/storagetest",
		"internal/pgtest", "internal/nodetest", "internal/canary", "internal/ports", "internal/race",
		"internal/faultproxy", "internal/faultsql", "internal/faulttest", "internal/hostiletest",
		"example/hosts/hosttest", "internal/openapitest", "internal/betterauthtest", "internal/clienttest", "internal/mutants",
		"internal/bench", "internal/house")
}

func isTool(p *pkg) bool { return p.isIn("internal") && p.files[0].Name.Name == "main" }

// maxLines is how long a function may be, with its first and last line.
const maxLines = 60

func TestNoInit(t *testing.T) {
	m := load(t)
	m.each(func(_ *pkg, d ast.Decl) {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			t.Errorf("%s: an init runs in every host, whether it asks for it or not", m.at(f))
		}
	})
}

// TestNoMutableVariables admits variables of a package only as sentinel errors,
// embedded files and checks that a type implements an interface.
func TestNoMutableVariables(t *testing.T) {
	exceptions := map[string]string{
		"internal/pgtest current": "package testing hands nothing from TestMain to the tests",
		"internal/ports tried":    "no two tests of a process are to be told the same port",
	}
	m := load(t)
	m.each(func(p *pkg, d ast.Decl) {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			return
		}
		for _, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if name.Name == "_" || isSentinel(spec, i) || isEmbedded(group.Doc) || isEmbedded(spec.Doc) {
					continue
				}
				if exceptions[p.dir+" "+name.Name] == "" {
					t.Errorf("%s: the variable %s is shared by all modules of a process", m.at(name), name.Name)
				}
			}
		}
	})
}

func isSentinel(spec *ast.ValueSpec, i int) bool {
	if i >= len(spec.Values) {
		return false
	}
	call, ok := spec.Values[i].(*ast.CallExpr)
	return ok && isSelector(call.Fun, "errors", "New")
}

// isSelector reports whether e is the name of a package, or its start: with
// "fmt" and "Print" it is fmt.Printf, too.
func isSelector(e ast.Expr, packageName, start string) bool {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == packageName && strings.HasPrefix(selector.Sel.Name, start)
}

func isEmbedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

func TestImports(t *testing.T) {
	m := load(t)
	for _, p := range m.packages {
		for _, file := range p.files {
			for _, name := range imports(file) {
				switch {
				case name == "unsafe":
				case name == "log" && !p.isIn("example"):
				case name == "testing" && !isForTests(p):
				default:
					continue
				}
				t.Errorf("%s imports %s", m.at(file), name)
			}
		}
	}
}

// TestLayers proves that imports point inward: whoever mounts the module on one
// storage links no other.
func TestLayers(t *testing.T) {
	m := load(t)
	const root, pq, sqlite = modulePath, "github.com/lib/pq", "modernc.org/sqlite"
	for from, forbidden := range map[string][]string{
		".":                        {pq, sqlite},
		"auth":                     {pq, sqlite, root + "/todos", root + "/storage"},
		"auth/accounts":            {pq, sqlite, root + "/todos", root + "/storage"},
		"todos":                    {pq, sqlite, root + "/auth", root + "/storage"},
		"storage":                  {pq, sqlite},
		"migrations":               {pq, sqlite, root + "/auth", root + "/todos", root + "/storage"},
		"internal/web":             {pq, sqlite, root + "/auth", root + "/todos", root + "/storage"},
		"internal/sqlstore":        {pq, sqlite, root + "/storage"},
		"auth/accounts/betterauth": {pq, sqlite, root + "/todos", root + "/storage"},
		"auth/accounts/smtp":       {pq, sqlite, root + "/todos", root + "/storage"},
		"storage/memory":           {pq, sqlite},
		"storage/sqlite":           {pq},
		"storage/postgres":         {sqlite},
	} {
		if m.packages[from] == nil {
			t.Errorf("there is no package %s", from)
		}
		for name := range m.reached(from) {
			for _, of := range forbidden {
				if name == of || strings.HasPrefix(name, of+"/") {
					t.Errorf("package %s leads to %s", from, name)
				}
			}
		}
	}
}

func TestNoPrinting(t *testing.T) {
	m := load(t)
	for _, p := range m.packages {
		if p.isIn("example") || isTool(p) {
			continue
		}
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name, builtin := call.Fun.(*ast.Ident)
				if isSelector(call.Fun, "fmt", "Print") ||
					builtin && (name.Name == "print" || name.Name == "println") {
					t.Errorf("%s: prints to what belongs to the host", m.at(call))
				}
				return true
			})
		}
	}
}

// TestContextFirst looks at functions, methods, interfaces and function types.
func TestContextFirst(t *testing.T) {
	m := load(t)
	for _, p := range m.packages {
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				f, ok := n.(*ast.FuncType)
				if !ok {
					return true
				}
				for i, param := range f.Params.List {
					if i > 0 && isSelector(param.Type, "context", "Context") {
						t.Errorf("%s: the context is not the first parameter", m.at(f))
					}
				}
				return true
			})
		}
	}
}

func TestFunctionsFitAScreen(t *testing.T) {
	m := load(t)
	var lengths []int
	m.each(func(_ *pkg, d ast.Decl) {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			return
		}
		n := m.fset.Position(f.End()).Line - m.fset.Position(f.Pos()).Line + 1
		if lengths = append(lengths, n); n > maxLines {
			t.Errorf("%s: %s has %d lines, the limit is %d", m.at(f), f.Name.Name, n, maxLines)
		}
	})
	slices.Sort(lengths)
	t.Logf("%d functions: median %d lines, p95 %d, longest %d", len(lengths),
		lengths[len(lengths)/2], lengths[len(lengths)*95/100], lengths[len(lengths)-1])
}
