package openapitest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pb33f/jsonschema/v6"
)

// document is an OpenAPI document as plain JSON, whose schemas are compiled in
// place: OpenAPI 3.1 schemas are JSON Schema, references and all.
type document struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

// example is a value in the document that a schema in the document describes.
type example struct {
	at     string // JSON Pointer of the value
	schema string // JSON Pointer of its schema
	value  any
}

// resource names the document for the compiler. Nothing is fetched from it.
const resource = "https://openapi.invalid/openapi.json"

func newDocument(root any) (*document, error) {
	object, ok := root.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document is a %T, no object", root)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	return &document{root: object, compiler: c}, c.AddResource(resource, root)
}

// member is the member of the document that the path of names leads to.
func (d *document) member(path ...string) any {
	var node any = d.root
	for _, name := range path {
		object, _ := node.(map[string]any)
		node = object[name]
	}
	return node
}

// walk visits every object of the document but those inside of examples.
func (d *document) walk(visit func(at string, node map[string]any)) {
	walk("", d.root, visit)
}

func walk(at string, node any, visit func(at string, node map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		visit(at, node)
		for _, name := range slices.Sorted(maps.Keys(node)) {
			if name != "example" && name != "examples" {
				walk(at+"/"+escape(name), node[name], visit)
			}
		}
	case []any:
		for i, element := range node {
			walk(fmt.Sprintf("%s/%d", at, i), element, visit)
		}
	}
}

// escape is a name as part of a JSON Pointer (RFC 6901 section 3).
func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// examples are all examples of the document: those beside a schema, written
// there or referred to.
func (d *document) examples() []example {
	var found []example
	d.walk(func(at string, node map[string]any) {
		if _, ok := node["schema"].(map[string]any); !ok {
			return
		}
		if value, ok := node["example"]; ok {
			found = append(found, example{at + "/example", at + "/schema", value})
		}
		named, _ := node["examples"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(named)) {
			value := d.exampleValue(named[name])
			found = append(found, example{at + "/examples/" + escape(name), at + "/schema", value})
		}
	})
	return found
}

// exampleValue is the value of an Example Object or of the one it refers to.
func (d *document) exampleValue(node any) any {
	object, _ := node.(map[string]any)
	if ref, ok := object["$ref"].(string); ok {
		path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		object, _ = d.member(path...).(map[string]any)
	}
	return object["value"]
}

// check holds an example against its schema.
func (d *document) check(e example) error {
	s, err := d.compile(e.schema)
	if err != nil {
		return err
	}
	return s.Validate(e.value)
}

// schemaFaults says what is wrong with the schemas themselves. The OpenAPI
// meta-schema leaves that to the one of JSON Schema.
func (d *document) schemaFaults() []error {
	var faults []error
	try := func(at string) {
		if _, err := d.compile(at); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", at, err))
		}
	}
	components, _ := d.member("components", "schemas").(map[string]any)
	for name := range components {
		try("/components/schemas/" + escape(name))
	}
	d.walk(func(at string, node map[string]any) {
		if _, ok := node["schema"]; ok {
			try(at + "/schema")
		}
	})
	return faults
}

func (d *document) compile(at string) (*jsonschema.Schema, error) {
	fragment := url.URL{Fragment: at}
	return d.compiler.Compile(resource + "#" + fragment.EscapedFragment())
}
