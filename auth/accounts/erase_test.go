package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
)

// plain is a store of todos that cannot erase at once.
type plain struct{ todos.Store }

func TestErase(t *testing.T) {
	t.Parallel()
	for name, space := range map[string]string{"the default space": "", "another space": "staff"} {
		for kind, strip := range map[string]bool{"at once": false, "one by one": true} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				var store todos.Store
				h := newHouse(t, all(unlimited, func(o *options) {
					o.Accounts.UserSpace = space
					if strip {
						o.Storage.Todos = plain{o.Storage.Todos}
					}
					store = o.Storage.Todos
				}))
				ada, eve := h.browser(t), h.browser(t)
				id := signUp(ada, "ada@example.com", nil).text("user", "id")
				signUp(eve, "eve@example.com", nil)
				for i := range 30 {
					ada.must(201, "POST", "/api/todos", object{"title": fmt.Sprint(i)})
				}
				eve.must(201, "POST", "/api/todos", object{"title": "hers"})
				export, err := h.module.Accounts().Export(t.Context(), id)
				if err != nil || len(export.Todos) != 30 || export.Todos[0].Title != "0" || export.User.ID != id {
					t.Errorf("the export is %+v, %v", export, err)
				}
				for range 2 { // the second time there is nothing left
					if err := h.module.Accounts().Erase(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
				owner := auth.Identity{UserID: id, UserSpace: space}.Owner()
				page, err := store.ListTodos(t.Context(), owner, todos.Query{Limit: 10})
				if err != nil || len(page.Todos) != 0 {
					t.Errorf("there are still %v, %v", page.Todos, err)
				}
				ada.must(401, "GET", "/api/todos", nil)
				if list := eve.must(200, "GET", "/api/todos", nil).Text; strings.Count(list, `"title"`) != 1 {
					t.Errorf("eve has %s", list)
				}
				if _, err := h.module.Accounts().Export(t.Context(), id); !errors.Is(err, accounts.ErrNoUser) {
					t.Errorf("the export is %v", err)
				}
				signUp(h.browser(t), "ada@example.com", nil) // the address is free
			})
		}
	}
}

// TestEraseRace: whoever creates todos while the account is deleted leaves none.
func TestEraseRace(t *testing.T) {
	t.Parallel()
	for range 10 {
		var store todos.Store
		h := newHouse(t, all(unlimited, func(o *options) { store = o.Storage.Todos }))
		v := h.browser(t)
		id := signUp(v, "ada@example.com", nil).text("user", "id")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for v.ask("POST", "/api/todos", object{"title": "x"}).Status == 201 {
				}
			})
		}
		v.must(200, "POST", "/api/auth/delete-user", object{})
		wg.Wait()
		// What was let in before the session ended may come after the last look:
		// a second call finds it.
		if err := h.module.Accounts().Erase(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		page, err := store.ListTodos(t.Context(), id, todos.Query{Limit: 10})
		if err != nil || len(page.Todos) != 0 {
			t.Fatalf("there are still %v, %v", page.Todos, err)
		}
	}
}

func TestDisable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, unlimited)
	v := h.browser(t)
	id := signUp(v, "ada@example.com", nil).text("user", "id")
	app := h.app(t, v.must(200, "GET", "/api/auth/token", nil).text("token"))
	app.must(200, "GET", "/api/todos", nil)
	own := h.module.Accounts()
	if err := own.SetDisabled(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	v.must(401, "GET", "/api/todos", nil)
	app.must(401, "GET", "/api/todos", nil)
	if a := signIn(v, "ada@example.com", goodPassword); a.Status != 401 {
		t.Errorf("sign-in: %d %s", a.Status, a.Text)
	}
	if err := own.SetDisabled(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	app.must(401, "GET", "/api/todos", nil)
	if a := signIn(v, "ada@example.com", goodPassword); a.Status != 200 {
		t.Errorf("sign-in: %d %s", a.Status, a.Text)
	}
	if err := own.EndSessions(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	v.must(401, "GET", "/api/todos", nil)
	if err := own.SetDisabled(context.Background(), "nobody", true); !errors.Is(err, accounts.ErrNoUser) {
		t.Errorf("the error is %v", err)
	}
}
