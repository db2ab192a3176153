package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/storage"
	"github.com/authtodo/authtodo/storage/memory"
	"github.com/authtodo/authtodo/todos"
)

// TestExamplesAreSent sends each example of a request to the module as a reader
// of the document would: bare, with the example of each parameter alone, and with
// all of them. None is refused, and what answers the bare one is an example of an
// answer.
func TestExamplesAreSent(t *testing.T) {
	d := readDocument(t, documentText(t))
	sent, compared := 0, 0
	for path := range d.member("paths").(map[string]any) {
		for _, method := range []string{"get", "head", "post", "patch", "put", "delete"} {
			operation, ok := d.member("paths", path, method).(map[string]any)
			if !ok {
				continue
			}
			for i, body := range d.bodies(operation) {
				for j, r := range d.requests(path, operation) {
					t.Run(fmt.Sprint(operation["operationId"], i, j), func(t *testing.T) {
						c := dial(t, shelf(t, d, method), authtodo.Options{Now: func() time.Time { return doneAt }})
						resp := c.send(t, strings.ToUpper(method), r.path, r.fields+body.fields, body.text)
						sent++
						if resp.StatusCode >= 400 {
							t.Fatalf("%s %s\n%s%s\nis answered with %s", method, r.path, r.fields+body.fields, body.text, resp.Status)
						}
						if i == 0 && j == 0 && method != "head" && method != "delete" && path != "/openapi.json" {
							compared++
							d.isExample(t, operation, method, resp)
						}
					})
				}
			}
		}
	}
	if sent < 50 || compared < 5 {
		t.Errorf("only %d are sent, and %d answers compared", sent, compared)
	}
}

// doneAt is when the todo of the examples is completed.
var doneAt = time.Date(2026, 3, 4, 6, 40, 0, 907e6, time.UTC)

// shelf has the todos of the examples; where one is created, none yet.
func shelf(t *testing.T, d *document, method string) storage.Backend {
	t.Helper()
	backend := memory.New().Backend()
	if method == "post" {
		return backend
	}
	for _, value := range d.member("components", "examples", "TodoList", "value").([]any) {
		todo := value.(map[string]any)
		at, err := time.Parse(time.RFC3339, todo["created_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		draft := todos.Draft{ID: todo["id"].(string), Title: todo["title"].(string), CreatedAt: at}
		if text, ok := todo["description"].(string); ok {
			draft.Description = &text
		}
		if _, err := backend.Todos.CreateTodo(t.Context(), user, draft); err != nil {
			t.Fatal(err)
		}
	}
	return backend
}

// request is where an example goes, and with which header fields.
type request struct{ path, fields, text string }

// bodies are the examples of the body in each media type, by name.
func (d *document) bodies(operation map[string]any) (found []request) {
	body, ok := operation["requestBody"].(map[string]any)
	if !ok {
		return []request{{}}
	}
	body = d.resolve(body)
	content := body["content"].(map[string]any)
	for _, media := range slices.Sorted(maps.Keys(content)) {
		examples := content[media].(map[string]any)["examples"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(examples)) {
			text, err := json.Marshal(d.exampleValue(examples[name]))
			if err != nil {
				panic(err)
			}
			found = append(found, request{fields: "Content-Type: " + media + "\n", text: string(text)})
		}
	}
	return found
}

// requests are the path of an operation bare, with each parameter, and with all.
func (d *document) requests(path string, operation map[string]any) []request {
	shared, _ := d.member("paths", path, "parameters").([]any)
	own, _ := operation["parameters"].([]any)
	all, found := request{path: path}, []request{{path: path}}
	for _, node := range append(shared, own...) {
		p := d.resolve(node.(map[string]any))
		name, values := p["name"].(string), []any{p["example"]}
		if named, ok := p["examples"].(map[string]any); ok {
			values = nil
			for _, key := range slices.Sorted(maps.Keys(named)) {
				values = append(values, d.exampleValue(named[key]))
			}
		}
		for i, value := range values {
			switch {
			case value == nil: // a cursor
			case p["in"] == "path":
				all.path = strings.ReplaceAll(all.path, "{"+name+"}", fmt.Sprint(value))
				found[0].path = all.path
			default:
				found = append(found, with(found[0], p["in"], name, value))
				if i == 0 {
					all = with(all, p["in"], name, value)
				}
			}
		}
	}
	return append(found, all)
}

func with(r request, in any, name string, value any) request {
	if in == "header" {
		r.fields += fmt.Sprintf("%s: %v\n", name, value)
		return r
	}
	separator := "?"
	if strings.Contains(r.path, "?") {
		separator = "&"
	}
	r.path += separator + name + "=" + url.QueryEscape(fmt.Sprint(value))
	return r
}

// resolve is an object or the one it refers to.
func (d *document) resolve(node map[string]any) map[string]any {
	if ref, ok := node["$ref"].(string); ok {
		node, _ = d.member(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any)
	}
	return node
}

// isExample fails unless the answer is one of those in the document, but for the
// id and the times of what has been created.
func (d *document) isExample(t *testing.T, operation map[string]any, method string, resp *http.Response) {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	responses := operation["responses"].(map[string]any)
	answer := d.resolve(responses[fmt.Sprint(resp.StatusCode)].(map[string]any))
	examples := answer["content"].(map[string]any)["application/json"].(map[string]any)["examples"].(map[string]any)
	for _, example := range examples {
		want := d.exampleValue(example)
		if todo, ok := want.(map[string]any); ok && method == "post" {
			for _, member := range []string{"id", "created_at", "updated_at"} {
				got.(map[string]any)[member] = todo[member]
			}
		}
		if reflect.DeepEqual(got, want) {
			return
		}
	}
	t.Errorf("%s is no example of an answer", text)
}
