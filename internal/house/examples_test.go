package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEntriesHaveExamples: whoever reads on pkg.go.dev how to begin finds code.
// A way in is each exported function, and each method of what Register returns
// and of options.
func TestEntriesHaveExamples(t *testing.T) {
	const forStores = "what authors of stores and tokens need is told by the contracts that name it"
	excuses := map[string]string{
		"Module_Close":          "every program has it",
		"Module_Accounts":       "is ExampleAccounts",
		"auth Options_Validate": "New and Register call it",
		"auth NewPublicKey":     forStores, "auth NewClaims": forStores, "auth ValidSpace": forStores,
		"auth/accounts NormalEmail": forStores, "auth/accounts KnownHash": forStores,
		"todos AnchorOf": forStores, "todos SortKey": forStores, "todos ValidID": forStores, "todos ValidText": forStores,
		"todos Fold":         "is in ExampleSearchText",
		"todos NextPosition": "is in ExampleSome",
		"todos NewID":        "docs/storage.md has it where it is needed",
	}
	m := load(t)
	ways := 0
	m.each(func(p *pkg, d ast.Decl) {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !f.Name.IsExported() || p.isIn("internal") || p.isIn("example") || p.isIn("clients") || p.files[0].Name.Name == "main" {
			return
		}
		name := f.Name.Name
		if f.Recv != nil {
			of := receiver(f)
			if of != "Module" && !(strings.HasSuffix(of, "Options") && ast.IsExported(of)) {
				return
			}
			name = of + "_" + name
		}
		ways++
		key := strings.TrimPrefix(p.dir+" "+name, ". ")
		has := examples(t, filepath.Join("..", "..", p.dir))["Example"+name]
		switch {
		case !has && excuses[key] == "":
			t.Errorf("package %s has no Example%s", p.dir, name)
		case has && excuses[key] != "":
			t.Errorf("%q needs no excuse any more", key)
		}
		delete(excuses, key)
	})
	for key := range excuses {
		t.Errorf("%q, which is excused, is no way in", key)
	}
	if ways < 30 {
		t.Errorf("only %d ways in are seen", ways)
	}
}

// examples are the names of those in a folder.
func examples(t *testing.T, dir string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, entry.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}
