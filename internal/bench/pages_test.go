package bench

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/postgres"
)

// million is how many todos one owner has.
const million = 1_000_000

// BenchmarkPages compares the last page of a list to its first, over HTTP. A
// ratio of 1 is a list that is flat.
func BenchmarkPages(b *testing.B) {
	w := &world{server: pgtest.Migrated(b)}
	w.admin = w.open(b)
	bearer := "Bearer " + token(b, longUser)
	head := " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + bearer + "\r\n\r\n"
	handler := w.module(b, postgres.Options{})
	sorts := []string{"position", "-created_at", "title", "completed_at"}

	// The cursor of the last page is taken while there are only the ends of the
	// list: a cursor is a place in the order, whatever else is there.
	loadLong(b, w.admin, 1, 51, "a")
	loadLong(b, w.admin, million-50, million, "z")
	cursors := make(map[string]string)
	for _, sort := range sorts {
		cursors[sort] = cursorBehind(b, handler, bearer, sort, 52)
	}
	loadLong(b, w.admin, 52, million-51, "m")
	w.exec(b, `VACUUM ANALYZE authtodo_todos`)

	for _, sort := range sorts {
		b.Run(sort, func(b *testing.B) {
			page := "/api/todos?limit=50&sort=" + sort
			if n := todosOf(b, handler, bearer, page+"&cursor="+cursors[sort]); n != 50 {
				b.Fatalf("the last page has %d todos", n)
			}
			end := page + "&cursor=" + cursors[sort]
			last := serve(b, handler, http.StatusOK, always("GET "+end+head))
			first := serve(b, handler, http.StatusOK, always("GET "+page+head))
			contest(b, func() {}, last, peer{"first", first})
		})
	}
}

const longUser = "user with a long list"

// loadLong adds the todos from one number to another. All orders are those of
// the numbers, as far as prefix makes the titles so.
func loadLong(b *testing.B, db *sql.DB, from, to int, prefix string) {
	_, err := db.ExecContext(b.Context(), `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT $1, CAST(lpad(to_hex(i), 32, '0') AS uuid), $4 || ' todo ' || md5(CAST(i AS text)),
			'what there is to be said about it', 'todo Xwhat there is to be said about it',
			i % 3 = 0 AND $4 < 'z', CASE WHEN i % 3 = 0 AND $4 < 'z' THEN to_timestamp(i) END,
			i * 65536, to_timestamp(i), to_timestamp(i), 1
		FROM generate_series(CAST($2 AS bigint), CAST($3 AS bigint)) AS i`,
		longUser, from, to, prefix)
	if err == nil {
		_, err = db.ExecContext(b.Context(), `
			INSERT INTO authtodo_lists AS l (user_id, epoch, revision) VALUES ($1, 'loaded', 1)
			ON CONFLICT (user_id) DO UPDATE SET revision = l.revision + 1`, longUser)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// always is the same request again and again.
func always(request string) traffic {
	return func(buf []byte, _ *rand.Rand) []byte { return append(buf, request...) }
}

// cursorBehind is the cursor of the page behind the first n todos.
func cursorBehind(b *testing.B, handler http.Handler, bearer, sort string, n int) string {
	answer := ask(b, handler, bearer, fmt.Sprintf("/api/todos?sort=%s&limit=%d", sort, n))
	link := answer.Header.Get("Link")
	_, cursor, _ := strings.Cut(link, "cursor=")
	cursor, _, ok := strings.Cut(cursor, ">")
	if !ok {
		b.Fatalf("no cursor in the Link %q", link)
	}
	return cursor
}

// todosOf is the number of todos of a page, which must be the last.
func todosOf(b *testing.B, handler http.Handler, bearer, page string) int {
	answer := ask(b, handler, bearer, page)
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.Header.Get("Link") != "" {
		b.Fatalf("the last page has a Link or an error: %q, %v", answer.Header.Get("Link"), err)
	}
	return strings.Count(string(body), `{"id":`)
}

func ask(b *testing.B, handler http.Handler, bearer, target string) *http.Response {
	request := httptest.NewRequest(http.MethodGet, target, nil)
	request.Header.Set("Authorization", bearer)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		b.Fatalf("got %d for %s: %s", recorder.Code, target, recorder.Body)
	}
	return recorder.Result()
}
