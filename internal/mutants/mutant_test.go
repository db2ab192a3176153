package mutants

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mutant is a change of one file that takes an owner away.
type mutant struct {
	name string // the file, what it is in, and which one there
	file string // from the root of the module
	kind kind

	from, to int // the bytes of the file that are replaced
	text     string
}

type kind string

const (
	// aPredicate is a condition that always holds instead of the one for the rows
	// of an owner.
	aPredicate kind = "predicate"

	// aValue is a row that is added for somebody else.
	aValue kind = "value"

	// aGate is a statement that does not tell row-level security for whom it is.
	aGate kind = "gate"

	// aPolicy is row-level security that is not there for a table.
	aPolicy kind = "policy"

	// aLookup is a look into a map under another owner's key.
	aLookup kind = "lookup"

	// anArgument is one constant owner for all that a call is made for.
	anArgument kind = "argument"
)

// namer numbers the mutants of one place.
type namer map[string]int

func (n namer) name(file, in string, k kind) string {
	name := file + " " + in
	if k != aPredicate && k != aLookup {
		name += " " + string(k)
	}
	n[name]++
	return fmt.Sprint(name, " ", n[name])
}

// always is a condition that holds, and uses the parameter that the one for an
// owner has used: a statement has to use all.
func always(condition string) string {
	m := theOwner.FindStringSubmatch(condition)
	p := m[1] + m[2]
	if strings.HasPrefix(p, "$") {
		p = "CAST(" + p + " AS text)"
	}
	return p + " = " + p
}

// somebodys is another owner instead of the value given.
func somebodys(value string) string {
	if strings.HasPrefix(value, "$") {
		value = "CAST(" + value + " AS text)"
	}
	return "substr(" + value + ", 1, 0) || 'somebody'"
}

// change is a part of a statement and what to put there.
type change struct {
	kind     kind
	from, to int
	text     string
}

var theGate = regexp.MustCompile(`set_config\('authtodo\.\w+', (CAST\(\$1 AS text\)|owner), true\)`)

var anInsert = regexp.MustCompile(`INSERT INTO (authtodo_\w+)(?: AS \w+)?\s*\(([^)]*)\)\s*VALUES\s*\(`)

// changesOf are all ways to take the owner out of a statement.
func changesOf(sql string, tables []string) []change {
	var changes []change
	raw := sql
	sql = mask(sql)
	for _, m := range theOwner.FindAllStringIndex(sql, -1) {
		changes = append(changes, change{aPredicate, m[0], m[1], always(sql[m[0]:m[1]])})
	}
	for _, m := range anInsert.FindAllStringSubmatchIndex(sql, -1) {
		if !slices.Contains(tables, sql[m[2]:m[3]]) {
			continue
		}
		for i, column := range strings.Split(sql[m[4]:m[5]], ",") {
			if strings.TrimSpace(column) == "user_id" {
				from, to := item(sql, m[1], i)
				changes = append(changes, change{aValue, from, to, somebodys(raw[from:to])})
			}
		}
	}
	for _, m := range theGate.FindAllStringSubmatchIndex(raw, -1) {
		changes = append(changes, change{aGate, m[0], m[1], raw[m[2]:m[3]]})
	}
	return changes
}

// item is where the n-th of the values is that start at a place.
func item(sql string, start, n int) (from, to int) {
	depth := 0
	for from, to = start, start; to < len(sql); to++ {
		switch c := sql[to]; {
		case c == '(':
			depth++
		case depth == 0 && (c == ',' || c == ')'):
			if n == 0 {
				return from, to
			}
			n--
			for from = to + 1; sql[from] == ' '; {
				from++
			}
		case c == ')':
			depth--
		}
	}
	return start, start
}

// mutants are those of the Go files of a storage. What the text of a constant or
// of the dialect says is changed where it is used, too, and not only for all
// statements at once.
func (c *code) mutants(t testing.TB, tables []string) []mutant {
	t.Helper()
	var all []mutant
	for _, file := range c.names() {
		names := make(namer)
		for _, text := range c.textsOf(file) {
			for _, change := range changesOf(whole(text.pieces), tables) {
				m := mutant{name: names.name(file, text.in, change.kind), file: file, kind: change.kind}
				if !c.place(&m, text.pieces, change) {
					t.Fatalf("%s is not within one part of its text", m.name)
				}
				all = append(all, m)
			}
		}
	}
	return all
}

// place finds where in a file a change of a text belongs.
func (c *code) place(m *mutant, pieces []piece, change change) bool {
	start := 0
	for _, p := range pieces {
		from, to := change.from-start, change.to-start
		start += len(p.text)
		if from < 0 || from >= len(p.text) {
			continue
		}
		if to > len(p.text) {
			return false
		}
		if p.literal {
			m.from, m.to, m.text = p.offset+from, p.offset+to, change.text
		} else {
			m.from, m.to = c.fset.Position(p.node.Pos()).Offset, c.fset.Position(p.node.End()).Offset
			m.text = "`" + p.text[:from] + change.text + p.text[to:] + "`"
		}
		return true
	}
	return false
}

// mutantsOf are those of the functions of a migration.
func mutantsOf(file, sql string, tables []string) []mutant {
	var all []mutant
	names := make(namer)
	for _, f := range functionsOf(sql) {
		for _, change := range changesOf(f.body, tables) {
			all = append(all, mutant{
				names.name(file, f.name, change.kind), file, change.kind,
				f.offset + change.from, f.offset + change.to, change.text,
			})
		}
	}
	return all
}

var (
	aPolicyText = regexp.MustCompile(`CREATE POLICY (\w+) ON (\w+)|(USING|WITH CHECK)( \((?:user_id|email) = \(SELECT[^;]*?\)\)\))`)
	aSwitch     = regexp.MustCompile(`ALTER TABLE (\w+) (?:ENABLE|FORCE) ROW LEVEL SECURITY;`)
)

// policiesOf are the mutants of row-level security itself: each policy lets
// everything through, and each table is without it, or without it for its owner.
func policiesOf(file, sql string) []mutant {
	var all []mutant
	names, in := make(namer), ""
	for _, m := range aPolicyText.FindAllStringSubmatchIndex(sql, -1) {
		if m[2] >= 0 {
			in = sql[m[4]:m[5]] + " " + sql[m[2]:m[3]]
			continue
		}
		all = append(all, mutant{names.name(file, in, aPolicy), file, aPolicy, m[8], m[9], " (true)"})
	}
	for _, m := range aSwitch.FindAllStringSubmatchIndex(sql, -1) {
		all = append(all, mutant{names.name(file, sql[m[2]:m[3]], aPolicy), file, aPolicy, m[0], m[1], ""})
	}
	return all
}

// sqliteMutants and the others are all there are of a storage.
func sqliteMutants(t testing.TB) []mutant {
	t.Helper()
	return read(t, storages()["sqlite"]...).mutants(t, ownedTables(t, "sqlite"))
}

// postgresMutants have all their gates, as those of SQLite, which has none.
func postgresMutants(t testing.TB) []mutant {
	t.Helper()
	return slices.DeleteFunc(inPostgres(t), func(m mutant) bool { return m.kind == aGate })
}

func gateMutants(t testing.TB) []mutant {
	t.Helper()
	return slices.DeleteFunc(inPostgres(t), func(m mutant) bool { return m.kind != aGate })
}

func inPostgres(t testing.TB) []mutant {
	t.Helper()
	tables := ownedTables(t, "postgres")
	all := read(t, storages()["postgres"]...).mutants(t, tables)
	texts := migrationsOf(t, "postgres")
	for _, file := range sorted(texts) {
		all = append(all, mutantsOf(file, texts[file], tables)...)
	}
	return all
}

func policyMutants(t testing.TB) []mutant {
	t.Helper()
	var all []mutant
	texts := migrationsOf(t, "postgres")
	for _, file := range sorted(texts) {
		all = append(all, policiesOf(file, texts[file])...)
	}
	return all
}

func sorted[K ~string, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
