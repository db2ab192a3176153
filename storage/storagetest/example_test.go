package storagetest_test

import (
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/storage/storagetest"
	"github.com/authtodo/authtodo/todos"
)

// The suite for a store of todos of one's own; here it is that of the package
// memory.
func ExampleRun() {
	_ = func(t *testing.T) {
		storagetest.Run(t, func(*testing.T) todos.Store { return memory.New().Backend().Todos })
	}
}

// The suite for a store of accounts.
func ExampleRunAccounts() {
	_ = func(t *testing.T) {
		storagetest.RunAccounts(t, func(*testing.T) accounts.Store { return memory.New().Backend().Accounts })
	}
}

// What the calls cost on a long list.
func ExampleBench() {
	_ = func(b *testing.B) {
		storagetest.Bench(b, func(*testing.B) todos.Store { return memory.New().Backend().Todos })
	}
}
