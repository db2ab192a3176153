package todos

import (
	"errors"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/strictjson"
	"github.com/authtodo/authtodo/internal/web"
)

// maxFaults is how many faults of one request are told.
const maxFaults = 32

// maxName is how long an unknown name may be, in bytes, to be told.
const maxName = 256

// decodeDraft reads the body of a creation: 400 if it is no JSON object, 422
// with all faults at once if a member is none of a todo or breaks a rule.
func decodeDraft(body []byte, lenient bool) (Draft, error) {
	d := decoder{lenient: lenient}
	if err := d.decode(body); err != nil {
		return Draft{}, err
	}
	if !d.patch.Title.Set && !d.named {
		d.fault("title", "required", "is required")
	}
	if len(d.faults) > 0 {
		return Draft{}, web.Invalid(d.faults...)
	}
	draft := Draft{
		Title:       d.patch.Title.Value,
		Description: d.patch.Description.Value,
		Completed:   d.patch.Completed.Value,
	}
	if d.patch.Position.Set {
		draft.Position = &d.patch.Position.Value
	}
	return draft, nil
}

// decodePatch reads the body of an update, with the errors of decodeDraft.
func decodePatch(body []byte, lenient bool) (Patch, error) {
	d := decoder{lenient: lenient}
	if err := d.decode(body); err != nil {
		return Patch{}, err
	}
	if len(d.faults) > 0 {
		return Patch{}, web.Invalid(d.faults...)
	}
	return d.patch, nil
}

// decoder collects the members of a body and what is wrong with them.
type decoder struct {
	lenient bool
	patch   Patch
	named   bool // there is a member title, valid or not
	faults  []problem.Fault
}

func (d *decoder) decode(body []byte) error {
	var room [16]strictjson.Member
	members, err := strictjson.Read(string(body), room[:0])
	switch {
	case err == nil:
		for _, m := range members {
			d.member(m.Name, m.Value)
		}
		return nil
	case errors.Is(err, strictjson.ErrNotObject):
		return web.BadRequest("malformed-json", "The body is not one JSON object.")
	}
	return web.BadRequest("malformed-json",
		"The body is not one JSON object in UTF-8 without duplicate members.")
}

// member takes one member. Those that the service sets may be sent back; they
// are ignored, whatever they hold.
func (d *decoder) member(name, value string) {
	switch name {
	case "title":
		d.named = true
		d.title(value)
	case "description":
		d.description(value)
	case "completed":
		d.completed(value)
	case "position":
		d.position(value)
	case "id", "user_id", "completed_at", "created_at", "updated_at", "version":
	default:
		if !d.lenient {
			d.fault(name, "unknown", "is not a member of a todo")
		}
	}
}

func (d *decoder) title(value string) {
	text, ok := d.text("title", value)
	if !ok {
		return
	}
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		d.fault("title", "too_short", "must not be empty")
	case n > MaxTitle:
		d.fault("title", "too_long", "must be at most "+strconv.Itoa(MaxTitle)+" characters")
	default:
		d.patch.Title = Some(text)
	}
}

func (d *decoder) description(value string) {
	if value == "null" {
		d.patch.Description = Some[*string](nil)
		return
	}
	text, ok := d.text("description", value)
	if !ok {
		return
	}
	if utf8.RuneCountInString(text) > MaxDescription {
		d.fault("description", "too_long", "must be at most "+strconv.Itoa(MaxDescription)+" characters")
		return
	}
	d.patch.Description = Some(&text)
}

// text is a string that can be stored. It is no part of the body, of which a store
// in memory would then keep all.
func (d *decoder) text(name, value string) (string, bool) {
	text, ok := strictjson.String(value)
	switch {
	case !ok:
		d.fault(name, "wrong_type", "must be a string")
	case !ValidText(text):
		d.fault(name, "invalid_character", "must not contain the character U+0000")
		ok = false
	}
	return strings.Clone(text), ok
}

func (d *decoder) completed(value string) {
	switch value {
	case "true", "false":
		d.patch.Completed = Some(value == "true")
	default:
		d.fault("completed", "wrong_type", "must be true or false")
	}
}

func (d *decoder) position(value string) {
	if value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		d.fault("position", "wrong_type", "must be an integer")
		return
	}
	n, whole := integer(value)
	switch {
	case !whole:
		d.fault("position", "wrong_type", "must be an integer")
	case n < -MaxPosition || n > MaxPosition:
		d.fault("position", "out_of_range",
			"must be from -"+strconv.Itoa(MaxPosition)+" to "+strconv.Itoa(MaxPosition))
	default:
		d.patch.Position = Some(n)
	}
}

// integer is the value of a JSON number that is a whole one, in whatever
// spelling: 1, 1.0 and 1e0 are the same (RFC 8259 section 6). One that is too
// large comes back as one that is out of range.
func integer(text string) (n int64, whole bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	const long, steep = 64, 400 // bounds of the work on a number that nobody means
	_, power, _ := strings.Cut(strings.ToLower(text), "e")
	exponent, err := strconv.Atoi(power)
	if len(text) > long || power != "" && (err != nil || exponent < -steep || exponent > steep) {
		return MaxPosition + 1, true
	}
	exact, ok := new(big.Rat).SetString(text)
	switch {
	case !ok || !exact.IsInt():
		return 0, false
	case !exact.Num().IsInt64():
		return MaxPosition + 1, true
	}
	return exact.Num().Int64(), true
}

func (d *decoder) fault(name, code, detail string) {
	if len(d.faults) == maxFaults {
		return
	}
	d.faults = append(d.faults, problem.Fault{Pointer: pointer(name), Code: code, Detail: detail})
}

// pointer is the JSON Pointer of a member of the body, as a URI fragment (RFC
// 6901 section 6). A name too long to be told is the body as a whole.
func pointer(name string) string {
	if len(name) > maxName {
		return "#"
	}
	name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return "#/" + (&url.URL{Fragment: name}).EscapedFragment()
}
