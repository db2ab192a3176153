package authtodo_test

import (
	"regexp"
	"strings"
	"testing"
)

// speeds are the figures of a text that say how fast something is, how much
// faster than another, or how much memory it takes.
func speeds(text string) []string {
	return regexp.MustCompile(`\d[\d.,]*\s?(×|x\b|times\b|ns\b|µs\b|ms\b|[KMG]i?B\b|%|req/s|`+
		`[a-z]+ (a|per|each) second)`).FindAllString(text, -1)
}

// TestReadmeHasNoFiguresOfItsOwn: what the README says of speed was measured, and
// stands on the page that make bench writes.
func TestReadmeHasNoFiguresOfItsOwn(t *testing.T) {
	page := read(t, "docs/benchmarks.md")
	for _, figure := range speeds(read(t, "README.md")) {
		number := regexp.MustCompile(`^\d[\d.,]*`).FindString(figure)
		if !regexp.MustCompile(`(^|[^\d.,])` + regexp.QuoteMeta(number) + `($|[^\d])`).MatchString(page) {
			t.Errorf("the README says %q, which docs/benchmarks.md does not", figure)
		}
	}
}

// TestSpeedsAreFound has what the test above must find in a README.
func TestSpeedsAreFound(t *testing.T) {
	const text = "It is 21 × faster, 3.5x at least, 20 times on lists; 0.4 µs, 12 ms, 20,900 writes a second, " +
		"30 MiB, 40% less. It has 5 routes, is done in 10 lines on port 8080, and ends 5 seconds later."
	const want = "21 ×; 3.5x; 20 times; 0.4 µs; 12 ms; 20,900 writes a second; 30 MiB; 40%"
	if got := strings.Join(speeds(text), "; "); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}
