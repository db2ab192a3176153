package nodetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// patience is for a machine that is busy.
const patience = 2 * time.Minute

// Process is a script that runs beside the tests. It prints one line of JSON
// when it is ready, and ends when its standard input does, so that it cannot
// outlive them.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer
}

// Start starts a script of the working directory and stores what it says in
// said.
func Start(script string, said any) (*Process, error) {
	p := &Process{cmd: command(script)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, said)
	}
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s: %w: %s", script, err, &p.stderr)
	}
	return p, nil
}

// Stop ends the process and waits for it.
func (p *Process) Stop() {
	p.stdin.Close()
	p.cmd.Wait()
}

// Run runs a script of the working directory to its end and returns what it
// prints.
func Run(script string, args ...string) ([]byte, error) {
	cmd := command(script, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", script, err, &stdout, &stderr)
	}
	return stdout.Bytes(), nil
}

// command runs a script that nothing of the environment configures.
func command(script string, args ...string) *exec.Cmd {
	cmd := exec.Command("node", append([]string{script}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TZ=UTC"}
	return cmd
}
