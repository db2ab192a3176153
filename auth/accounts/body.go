package accounts

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/strictjson"
	"github.com/authtodo/authtodo/internal/web"
)

const mediaForm = "application/x-www-form-urlencoded" // of the module's own pages

// body is what a request sends. Members that a route does not ask for do
// nothing, whatever their names: Better Auth's clients send some of their own.
type body struct {
	members map[string]string
	isForm  bool
	faults  []problem.Fault
}

// readBody reads a JSON object. Nothing at all is one without members.
func readBody(c *gin.Context) (*body, error) {
	b := &body{members: make(map[string]string)}
	if isEmpty(c.Request) {
		return b, nil
	}
	text, err := web.Body(c, bodyLimit, "Accept-Post", web.MediaJSON)
	if err != nil {
		return nil, err
	}
	return b, b.decode(text)
}

// readForm reads a JSON object or what one of the module's own pages sends.
func readForm(c *gin.Context) (*body, error) {
	media, _, _ := strings.Cut(c.GetHeader("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), mediaForm) {
		return readBody(c)
	}
	text, err := web.Body(c, bodyLimit, "Accept-Post", mediaForm)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, errBadForm()
	}
	b := &body{members: make(map[string]string), isForm: true}
	for name, value := range values {
		quoted, err := jsontext.AppendQuote(nil, value[0])
		if err != nil || len(value) > 1 {
			return nil, errBadForm()
		}
		b.members[name] = string(quoted)
	}
	return b, nil
}

func errBadForm() error { return badRequest("BAD_REQUEST", "Invalid form in request body") }

func isEmpty(r *http.Request) bool {
	return r.Body == nil || r.ContentLength == 0 && len(r.TransferEncoding) == 0
}

func (b *body) decode(text []byte) error {
	var room [16]strictjson.Member
	members, err := strictjson.Read(string(text), room[:0])
	switch {
	case err == nil:
		for _, m := range members {
			b.members[m.Name] = m.Value
		}
		return nil
	case errors.Is(err, strictjson.ErrNotObject):
		return badRequest("VALIDATION_ERROR", "[body] Invalid input: expected object")
	}
	p := badRequest("BAD_REQUEST", "Invalid JSON in request body")
	p.Detail = "The body is not one JSON object in UTF-8 without duplicate members."
	return p
}

// text is a member that has to be a string.
func (b *body) text(name string) string {
	if !b.has(name) {
		b.fault(name, "required", "Invalid input: expected string, received undefined")
	}
	text, _ := b.optional(name)
	return text
}

// optional is a member that may be left out. It is no part of the body, of which a
// store in memory would then keep all.
func (b *body) optional(name string) (text string, there bool) {
	value, ok := b.members[name]
	if !ok {
		return "", false
	}
	if text, ok = strictjson.String(value); !ok {
		b.fault(name, "wrong_type", "Invalid input: expected string, received "+typeOf(value))
	}
	return strings.Clone(text), ok
}

// email is a member that has to be an address.
func (b *body) email(name string) string {
	text := b.text(name)
	email, ok := NormalEmail(text)
	if _, isText := strictjson.String(b.members[name]); isText && !ok {
		b.fault(name, "invalid_email", "Invalid email address")
	}
	return email
}

// typeOf is JavaScript's name for the type of a value.
func typeOf(value string) string {
	switch jsontext.Value(value).Kind() {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '0':
		return "number"
	case '[':
		return "array"
	case '{':
		return "object"
	}
	return "string"
}

func (b *body) has(name string) bool {
	_, ok := b.members[name]
	return ok
}

func (b *body) isNull(name string) bool { return b.members[name] == "null" }

// flag is a member that is true or false, or absent.
func (b *body) flag(name string, absent bool) bool {
	switch value := b.members[name]; {
	case value == "":
	case value == "true" || value == "false":
		return value == "true"
	default:
		b.fault(name, "wrong_type", "Invalid input: expected boolean, received "+typeOf(value))
	}
	return absent
}

// label is a member that is shown: text of at most limit bytes on one line.
func (b *body) label(name string, limit int) (text string, there bool) {
	text, there = b.optional(name)
	switch {
	case len(text) > limit:
		b.fault(name, "too_long", "Too long")
	case strings.ContainsFunc(text, unicode.IsControl):
		b.fault(name, "invalid_character", "Invalid input: expected no control characters")
	}
	return text, there
}

func (b *body) fault(name, code, detail string) {
	b.faults = append(b.faults, problem.Fault{Pointer: "#/" + name, Code: code, Detail: detail})
}

// err is all that is wrong with the members, in Better Auth's words.
func (b *body) err() error {
	if len(b.faults) == 0 {
		return nil
	}
	var texts []string
	for _, f := range b.faults {
		texts = append(texts, "[body."+strings.TrimPrefix(f.Pointer, "#/")+"] "+f.Detail)
	}
	p := badRequest("VALIDATION_ERROR", strings.Join(texts, "; "))
	p.Faults = b.faults
	return p
}
