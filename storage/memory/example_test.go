package memory_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

// files keeps the list of each owner in a JSON file. It is a whole store once
// it is passed to memory.Over.
type files struct {
	dir string
	mu  sync.Mutex
}

func (f *files) transact(ctx context.Context, owner string, write bool, do func(*memory.List) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	// An owner is any text, so it cannot name a file itself.
	name := filepath.Join(f.dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte(owner))))
	var list memory.List
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := do(&list); err != nil || !write {
		return err
	}
	if text, err = json.Marshal(list); err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name) // all of it or nothing
}

// A store of one's own: a JSON file for each owner.
func ExampleOver() {
	dir, err := os.MkdirTemp("", "todos")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, now := context.Background(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

	store := memory.Over((&files{dir: dir}).transact)
	for _, title := range []string{"Buy milk", "Water the plants"} {
		id, err := todos.NewID(now)
		if err != nil {
			fmt.Println(err)
			return
		}
		draft := todos.Draft{ID: id, Title: title, CreatedAt: now}
		if _, err := store.CreateTodo(ctx, "anna", draft); err != nil {
			fmt.Println(err)
			return
		}
	}

	// as after a restart
	store = memory.Over((&files{dir: dir}).transact)
	page, err := store.ListTodos(ctx, "anna", todos.Query{Limit: todos.DefaultLimit})
	for _, todo := range page.Todos {
		fmt.Println(todo.Position, todo.Title)
	}
	fmt.Println("revision", page.Revision.Number, err)
	// Output:
	// 65536 Buy milk
	// 131072 Water the plants
	// revision 2 <nil>
}

// The store of the example keeps the whole contract.
func TestFiles(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) todos.Store {
		return memory.Over((&files{dir: t.TempDir()}).transact)
	})
}

func ExampleNew() {
	store := memory.New().Backend().Todos
	ctx, now := context.Background(), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	draft := todos.Draft{ID: "0199a2f4-7c00-7000-8000-000000000001", Title: "Buy milk", CreatedAt: now}
	created, err := store.CreateTodo(ctx, "anna", draft)
	fmt.Println(created.Todo.Title, created.Todo.Version, err)
	_, err = store.GetTodo(ctx, "bob", draft.ID)
	fmt.Println(err)
	// Output:
	// Buy milk 1 <nil>
	// todos: not found
}
