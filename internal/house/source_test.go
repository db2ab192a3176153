package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// modulePath is what import paths of the module start with.
const modulePath = "github.com/authtodo/authtodo"

// pkg is a package of the module without its tests.
type pkg struct {
	dir   string // from the root of the module; "." is the root itself
	files []*ast.File
}

// module is all packages.
type module struct {
	fset     *token.FileSet
	packages map[string]*pkg // by dir
}

// Sources are read once for all tests, which change nothing of them.
var (
	production = sync.OnceValues(func() (*module, error) {
		return parse(func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
	})
	everything = sync.OnceValues(func() (*module, error) {
		return parse(func(string) bool { return true })
	})
)

// load is the module without its tests.
func load(t *testing.T) *module {
	t.Helper()
	return must(t, production)
}

// loadAll is the module with its tests.
func loadAll(t *testing.T) *module {
	t.Helper()
	return must(t, everything)
}

func must(t *testing.T, read func() (*module, error)) *module {
	t.Helper()
	m, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.packages) < 10 {
		t.Fatalf("only %d packages were found", len(m.packages))
	}
	return m
}

func parse(wanted func(name string) bool) (*module, error) {
	root := filepath.Join("..", "..")
	m := &module{fset: token.NewFileSet(), packages: make(map[string]*pkg)}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			hidden := name != "." && (base[0] == '.' || base[0] == '_')
			if hidden || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || !wanted(base) {
			return nil
		}
		return m.parse(root, name)
	})
	return m, err
}

// parse adds a file, all build constraints aside: rules hold on every system.
func (m *module) parse(root, name string) error {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return err
	}
	return m.add(name, text)
}

func (m *module) add(name string, text []byte) error {
	file, err := parser.ParseFile(m.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	if m.packages[dir] == nil {
		m.packages[dir] = &pkg{dir: dir}
	}
	m.packages[dir].files = append(m.packages[dir].files, file)
	return nil
}

// at is where a node is, for a message.
func (m *module) at(node ast.Node) string { return m.fset.Position(node.Pos()).String() }

// each calls visit with every declaration outside of functions.
func (m *module) each(visit func(p *pkg, declaration ast.Decl)) {
	for _, p := range m.packages {
		for _, file := range p.files {
			for _, declaration := range file.Decls {
				visit(p, declaration)
			}
		}
	}
}

// imports are the import paths of a file.
func imports(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, name)
		}
	}
	return paths
}

// reached are all import paths that a package leads to by way of packages of
// the module.
func (m *module) reached(dir string) map[string]bool {
	found := make(map[string]bool)
	var visit func(dir string)
	visit = func(dir string) {
		p := m.packages[dir]
		if p == nil {
			return
		}
		for _, file := range p.files {
			for _, name := range imports(file) {
				if found[name] {
					continue
				}
				found[name] = true
				if rest, ok := strings.CutPrefix(name, modulePath); ok {
					visit(path.Join(".", rest))
				}
			}
		}
	}
	visit(dir)
	return found
}

// isIn reports whether a package is in one of the folders.
func (p *pkg) isIn(folders ...string) bool {
	for _, folder := range folders {
		if p.dir == folder || strings.HasPrefix(p.dir, folder+"/") {
			return true
		}
	}
	return false
}
