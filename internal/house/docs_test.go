package house

import (
	"go/ast"
	"slices"
	"testing"
)

func TestOnePackageDoc(t *testing.T) {
	m := load(t)
	for _, p := range m.packages {
		n := 0
		for _, file := range p.files {
			if file.Doc != nil {
				n++
			}
		}
		if n != 1 {
			t.Errorf("package %s has %d package comments", p.dir, n)
		}
	}
}

// TestExportsAreDocumented looks at what pkg.go.dev shows, and at the same in
// internal packages.
func TestExportsAreDocumented(t *testing.T) {
	m := load(t)
	undocumented := func(name *ast.Ident) {
		t.Errorf("%s: %s has no doc comment", m.at(name), name.Name)
	}
	m.each(func(_ *pkg, d ast.Decl) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && isShown(d) {
				undocumented(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				checkSpec(d, spec, undocumented)
			}
		}
	})
}

// isShown reports whether a function is more than a method that nobody can see
// or whose meaning its interface in the standard library fixes.
func isShown(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	return ast.IsExported(receiver(f)) &&
		!slices.Contains([]string{"Error", "String", "Unwrap", "LogValue"}, f.Name.Name)
}

func receiver(f *ast.FuncDecl) string {
	e := f.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// checkSpec takes the comment of a group for that of its members, and a comment
// behind a member, too.
func checkSpec(group *ast.GenDecl, spec ast.Spec, undocumented func(*ast.Ident)) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		if group.Doc == nil && spec.Doc == nil {
			undocumented(spec.Name)
		}
		methods, ok := spec.Type.(*ast.InterfaceType)
		if ok && len(methods.Methods.List) > 1 { // one is told with its type, as io.Reader has it
			checkMethods(methods, undocumented)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && group.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				undocumented(name)
			}
		}
	}
}

func checkMethods(methods *ast.InterfaceType, undocumented func(*ast.Ident)) {
	for _, method := range methods.Methods.List {
		for _, name := range method.Names {
			if name.IsExported() && method.Doc == nil && method.Comment == nil {
				undocumented(name)
			}
		}
	}
}
