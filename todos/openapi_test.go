package todos

import (
	"bytes"
	stdjson "encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// openAPI is the part of openapi.json that repeats what this package says in
// Go. What else there is to check of it, internal/openapitest does with a
// library that knows OpenAPI.
type openAPI struct {
	Components struct {
		Schemas    map[string]schema
		Parameters map[string]struct {
			Description string
			Schema      schema
		}
	}
}

type schema struct {
	MinLength, MaxLength, Minimum, Maximum *int64
	Default                                any
	Enum                                   []string
	Description                            string
}

// readOpenAPI reads the document strictly: UTF-8, no name twice, nothing
// behind it.
func readOpenAPI(t *testing.T) (doc openAPI, text []byte) {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return doc, text
}

// TestOpenAPIIsTidy keeps diffs of the document small.
func TestOpenAPIIsTidy(t *testing.T) {
	_, text := readOpenAPI(t)
	opened := newDocument("a cookie")
	for name, text := range map[string]string{
		"openapi.json": string(text), "with a cookie, it": opened.before + `"/"` + opened.after,
	} {
		var want bytes.Buffer
		if err := stdjson.Indent(&want, []byte(text), "", "  "); err != nil {
			t.Fatal(err)
		}
		if text != want.String() {
			t.Errorf("%s is not indented by two spaces", name)
		}
	}
}

func TestOpenAPILimits(t *testing.T) {
	doc, _ := readOpenAPI(t)
	schemas, parameters := doc.Components.Schemas, doc.Components.Parameters
	for _, c := range []struct {
		name string
		got  *int64
		want int64
	}{
		{"minLength of Title", schemas["Title"].MinLength, 1},
		{"maxLength of Title", schemas["Title"].MaxLength, MaxTitle},
		{"maxLength of Description", schemas["Description"].MaxLength, MaxDescription},
		{"minimum of Position", schemas["Position"].Minimum, -MaxPosition},
		{"maximum of Position", schemas["Position"].Maximum, MaxPosition},
		{"minimum of limit", parameters["Limit"].Schema.Minimum, 1},
		{"maximum of limit", parameters["Limit"].Schema.Maximum, MaxLimit},
		{"maxLength of q", parameters["Search"].Schema.MaxLength, MaxSearch},
	} {
		switch {
		case c.got == nil:
			t.Errorf("there is no %s", c.name)
		case *c.got != c.want:
			t.Errorf("the %s is %d, want %d", c.name, *c.got, c.want)
		}
	}
	if got := parameters["Limit"].Schema.Default; got != float64(DefaultLimit) {
		t.Errorf("the default of limit is %v, want %d", got, DefaultLimit)
	}
}

// TestOpenAPIWords looks for the limits that the document has in words only.
func TestOpenAPIWords(t *testing.T) {
	doc, _ := readOpenAPI(t)
	schemas, parameters := doc.Components.Schemas, doc.Components.Parameters
	hours := int(RetryWindow.Hours())
	for _, c := range []struct{ name, text, want string }{
		{"Title", schemas["Title"].Description, "1 to " + strconv.Itoa(MaxTitle) + " "},
		{"Description", schemas["Description"].Description, "0 to " + strconv.Itoa(MaxDescription) + " "},
		{"Position", schemas["Position"].Description, " " + strconv.Itoa(PositionStep) + " behind"},
		{"sort", parameters["Sort"].Description, "first " + strconv.Itoa(SortPrefix) + " code points"},
		{"limit", parameters["Limit"].Description, "More than " + strconv.Itoa(MaxLimit) + " "},
		{"q", parameters["Search"].Description, "At most " + strconv.Itoa(MaxSearch) + " "},
		{"Idempotency-Key", parameters["Idempotency-Key"].Description, strconv.Itoa(hours) + " hours"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("the description of %s is %q and does not say %q", c.name, c.text, c.want)
		}
	}
}

func TestOpenAPISorts(t *testing.T) {
	doc, _ := readOpenAPI(t)
	var want []string
	for _, f := range []SortField{ByPosition, ByCreatedAt, ByUpdatedAt, ByTitle, ByCompletedAt} {
		want = append(want, string(f), "-"+string(f))
	}
	sort := doc.Components.Parameters["Sort"].Schema
	if !slices.Equal(sort.Enum, want) {
		t.Errorf("the values of sort are %q, want %q", sort.Enum, want)
	}
	if sort.Default != string(ByPosition) {
		t.Errorf("the default of sort is %v, want %q", sort.Default, ByPosition)
	}
}
