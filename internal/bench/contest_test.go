package bench

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/pgtest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Setenv("AUTHTODO_REQUIRE", "1") // a benchmark that is skipped looks as if it had run
	os.Exit(pgtest.Run(m))
}

// short reports whether the benchmarks are only tried: their figures mean nothing
// then.
func short() bool { return os.Getenv("AUTHTODO_BENCH") == "short" }

// pace is how long contenders run: each about warmUp + rounds × slice, whatever
// -benchtime is below that. What a connection does once is paid by few calls of a
// slow contender and many of a fast one, so it must not fall into the contest.
type pace struct {
	rounds int
	slice  time.Duration
	warmUp time.Duration // each connection has to prepare and to map the shared buffers
}

func usualPace() pace {
	if short() {
		return pace{rounds: 3, slice: 50 * time.Millisecond, warmUp: 200 * time.Millisecond}
	}
	return pace{rounds: 15, slice: 100 * time.Millisecond, warmUp: 2 * time.Second}
}

// contender does as many operations as there is time for, and says how many.
type contender func(time.Duration) int

// peer is what a contender is compared with.
type peer struct {
	name string
	run  contender
}

// contest has ours and its peers take turns. It reports what each does in a
// second and, as x_name, the ratio of ours to the peer with the name. before is
// called ahead of every round.
func contest(b *testing.B, before func(), ours contender, peers ...peer) {
	all := append([]peer{{run: ours}}, peers...)
	s := race(b, usualPace(), before, all)
	b.ReportMetric(s.rate(0), "op/s")
	for i, p := range peers {
		b.ReportMetric(s.rate(i+1), p.name+"_op/s")
		s.report(b, "x_"+p.name, 0, i+1)
	}
}

// score is what contenders have done: the operations in a second of each, for
// every round.
type score [][]float64

// race has contenders take turns, in another order each round, so that nobody
// always comes after the same one.
func race(b *testing.B, p pace, before func(), all []peer) score {
	for _, c := range all {
		before()
		c.run(p.warmUp)
	}
	s, order := make(score, len(all)), rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		for range p.rounds {
			before()
			for _, i := range order.Perm(len(all)) {
				start := time.Now()
				ops := all[i].run(p.slice)
				s[i] = append(s[i], float64(ops)/time.Since(start).Seconds())
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of a whole race: not shown
	return s
}

// rate is what a contender does in a second, at the median.
func (s score) rate(i int) float64 {
	_, median, _ := quartiles(s[i])
	return median
}

// report reports the ratio of one contender to another in the same round: the
// median of all rounds under the name, the quartiles as name_low and name_high.
func (s score) report(b *testing.B, name string, i, j int) {
	ratios := make([]float64, len(s[i]))
	for round := range ratios {
		ratios[round] = s[i][round] / s[j][round]
	}
	low, median, high := quartiles(ratios)
	b.ReportMetric(median, name)
	b.ReportMetric(low, name+"_low")
	b.ReportMetric(high, name+"_high")
}

func quartiles(values []float64) (low, median, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return sorted[n/4], sorted[n/2], sorted[n-1-n/4]
}

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
