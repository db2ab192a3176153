package bench

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/storage/memory"
)

// BenchmarkGuard compares a request through Gin and the guard, with a token that
// was seen before and with one at first sight, to other guards and to what none
// can do without.
func BenchmarkGuard(b *testing.B) {
	for _, alg := range []string{"HS256", "RS256", "EdDSA", "ES256"} {
		iss := newIssuer(b, alg)
		token := iss.token(b, "6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P")
		compare := func(name string, size int) {
			b.Run(alg+"/"+name, func(b *testing.B) {
				duel(b, through(token, iss.guard(b, size)), iss.peers(b, token))
				b.ReportMetric(float64(len(token)), "token_B")
			})
		}
		compare("seen", 0)
		compare("first", auth.NoCache)
	}
}

// oneCore has what follows pay for its garbage itself. It is not enough to ask for it
// once: testing sets GOMAXPROCS anew behind each benchmark of several.
func oneCore(b *testing.B) {
	before := runtime.GOMAXPROCS(1)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// guard is the module's, which remembers as many tokens as size says.
func (iss *issuer) guard(b *testing.B, size int) gin.HandlerFunc {
	module, err := authtodo.Register(gin.New(), authtodo.Options{
		Storage: memory.New().Backend(),
		Auth:    auth.Options{Issuers: []auth.Issuer{iss.trusted()}, TokenCache: size},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { module.Close() })
	return module.Guard()
}

// rival is one operation of a peer.
type rival struct {
	name string
	do   func() error
}

func (iss *issuer) peers(b *testing.B, token string) []rival {
	all := []rival{
		{"auth0", through(token, iss.auth0(b))},
		{"jwx", through(token, iss.jwx(b))},
	}
	if iss.public != nil {
		return append(all, rival{"keyfunc", through(token, iss.keyfunc(b))},
			rival{"raw", iss.raw(b, token)})
	}
	return append(all, rival{"golang-jwt", iss.golangJWT(token)},
		rival{"gin-jwt", through(token, iss.ginJWT(b))},
		rival{"gin", through(token, func(*gin.Context) {})},
		rival{"floor", pooledFloor(token)}, rival{"plain-floor", plainFloor(token)})
}

// through is a request with the token through a guard in Gin.
func through(token string, guard gin.HandlerFunc) func() error {
	engine := gin.New()
	passed := 0
	engine.GET("/", guard, func(*gin.Context) { passed++ })
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	return func() error {
		before := passed
		engine.ServeHTTP(w, r)
		if passed != before+1 {
			return fmt.Errorf("the guard answers %d %s", w.Code, w.Body)
		}
		return nil
	}
}

// duel is a contest of operations, which says what each allocates, too. They
// need next to no warming up, and turns so short that the machine is the same for
// all of a round, but long against a collection of somebody else's garbage.
func duel(b *testing.B, ours func() error, rivals []rival) {
	oneCore(b)
	p := pace{rounds: 80, slice: 25 * time.Millisecond, warmUp: 100 * time.Millisecond}
	if short() {
		p = pace{rounds: 5, slice: 5 * time.Millisecond, warmUp: 5 * time.Millisecond}
	}
	all := []peer{{run: often(b, ours)}}
	for _, r := range rivals {
		all = append(all, peer{r.name, often(b, r.do)})
	}
	s := race(b, p, func() {}, all)
	b.ReportMetric(s.rate(0), "op/s")
	b.ReportMetric(allocations(b, ours), "allocs")
	for i, r := range rivals {
		b.ReportMetric(s.rate(i+1), r.name+"_op/s")
		b.ReportMetric(allocations(b, r.do), r.name+"_allocs")
		s.report(b, "x_"+r.name, 0, i+1)
	}
}

func allocations(b *testing.B, do func() error) float64 {
	return testing.AllocsPerRun(100, func() {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	})
}

// often is a contender whose operation is so short that looking at the clock
// each time would be a part of it.
func often(b *testing.B, do func() error) contender {
	const batch = 32
	return func(d time.Duration) (ops int) {
		for end := time.Now().Add(d); time.Now().Before(end); ops += batch {
			for range batch {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		}
		return ops
	}
}
