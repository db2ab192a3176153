package house

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// place is a function, or what else stands at the top of a file: "dir/file.go
// name".
type place string

// excused are the places in which a rule need not hold, with the reason. One at
// which it holds after all has to go.
type excused map[place]string

// found are the places in which a rule does not hold, with what is there.
type found map[place][]string

func (f found) add(m *module, in place, n ast.Node, what string) {
	f[in] = append(f[in], m.at(n)+": "+what)
}

// check fails for each place without an excuse, and for each excuse without its
// place.
func (f found) check(t *testing.T, rule string, but excused) {
	t.Helper()
	for _, in := range slices.Sorted(maps.Keys(f)) {
		if but[in] == "" {
			t.Errorf("%q: %s\n\t%s", in, rule, strings.Join(f[in], "\n\t"))
		}
	}
	for _, in := range slices.Sorted(maps.Keys(but)) {
		if f[in] == nil {
			t.Errorf("%q needs no excuse any more", in)
		}
	}
	t.Logf("%s: %d excuses", rule, len(but))
}

// inspect visits every node of production code with the place it is in.
func (m *module) inspect(visit func(p *pkg, file *ast.File, in place, n ast.Node)) {
	for _, p := range m.packages {
		if isForTests(p) {
			continue
		}
		for _, file := range p.files {
			base := path.Base(m.fset.Position(file.Package).Filename)
			for _, d := range file.Decls {
				in := place(path.Join(p.dir, base) + " " + nameOf(d))
				ast.Inspect(d, func(n ast.Node) bool {
					if n != nil {
						visit(p, file, in, n)
					}
					return true
				})
			}
		}
	}
}

func nameOf(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				return spec.Name.Name
			case *ast.ValueSpec:
				return spec.Names[0].Name
			}
		}
	}
	return "import"
}

// of returns the import path and the name that an expression like time.Now
// stands for, whatever the file calls the package.
func of(file *ast.File, n ast.Node) (importPath, name string) {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		called := path.Base(imported)
		if len(called) == 2 && called[0] == 'v' { // math/rand/v2
			called = path.Base(path.Dir(imported))
		}
		if spec.Name != nil {
			called = spec.Name.Name
		}
		if called == x.Name {
			return imported, selector.Sel.Name
		}
	}
	return "", ""
}

// textOf is a literal text, or "".
func textOf(n ast.Node) string {
	literal, ok := n.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}

// TestPlacesAreFound has the finding of names itself.
func TestPlacesAreFound(t *testing.T) {
	m := load(t)
	var clocks, renamed int
	m.inspect(func(_ *pkg, file *ast.File, in place, n ast.Node) {
		switch imported, name := of(file, n); {
		case imported == "time" && name == "Duration":
			clocks++
		case imported == "math/rand/v2" && in == "storage/postgres/run.go pause":
			renamed++
		}
	})
	if clocks < 50 || renamed != 1 {
		t.Errorf("time.Duration was found %d times, math/rand/v2 %d times", clocks, renamed)
	}
}
