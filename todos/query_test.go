package todos

import (
	"strings"
	"testing"
	"unicode"
)

// TestSearchSeparatorIsNeverFolded goes through all there is to be folded, in
// front of a letter and of an accent that it could be composed with.
func TestSearchSeparatorIsNeverFolded(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, text := range []string{string(r), string(r) + "\u0307", "x" + string(r)} {
			if folded := Fold(text); strings.Contains(folded, SearchSeparator) {
				t.Fatalf("%+q is folded to %+q, which holds the separator", text, folded)
			}
		}
	}
}

func TestSearchText(t *testing.T) {
	for _, c := range []struct {
		title       string
		description *string
		want        string
	}{
		{"Title", nil, "title"},
		{"Title", new(""), "title" + SearchSeparator},
		{"TITLE", new("Stra\u00dfe"), "title" + SearchSeparator + "strasse"},
		{SearchSeparator, new(SearchSeparator), "x" + SearchSeparator + "x"},
	} {
		if got := SearchText(c.title, c.description); got != c.want {
			t.Errorf("the search text of %q is %q, want %q", c.title, got, c.want)
		}
	}
}
