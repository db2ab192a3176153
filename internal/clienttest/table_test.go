package clienttest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// absent stands for the value of a member that is not there.
const absent = "—"

// difference is a member of an answer that is not the same on both sides.
type difference struct{ call, member, theirs, ours string }

// String is a row for the table, but for the reason.
func (d difference) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s | |", code(d.call), code(d.member), code(d.theirs), code(d.ours))
}

func code(s string) string {
	if s == absent {
		return s
	}
	return "`" + s + "`"
}

// row is a row of the table: patterns for each of its first four cells.
type row struct {
	text  string
	cells [4][]pattern
	used  bool
}

// pattern is what a code span of the table stands for; a star in it stands for
// anything.
type pattern struct {
	text string
	re   *regexp.Regexp
	used bool
}

// covers reports whether the row is about the difference, and remembers it.
func (r *row) covers(d difference) bool {
	var hits [4]*pattern
	for i, value := range []string{d.call, d.member, d.theirs, d.ours} {
		for j := range r.cells[i] {
			if p := &r.cells[i][j]; p.re.MatchString(value) {
				hits[i] = p
				break
			}
		}
		if hits[i] == nil {
			return false
		}
	}
	for _, p := range hits {
		p.used = true
	}
	r.used = true
	return true
}

// table reads the table of docs/accounts.md that is below this heading.
func table(t *testing.T) []*row {
	t.Helper()
	const file, heading = "../../docs/accounts.md", "## Differences from Better Auth\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), heading)
	if !ok {
		t.Fatalf("%s has no section %q", file, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var rows []*row
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 5 || strings.TrimSpace(cells[4]) == "" {
			t.Fatalf("want call, member, Better Auth, module, why: %s", line)
		}
		r := &row{text: line}
		for i := range r.cells {
			r.cells[i] = patterns(cells[i])
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table of differences", file)
	}
	return rows
}

// patterns are the code spans of a cell; a dash is an absent member.
func patterns(cell string) []pattern {
	var found []pattern
	for _, span := range regexp.MustCompile("`[^`]+`|"+absent).FindAllString(cell, -1) {
		text := strings.Trim(span, "`")
		literal := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*")
		found = append(found, pattern{text: text, re: regexp.MustCompile("(?s)^" + literal + "$")})
	}
	return found
}

func TestRowCovers(t *testing.T) {
	d := difference{"signUp.email", "error.detail", absent, "Invalid."}
	for cells, want := range map[[4]string]bool{
		{"`*`", "`error.detail`", "—", "`*`"}:                            true,
		{"`signUp.*`, `x`", "`a`, `error.*`", "—", "`Invalid.`"}:         true,
		{"`signUp`", "`error.detail`", "—", "`*`"}:                       false,
		{"`*`", "`error.detail`", "`null`", "`*`"}:                       false,
		{"`*`", "`error.detail`", "—", "`Invalid!`"}:                     false,
		{"`*`", "`error.detail`", "—", "—"}:                              false,
		{"all calls", "`error.detail`", "—", "`*`"}:                      false,
		{"`*`", "`error.code`, `error.message`", "—", "`Invalid.`, `x`"}: false,
	} {
		var r row
		for i := range r.cells {
			r.cells[i] = patterns(cells[i])
		}
		if got := r.covers(d); got != want {
			t.Errorf("%v covers is %t, want %t", cells, got, want)
		}
	}
}
