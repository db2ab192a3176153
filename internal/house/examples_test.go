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
func TestEntriesHaveExamples(t *testing.T) {
	entries := map[string][]string{
		".":                        {"Register", "Module_Guard", "Module_Audit", "Module_Purge", "Module_Health", "Accounts"},
		"auth":                     {"New", "BetterAuth", "OIDC", "KeySet", "SharedSecret", "From"},
		"auth/accounts/betterauth": {"Import"},
		"auth/accounts/smtp":       {"New"},
		"authtodotest":             {"Mount"},
		"migrations":               {"Up", "Check"},
		"reference":                {"Mount"},
		"storage/memory":           {"New", "Over"},
		"storage/postgres":         {"Open", "Options_Open", "Options_Use"},
		"storage/sqlite":           {"Open"},
		"storage/storagetest":      {"Run", "RunAccounts"},
		"todos":                    {"NewAPI"},
	}
	for dir, names := range entries {
		has := examples(t, filepath.Join("..", "..", dir))
		for _, name := range names {
			if !has["Example"+name] {
				t.Errorf("package %s has no Example%s", dir, name)
			}
		}
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
