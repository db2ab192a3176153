package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// results are what the benchmarks measured. Its methods are what the template
// calls. A benchmark goes by its name without Benchmark and without the number
// of cores, as in "Guard/HS256/seen"; a contender by the name that its metrics
// start with, which is none for the one that is compared.
type results struct {
	machine map[string]string
	values  map[string]map[string][]float64 // benchmark, unit: one value for each time it ran
}

func readFile(name string) (*results, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := &results{machine: make(map[string]string), values: make(map[string]map[string][]float64)}
	reader := benchfmt.NewReader(file, name)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.Result:
			r.add(record)
		case *benchfmt.SyntaxError:
			return nil, record
		}
	}
	return r, reader.Err()
}

func (r *results) add(result *benchfmt.Result) {
	for _, c := range result.Config {
		r.machine[c.Key] = strings.TrimSpace(string(c.Value))
	}
	name := regexp.MustCompile(`-\d+$`).ReplaceAllString(result.Name.String(), "")
	if r.values[name] == nil {
		r.values[name] = make(map[string][]float64)
	}
	for _, v := range result.Values {
		r.values[name][v.Unit] = append(r.values[name][v.Unit], v.Value)
	}
}

// Machine is a line about the machine.
func (r *results) Machine(key string) (string, error) {
	if value := r.machine[key]; value != "" {
		return value, nil
	}
	return "", fmt.Errorf("the output does not say %q", key)
}

// Short reports whether the rounds were short.
func (r *results) Short() bool { return r.machine["rounds"] == "short" }

// value is the median of all runs.
func (r *results) value(benchmark, unit string) (float64, error) {
	values := slices.Sorted(slices.Values(r.values[benchmark][unit]))
	if len(values) == 0 {
		return 0, fmt.Errorf("the output has no %s of Benchmark%s", unit, benchmark)
	}
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2, nil
}

// Value is a metric as it is.
func (r *results) Value(benchmark, unit string) (string, error) {
	v, err := r.value(benchmark, unit)
	return figure(v), err
}

// Count is a metric that is a whole number.
func (r *results) Count(benchmark, unit string) (string, error) {
	v, err := r.value(benchmark, unit)
	return grouped(v), err
}

// Micros is how many microseconds a contender takes for an operation.
func (r *results) Micros(benchmark, contender string) (string, error) {
	rate, err := r.value(benchmark, metric(contender, "op/s"))
	return figure(1e6 / rate), err
}

// Allocs is how often a contender allocates in an operation.
func (r *results) Allocs(benchmark, contender string) (string, error) {
	v, err := r.value(benchmark, metric(contender, "allocs"))
	return grouped(v), err
}

// Cost is both, for a cell of a table.
func (r *results) Cost(benchmark, contender string) (string, error) {
	micros, err := r.Micros(benchmark, contender)
	if err != nil {
		return "", err
	}
	allocs, err := r.Allocs(benchmark, contender)
	return micros + " µs, " + allocs, err
}

// Rate is how many operations a contender does in a second.
func (r *results) Rate(benchmark, contender string) (string, error) {
	v, err := r.value(benchmark, metric(contender, "op/s"))
	return grouped(v), err
}

// Ratio is the ratio with a name, as in "x_gin-jwt", with its quartiles. One
// that is below 1 is bold.
func (r *results) Ratio(benchmark, name string) (string, error) {
	var figures []string
	for _, end := range []string{"", "_low", "_high"} {
		v, err := r.value(benchmark, name+end)
		if err != nil {
			return "", err
		}
		figures = append(figures, figure(v))
	}
	median := figures[0]
	if strings.HasPrefix(median, "0.") {
		median = "**" + median + "**"
	}
	return fmt.Sprintf("%s (%s to %s)", median, figures[1], figures[2]), nil
}

// Load is what a contender does in a second, and what the slowest hundredth waits
// for.
func (r *results) Load(benchmark, contender string) (string, error) {
	rate, err := r.Rate(benchmark, contender)
	if err != nil {
		return "", err
	}
	p99, err := r.Value(benchmark, metric(contender, "p99_ms"))
	return rate + ", " + p99 + " ms", err
}

// Work is the processor time of an operation, in the service and, if that is a
// process of its own, in the database.
func (r *results) Work(benchmark, contender string) (string, error) {
	service, err := r.Count(benchmark, metric(contender, "service_us"))
	if err != nil {
		return "", err
	}
	database, err := r.Count(benchmark, metric(contender, "database_us"))
	if err != nil || database == "0" {
		return service, err
	}
	return service + " + " + database, nil
}

// Peak is the most memory that a contender had in any of the benchmarks.
func (r *results) Peak(benchmarks []string, contender string) (string, error) {
	most := 0.0
	for _, benchmark := range benchmarks {
		v, err := r.value("HTTP/"+benchmark, metric(contender, "MiB"))
		if err != nil {
			return "", err
		}
		most = max(most, v)
	}
	return figure(most), nil
}

// Cell is a size of the table of scale.
type Cell struct {
	Name        string // as metrics have it: 10kx100
	Rows, Users string
	Base        bool // whether others are compared with it

	rows, users float64
}

// Cells are the sizes that were measured: those of many users and then those of
// one, each with the smallest first, which the others are compared with.
func (r *results) Cells() ([]Cell, error) {
	var many, one []Cell
	for unit := range r.values["Scale/get"] {
		name, ok := strings.CutSuffix(unit, "_op/s")
		if !ok {
			continue
		}
		rows, users, _ := strings.Cut(name, "x")
		cell := Cell{Name: name}
		var err error
		if cell.rows, err = size(rows); err != nil {
			return nil, err
		}
		if cell.users, err = size(users); err != nil {
			return nil, err
		}
		cell.Rows, cell.Users = grouped(cell.rows), grouped(cell.users)
		if cell.users == 1 {
			one = append(one, cell)
		} else {
			many = append(many, cell)
		}
	}
	for _, cells := range [][]Cell{many, one} {
		if len(cells) < 2 {
			return nil, fmt.Errorf("the output has %d sizes of BenchmarkScale to compare", len(cells))
		}
		slices.SortFunc(cells, func(a, b Cell) int {
			return cmp.Or(cmp.Compare(a.rows, b.rows), cmp.Compare(a.users, b.users))
		})
		cells[0].Base = true
	}
	return append(many, one...), nil
}

// size is a number with k for thousands or M for millions behind it.
func size(text string) (float64, error) {
	unit := 1.0
	if digits, ok := strings.CutSuffix(text, "k"); ok {
		text, unit = digits, 1e3
	} else if digits, ok := strings.CutSuffix(text, "M"); ok {
		text, unit = digits, 1e6
	}
	n, err := strconv.ParseFloat(text, 64)
	return n * unit, err
}

func metric(contender, unit string) string {
	if contender == "" {
		return unit
	}
	return contender + "_" + unit
}

// figure has three digits that mean something.
func figure(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return grouped(v)
	}
}

// grouped is a whole number with commas between its thousands.
func grouped(v float64) string {
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
