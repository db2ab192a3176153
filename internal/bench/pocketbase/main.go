// Command pocketbase is PocketBase with a collection of todos: each user sees and
// changes only what is theirs, by the rules of the collection. It keeps them in
// its own SQLite, in a folder of ours, and has PocketBase's own settings, but for
// the log of requests, which it does without as the other contenders do.
//
// The first line of stdout is the address and a token for each user. It ends when
// stdin does.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

func main() {
	dir := flag.String("dir", "", "folder for the data")
	users := flag.Int("users", 1, "how many users there are")
	todos := flag.Int("todos", 0, "how many todos there are; number i is of the user i % users")
	flag.Parse()
	if err := run(*dir, *users, *todos); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string, users, todos int) error {
	app := pocketbase.NewWithConfig(pocketbase.Config{DefaultDataDir: dir, HideStartBanner: true})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	app.Settings().Logs.MaxDays = 0
	if err := app.Save(app.Settings()); err != nil {
		return err
	}
	if err := makeTodos(app); err != nil {
		return err
	}
	if err := load(app, users, todos); err != nil {
		return err
	}
	tokens, err := tokensOf(app)
	if err != nil {
		return err
	}
	return serve(app, tokens)
}

// makeTodos makes the collection, with the index that its pages need.
func makeTodos(app core.App) error {
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return err
	}
	own := types.Pointer("user = @request.auth.id")
	todos := core.NewBaseCollection("todos")
	todos.ListRule, todos.ViewRule, todos.CreateRule, todos.UpdateRule, todos.DeleteRule = own, own, own, own, own
	todos.Fields.Add(
		&core.RelationField{Name: "user", CollectionId: users.Id, Required: true, MaxSelect: 1, CascadeDelete: true},
		&core.TextField{Name: "title", Required: true, Max: 255},
		&core.TextField{Name: "description", Max: 10_000},
		&core.BoolField{Name: "completed"},
		&core.NumberField{Name: "position", OnlyInt: true},
		&core.AutodateField{Name: "created", OnCreate: true},
		&core.AutodateField{Name: "updated", OnCreate: true, OnUpdate: true},
	)
	todos.AddIndex("todos_position", false, "user, position", "")
	return app.Save(todos)
}

// load makes users and todos, past the API: hashing a password for each user would
// take minutes.
func load(app core.App, users, todos int) error {
	_, err := app.DB().NewQuery(`
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {:users})
		INSERT INTO users (id, email, emailVisibility, verified, name, avatar, password, tokenKey, created, updated)
		SELECT printf('user%011d', i), printf('user%d@example.com', i), false, true, '', '', 'none',
			lower(hex(randomblob(25))), '2026-01-01 00:00:00.000Z', '2026-01-01 00:00:00.000Z'
		FROM n`).Bind(dbx.Params{"users": users}).Execute()
	if err != nil {
		return err
	}
	_, err = app.DB().NewQuery(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {:todos})
		INSERT INTO todos (id, user, title, description, completed, position, created, updated)
		SELECT printf('%015d', i), printf('user%011d', i % {:users}), printf('todo %032x', i * 7919),
			'what there is to be said about it', i % 3 = 0, i * 65536,
			'2026-01-01 00:00:00.000Z', '2026-01-01 00:00:00.000Z'
		FROM n`).Bind(dbx.Params{"users": users, "todos": todos}).Execute()
	return err
}

// tokensOf are the tokens of all users, in their order.
func tokensOf(app core.App) ([]string, error) {
	users, err := app.FindRecordsByFilter("users", "", "id", 0, 0)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(users))
	for i, user := range users {
		if tokens[i], err = user.NewAuthToken(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func serve(app core.App, tokens []string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener, e.InstallerFunc = listener, nil
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			_ = e.Server.Close()
		}()
		fmt.Fprintln(os.Stdout, listener.Addr(), strings.Join(tokens, " "))
		return e.Next()
	})
	return apis.Serve(app, apis.ServeConfig{HttpAddr: listener.Addr().String()})
}
