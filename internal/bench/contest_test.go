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
	// The C library would give the memory that planning a statement takes back to
	// the system each time, above a threshold that some statements are just over
	// and some just under. Where page faults are dear, as in nested virtual
	// machines, that is half of the time of whoever is over. It is the server's to
	// inherit; Go does not look at it.
	os.Setenv("MALLOC_TRIM_THRESHOLD_", "134217728")
	os.Setenv("MALLOC_TOP_PAD_", "4194304")
	os.Exit(pgtest.Run(m))
}

// A contest of two takes about 2 × (warmUp + rounds × slice), whatever -benchtime
// is below that. What a connection does once is paid by few calls of a slow
// contender and many of a fast one, so it must not fall into the contest.
const (
	rounds = 15
	slice  = 100 * time.Millisecond
	warmUp = 2 * time.Second // each connection has to prepare and to map the shared buffers
)

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
	for _, p := range all {
		before()
		p.run(warmUp)
	}
	totals, ratios := make([]total, len(all)), make([][]float64, len(all))
	for b.Loop() {
		for round := range rounds {
			before()
			rates := make([]float64, len(all))
			for i := range all {
				turn := (i + round) % len(all) // nobody always comes after the same one
				rates[turn] = totals[turn].add(all[turn].run)
			}
			for i, rate := range rates {
				ratios[i] = append(ratios[i], rates[0]/rate)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of a whole contest: not shown
	b.ReportMetric(totals[0].rate(), "op/s")
	for i, p := range all[1:] {
		slices.Sort(ratios[i+1])
		b.ReportMetric(totals[i+1].rate(), p.name+"_op/s")
		b.ReportMetric(ratios[i+1][len(ratios[i+1])/2], "x_"+p.name)
	}
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
