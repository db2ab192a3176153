package migrations

import "strings"

// split returns the statements of a script: what is between semicolons outside
// of quotes and comments, without the comments and blanks around it. Each runs
// by itself, because several in one call are more than some drivers and Citus
// take. It knows the quotes of both dialects ('…', E'…', "…", $tag$…$tag$) but
// no bodies of statements: no BEGIN ATOMIC and no triggers of SQLite.
func split(script string) []string {
	var statements []string
	start, end := -1, 0 // of the statement that is being read; -1: there is nothing yet
	flush := func() {
		if start >= 0 {
			statements = append(statements, script[start:end])
		}
		start = -1
	}
	for at := 0; at < len(script); {
		n, kind := token(script[at:])
		switch {
		case kind == separator:
			flush()
		case kind == content && start < 0:
			start = at
		}
		at += n
		if kind == content {
			end = at
		}
	}
	flush()
	return statements
}

// kind is what a piece of a script is to split.
type kind int

const (
	content   kind = iota
	blank          // or a comment
	separator      // between statements
)

// token returns the length and the kind of the piece that script begins with.
func token(script string) (int, kind) {
	switch c := script[0]; {
	case c == ';':
		return 1, separator
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		return 1, blank
	case strings.HasPrefix(script, "--"):
		return until(script, 2, "\n"), blank
	case strings.HasPrefix(script, "/*"):
		return comment(script), blank
	case c == '\'' || c == '"': // a doubled quote ends one string and begins another
		return until(script, 1, script[:1]), content
	case (c == 'E' || c == 'e') && strings.HasPrefix(script[1:], "'"):
		return escaped(script), content
	case c == '$':
		return dollar(script), content
	case isWord(c):
		return word(script), content
	}
	return 1, content
}

// until is the length of script up to and with the next end, which is looked
// for behind the first n bytes. Without one it is all of script.
func until(script string, n int, end string) int {
	if i := strings.Index(script[n:], end); i >= 0 {
		return n + i + len(end)
	}
	return len(script)
}

// comment is the length of a comment. Postgres nests them.
func comment(script string) int {
	depth := 0
	for i := 0; i < len(script); {
		switch {
		case strings.HasPrefix(script[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(script[i:], "*/"):
			depth--
			i += 2
		default:
			i++
		}
		if depth == 0 {
			return i
		}
	}
	return len(script)
}

// escaped is the length of E'…', in which a backslash takes the next byte along.
func escaped(script string) int {
	for i := 2; i < len(script); i++ {
		switch script[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return len(script)
}

// dollar is the length of $tag$…$tag$. What looks like its beginning and is
// none, such as $1, is one byte.
func dollar(script string) int {
	n := 1
	if n < len(script) && script[n] != '$' && !isDigit(script[n]) {
		for n < len(script) && isWord(script[n]) && script[n] != '$' {
			n++
		}
	}
	if n == len(script) || script[n] != '$' {
		return 1
	}
	return until(script, n+1, script[:n+1])
}

// word is the length of a name, a keyword or a number, in which a $ begins no
// quote.
func word(script string) int {
	n := 0
	for n < len(script) && isWord(script[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) ||
		c == '_' || c == '$' || c >= 0x80
}
