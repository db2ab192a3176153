package mutants

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a statement says of tables and of owners. Text that only a call knows
// stands as «…».
var (
	// theOwner is the condition for the rows of an owner: a user, or where the
	// user has yet to be found an address.
	theOwner = regexp.MustCompile(
		`(?:\b\w+\.)?\b(?:user_id = (CAST\(\$\d+ AS text\)|\$\d+|owner\b)|email = (CAST\(\$1 AS text\)|\$1\b))`)

	aTable   = regexp.MustCompile(`\b(FROM|JOIN|UPDATE|INTO)\s+(authtodo_\w+|«…»)`)
	aCall    = regexp.MustCompile(`\b(authtodo_\w+)\(\s*([^,)]*)`)
	aColumn  = regexp.MustCompile(`^[\w\s,]*\buser_id\b`)
	tableIs  = regexp.MustCompile(`CREATE TABLE (authtodo_\w+) \(([^;]*);`)
	comments = regexp.MustCompile(`--[^\n]*|'(?:[^']|'')*'`)
)

// mask blanks out comments and quoted text, so that all else stays where it is.
func mask(sql string) string {
	return comments.ReplaceAllStringFunc(sql, func(s string) string { return strings.Repeat(" ", len(s)) })
}

// ownedTables are the tables that a migration makes with a user_id.
func ownedTables(t testing.TB, dialect string) []string {
	t.Helper()
	var tables []string
	for _, sql := range migrationsOf(t, dialect) {
		for _, m := range tableIs.FindAllStringSubmatch(mask(sql), -1) {
			if regexp.MustCompile(`(?m)^\s*user_id\s`).MatchString(m[2]) {
				tables = append(tables, m[1])
			}
		}
	}
	slices.Sort(tables)
	return tables
}

// levels numbers the bytes of a statement by the query they are in: what is in
// brackets is in another one than what is around it.
func levels(sql string) []int {
	at, stack, last := make([]int, len(sql)), []int{0}, 0
	for i := range len(sql) {
		switch sql[i] {
		case '(':
			last++
			stack = append(stack, last)
		case ')':
			at[i] = stack[len(stack)-1]
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
			continue
		}
		at[i] = stack[len(stack)-1]
	}
	return at
}

// unowned are the tables that a statement reads or writes without the owner in
// the same query, and how many it names in all. A table that the text does not
// tell counts as an owner's.
func unowned(sql string, tables []string) (missing []string, all int) {
	sql = mask(sql)
	at := levels(sql)
	owners := make(map[int]int)
	for _, m := range theOwner.FindAllStringIndex(sql, -1) {
		owners[at[m[0]]]++
	}
	for _, m := range regexp.MustCompile(`\bUSING \(user_id\)`).FindAllStringIndex(sql, -1) {
		owners[at[m[0]]]++
	}
	for _, m := range aTable.FindAllStringSubmatchIndex(sql, -1) {
		verb, table, rest := sql[m[2]:m[3]], sql[m[4]:m[5]], sql[m[5]:]
		if strings.HasPrefix(rest, "(") || table != "«…»" && !slices.Contains(tables, table) {
			continue // a function, or nobody's
		}
		all++
		if _, columns, ok := strings.Cut(rest, "("); verb == "INTO" && ok && aColumn.MatchString(columns) {
			continue // the row that it adds is an owner's
		}
		if owners[at[m[0]]]--; owners[at[m[0]]] < 0 {
			missing = append(missing, table)
		}
	}
	return missing, all
}

// TestStatementsAreRead has the reader of statements itself.
func TestStatementsAreRead(t *testing.T) {
	tables := []string{"authtodo_todos", "authtodo_lists"}
	for sql, want := range map[string]string{
		`SELECT 1 FROM authtodo_todos WHERE user_id = $1`:                                     "[] 1",
		`SELECT 1 FROM authtodo_todos AS t WHERE t.user_id = CAST($1 AS text)`:                "[] 1",
		`SELECT 1 FROM authtodo_todos WHERE id = $1`:                                          "[authtodo_todos] 1",
		`SELECT 1 FROM authtodo_todos -- user_id = $1`:                                        "[authtodo_todos] 1",
		`SELECT 'user_id = $1' FROM authtodo_todos`:                                           "[authtodo_todos] 1",
		`SELECT 1 FROM authtodo_todos WHERE user_id = 'x'`:                                    "[authtodo_todos] 1",
		`SELECT 1 FROM authtodo_settings`:                                                     "[] 0",
		`SELECT 1 FROM authtodo_get_todo($1)`:                                                 "[] 0",
		`SELECT (SELECT 1 FROM authtodo_todos) FROM authtodo_lists WHERE user_id = $1`:        "[authtodo_todos] 2",
		`SELECT 1 FROM authtodo_lists WHERE (SELECT 1 FROM authtodo_todos) AND user_id = $1`:  "[authtodo_todos] 2",
		`SELECT 1 FROM authtodo_lists, (SELECT 1 FROM authtodo_todos WHERE user_id = $1)`:     "[authtodo_lists] 2",
		`SELECT 1 FROM authtodo_lists JOIN authtodo_todos ON true WHERE user_id = $1`:         "[authtodo_todos] 2",
		`SELECT 1 FROM authtodo_lists JOIN authtodo_todos USING (user_id) WHERE user_id = $1`: "[] 2",
		`INSERT INTO authtodo_lists (user_id, epoch) VALUES ($1, $2)`:                         "[] 1",
		`INSERT INTO authtodo_lists (epoch) VALUES ($2)`:                                      "[authtodo_lists] 1",
		`UPDATE authtodo_lists SET epoch = $2`:                                                "[authtodo_lists] 1",
		`DELETE FROM «…» WHERE user_id = owner`:                                               "[] 1",
		`DELETE FROM «…»`: "[«…»] 1",
	} {
		missing, all := unowned(sql, tables)
		if missing == nil {
			missing = []string{}
		}
		if got := fmt.Sprint(missing, all); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

// storages are the databases and the folders of Go that ask them.
func storages() map[string][]string {
	return map[string][]string{
		"sqlite":   {"internal/sqlstore", "storage/sqlite"},
		"postgres": {"internal/sqlstore", "storage/postgres"},
	}
}

// aboutAll are the statements that are about all users, and why they may be.
func aboutAll() map[string]string {
	const ended = "removes what nobody can use any more, and policies show it nothing else"
	return map[string]string{
		"internal/sqlstore/purge.go Purge": ended,
		"storage/sqlite/purge.go Purge":    ended,
		"storage/postgres/purge.go Purge":  ended,
	}
}

// TestEveryStatementNamesTheOwner reads every statement that names a table of
// users' data: each query in it says whose rows it is about, and each function
// is called for an owner.
func TestEveryStatementNamesTheOwner(t *testing.T) {
	needed := make(map[string]bool)
	for storage, folders := range storages() {
		tables, statements, all := ownedTables(t, storage), 0, 0
		if len(tables) != 7 {
			t.Errorf("%s: the tables of users' data are %v", storage, tables)
		}
		check := func(where, sql string) {
			missing, n := unowned(sql, tables)
			if len(missing) > 0 && aboutAll()[where] != "" {
				needed[where] = true
			} else if len(missing) > 0 {
				t.Errorf("%s: %v without their owner in\n%s", where, missing, sql)
			}
			for _, m := range aCall.FindAllStringSubmatch(mask(sql), -1) {
				if first := m[2]; first != "$1" && first != "owner" {
					t.Errorf("%s: %s is called for %s", where, m[1], first)
				}
			}
			if n > 0 {
				statements, all = statements+1, all+n
			}
		}
		c := read(t, folders...)
		for _, name := range c.names() {
			for _, text := range c.textsOf(name) {
				check(name+" "+text.in, whole(text.pieces))
			}
		}
		for name, sql := range migrationsOf(t, storage) {
			for _, f := range functionsOf(sql) {
				for statement := range strings.SplitSeq(mask(f.body), ";") {
					check(name+" "+f.name, statement)
				}
			}
		}
		if statements < 30 {
			t.Errorf("%s: only %d statements were found", storage, statements)
		}
		t.Logf("%s: %d statements name %d tables of users' data", storage, statements, all)
	}
	for where := range aboutAll() {
		if !needed[where] {
			t.Errorf("%s needs no exception", where)
		}
	}
}

// TestNobodyElseAsksTheTables looks for the names of the tables in the sources of
// all other packages, but for those that are tests.
func TestNobodyElseAsksTheTables(t *testing.T) {
	tables := ownedTables(t, "postgres")
	askers := []string{"internal/sqlstore", "storage/sqlite", "storage/postgres", "storage/storagetest",
		"internal/bench"} // what the module is compared with
	files := 0
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || slices.Contains(askers, name)):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		for _, table := range tables {
			if strings.Contains(string(text), table) {
				t.Errorf("%s names the table %s", name, table)
			}
		}
		files++
		return err
	})
	if err != nil || files < 100 {
		t.Errorf("%d files were read, %v", files, err)
	}
}
