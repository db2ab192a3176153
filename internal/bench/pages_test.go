package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// million is how many todos one owner has.
const million = 1_000_000

// BenchmarkPages compares the last page of a list to its first, over HTTP. A
// ratio of 1 is a list that is flat.
func BenchmarkPages(b *testing.B) {
	w := emptyWorld(b)
	p := start(b, build(b)+"authtodo", "-db", w.server.URL)
	bearer := "Bearer " + token(b, longUser)
	head := " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + bearer + "\r\n\r\n"
	sorts := []string{"position", "-created_at", "title", "completed_at"}

	// The cursor of the last page is taken while there are only the ends of the
	// list: a cursor is a place in the order, whatever else is there.
	loadLong(b, w, 1, 51, "a")
	loadLong(b, w, million-50, million, "z")
	cursors := make(map[string]string)
	for _, sort := range sorts {
		cursors[sort] = cursorBehind(b, p, bearer, sort, 52)
	}
	w.withoutIndexes(b, func() { loadLong(b, w, 52, million-51, "m") })
	w.exec(b, `VACUUM ANALYZE authtodo_todos`)

	for _, sort := range sorts {
		b.Run(sort, func(b *testing.B) {
			first := "/api/todos?limit=50&sort=" + sort
			last := first + "&cursor=" + cursors[sort]
			if n := todosOf(b, p, bearer, last); n != 50 {
				b.Fatalf("the last page has %d todos", n)
			}
			run := func(page string) contender {
				return load(b, p, 16, http.StatusOK, always("GET "+page+head)).contender(b)
			}
			contest(b, func() {}, run(last), peer{"first", run(first)})
		})
	}
}

const longUser = "user with a long list"

// loadLong adds the todos from one number to another. All orders are those of
// the numbers, as far as prefix makes the titles so.
func loadLong(b *testing.B, w *world, from, to int, prefix string) {
	w.exec(b, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT $1, CAST(lpad(to_hex(i), 32, '0') AS uuid), $4 || ' todo ' || md5(CAST(i AS text)),
			'what there is to be said about it', 'todo Xwhat there is to be said about it',
			i % 3 = 0 AND $4 < 'z', CASE WHEN i % 3 = 0 AND $4 < 'z' THEN to_timestamp(i) END,
			i * 65536, to_timestamp(i), to_timestamp(i), 1
		FROM generate_series(CAST($2 AS bigint), CAST($3 AS bigint)) AS i`,
		longUser, from, to, prefix)
	w.exec(b, `
		INSERT INTO authtodo_lists AS l (user_id, epoch, revision) VALUES ($1, 'loaded', 1)
		ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1`, longUser)
}

// always is the same request again and again.
func always(request string) traffic {
	return func(buf []byte, _ *rand.Rand) []byte { return append(buf, request...) }
}

// cursorBehind is the cursor of the page behind the first n todos.
func cursorBehind(b *testing.B, p *process, bearer, sort string, n int) string {
	answer, _ := ask(b, p, bearer, fmt.Sprintf("/api/todos?sort=%s&limit=%d", sort, n))
	link := answer.Header.Get("Link")
	_, cursor, _ := strings.Cut(link, "cursor=")
	cursor, _, ok := strings.Cut(cursor, ">")
	if !ok {
		b.Fatalf("no cursor in the Link %q", link)
	}
	return cursor
}

// todosOf is the number of todos of a page, which must be the last.
func todosOf(b *testing.B, p *process, bearer, page string) int {
	answer, body := ask(b, p, bearer, page)
	if link := answer.Header.Get("Link"); link != "" {
		b.Fatalf("the last page has a Link: %q", link)
	}
	return strings.Count(body, `{"id":`)
}

func ask(b *testing.B, p *process, bearer, target string) (*http.Response, string) {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+p.addr+target, nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", bearer)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("got %s for %s: %v, %s", answer.Status, target, err, body)
	}
	return answer, string(body)
}
