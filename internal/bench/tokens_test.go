package bench

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/gin-gonic/gin"
)

// room is how many tokens the guard remembers by default.
const room = 4096

// BenchmarkTokens has the guard see tokens of 100,000 users and looks at the heap
// on the way. A token may lie in 8 of the places only, so some are free after as
// many tokens as there are places; after four times as many none is.
func BenchmarkTokens(b *testing.B) {
	iss := newIssuer(b, "HS256")
	marks := []int{0, room, 4 * room, 100_000}
	heaps := make([]float64, len(marks))
	for b.Loop() {
		ask := anyone(iss, iss.guard(b, 0))
		ask(b, "whoever is first pays for what is made once")
		seen := 0
		for i, mark := range marks {
			for ; seen < mark; seen++ {
				ask(b, fmt.Sprint("user", seen))
			}
			heaps[i] = heap()
		}
		runtime.KeepAlive(ask)
	}
	b.ReportMetric(0, "ns/op") // most of it is the signing
	for i, mark := range marks {
		b.ReportMetric(heaps[i]/(1<<20), fmt.Sprint("after_", mark, "_MiB"))
	}
	b.ReportMetric((heaps[len(heaps)-1]-heaps[0])/room, "entry_B")
}

// anyone is a request of any user.
func anyone(iss *issuer, guard gin.HandlerFunc) func(b *testing.B, user string) {
	engine := gin.New()
	passed := 0
	engine.GET("/", guard, func(*gin.Context) { passed++ })
	return func(b *testing.B, user string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+iss.token(b, user))
		before := passed
		engine.ServeHTTP(httptest.NewRecorder(), r)
		if passed != before+1 {
			b.Fatalf("the guard refuses %s", user)
		}
	}
}

// heap is what is in use, in bytes.
func heap() float64 {
	runtime.GC()
	runtime.GC() // what pools held is free only now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
