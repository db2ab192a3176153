package todos

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestAppendTime compares to the layout that says what is meant.
func TestAppendTime(t *testing.T) {
	zone := time.FixedZone("east", 2*60*60)
	times := []time.Time{
		{}, time.UnixMilli(0), time.UnixMilli(-1), time.UnixMilli(999),
		time.Date(2026, 11, 29, 1, 2, 3, 45_999_999, zone),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	}
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), times[len(times)-1].UnixMilli()
	for range 1000 {
		times = append(times, time.UnixMilli(first+rand.Int64N(last-first)).In(zone))
	}
	for _, at := range times {
		want := at.UTC().Format(`x"2006-01-02T15:04:05.000Z"`)
		if got := string(appendTime([]byte("x"), at)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
