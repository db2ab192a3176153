package migrations_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/migrations"
)

// childOf is in the environment of a process that [TestProcesses] starts, with
// the dialect and the connection string.
const childOf = "AUTHTODO_MIGRATIONS_CHILD"

// TestChild is what such a process does: what a service does when it starts.
func TestChild(t *testing.T) {
	dialect, dsn, ok := strings.Cut(os.Getenv(childOf), " ")
	if !ok {
		return // this is no child
	}
	db, err := sql.Open(dialect, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := migrations.Dialect(dialect)
	if err := migrations.Up(t.Context(), db, d); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Check(t.Context(), db, d); err != nil {
		t.Fatal(err)
	}
}

// TestProcesses has five processes that start at once on an empty database.
func TestProcesses(t *testing.T) {
	for round := range 3 {
		everywhere(t, func(t *testing.T, p place) {
			var processes sync.WaitGroup
			for range 5 {
				processes.Go(func() {
					child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
					child.Env = append(os.Environ(), childOf+"="+p.driver+" "+p.dsn)
					if out, err := child.CombinedOutput(); err != nil {
						t.Errorf("round %d: %v\n%s", round, err, out)
					}
				})
			}
			processes.Wait()
			db := p.open(t)
			if err := migrations.Check(t.Context(), db, p.dialect); err != nil {
				t.Error(err)
			}
			if got, want := version(t, db), fmt.Sprint(newest(t), " false"); got != want {
				t.Errorf("the version is %s, want %s", got, want)
			}
			var settings int
			err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM authtodo_settings`).Scan(&settings)
			if err != nil || settings != 1 {
				t.Errorf("there are %d settings, %v, want the one that a single run makes", settings, err)
			}
		})
	}
}
