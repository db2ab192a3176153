package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The recorded output is one of short rounds. After a change of the template,
//
//	go run ./page page/testdata/bench.txt page/testdata/page.md
//
// writes the page that is wanted.
const recorded = "testdata/bench.txt"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := run(nil, false, []string{recorded, path}); err != nil {
		t.Fatal(err)
	}
	got, want := strings.Split(read(t, path), "\n"), strings.Split(read(t, "testdata/page.md"), "\n")
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, strings.Join(got[min(i, len(got)):], "\n"), line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the page has %d lines, want %d", len(got), len(want))
	}
}

// TestNoPageOfAPart takes each line of the output away in turn: none is there for
// nothing, and without it the old page stays.
func TestNoPageOfAPart(t *testing.T) {
	lines := strings.SplitAfter(strings.TrimSpace(read(t, recorded)), "\n")
	dir := t.TempDir()
	part, page := filepath.Join(dir, "bench.txt"), filepath.Join(dir, "page.md")
	if err := os.WriteFile(page, []byte("the old page"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, "Benchmark") && !strings.HasPrefix(line, "date:") {
			continue
		}
		taken++
		rest := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		if err := os.WriteFile(part, []byte(rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(nil, false, []string{part, page}); err == nil {
			t.Errorf("there is a page without %s", line)
		}
	}
	if taken < 20 {
		t.Errorf("the output has %d lines that count", taken)
	}
	if got := read(t, page); got != "the old page" {
		t.Errorf("the page is now\n%s", got)
	}
}

func TestMedian(t *testing.T) {
	name := filepath.Join(t.TempDir(), "bench.txt")
	const output = "BenchmarkX/a-2 1 3.0 op/s\nBenchmarkX/a-2 1 1.0 op/s\nBenchmarkX/a-2 1 2.5 op/s\n" +
		"BenchmarkX/b 1 1.0 op/s\nBenchmarkX/b 1 2.0 op/s\n"
	if err := os.WriteFile(name, []byte(output), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := readFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for benchmark, want := range map[string]float64{"X/a": 2.5, "X/b": 1.5} {
		if got, err := r.value(benchmark, "op/s"); err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", benchmark, got, err, want)
		}
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{
		0.40449: "0.40", 0.999: "1.00", 9.994: "9.99", 9.996: "10.0", 99.96: "100", 320.5: "321",
		4_346: "4,346", 1_234_567.8: "1,234,568", 0: "0.00",
	} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

func TestCells(t *testing.T) {
	r := &results{values: map[string]map[string][]float64{"Scale/get": {
		"1Mx100k_op/s": {1}, "10kx100_op/s": {1}, "1Mx1_op/s": {1}, "10kx1_op/s": {1},
		"1Mx1000_op/s": {1}, "x_1Mx1": {1}, "x_1Mx1_low": {1},
	}}}
	cells, err := r.Cells()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cells {
		got = append(got, fmt.Sprint(c.Name, " ", c.Rows, " of ", c.Users, " ", c.Base))
	}
	const want = "10kx100 10,000 of 100 true; 1Mx1000 1,000,000 of 1,000 false; " +
		"1Mx100k 1,000,000 of 100,000 false; 10kx1 10,000 of 1 true; 1Mx1 1,000,000 of 1 false"
	if strings.Join(got, "; ") != want {
		t.Errorf("the sizes are %q, want %q", got, want)
	}
}

func TestDescribe(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, true, nil); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if _, value, ok := strings.Cut(strings.TrimSpace(line), ": "); !ok || value == "" {
			t.Errorf("%q says nothing", line)
		}
	}
	if !strings.Contains(out.String(), "postgresql: 1") {
		t.Errorf("no version of PostgreSQL in\n%s", &out)
	}
}
