package accounts_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestDocumentation: every option and every route is in docs/accounts.md.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/accounts.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[accounts.Options]()) {
		if !strings.Contains(string(text), "`"+field.Name+"`") {
			t.Errorf("there is no option %s", field.Name)
		}
	}
	for path := range routes() {
		if !strings.Contains(string(text), path+"`") {
			t.Errorf("there is no route %s", path)
		}
	}
}
