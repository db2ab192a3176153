package bench

import (
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	_ "github.com/lib/pq"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/pgtest"
	"github.com/authtodo/authtodo/storage/postgres"
)

const secret = "a secret of the benchmarks, 32 bytes and more"

// Todos of the database, before anything is created: so many that all of them
// stay in the buffers of the server, and so many users that writers hardly meet.
const (
	users = 500
	each  = 60 // of a user
)

// BenchmarkHTTP compares the module, with the guard, row-level security and
// every check, to a Gin handler that has none of them, on the same tables: bare
// keeps its statements prepared, as the module does with Options.Direct only;
// plain gives them to lib/pq at every call, as most services do. Each has
// connections of its own that are new: the server is slower on them for many
// thousand calls, so whoever had old ones would win.
func BenchmarkHTTP(b *testing.B) {
	w := newWorld(b)
	for _, op := range []struct {
		name   string
		status int
		next   traffic
	}{
		{"get", http.StatusOK, w.get},
		{"list of 50", http.StatusOK, w.list},
		{"create", http.StatusCreated, w.create},
		{"update", http.StatusOK, w.update},
		{"delete", http.StatusNoContent, w.delete},
	} {
		compare := func(name string, opts postgres.Options) {
			b.Run(name, func(b *testing.B) {
				w.exec(b, `VACUUM ANALYZE`) // nobody else does it here
				run := func(h http.Handler) contender { return serve(b, h, op.status, op.next) }
				peers := []peer{{"bare", run(newBare(b, w.open(b), true))}}
				if !opts.Direct {
					peers = append(peers, peer{"plain", run(newBare(b, w.open(b), false))})
				}
				contest(b, func() { w.restock(b) }, run(w.module(b, opts)), peers...)
			})
		}
		compare(op.name, postgres.Options{})
		compare(op.name+" direct", postgres.Options{Direct: true})
	}
}

// world is a database and those who use it.
type world struct {
	server *pgtest.Database
	admin  *sql.DB // of a role that row-level security does not bind
	heads  [users]string

	stock   int64        // the number of the last todo
	deleted atomic.Int64 // the number of the last todo that was deleted
	renamed atomic.Int64
}

func newWorld(b *testing.B) *world {
	w := &world{server: pgtest.Migrated(b)}
	w.admin = w.open(b)
	for i := range w.heads {
		user := "user" + strconv.Itoa(i)
		w.heads[i] = " HTTP/1.1\r\nHost: localhost\r\nX-User: " + user +
			"\r\nAuthorization: Bearer " + token(b, user) + "\r\n"
	}
	w.load(b, users*each)
	w.deleted.Store(w.stock) // those that are read stay
	w.exec(b, `
		INSERT INTO authtodo_lists (user_id, epoch, revision)
		SELECT 'user' || i, 'loaded', 1 FROM generate_series(0, $1 - 1) AS i`, users)
	return w
}

// open is a pool of lib/pq as people open it, like the module's in size, of a role
// that row-level security does not bind.
func (w *world) open(b *testing.B) *sql.DB {
	pool, err := sql.Open("postgres", w.server.AdminURL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { pool.Close() })
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	return pool
}

func (w *world) exec(b *testing.B, statement string, args ...any) {
	b.Helper()
	if _, err := w.admin.ExecContext(b.Context(), statement, args...); err != nil {
		b.Fatal(err)
	}
}

// load adds n todos; the one with the number i is of the user i % users.
func (w *world) load(b *testing.B, n int64) {
	w.exec(b, `
		INSERT INTO authtodo_todos (user_id, id, title, description, search_text, completed,
			completed_at, position, created_at, updated_at, version)
		SELECT 'user' || i % $3, CAST(lpad(to_hex(i), 32, '0') AS uuid),
			'todo ' || md5(CAST(i AS text)), 'what there is to be said about it',
			'todo Xwhat there is to be said about it', i % 3 = 0,
			CASE WHEN i % 3 = 0 THEN to_timestamp(i) END,
			i * 65536, to_timestamp(i), to_timestamp(i), 1
		FROM generate_series(CAST($1 AS bigint), CAST($2 AS bigint)) AS i`,
		w.stock+1, w.stock+n, users)
	w.stock += n
}

// restock sees to it that there are todos to delete.
func (w *world) restock(b *testing.B) {
	if w.stock-w.deleted.Load() < 40_000 { // more than one slice, warming up included, can delete
		w.load(b, 40_000)
	}
}

// module is a host with nothing but the module.
func (w *world) module(b *testing.B, opts postgres.Options) http.Handler {
	db, err := opts.Open(b.Context(), w.server.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	engine := gin.New()
	_, err = authtodo.Register(engine.Group("/api"), authtodo.Options{
		Storage: db.Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(secret)}}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return engine
}

func token(b *testing.B, user string) string {
	claims := jwt.MapClaims{
		"sub": user, "email": user + "@example.com", "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// A request is the same for both contenders: the module looks at the token, the
// bare handler at X-User.

func (w *world) get(buf []byte, r *rand.Rand) []byte {
	return w.on("GET", buf, r.Int64N(users*each)+1)
}

// on is a request for one todo, without the end of its head.
func (w *world) on(method string, buf []byte, number int64) []byte {
	return fmt.Appendf(buf, "%s /api/todos/00000000-0000-0000-0000-%012x%s\r\n",
		method, number, w.heads[number%users])
}

func (w *world) list(buf []byte, r *rand.Rand) []byte {
	return fmt.Appendf(buf, "GET /api/todos?limit=50%s\r\n", w.heads[r.IntN(users)])
}

func (w *world) create(buf []byte, r *rand.Rand) []byte {
	const body = `{"title":"created","description":"what there is to be said about it"}`
	return withBody(fmt.Appendf(buf, "POST /api/todos%s", w.heads[r.IntN(users)]), body)
}

func (w *world) update(buf []byte, r *rand.Rand) []byte {
	n := w.renamed.Add(1) // no title is what it was
	body := fmt.Sprintf(`{"title":"renamed %d","completed":%t}`, n, n%2 == 0)
	buf = w.on("PATCH", buf, r.Int64N(users*each)+1)
	return withBody(buf[:len(buf)-len("\r\n")], body)
}

func withBody(head []byte, body string) []byte {
	return fmt.Appendf(head, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body)
}

func (w *world) delete(buf []byte, _ *rand.Rand) []byte {
	return w.on("DELETE", buf, w.deleted.Add(1))
}
