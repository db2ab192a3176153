package todos_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/authtodo/authtodo/todos"
)

// A store keeps this beside a todo, to look for folded text in.
func ExampleSearchText() {
	notes := "In der Straße"
	kept := todos.SearchText("Buy MILK", &notes)
	fmt.Println(kept)
	fmt.Println(strings.Contains(kept, todos.Fold("STRASSE")))
	// Output:
	// buy milkXin der strasse
	// true
}

// A merge as a store makes it: what is not set stays.
func ExampleSome() {
	made := time.Date(2026, 3, 2, 8, 15, 30, 0, time.UTC)
	todo := todos.Draft{Title: "Buy milk", CreatedAt: made}.Todo(todos.NextPosition(0))
	patch := todos.Patch{Completed: todos.Some(true)}
	done, changed := patch.Apply(todo, made.Add(time.Hour))
	fmt.Println(done.Title, done.Completed, done.Position, done.Version, changed)
	// Output: Buy milk true 65536 2 true
}
