package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
)

// accepted says of findings why they are none for this module. It is empty as
// long as the dependencies are good.
func accepted() map[string]string { return map[string]string{} }

// finding is a vulnerability in a module of the build.
type finding struct {
	ID     string // GO-…
	Module string // with its version
	Fixed  string // the first version without it; empty if there is none
	Called string // the function of it that the code can reach; empty if it cannot
}

// scan runs govulncheck over all packages with their tests.
func scan(ctx context.Context, dir string) ([]finding, error) {
	where, err := exec.CommandContext(ctx, "go", "tool", "-n", "govulncheck").Output()
	if err != nil {
		return nil, fmt.Errorf("govulncheck: %w", err)
	}
	command := exec.CommandContext(ctx, string(bytes.TrimSpace(where)),
		"-C", root, "-db", "file://"+dir, "-test", "-json", "./...")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("govulncheck: %w: %s", err, &stderr)
	}
	return parse(out)
}

// parse reads what govulncheck says: one finding for each trace.
func parse(out []byte) ([]finding, error) {
	var found []finding
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var message struct {
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct{ Module, Version, Package, Function, Receiver string }
			}
		}
		err := decoder.Decode(&message)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("govulncheck: %w", err)
		}
		if f := message.Finding; f != nil && len(f.Trace) > 0 {
			at := f.Trace[0]
			next := finding{ID: f.OSV, Module: at.Module + " " + at.Version, Fixed: f.Fixed}
			if at.Function != "" {
				next.Called = at.Package + "." + at.Function
			}
			found = append(found, next)
		}
	}
}

// judge prints all findings, each once, and fails over those that are reached
// and not accepted, and over accepted ones that are not reached any more.
func judge(out io.Writer, found []finding, accepted map[string]string) error {
	slices.SortStableFunc(found, func(a, b finding) int { // those that are called first
		return bytes.Compare([]byte(a.ID+"\x00"+b.Called), []byte(b.ID+"\x00"+a.Called))
	})
	found = slices.CompactFunc(found, func(a, b finding) bool { return a.ID == b.ID })
	var errs []error
	reached := make(map[string]bool)
	for _, f := range found {
		if f.Called == "" {
			fmt.Fprintf(out, "%s in %s, of which nothing is called; fixed in %s\n", f.ID, f.Module, f.Fixed)
			continue
		}
		reached[f.ID] = true
		if why := accepted[f.ID]; why != "" {
			fmt.Fprintf(out, "%s in %s, accepted: %s\n", f.ID, f.Module, why)
			continue
		}
		errs = append(errs, fmt.Errorf("%s in %s reaches %s; fixed in %s", f.ID, f.Module, f.Called, f.Fixed))
	}
	for id := range accepted {
		if !reached[id] {
			errs = append(errs, fmt.Errorf("%s is accepted and does not occur", id))
		}
	}
	if len(errs) == 0 {
		fmt.Fprintln(out, "nothing known is reached")
	}
	return errors.Join(errs...)
}
