package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// TestASVS holds the tables of SECURITY.md against the code: every requirement of
// OWASP ASVS 5.0.0 of the levels 1 and 2 is in them once, or in the list of those
// that do not apply; and what is named as a proof is there.
func TestASVS(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := readASVS(t, string(text))
	for _, fault := range table.faults(root, make(sources)) {
		t.Error(fault)
	}
	applies := make(map[int]int)
	for _, row := range table.rows {
		applies[row.level]++
	}
	t.Logf("%d rows: %v by level; %d do not apply; %d tests are named, %d rows have none", len(table.rows),
		applies, len(table.others), len(table.tests()), table.untested())
}

// TestASVSFindsFaults: each of these changes makes the table a wrong one.
func TestASVSFindsFaults(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	row := regexp.MustCompile(`(?m)^\| 9\.1\.1 \| 1 \|.*\n`).FindString(good)
	if row == "" {
		t.Fatal("there is no row 9.1.1")
	}
	with := func(cell string) string { return strings.Replace(good, row, "| 9.1.1 | 1 | x | "+cell+" |\n", 1) }
	of := make(sources)
	for name, test := range map[string]struct{ text, want string }{
		"a row that is gone":         {strings.Replace(good, row, "", 1), "9.1.1 is not there"},
		"a row twice":                {strings.Replace(good, row, row+row, 1), "9.1.1 is there twice"},
		"a row that does not apply":  {good + "\n- nothing: 9.1.1\n", "9.1.1 is there twice"},
		"an id that is none":         {strings.Replace(good, row, row+"| 9.1.9 | 1 | x | host: y. |\n", 1), "9.1.9 is no requirement"},
		"another level":              {strings.Replace(good, "| 9.1.1 | 1 |", "| 9.1.1 | 2 |", 1), "9.1.1 is of level 1"},
		"no proof":                   {with(""), "9.1.1 has no proof"},
		"words for a proof":          {with("it is so"), "9.1.1 has no proof"},
		"a test that is not there":   {with("`auth.TestNothing`"), "there is no auth.TestNothing"},
		"a package that is not":      {with("`nowhere.TestASVS`"), "there is no nowhere.TestASVS"},
		"a case that is not there":   {with("`internal/house.TestASVS/nothing of the kind " + "at all`"), "TestASVS/nothing"},
		"a test without its package": {with("`TestASVS`"), "is no test"},
		"an anchor that is not":      {with("[x](docs/accounts.md#nothing)"), "no heading nothing"},
		"a page that is not":         {with("[x](docs/nothing.md#rules)"), "docs/nothing.md"},
		"a row that cannot be read":  {strings.Replace(good, row, "| 9.1.1 | x | y |\n", 1), "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			faults := strings.Join(readASVS(t, test.text).faults(root, of), "\n")
			if !strings.Contains(faults, test.want) {
				t.Errorf("found %q, want %q", faults, test.want)
			}
		})
	}
}

// asvs is what SECURITY.md says about the requirements.
type asvs struct {
	levels map[string]int // of the standard
	rows   []asvsRow
	others []string // ids that do not apply
	broken []string // lines that look like a row and are none
}

type asvsRow struct {
	id    string
	level int
	proof string
}

func readASVS(t *testing.T, text string) asvs {
	t.Helper()
	a := asvs{levels: asvsLevels(t)}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		cells := strings.Split(line, " | ")
		switch {
		case regexp.MustCompile(`^\| \d+\.\d+\.\d+ \|`).MatchString(line):
			level, err := strconv.Atoi(cells[min(1, len(cells)-1)])
			if len(cells) != 4 || err != nil || cells[2] == "" {
				a.broken = append(a.broken, line)
				continue
			}
			a.rows = append(a.rows, asvsRow{strings.TrimPrefix(cells[0], "| "), level, strings.TrimSuffix(cells[3], "|")})
		case regexp.MustCompile(`^- [^:]+: \d+\.\d+\.\d+(, \d+\.\d+\.\d+)*$`).MatchString(line):
			_, ids, _ := strings.Cut(line, ": ")
			a.others = append(a.others, strings.Split(ids, ", ")...)
		}
	}
	return a
}

// asvsLevels are the levels of all requirements.
func asvsLevels(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("testdata/asvs-5.0.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	levels := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		for i, level := range fields[1:] {
			n, err := strconv.Atoi(level)
			if err != nil {
				t.Fatal(line)
			}
			levels[fmt.Sprintf("%s.%d", fields[0], i+1)] = n
		}
	}
	if len(levels) != 345 {
		t.Fatalf("there are %d requirements", len(levels))
	}
	return levels
}

// faults are all that is wrong with the tables.
func (a asvs) faults(root string, of sources) (faults []string) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for _, line := range a.broken {
		add("the row %q cannot be read", line)
	}
	seen := make(map[string]bool)
	see := func(id string) {
		if seen[id] {
			add("%s is there twice", id)
		}
		if seen[id] = true; a.levels[id] == 0 {
			add("%s is no requirement", id)
		}
	}
	for _, row := range a.rows {
		if see(row.id); a.levels[row.id] != row.level {
			add("%s is of level %d", row.id, a.levels[row.id])
		}
	}
	for _, id := range a.others {
		see(id)
	}
	for _, id := range slices.Sorted(maps.Keys(a.levels)) {
		if a.levels[id] < 3 && !seen[id] {
			add("%s is not there", id)
		}
	}
	for _, row := range a.rows {
		for _, fault := range row.faults(root, of) {
			add("%s %s", row.id, fault)
		}
	}
	return faults
}

// faults are what is wrong with the proof of a row.
func (r asvsRow) faults(root string, of sources) (faults []string) {
	links := regexp.MustCompile(`\]\(([^)#]+)#([^)]+)\)`).FindAllStringSubmatch(r.proof, -1)
	named := r.tests()
	if len(links)+len(named) == 0 && !regexp.MustCompile(`(^|; )(host|deviation): \S`).MatchString(r.proof) {
		faults = append(faults, "has no proof")
	}
	for _, link := range links {
		if fault := missingHeading(filepath.Join(root, filepath.FromSlash(link[1])), link[2]); fault != "" {
			faults = append(faults, fault)
		}
	}
	for _, name := range named {
		if fault := of.missingTest(root, name); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// tests are what a row names as such.
func (r asvsRow) tests() (names []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(r.proof, -1) {
		if regexp.MustCompile(`(^|\.)(Test|Fuzz|Example)[A-Z]`).MatchString(m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// tests are those that any row names, each once.
func (a asvs) tests() map[string]bool {
	all := make(map[string]bool)
	for _, row := range a.rows {
		for _, name := range row.tests() {
			all[name] = true
		}
	}
	return all
}

// untested counts the rows without a test.
func (a asvs) untested() (n int) {
	for _, row := range a.rows {
		if len(row.tests()) == 0 {
			n++
		}
	}
	return n
}

// sources are the tests of packages, by folder.
type sources map[string]source

// source is the names of tests, and the texts that their code has.
type source struct{ tests, texts map[string]bool }

// missingTest says what is wrong with the name of a test: a folder, a dot, the
// function, and perhaps a slash and the name of a case, which is a text in the
// package's tests. "authtodo" is the folder of the module itself.
func (s sources) missingTest(root, name string) string {
	m := regexp.MustCompile(`^([a-z0-9/]+)\.((?:Test|Fuzz|Example)\w+)(?:/(.+))?$`).FindStringSubmatch(name)
	if m == nil {
		return name + " is no test, which is like auth.TestClaims"
	}
	dir := m[1]
	if dir == "authtodo" {
		dir = "."
	}
	if _, known := s[dir]; !known {
		s[dir] = readTests(filepath.Join(root, filepath.FromSlash(dir)))
	}
	switch {
	case !s[dir].tests[m[2]]:
		return "names a test that is not there: there is no " + m[1] + "." + m[2]
	case m[3] != "" && !s[dir].texts[m[3]]:
		return "names a case that is not there: " + name
	}
	return ""
}

func readTests(dir string) source {
	s := source{make(map[string]bool), make(map[string]bool)}
	names, _ := filepath.Glob(filepath.Join(dir, "*_test.go")) // of no folder: none
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			continue // the compiler says it better
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Recv == nil {
				s.tests[f.Name.Name] = true
			}
			if text := textOf(n); text != "" {
				s.texts[text] = true
			}
			return true
		})
	}
	return s
}

// missingHeading says that a page does not have the heading of an anchor.
func missingHeading(page, anchor string) string {
	text, err := os.ReadFile(page)
	if err != nil {
		return err.Error()
	}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(text), -1) {
		if anchorOf(m[1]) == anchor {
			return ""
		}
	}
	return page + " has no heading " + anchor
}

// anchorOf is the anchor that a heading gets on the pages of code hosts.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
