package bench

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo/internal/bench/hosts/host"
	"github.com/authtodo/authtodo/internal/pgtest"
)

// world is a database and its users, who have as many todos each.
type world struct {
	server *pgtest.Database
	admin  *sql.DB  // of a superuser
	heads  []string // the end of the head of a user's requests
	active int64    // how many of the users make requests
	each   int64    // how many of their todos they ask for

	loaded  int64        // the number of the last todo that is never deleted
	stock   int64        // the number of the last todo
	deleted atomic.Int64 // the number of the last todo that was deleted
	renamed atomic.Int64
}

func newWorld(b *testing.B, users, todos int64) *world {
	w := emptyWorld(b)
	w.heads, w.active, w.each = make([]string, users), users, todos/users
	for i := range w.heads {
		user := "user" + strconv.Itoa(i)
		w.heads[i] = " HTTP/1.1\r\nHost: localhost\r\nX-User: " + user +
			"\r\nAuthorization: Bearer " + token(b, user) + "\r\n"
	}
	w.withoutIndexes(b, func() { w.load(b, todos) })
	w.loaded = todos
	w.deleted.Store(todos)
	w.exec(b, `
		INSERT INTO authtodo_lists (user_id, epoch, revision)
		SELECT 'user' || i, 'loaded', 1 FROM generate_series(0, $1 - 1) AS i`, users)
	w.exec(b, `VACUUM ANALYZE`) // nobody else does it here
	w.exec(b, `CHECKPOINT`)     // or else who reads has to write
	return w
}

// emptyWorld has tables and nobody.
func emptyWorld(b *testing.B) *world {
	w := &world{server: pgtest.Migrated(b)}
	admin, err := sql.Open("postgres", w.server.AdminURL+" maintenance_work_mem=256MB")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { admin.Close() })
	w.admin = admin
	return w
}

// free connects as a role that row-level security does not bind. A superuser would
// have an advantage: the server does not look up what it may do.
func (w *world) free(b *testing.B) (url string) {
	w.exec(b, `CREATE ROLE authtodo_free LOGIN BYPASSRLS PASSWORD 'free'`)
	b.Cleanup(func() {
		for _, statement := range []string{`DROP OWNED BY authtodo_free`, `DROP ROLE authtodo_free`} {
			if _, err := w.admin.Exec(statement); err != nil {
				b.Error(err)
			}
		}
	})
	w.exec(b, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO authtodo_free`)
	return w.server.AdminURL + " user=authtodo_free password=free"
}

func (w *world) exec(b *testing.B, statement string, args ...any) {
	b.Helper()
	if _, err := w.admin.ExecContext(b.Context(), statement, args...); err != nil {
		b.Fatal(err)
	}
}

// backends are the processes of the server whose clients have called themselves
// by the name.
func (w *world) backends(b *testing.B, name string) (pids []int) {
	rows, err := w.admin.QueryContext(b.Context(), `
		SELECT pid FROM pg_catalog.pg_stat_activity
		WHERE application_name = $1 AND datname = current_database()`, name)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			b.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if err := rows.Err(); err != nil || len(pids) == 0 {
		b.Fatalf("%s has %d connections: %v", name, len(pids), err)
	}
	return pids
}

// withoutIndexes makes the indexes again when do is done, which is faster by far.
func (w *world) withoutIndexes(b *testing.B, do func()) {
	rows, err := w.admin.QueryContext(b.Context(), `
		SELECT 'ALTER TABLE authtodo_todos DROP CONSTRAINT ' || conname,
			'ALTER TABLE authtodo_todos ADD ' || pg_get_constraintdef(oid)
		FROM pg_catalog.pg_constraint
		WHERE conrelid = CAST('authtodo_todos' AS regclass) AND contype = 'p'
		UNION ALL
		SELECT 'DROP INDEX ' || indexname, indexdef FROM pg_catalog.pg_indexes
		WHERE tablename = 'authtodo_todos' AND indexname NOT LIKE '%_pkey'`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var drops, makes []string
	for rows.Next() {
		var drop, make string
		if err := rows.Scan(&drop, &make); err != nil {
			b.Fatal(err)
		}
		drops, makes = append(drops, drop), append(makes, make)
	}
	if err := rows.Err(); err != nil || len(drops) < 2 {
		b.Fatalf("%d indexes: %v", len(drops), err)
	}
	for _, statement := range drops {
		w.exec(b, statement)
	}
	do()
	for _, statement := range makes {
		w.exec(b, statement)
	}
}

// load adds n todos, of the active users in turn: see owner.
func (w *world) load(b *testing.B, n int64) {
	w.exec(b, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT 'user' || (i % $3 + 1) % $4, CAST(lpad(to_hex(i), 32, '0') AS uuid),
			'todo ' || md5(CAST(i AS text)), 'what there is to be said about it',
			'todo Xwhat there is to be said about it', i % 3 = 0,
			CASE WHEN i % 3 = 0 THEN to_timestamp(i) END,
			i * 65536, to_timestamp(i), to_timestamp(i), 1
		FROM generate_series(CAST($1 AS bigint), CAST($2 AS bigint)) AS i`,
		w.stock+1, w.stock+n, w.active, len(w.heads))
	w.stock += n
}

// restock sees to it that there are n todos to delete.
func (w *world) restock(b *testing.B, n int64) {
	if w.stock-w.deleted.Load() < n {
		w.load(b, n)
	}
}

func token(b *testing.B, user string) string {
	claims := jwt.MapClaims{
		"sub": user, "email": user + "@example.com", "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(host.Secret))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// A request is the same for all that have these tables: a guard looks at the
// token, the bare handler at X-User.

func (w *world) get(buf []byte, r *rand.Rand) []byte { return w.on("GET", buf, w.some(r)) }

// some is the number of one of the todos that are asked for.
func (w *world) some(r *rand.Rand) int64 {
	return (1+r.Int64N(w.each-1))*int64(len(w.heads)) + r.Int64N(w.active)
}

// on is a request for one todo, without the end of its head.
func (w *world) on(method string, buf []byte, number int64) []byte {
	return fmt.Appendf(buf, "%s /api/todos/00000000-0000-0000-0000-%012x%s\r\n",
		method, number, w.heads[w.owner(number)])
}

// owner is the user who has the todo with a number.
func (w *world) owner(number int64) int64 {
	users := int64(len(w.heads))
	if number <= w.loaded { // when all were active
		return (number%users + 1) % users
	}
	return (number%w.active + 1) % users
}

func (w *world) list(buf []byte, r *rand.Rand) []byte {
	return fmt.Appendf(buf, "GET /api/todos?limit=50%s\r\n", w.heads[w.somebody(r)])
}

// any is list, for any of the users.
func (w *world) any(buf []byte, r *rand.Rand) []byte {
	return fmt.Appendf(buf, "GET /api/todos?limit=50%s\r\n", w.heads[r.IntN(len(w.heads))])
}

func (w *world) somebody(r *rand.Rand) int64 { return (r.Int64N(w.active) + 1) % int64(len(w.heads)) }

func (w *world) create(buf []byte, r *rand.Rand) []byte {
	const body = `{"title":"created","description":"what there is to be said about it"}`
	return withBody(fmt.Appendf(buf, "POST /api/todos%s", w.heads[w.somebody(r)]), body)
}

func (w *world) update(buf []byte, r *rand.Rand) []byte {
	buf = w.on("PATCH", buf, w.some(r))
	return withBody(buf[:len(buf)-len("\r\n")], renaming(w.renamed.Add(1)))
}

func (w *world) delete(buf []byte, _ *rand.Rand) []byte {
	return w.on("DELETE", buf, w.deleted.Add(1))
}

// renaming is the body of an update after which no title is what it was.
func renaming(n int64) string {
	return fmt.Sprintf(`{"title":"renamed %d","completed":%t}`, n, n%2 == 0)
}

func withBody(head []byte, body string) []byte {
	return fmt.Appendf(head, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body)
}
