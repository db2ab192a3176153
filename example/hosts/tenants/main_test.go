package main

import (
	"testing"

	"github.com/authtodo/authtodo/example/hosts/hosttest"
	"github.com/authtodo/authtodo/storage/memory"
)

// TestTenants: a token of one is none at the other, and the user "1" of one is
// not the "1" of the other.
func TestTenants(t *testing.T) {
	secrets := map[string]string{"north": hosttest.Secret, "south": "Tq7wE2kR9zX4mC8vB1nL6yH3dJ5gF0sP"}
	var tenants []tenant
	for name, secret := range secrets {
		tenants = append(tenants, tenant{name, secret, memory.New().Backend()})
	}
	engine, err := newEngine(tenants...)
	if err != nil {
		t.Fatal(err)
	}
	host := hosttest.Listen(t, engine)
	north := "Authorization: Bearer " + hosttest.Token(t, secrets["north"], "1")
	south := "Authorization: Bearer " + hosttest.Token(t, secrets["south"], "1")
	host.Want(201, "POST", "/north/todos", `{"title":"x"}`, north)
	if a := host.Want(200, "GET", "/south/todos", "", south); a.Body != "[]" {
		t.Errorf("the other tenant sees %s", a.Body)
	}
	host.Want(401, "GET", "/south/todos", "", north)
	host.Want(401, "GET", "/north/todos", "", south)
}
