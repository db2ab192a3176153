package house

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestNoSkips: a test that is skipped looks as if it had passed. What a machine
// may be without is told by the helpers, which fail where somebody counts on the
// test.
func TestNoSkips(t *testing.T) {
	m, at := loadAll(t), found{}
	m.each(func(p *pkg, d ast.Decl) {
		file := path.Base(m.fset.Position(d.Pos()).Filename)
		ast.Inspect(d, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method.Sel.Name) {
				return true
			}
			if x, ok := method.X.(*ast.Ident); ok && x.Name == "nodetest" {
				return true
			}
			if !isForTests(p) && !strings.HasSuffix(file, "_test.go") {
				return true // of something else
			}
			at.add(m, place(path.Join(p.dir, file)+" "+nameOf(d)), n, "a skip")
			return true
		})
	})
	at.check(t, "tests run", excused{
		"internal/nodetest/nodetest.go Skip":                         "is the helper",
		"internal/pgtest/pgtest.go refuse":                           "is the helper for PostgreSQL",
		"internal/pgtest/pgtest.go Private":                          "does not change a server that others have lent",
		"example/process_test.go program":                            "fails where somebody counts on the test",
		"readme_test.go wanted":                                      "fails where somebody counts on the test",
		"example/main_test.go TestFolderOfTheSystem":                 "is about a folder that only Linux has",
		"storage/postgres/accounts_test.go TestAccountsSerializable": "somebody has asked for short tests",
	})
}
