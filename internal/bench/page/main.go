// Command page writes docs/benchmarks.md from what the benchmarks print:
//
//	go run ./page -machine >bench.out
//	go test -run '^$' -bench . >>bench.out
//	go run ./page bench.out ../../docs/benchmarks.md
//
// All text of the page is in page.md.tmpl, and all figures are those of the run:
// one that is missing is an error, and then no page is written.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/template"
)

//go:embed page.md.tmpl
var text string

func main() {
	machine := flag.Bool("machine", false, "print what the machine is, ahead of the benchmarks")
	flag.Parse()
	if err := run(os.Stdout, *machine, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, machine bool, args []string) error {
	switch {
	case machine:
		return describe(out)
	case len(args) != 2:
		return errors.New("want the output of the benchmarks, and the page")
	}
	page, err := write(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], page, 0o644)
}

// write returns the page of a recorded output.
func write(recorded string) ([]byte, error) {
	r, err := readFile(recorded)
	if err != nil {
		return nil, err
	}
	list := func(names ...string) []string { return names }
	t, err := template.New("page.md.tmpl").Funcs(template.FuncMap{"list": list}).Parse(text)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := t.Execute(&page, r); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}
