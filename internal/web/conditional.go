package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/authtodo/authtodo/internal/problem"
)

// maxTags is how many entity tags a header field may list.
const maxTags = 32

// Tags is a parsed If-Match or If-None-Match (RFC 9110 section 13.1).
type Tags struct {
	Set  bool // the field is there
	Any  bool // it is *
	List []Tag
}

// Tag is an entity tag (RFC 9110 section 8.8.3).
type Tag struct {
	Weak   bool
	Opaque string // without the quotes
}

// ParseTags reads the header field of the given name. Malformed is 400.
func ParseTags(h http.Header, name string) (Tags, error) {
	values := h.Values(name)
	if len(values) == 0 {
		return Tags{}, nil
	}
	text := strings.Trim(strings.Join(values, ","), " \t")
	if text == "*" {
		return Tags{Set: true, Any: true}, nil
	}
	tags := Tags{Set: true}
	for {
		tag, rest, ok := cutTag(text)
		if !ok || len(tags.List) == maxTags {
			return Tags{}, BadRequest("malformed-header", "The header field "+name+" is malformed.",
				problem.Fault{Header: name, Code: "malformed", Detail: `must be * or a list of entity tags such as "3"`})
		}
		tags.List = append(tags.List, tag)
		if rest == "" {
			return tags, nil
		}
		text = rest
	}
}

// cutTag takes one entity tag off the front of text, and the comma behind it.
func cutTag(text string) (tag Tag, rest string, ok bool) {
	text, tag.Weak = strings.CutPrefix(text, "W/")
	if !strings.HasPrefix(text, `"`) {
		return Tag{}, "", false
	}
	end := strings.IndexByte(text[1:], '"') + 1
	if end == 0 {
		return Tag{}, "", false
	}
	tag.Opaque = text[1:end]
	for i := range len(tag.Opaque) {
		if c := tag.Opaque[i]; c <= ' ' || c == 0x7f {
			return Tag{}, "", false
		}
	}
	rest = strings.TrimLeft(text[end+1:], " \t")
	if rest == "" {
		return tag, "", true
	}
	rest, ok = strings.CutPrefix(rest, ",")
	rest = strings.TrimLeft(rest, " \t")
	return tag, rest, ok && rest != ""
}

// Preferences are the preferences of a request (RFC 7240) that the module knows.
type Preferences struct {
	Lenient    bool // handling=lenient
	CountExact bool // count=exact
}

// ParsePreferences reads the header field Prefer. Preferences that it does not
// know are ignored, and of those with one name the first counts, as RFC 7240
// section 2 says.
func ParsePreferences(h http.Header) Preferences {
	var p Preferences
	var handling, count bool // have been there
	for _, value := range h.Values("Prefer") {
		for preference := range strings.SplitSeq(value, ",") {
			preference, _, _ = strings.Cut(preference, ";") // parameters
			name, value, _ := strings.Cut(preference, "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "handling":
				p.Lenient = p.Lenient || !handling && value == "lenient"
				handling = true
			case "count":
				p.CountExact = p.CountExact || !count && value == "exact"
				count = true
			}
		}
	}
	return p
}

// Weakly reports whether an If-None-Match names the entity tag with this
// opaque text, by weak comparison (RFC 9110 section 8.8.3.2).
func (t Tags) Weakly(opaque string) bool {
	return t.Any || slices.ContainsFunc(t.List, func(tag Tag) bool { return tag.Opaque == opaque })
}
