package clienttest

import (
	"encoding/json"
	"testing"

	"github.com/authtodo/authtodo/internal/nodetest"
)

// side is where the script finds one of the two that it compares.
type side struct {
	Control string            `json:"control"`
	Servers map[string]string `json:"servers"` // URLs by mode
}

// betterAuth starts server.mjs, which ends with the test.
func betterAuth(t *testing.T) side {
	t.Helper()
	var said side
	process, err := nodetest.Start("server.mjs", &said)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	return said
}

// run runs a script with an argument and returns what it prints.
func run(t *testing.T, script string, argument any) []byte {
	t.Helper()
	text, err := json.Marshal(argument)
	if err != nil {
		t.Fatal(err)
	}
	said, err := nodetest.Run(script, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// needs skips the test, or fails it, without Node.js and the packages.
func needs(t *testing.T) {
	t.Helper()
	if err := nodetest.Packages("."); err != nil {
		nodetest.Skip(t, err)
	}
}
