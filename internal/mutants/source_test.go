package mutants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is where the module is from here.
const root = "../.."

// code is the Go files of the folders that make up one storage.
type code struct {
	fset  *token.FileSet
	files map[string]*ast.File // by the path from the root of the module
	texts map[string]string

	consts map[string]ast.Expr // "package.name" → value
	fields map[string]string   // field of a dialect → text
}

// read parses folders without their tests.
func read(t testing.TB, folders ...string) *code {
	t.Helper()
	c := &code{
		fset: token.NewFileSet(), files: make(map[string]*ast.File), texts: make(map[string]string),
		consts: make(map[string]ast.Expr), fields: make(map[string]string),
	}
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range paths {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			name = path.Join(folder, filepath.Base(name))
			file, err := parser.ParseFile(c.fset, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.files[name], c.texts[name] = file, string(text)
		}
	}
	if len(c.files) < len(folders) {
		t.Fatalf("there are only %d files in %v", len(c.files), folders)
	}
	c.findConsts()
	c.findFields(t)
	return c
}

// names are the paths of the files, in order.
func (c *code) names() []string {
	var names []string
	for name := range c.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (c *code) findConsts() {
	for _, file := range c.files {
		for _, d := range file.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				spec := spec.(*ast.ValueSpec)
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						c.consts[file.Name.Name+"."+name.Name] = spec.Values[i]
					}
				}
			}
		}
	}
}

// findFields finds what the dialect of the storage says: the members of a
// composite literal of a type whose name ends in Dialect. Those of one name have
// to say the same, whatever their type.
func (c *code) findFields(t testing.TB) {
	t.Helper()
	for _, name := range c.names() {
		file := c.files[name]
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			typ, ok := literal.Type.(*ast.SelectorExpr)
			if !ok || !strings.HasSuffix(typ.Sel.Name, "Dialect") {
				return true
			}
			for _, element := range literal.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				value := whole(c.render(file, pair.Value))
				field := pair.Key.(*ast.Ident).Name
				if strings.Contains(value, "«") {
					continue // not text
				}
				other, found := c.fields[field]
				if found && squeeze(other) != squeeze(value) {
					t.Fatalf("%s: the field %s is %q here and %q elsewhere", name, field, value, other)
				}
				c.fields[field] = value
			}
			return true
		})
	}
}

// squeeze makes one blank of all space.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }

// piece is a part of a text that is put together of several.
type piece struct {
	text    string
	node    ast.Expr
	literal bool // the text stands in the source as it is, from offset on
	offset  int
}

func whole(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// render evaluates an expression as far as it is constant, or a field of the
// dialect. What is neither stands as «…».
func (c *code) render(file *ast.File, e ast.Expr) []piece {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.render(file, e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return append(c.render(file, e.X), c.render(file, e.Y)...)
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			plain := len(text)+2 == len(e.Value)
			return []piece{{text, e, plain, c.fset.Position(e.Pos()).Offset + 1}}
		}
	case *ast.Ident:
		if value, ok := c.consts[file.Name.Name+"."+e.Name]; ok {
			return []piece{{text: whole(c.render(file, value)), node: e}}
		}
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			if value, ok := c.consts[x.Name+"."+e.Sel.Name]; ok {
				return []piece{{text: whole(c.render(file, value)), node: e}}
			}
		}
		if value, ok := c.fields[e.Sel.Name]; ok {
			return []piece{{text: value, node: e}}
		}
	}
	return []piece{{text: "«…»", node: e}}
}

// text is one that a file puts together, with the name of what it is in.
type text struct {
	in     string // a function, or a constant or variable of the package
	pieces []piece
}

// textsOf are all texts of a file that are not parts of others.
func (c *code) textsOf(name string) []text {
	var texts []text
	file := c.files[name]
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			c.collect(file, d.Name.Name, d, &texts)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.ValueSpec); ok {
					c.collect(file, spec.Names[0].Name, spec, &texts)
				}
			}
		}
	}
	return texts
}

func (c *code) collect(file *ast.File, in string, n ast.Node, texts *[]text) {
	add := func(e ast.Expr) { *texts = append(*texts, text{in, c.render(file, e)}) }
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op != token.ADD || !hasText(n) {
				return true
			}
			add(n)
			for _, p := range c.render(file, n) {
				if _, ok := p.node.(*ast.CallExpr); ok {
					c.collect(file, in, p.node, texts)
				}
			}
			return false
		case *ast.KeyValueExpr:
			if name, ok := n.Value.(*ast.Ident); ok && c.consts[file.Name.Name+"."+name.Name] != nil {
				add(name)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				add(n)
			}
		}
		return true
	})
}

// hasText reports whether a sum is of texts.
func hasText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return hasText(e.X) || hasText(e.Y)
	case *ast.BasicLit:
		return e.Kind == token.STRING
	}
	return false
}

// function is a function of a migration.
type function struct {
	name   string
	body   string
	offset int // of the body in its file
}

// functionsOf are the functions of a file of SQL.
func functionsOf(sql string) []function {
	var functions []function
	header := regexp.MustCompile(`CREATE FUNCTION (\w+)\((?:[^)]*)\)[^$]*\$\$([^$]*)\$\$`)
	for _, m := range header.FindAllStringSubmatchIndex(sql, -1) {
		functions = append(functions, function{sql[m[2]:m[3]], sql[m[4]:m[5]], m[4]})
	}
	return functions
}

// migrations are the files of a dialect that make tables, by path.
func migrationsOf(t testing.TB, dialect string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "migrations", dialect, "*.up.sql"))
	if err != nil || len(paths) < 2 {
		t.Fatalf("the migrations of %s are %v, %v", dialect, paths, err)
	}
	texts := make(map[string]string)
	for _, name := range paths {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[path.Join("migrations", dialect, filepath.Base(name))] = string(text)
	}
	return texts
}
