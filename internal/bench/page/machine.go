package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// describe prints what the machine is in the form that benchmarks have for it,
// so that it stays with their figures. What the processor is they say themselves.
func describe(out io.Writer) error {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return err
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	memory, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return err
	}
	kib, err := strconv.Atoi(first(`(?m)^MemTotal: +(\d+) kB`, memory))
	if err != nil {
		return err
	}
	server, err := postgres(context.Background())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out,
		"date: %s\ngo: %s\ncores: %d\nsystem: %s, Linux %s\nmemory: %.0f GiB\npostgresql: %s\nrounds: %s\n",
		time.Now().UTC().Format("2 January 2006"), strings.TrimPrefix(runtime.Version(), "go"),
		runtime.NumCPU(), first(`(?m)^PRETTY_NAME="?([^"\n]*)`, release), first(`^\d+\.\d+`, kernel),
		float64(kib)/(1<<20), server, cmp.Or(os.Getenv("AUTHTODO_BENCH"), "whole"))
	return err
}

// first is what the first group of a pattern matches first, or the pattern
// without groups.
func first(pattern string, text []byte) string {
	match := regexp.MustCompile(pattern).FindSubmatch(text)
	if match == nil {
		return ""
	}
	return string(match[len(match)-1])
}

// postgres is the version of the server that the benchmarks start, which
// internal/pgtest finds in the same places.
func postgres(ctx context.Context) (string, error) {
	path := "postgres"
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if dir := os.Getenv("AUTHTODO_PGBIN"); dir != "" {
		path = filepath.Join(dir, path)
	} else if len(installed) > 0 {
		path = slices.MaxFunc(installed, func(a, b string) int { return cmp.Compare(major(a), major(b)) })
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("the version of PostgreSQL: %w", err)
	}
	return first(`\d+\.\d+`, version), nil
}

// major is the number in /usr/lib/postgresql/15/bin/postgres.
func major(path string) float64 {
	n, err := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(path))), 64)
	if err != nil {
		return -1
	}
	return n
}
