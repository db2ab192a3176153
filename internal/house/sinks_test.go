package house

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNoFormattedSQL: statements are constants put together, and what callers
// pass is a parameter.
func TestNoFormattedSQL(t *testing.T) {
	sql := regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|SET|FROM|WHERE|AND|ORDER BY|LIMIT)\b`)
	m, at := load(t), found{}
	m.inspect(func(_ *pkg, file *ast.File, in place, n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		imported, name := of(file, call.Fun)
		if imported != "fmt" || !strings.HasSuffix(name, "f") || name == "Errorf" {
			return
		}
		for _, arg := range call.Args {
			if text := textOf(arg); sql.MatchString(text) {
				at.add(m, in, n, text)
			}
		}
	})
	at.check(t, "a statement is not formatted", excused{
		"auth/accounts/betterauth/tables.go query": "a constant number",
		"internal/sqlstore/list.go behind":         "names of columns, operators and parameters, all of them constants",
		"migrations/driver.go SetVersion":          "a constant name, and a number where no parameter may stand beside other statements",
		"migrations/engine.go lock":                "constant numbers; PRAGMA takes no parameter",
	})
}

// TestStatementsAreInStores: nothing else speaks SQL.
func TestStatementsAreInStores(t *testing.T) {
	sql := regexp.MustCompile(`\b(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA)\s`)
	m, n := load(t), 0
	m.inspect(func(p *pkg, _ *ast.File, _ place, node ast.Node) {
		if !sql.MatchString(strings.ReplaceAll(textOf(node), "\n", " ")) {
			return
		}
		n++
		if !p.isIn("example", "storage", "migrations", "internal/sqlstore", "internal/pqconn", "auth/accounts/betterauth") {
			t.Errorf("%s: a statement outside of the stores", m.at(node))
		}
	})
	if n < 20 {
		t.Errorf("only %d statements were found", n)
	}
}

// TestSecretsAreComparedInConstantTime goes by names: a value that is called
// after a secret is compared with hmac.Equal or subtle.ConstantTimeCompare, and
// with == only to see whether there is one.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(secret|mac|digest|hash|token|signature|password|refresh|parent|sum|seal|key)$`)
	m, at := load(t), found{}
	m.inspect(func(_ *pkg, file *ast.File, in place, n ast.Node) {
		var operands []ast.Expr
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				operands = []ast.Expr{n.X, n.Y}
			}
		case *ast.CallExpr:
			switch imported, name := of(file, n.Fun); {
			case imported == "bytes" && (name == "Equal" || name == "Compare" || name == "HasPrefix"),
				imported == "slices" && (name == "Equal" || name == "Contains" || name == "Index"),
				imported == "strings" && (name == "EqualFold" || name == "Compare" || name == "HasPrefix"):
				operands = n.Args
			}
		}
		if !slices.ContainsFunc(operands, isNothing) &&
			slices.ContainsFunc(operands, func(e ast.Expr) bool { return secret.MatchString(lastName(e)) }) {
			at.add(m, in, n, "a comparison that ends at the first byte that differs")
		}
	})
	at.check(t, "secrets are compared in constant time", excused{
		"auth/accounts/options.go validateSecrets":            "compares what the host has set, once, before anything is served",
		"auth/accounts/service.go HasSecret":                  "compares what the host has set, once, before anything is served",
		"auth/cache.go get":                                   "has found the token by a seeded hash of its signature, and takes it for nothing but itself",
		"auth/local.go holds":                                 "compares the addresses of public keys",
		"auth/published.go has":                               "compares the addresses of public keys",
		"internal/sqlstore/accounts.go RenewHash":             "compares two hashes that were both read from the row",
		"internal/sqlstore/accounts.go ChangePassword":        "compares two hashes that were both read from the row",
		"storage/memory/accounts.go RenewHash":                "compares two hashes that were both read from the row",
		"storage/memory/accounts.go ChangePassword":           "compares two hashes that were both read from the row",
		"internal/sqlstore/account_sessions.go CreateSession": "compares two hashes that were both read from the row",
		"storage/memory/accounts.go CreateSession":            "compares two hashes that were both read from the row",
		"storage/memory/accounts.go code":                     "looks a code up by a digest, as an index does",
	})
}

// isNothing reports whether a value is fixed, as "" or nil or Digest{}.
func isNothing(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.CompositeLit:
		return true
	case *ast.ParenExpr:
		return isNothing(e.X)
	case *ast.BinaryExpr:
		return isNothing(e.X) || isNothing(e.Y)
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		return ok && (name.Name == "len" || name.Name == "min" || name.Name == "max")
	}
	return false
}

// lastName is what a value is called.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.CallExpr:
		return lastName(e.Fun)
	}
	return ""
}

// TestJSONIsEncoded: text that looks like the start of a member is put together
// by hand.
func TestJSONIsEncoded(t *testing.T) {
	member := regexp.MustCompile(`(^|[{,])\s*"\w+"\s*:`)
	m, at := load(t), found{}
	m.inspect(func(p *pkg, _ *ast.File, in place, n ast.Node) {
		if text := textOf(n); member.MatchString(text) && !p.isIn("example") {
			at.add(m, in, n, text)
		}
	})
	at.check(t, "an encoder makes JSON", excused{
		"internal/problem/problem.go appendJSON": "texts in it go through jsontext",
		"todos/answer.go appendTodo":             "texts in it go through jsontext",
		"todos/openapi.go newDocument":           "is a place in a document; what is put there goes through jsontext",
	})
}

// TestCertificatesAreVerified looks at tests, too, whose code gets copied.
func TestCertificatesAreVerified(t *testing.T) {
	for _, at := range unverified(loadAll(t)) {
		t.Errorf("%s: nobody is believed without a certificate", at)
	}
	if n := len(unverified(written(t, `var c = tls.Config{InsecureSkip`+`Verify: true}`))); n != 1 {
		t.Errorf("%d places are found, want one", n)
	}
}

func unverified(m *module) (at []string) {
	m.each(func(_ *pkg, d ast.Decl) {
		ast.Inspect(d, func(n ast.Node) bool {
			if name, ok := n.(*ast.Ident); ok && name.Name == "InsecureSkip"+"Verify" {
				at = append(at, m.at(n))
			}
			return true
		})
	})
	return at
}
