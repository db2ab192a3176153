package sqlite

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/todos"
)

// childOf is in the environment of a process that [TestProcesses] starts, with
// the path of the file.
const childOf = "AUTHTODO_SQLITE_CHILD"

// TestChild is what such a process does: what a service does when it starts.
func TestChild(t *testing.T) {
	path := os.Getenv(childOf)
	if path == "" {
		return // this is no child
	}
	db := open(t, path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Backend().Todos.CreateTodo(t.Context(), "anna", draft(t, "title")); err != nil {
		t.Fatal(err)
	}
}

// TestProcesses has processes that start at once on a file that is not there.
func TestProcesses(t *testing.T) {
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "todos.db")
		var processes sync.WaitGroup
		for range 5 {
			processes.Go(func() {
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
				child.Env = append(os.Environ(), childOf+"="+path)
				if out, err := child.CombinedOutput(); err != nil {
					t.Errorf("round %d: %v\n%s", round, err, out)
				}
			})
		}
		processes.Wait()
		page, err := open(t, path).Backend().Todos.ListTodos(t.Context(), "anna", todos.Query{Limit: 10})
		if err != nil || len(page.Todos) != 5 {
			t.Errorf("round %d: there are %d todos, %v, want 5", round, len(page.Todos), err)
		}
	}
}
