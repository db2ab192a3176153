package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// build builds the programs of the contenders in a folder that it returns.
func build(b *testing.B) string {
	b.Helper()
	dir := b.TempDir() + "/"
	goBuild(b, ".", dir, "./hosts/...")
	return dir
}

// goBuild is the go command in the folder of a module.
func goBuild(b *testing.B, module, output, packages string) {
	b.Helper()
	command := exec.CommandContext(b.Context(), "go", "build", "-o", output, packages)
	command.Dir = module
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("the contenders cannot be built, for which the Go module proxy is needed once: %v\n%s", err, out)
	}
}

// process is a program that serves; it ends with the benchmark.
type process struct {
	addr  string
	extra []string // what else it has said in its first line
	cmd   *exec.Cmd
}

func start(b *testing.B, path string, args ...string) *process {
	b.Helper()
	p := &process{cmd: exec.Command(path, args...)}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	if err := p.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		late := time.AfterFunc(10*time.Second, func() { p.cmd.Process.Kill() })
		p.cmd.Wait()
		late.Stop()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stdin.Close()
		p.cmd.Wait()
		b.Fatalf("%s does not start: %v\n%s", filepath.Base(path), err, stderr.Bytes())
	}
	words := strings.Fields(line)
	p.addr, p.extra = words[0], words[1:]
	return p
}

// worked is the time that a process has had a processor for.
func worked(b *testing.B, pid int) (total time.Duration) {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		b.Fatalf("the time of a process is read from /proc, which is there on Linux only: %v", err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended meanwhile
		}
		var nanoseconds time.Duration
		if _, scanned := fmt.Sscan(string(text), &nanoseconds); err != nil || scanned != nil {
			b.Fatal(err, scanned)
		}
		total += nanoseconds
	}
	return total
}

// peak is the most memory that the process has had at a time, in MiB.
func (p *process) peak(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatalf("memory is read from /proc, which is there on Linux only: %v", err)
	}
	var kilobytes float64
	_, peak, _ := strings.Cut(string(text), "VmHWM:")
	if _, err := fmt.Sscan(peak, &kilobytes); err != nil {
		b.Fatalf("no VmHWM: %v", err)
	}
	return kilobytes / 1024
}
