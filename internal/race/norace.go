//go:build !race

// Package race tells tests whether the race detector is on. It makes what runs
// in Go up to twenty times slower, a million todos in SQLite among it. Those
// run with fewer then, and whole in a run without the detector.
package race

// Enabled reports whether this is a build with -race.
const Enabled = false
