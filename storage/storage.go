// Package storage says where the module keeps its data. The implementations
// are in the packages below it: memory, sqlite and postgres; storagetest holds
// the suite that a store of your own has to pass.
package storage

import (
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
)

// Backend is everywhere the module keeps data. Its fields may come from
// different places.
type Backend struct {
	Todos    todos.Store    // required
	Accounts accounts.Store // needed if the module is the issuer itself (Options.Accounts)
}
