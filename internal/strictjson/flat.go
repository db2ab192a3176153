package strictjson

import (
	"strings"
	"unicode/utf8"
)

// flat reads the objects that nearly all tokens and bodies consist of: no white
// space, no escapes, values that are strings, whole numbers, literals and arrays of
// strings, and no more members than there is room for in o, which is empty. It is
// many times faster than readAny, and false for every text that is not such an
// object, sound or not: readAny judges those. FuzzFlat holds the two together.
func flat(text string, o []Member) ([]Member, bool) {
	if len(text) < 2 || text[0] != '{' || !isPlain(text) {
		return o, false
	}
	for i := 1; ; i++ {
		name := quoted(text[i:])
		i += len(name)
		if name == "" || i == len(text) || text[i] != ':' {
			return o, false
		}
		i++
		value := flatValue(text[i:])
		i += len(value)
		if value == "" || i == len(text) {
			return o, false
		}
		name = name[1 : len(name)-1]
		if has(o, name) || len(o) == cap(o) {
			return o, false
		}
		o = append(o, Member{name, value})
		if text[i] != ',' {
			return o, text[i] == '}' && i == len(text)-1
		}
	}
}

func has(o []Member, name string) bool {
	for i := range o {
		if o[i].Name == name {
			return true
		}
	}
	return false
}

// isPlain reports whether text is UTF-8 without escapes and control characters.
func isPlain(text string) bool {
	if strings.IndexByte(text, '\\') >= 0 {
		return false
	}
	var all byte
	for i := range len(text) {
		if text[i] < ' ' {
			return false
		}
		all |= text[i]
	}
	return all < utf8.RuneSelf || utf8.ValidString(text)
}

// quoted is the string that plain text starts with, its quotes included, or
// empty.
func quoted(text string) string {
	if text == "" || text[0] != '"' {
		return ""
	}
	end := strings.IndexByte(text[1:], '"')
	if end < 0 {
		return ""
	}
	return text[:end+2]
}

// flatValue is the value that plain text starts with, or empty.
func flatValue(text string) string {
	if text == "" {
		return ""
	}
	switch text[0] {
	case '"':
		return quoted(text)
	case '[':
		return flatArray(text)
	case 't', 'f', 'n':
		for _, literal := range [...]string{"true", "false", "null"} {
			if strings.HasPrefix(text, literal) {
				return literal
			}
		}
		return ""
	}
	return wholeNumber(text)
}

// flatArray is an array of strings.
func flatArray(text string) string {
	for i := 1; ; i++ {
		s := quoted(text[i:])
		i += len(s)
		if s == "" || i == len(text) {
			return ""
		}
		if text[i] == ']' {
			return text[:i+1]
		}
		if text[i] != ',' {
			return ""
		}
	}
}

// wholeNumber is a number without fraction and exponent. Where one of these
// follows, it is no value's end, and flat is false.
func wholeNumber(text string) string {
	i := 0
	if text[0] == '-' {
		i++
	}
	first := i
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	switch {
	case i == first, i == len(text): // no digit, or no end
		return ""
	case text[first] == '0' && i > first+1: // a leading zero
		return ""
	}
	return text[:i]
}
