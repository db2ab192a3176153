package openapitest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"

	"github.com/authtodo/authtodo/todos"
)

// documentText is the document as the todos package embeds it.
func documentText(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../todos/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// replaced is the document with one piece of its text replaced.
func replaced(t *testing.T, old, new string) []byte {
	t.Helper()
	text := documentText(t)
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("the document has no %s", old)
	}
	return bytes.Replace(text, []byte(old), []byte(new), 1)
}

// newValidator reads text as an OpenAPI document.
func newValidator(t *testing.T, text []byte, options ...config.Option) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document, options...)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	t.Cleanup(v.Release)
	return v
}

func TestDocumentIsOpenAPI(t *testing.T) {
	if _, errs := newValidator(t, documentText(t)).ValidateDocument(); len(errs) > 0 {
		t.Error(explain(errs))
	}
}

// TestBrokenDocumentsAreRefused shows that the check above can fail.
func TestBrokenDocumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new string }{
		"no title":          {`"title": "authtodo",`, ``},
		"unknown place":     {`"in": "query"`, `"in": "body"`},
		"unknown method":    {`"patch": {`, `"change": {`},
		"no description":    {`"description": "The todo was deleted.",`, ``},
		"text for a bool":   {`"required": true,`, `"required": "yes",`},
		"scheme of no type": {`"type": "http",`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			if ok, _ := newValidator(t, replaced(t, c.old, c.new)).ValidateDocument(); ok {
				t.Errorf("with %q for %q the document still passes", c.new, c.old)
			}
		})
	}
}

func TestSchemasAndExamples(t *testing.T) {
	d := readDocument(t, documentText(t))
	for _, fault := range d.schemaFaults() {
		t.Error(fault)
	}
	examples := d.examples()
	if len(examples) < 50 {
		t.Errorf("found %d examples, there are many more", len(examples))
	}
	for _, e := range examples {
		if err := d.check(e); err != nil {
			t.Errorf("%s: %v", e.at, err)
		}
	}
}

// TestBrokenExamplesAreFound shows that the test above can fail.
func TestBrokenExamplesAreFound(t *testing.T) {
	for name, c := range map[string]struct{ old, new string }{
		"format":      {`"created_at": "2026-03-02T`, `"created_at": "2026-13-02T`},
		"const":       {`"error_code": "NOT_FOUND"`, `"error_code": "CONFLICT"`},
		"enum":        {`"example": "-created_at"`, `"example": "created"`},
		"null":        {`"title": "Buy milk",`, `"title": null,`},
		"unknown":     {`"title": "Buy milk"` + "\n", `"title": "Buy milk", "due": 1` + "\n"},
		"two places":  {`"pointer": "#/title",`, `"pointer": "#/title", "header": "Prefer",`},
		"header type": {`"example": 2`, `"example": "soon"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := readDocument(t, replaced(t, c.old, c.new))
			for _, e := range d.examples() {
				if d.check(e) != nil {
					return
				}
			}
			t.Errorf("with %q for %q all examples still pass", c.new, c.old)
		})
	}
}

// TestExampleEverywhere: whoever reads the document finds an example of every
// parameter, header field and body, but for cursors: they are sealed, so that none
// that is written down is good, and pages send examples as they are.
func TestExampleEverywhere(t *testing.T) {
	d := readDocument(t, documentText(t))
	has := make(map[string]bool)
	for _, e := range d.examples() {
		has[e.schema] = true
	}
	d.walk(func(at string, node map[string]any) {
		_, described := node["schema"]
		if described && !has[at+"/schema"] && at != "/components/parameters/Cursor" {
			t.Errorf("%s has no example", at)
		}
	})
}

// TestNothingIsUnused: what is among the components is referred to.
func TestNothingIsUnused(t *testing.T) {
	text := string(documentText(t))
	for kind, members := range readDocument(t, []byte(text)).member("components").(map[string]any) {
		if kind == "securitySchemes" {
			continue // named by security, not by $ref
		}
		for name := range members.(map[string]any) {
			if !strings.Contains(text, `"$ref": "#/components/`+kind+`/`+name+`"`) {
				t.Errorf("%s/%s is not used", kind, name)
			}
		}
	}
}

// TestExampleTodosAreTodos: an id in the examples is one that the module
// could have made.
func TestExampleTodosAreTodos(t *testing.T) {
	found := 0
	for _, e := range readDocument(t, documentText(t)).examples() {
		todo, ok := e.value.(map[string]any)
		id, isTodo := todo["id"].(string)
		if !ok || !isTodo {
			continue
		}
		found++
		if !todos.ValidID(id) {
			t.Errorf("%s: %q is no id of a todo", e.at, id)
		}
	}
	if found == 0 {
		t.Error("no example is a todo")
	}
}

// readDocument reads the document as plain JSON.
func readDocument(t *testing.T, text []byte) *document {
	t.Helper()
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDocument(root)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
