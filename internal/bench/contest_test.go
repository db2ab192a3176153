package bench

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(pgtest.Run(m))
}

// A contest takes about rounds × 2 × slice, whatever -benchtime is below that.
const (
	rounds = 15
	slice  = 100 * time.Millisecond
	warmUp = time.Second // to connect, to prepare and to fill the caches of each connection
)

// contender does as many operations as there is time for, and says how many.
type contender func(time.Duration) int

// contest has two contenders take turns. It reports what each does in a second
// and, as x_name, the ratio of the first to the one with the name. before is
// called ahead of every round.
func contest(b *testing.B, before func(), first contender, name string, other contender) {
	before()
	first(warmUp)
	other(warmUp)
	var ratios []float64
	var firsts, others total
	for b.Loop() {
		for round := range rounds {
			var a, z float64
			before()
			if round%2 == 0 { // neither is always the one after the other
				a, z = firsts.add(first), others.add(other)
			} else {
				z, a = others.add(other), firsts.add(first)
			}
			ratios = append(ratios, a/z)
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op") // of a whole contest: not shown
	b.ReportMetric(firsts.rate(), "op/s")
	b.ReportMetric(others.rate(), name+"_op/s")
	b.ReportMetric(ratios[len(ratios)/2], "x_"+name)
}

// total is what a contender has done in all its turns.
type total struct {
	ops  int
	took time.Duration
}

// add takes a turn and returns its rate.
func (t *total) add(c contender) float64 {
	start := time.Now()
	ops := c(slice)
	took := time.Since(start)
	t.ops += ops
	t.took += took
	return float64(ops) / took.Seconds()
}

func (t *total) rate() float64 { return float64(t.ops) / t.took.Seconds() }

// alone is a contender that calls do from one goroutine.
func alone(b *testing.B, do func() error) contender {
	return func(d time.Duration) (ops int) {
		for end := time.Now().Add(d); time.Now().Before(end); ops++ {
			if err := do(); err != nil {
				b.Fatal(err)
			}
		}
		return ops
	}
}
