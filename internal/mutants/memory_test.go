package mutants

import (
	"go/ast"
	"strings"
	"testing"
)

// In memory an owner is a key of a map. The mutants look under that of somebody
// else who is in the map, if there is one: this is their file.
const (
	helperFile = "storage/memory/somebody.go"
	helperText = `package memory

import "sync"

// somebody is the first key that is not this one.
func somebody[V any](in map[string]V, key string) string {
	found := key
	for other := range in {
		if other != key && (found == key || other < found) {
			found = other
		}
	}
	return found
}

func somebodyIn(in *sync.Map, key string) string {
	all := make(map[string]bool)
	in.Range(func(other, _ any) bool {
		all[other.(string)] = true
		return true
	})
	return somebody(all, key)
}
`
)

// ownersMaps are the maps of the memory store that are by owner, or by the
// address that stands for one.
func ownersMaps() map[string]bool {
	return map[string]bool{"users": true, "emails": true, "owners": true}
}

// memoryMutants change each key of such a map, wherever it is looked up, written
// or deleted; and each comparison of two owners.
func memoryMutants(t testing.TB) []mutant {
	t.Helper()
	c := read(t, "storage/memory")
	var all []mutant
	for _, file := range c.names() {
		names := make(namer)
		for _, d := range c.files[file].Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				for _, m := range append(c.changed(file, n), c.passed(f, n)...) {
					m.name, m.file = names.name(file, f.Name.Name, m.kind), file
					all = append(all, m)
				}
				return true
			})
		}
	}
	return all
}

// passed are the mutants of a call that a method of a store makes to another one
// for its owner, which is its parameter behind the context.
func (c *code) passed(f *ast.FuncDecl, n ast.Node) []mutant {
	call, ok := n.(*ast.CallExpr)
	if !ok || f.Recv == nil || len(f.Recv.List[0].Names) == 0 {
		return nil
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if x, ok := method.X.(*ast.Ident); !ok || x.Name != f.Recv.List[0].Names[0].Name {
		return nil
	}
	for _, arg := range call.Args {
		if name, ok := arg.(*ast.Ident); ok && name.Name == ownerOf(f) {
			return []mutant{{
				kind: anArgument, text: `"everybody"`,
				from: c.fset.Position(arg.Pos()).Offset, to: c.fset.Position(arg.End()).Offset,
			}}
		}
	}
	return nil
}

func ownerOf(f *ast.FuncDecl) string {
	params := f.Type.Params.List
	if len(params) < 2 || params[0].Names == nil || params[0].Names[0].Name != "ctx" {
		return ""
	}
	if typ, ok := params[1].Type.(*ast.Ident); ok && typ.Name == "string" {
		return params[1].Names[0].Name
	}
	return ""
}

// changed are the mutants of one node.
func (c *code) changed(file string, n ast.Node) []mutant {
	text := func(n ast.Node) string {
		return c.texts[file][c.fset.Position(n.Pos()).Offset:c.fset.Position(n.End()).Offset]
	}
	put := func(n ast.Node, text string) []mutant {
		return []mutant{{
			kind: aLookup, from: c.fset.Position(n.Pos()).Offset, to: c.fset.Position(n.End()).Offset, text: text,
		}}
	}
	key := func(helper string, in, key ast.Expr) []mutant {
		if name, ok := in.(*ast.SelectorExpr); !ok || !ownersMaps()[name.Sel.Name] {
			return nil
		}
		return put(key, helper+text(in)+", "+text(key)+")")
	}
	switch n := n.(type) {
	case *ast.IndexExpr:
		return key("somebody(", n.X, n.Index)
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "delete" {
			return key("somebody(", n.Args[0], n.Args[1])
		}
		if method, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 {
			return key("somebodyIn(&", method.X, n.Args[0])
		}
	case *ast.BinaryExpr:
		if strings.HasSuffix(text(n.Y), "account.ID") && n.Op.String() == "!=" {
			return put(n.Y, text(n.X))
		}
	case *ast.AssignStmt:
		// What is kept for an owner says whose it is, whatever the caller has said.
		if strings.HasSuffix(text(n.Lhs[0]), ".UserID") && strings.HasSuffix(text(n.Rhs[0]), "account.ID") {
			return put(n.Rhs[0], text(n.Lhs[0]))
		}
	}
	return nil
}
