package auth

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtodo/authtodo/internal/strictjson"
)

// maxDepth is how deeply the values of a token may nest.
const maxDepth = 32

// object is a JSON object that was read strictly, see [strictjson.Read].
type object []strictjson.Member

// get is the value of the given name, which is matched exactly.
func (o object) get(name string) (string, bool) {
	for i := range o {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	return "", false
}

// text is a member that is a string. A member that is not there is empty and
// ok, one of another type is not ok.
func (o object) text(name string) (s string, present, ok bool) {
	value, present := o.get(name)
	if !present {
		return "", false, true
	}
	s, ok = strictjson.String(value)
	return s, true, ok
}

// parse reads text, all of which must be one object. It uses the room of o,
// which is empty.
func parse(text string, o object) (object, error) {
	members, err := strictjson.Read(text, o)
	if err != nil {
		return nil, err
	}
	for i := range members {
		if nesting(members[i].Value) > maxDepth-1 {
			return nil, errDepth
		}
	}
	return members, nil
}

var errDepth = errors.New("values nest too deeply")

// nesting is the depth of brackets in a value.
func nesting(value string) int {
	if value[0] != '{' && value[0] != '[' {
		return 0
	}
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	return deepest
}

// toTexts are the elements of a JSON array of strings, or the one string.
func toTexts(value string) (texts []string, ok bool) {
	if !eachText(value, func(s string) { texts = append(texts, s) }) {
		return nil, false
	}
	return texts, true
}

// eachText calls visit with the elements of a JSON array of strings, or with
// the one string. It is false for every other value, then visit may have been
// called with some of it.
func eachText(value string, visit func(s string)) bool {
	if s, ok := strictjson.String(value); ok {
		visit(s)
		return true
	}
	if value == "" || value[0] != '[' {
		return false
	}
	dec := jsontext.NewDecoder(strings.NewReader(value))
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for dec.PeekKind() == '"' {
		t, err := dec.ReadToken()
		if err != nil {
			return false
		}
		visit(t.String())
	}
	return dec.PeekKind() == ']'
}

// toNumber is a JSON number that a float64 can hold.
func toNumber(value string) (float64, bool) {
	if value == "" || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil { // out of range
		return 0, false
	}
	return n, true
}

// maxNumericDate is the last second of the year 9999. The range is checked on
// the number: converted first, 1e300 becomes a time in the past.
const maxNumericDate = 253402300799

// toTime is a NumericDate (RFC 7519 section 2).
func toTime(value string) (time.Time, bool) {
	if n, ok := toSeconds(value); ok {
		return time.Unix(n, 0).UTC(), true
	}
	n, ok := toNumber(value)
	if !ok || math.Abs(n) > maxNumericDate {
		return time.Time{}, false
	}
	second, fraction := math.Modf(n)
	return time.Unix(int64(second), int64(fraction*1e9)).UTC(), true
}

// toSeconds is a NumericDate as nearly all are: 1 to 11 digits, which is within
// range.
func toSeconds(value string) (n int64, ok bool) {
	if value == "" || len(value) > 11 {
		return 0, false
	}
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(value[i]-'0')
	}
	return n, true
}

// isText reports whether s is UTF-8 without control characters.
func isText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}

// syntax says what is wrong with JSON text without quoting it.
func syntax(err error) string {
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		return "error at byte " + strconv.FormatInt(syntactic.ByteOffset, 10)
	case errors.Is(err, strictjson.ErrNotObject), errors.Is(err, errDepth):
		return err.Error()
	}
	return "it ends too early"
}
