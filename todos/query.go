package todos

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of a list.
const (
	DefaultLimit = 100
	MaxLimit     = 500
	MaxSearch    = 256 // code points
	SortPrefix   = 64  // code points of a title that its order goes by
)

// SortField is the member that a list is ordered by.
type SortField string

// The members a list can be ordered by.
const (
	ByPosition    SortField = "position"
	ByCreatedAt   SortField = "created_at"
	ByUpdatedAt   SortField = "updated_at"
	ByTitle       SortField = "title"        // by code point, the first [SortPrefix] of them
	ByCompletedAt SortField = "completed_at" // null is last in both directions
)

// Sort is an order of a list; the zero value is by position. Todos that are
// equal in Field are ordered by ID, in the same direction.
type Sort struct {
	Field      SortField // "" is ByPosition
	Descending bool
}

// Query asks for one page of a list.
type Query struct {
	Sort      Sort
	Completed Optional[bool]
	Search    string   // substring of a title or a description, both folded; by [Fold]
	Limit     int      // 1 to [MaxLimit]
	After     *Anchor  // nil: the first page
	Count     bool     // count all that fits, too
	Known     Revision // the list the client has; zero: none
}

// Page is the answer to a [Query].
type Page struct {
	Todos       []Todo
	More        bool
	Total       int64
	Revision    Revision
	NotModified bool
}

// Revision is the state of one owner's list.
type Revision struct {
	Epoch  string // random, made with the list: two lists never share their revisions
	Number int64  // from 1, one more with every change
}

// Anchor is a place in an ordered list: the key of the todo that the next page
// goes on behind. The todo need not be there any more.
type Anchor struct {
	ID     string
	Number int64  // a position, or a time in milliseconds since 1970
	Text   string // by title: [SortKey]
	Null   bool   // by completed_at: it has none
}

// AnchorOf is the place of t in the order s.
func AnchorOf(t Todo, s Sort) *Anchor {
	a := &Anchor{ID: t.ID}
	switch s.Field {
	case ByCreatedAt:
		a.Number = t.CreatedAt.UnixMilli()
	case ByUpdatedAt:
		a.Number = t.UpdatedAt.UnixMilli()
	case ByTitle:
		a.Text = SortKey(t.Title)
	case ByCompletedAt:
		if a.Null = t.CompletedAt.IsZero(); !a.Null {
			a.Number = t.CompletedAt.UnixMilli()
		}
	default:
		a.Number = t.Position
	}
	return a
}

// Compare orders two places of a list: negative if a comes before b in the
// order s.
func (s Sort) Compare(a, b *Anchor) int {
	if a.Null != b.Null { // last in both directions
		if a.Null {
			return 1
		}
		return -1
	}
	c := 0
	switch {
	case a.Number < b.Number:
		c = -1
	case a.Number > b.Number:
		c = 1
	default:
		if c = strings.Compare(a.Text, b.Text); c == 0 {
			c = strings.Compare(a.ID, b.ID)
		}
	}
	if s.Descending {
		return -c
	}
	return c
}

// Time is the anchor's number as a time.
func (a *Anchor) Time() time.Time { return time.UnixMilli(a.Number).UTC() }

// SortKey is the part of a title that its order goes by: the first
// [SortPrefix] code points. It keeps index entries and cursors small.
func SortKey(title string) string {
	n := 0
	for i := range title {
		if n == SortPrefix {
			return title[:i]
		}
		n++
	}
	return title
}

// Fold is the form in which text is searched: case folded (Unicode, full) and
// in NFC, so that "STRASSE" finds "Straße" and a letter finds itself however
// its accent is written.
func Fold(s string) string {
	if isLowerASCII(s) {
		return s
	}
	return norm.NFC.String(cases.Fold().String(s))
}

func isLowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// SearchSeparator stands between title and description in [SearchText]. It is
// a capital letter because folded text, searched for or searched in, holds
// none: so no match reaches across it, and a store that keeps the search text
// can take it apart again to replace one of its halves.
const SearchSeparator = "X"

// SearchText is what [Query.Search] is looked for in: title and description,
// folded, with [SearchSeparator] between them; a todo without a description
// has no separator either.
func SearchText(title string, description *string) string {
	if description == nil {
		return Fold(title)
	}
	return Fold(title) + SearchSeparator + Fold(*description)
}

// Matches reports whether t fits the filters of q. Stores that cannot filter
// by themselves use it.
func (q *Query) Matches(t Todo) bool {
	if q.Completed.Set && q.Completed.Value != t.Completed {
		return false
	}
	return q.Search == "" || strings.Contains(SearchText(t.Title, t.Description), q.Search)
}
