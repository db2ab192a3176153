package main

import (
	"testing"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
)

func TestRoles(t *testing.T) {
	engine, err := newEngine(hosttest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	host := hosttest.Listen(t, engine)
	for _, test := range []struct {
		roles         any
		drafts, users int
	}{
		{[]string{"editor"}, 200, 403},
		{[]string{"reader", "admin"}, 200, 200},
		{[]string{"reader"}, 403, 403},
		{[]string{}, 403, 403},
		{nil, 403, 403},
		{"admin", 200, 200}, // one is a list, too
		{7, 403, 403},
	} {
		token := "Authorization: Bearer " + hosttest.Token(t, hosttest.Secret, "ada", "roles", test.roles)
		host.Want(test.drafts, "GET", "/drafts", "", token)
		host.Want(test.users, "GET", "/admin/users", "", token)
		host.Want(200, "GET", "/api/todos", "", token)
	}
	host.Want(401, "GET", "/drafts", "")
}
