package migrations_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMigrationsBringNobody: no migration writes a row but the key of cursors, so
// that there is no account that somebody knows the password of (ASVS 6.3.2), and no
// table has a column for a hint to one (6.4.2).
func TestMigrationsBringNobody(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/*.up.sql")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	comments := regexp.MustCompile(`(?m)--.*$`)
	bodies := regexp.MustCompile(`(?s)\$\$.*?\$\$`) // of functions, which run when they are called
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sql := bodies.ReplaceAllString(comments.ReplaceAllString(string(text), ""), "")
		for _, m := range regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|COPY|UPDATE|MERGE\s+INTO)\s+(\w+)`).FindAllStringSubmatch(sql, -1) {
			if m[1] != "authtodo_settings" {
				t.Errorf("%s writes to %s", file, m[1])
			}
		}
		if n := strings.Count(strings.ToUpper(sql), "INSERT INTO"); strings.HasPrefix(filepath.Base(file), "0001") != (n == 1) {
			t.Errorf("%s has %d inserts", file, n)
		}
		if found := regexp.MustCompile(`(?i)\w*(hint|question|answer_to)\w*`).FindString(sql); found != "" {
			t.Errorf("%s has %s", file, found)
		}
	}
}
