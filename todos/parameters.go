package todos

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

// parameters are the query of a list.
type parameters struct {
	query  Query
	cursor string // where the page starts; "" is the start of the list

	// next is what the query of the next page starts with, its cursor
	// excepted: the parameters as they came.
	next string
}

// parseParameters reads the query string of a list. A parameter that is
// unknown, repeated or out of its limits is 422, with all faults at once:
// ignored, it would give another list than the one that was asked for.
func parseParameters(raw string) (parameters, error) {
	p := parameters{query: Query{Limit: DefaultLimit}}
	var faults []problem.Fault
	seen := make(map[string]bool, 4)
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, err := unescapePair(pair)
		code, detail := "malformed", "must be percent-encoded UTF-8"
		switch {
		case err != nil:
		case seen[name]:
			code, detail = "repeated", "must be given once"
		default:
			code, detail = p.set(name, value)
		}
		seen[name] = true
		if code != "" && len(faults) < maxFaults {
			faults = append(faults, problem.Fault{Parameter: shorten(name), Code: code, Detail: detail})
		}
		if name != "cursor" {
			p.next += pair + "&"
		}
	}
	if len(faults) > 0 {
		return parameters{}, web.Invalid(faults...)
	}
	return p, nil
}

// unescapePair does not go by url.ParseQuery, which drops pairs with a
// semicolon.
func unescapePair(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(name); err != nil {
		return "parameter", "", err
	}
	value, err = url.QueryUnescape(value)
	return name, value, err
}

// set takes one parameter, or says what is wrong with it.
func (p *parameters) set(name, value string) (code, detail string) {
	switch name {
	case "completed":
		if value != "true" && value != "false" {
			return "wrong_type", "must be true or false"
		}
		p.query.Completed = Some(value == "true")
	case "q":
		switch {
		case !ValidText(value):
			return "invalid_character", "must be UTF-8 without the character U+0000"
		case utf8.RuneCountInString(value) > MaxSearch:
			return "too_long", "must be at most " + strconv.Itoa(MaxSearch) + " characters"
		}
		p.query.Search = Fold(value)
	case "sort":
		var ok bool
		if p.query.Sort, ok = parseSort(value); !ok {
			return "unknown", "must be one of position, created_at, updated_at, title, completed_at, " +
				"with - in front for descending"
		}
	case "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > MaxLimit || strconv.Itoa(n) != value {
			return "out_of_range", "must be an integer from 1 to " + strconv.Itoa(MaxLimit)
		}
		p.query.Limit = n
	case "cursor":
		if p.cursor = value; value == "" {
			return "malformed", badCursor
		}
	default:
		return "unknown", "is not a parameter of a list"
	}
	return "", ""
}

func parseSort(text string) (s Sort, ok bool) {
	name, descending := strings.CutPrefix(text, "-")
	switch field := SortField(name); field {
	case ByPosition, ByCreatedAt, ByUpdatedAt, ByTitle, ByCompletedAt:
		return Sort{Field: field, Descending: descending}, true
	}
	return Sort{}, false
}

// shorten is the name of a parameter as it is told.
func shorten(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
