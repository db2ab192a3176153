package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a program may take to start or to stop: on a machine
// that is busy, a server needs some seconds.
const patience = 30 * time.Second

// program is a running program. It is a child of this process and waited for:
// the zombie of a server would keep the next one from starting.
type program struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed at the end
	err  error         // how it ended
}

// launch starts a program in dir, as a user that servers are willing to run
// as. Its environment is its own: with a home folder of root's, a server would
// look into files that it may not read.
func launch(dir, path string, args ...string) (*program, error) {
	name := filepath.Base(path)
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close()
	p := &program{name: name, log: log.Name(), done: make(chan struct{})}
	p.cmd = exec.Command(path, args...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/nonexistent"}
	if p.cmd.SysProcAttr, err = attributes(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// wait returns when the program has ended; it must succeed.
func (p *program) wait() error {
	<-p.done
	if p.err != nil {
		return p.failed(p.err)
	}
	return nil
}

// failed is an error with what the program has said.
func (p *program) failed(err error) error {
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("pgtest: %s: %w\n%s", p.name, err, strings.TrimSpace(string(text)))
}

// awaken returns when ping succeeds.
func (p *program) awaken(ping func() error) error {
	for end := time.Now().Add(patience); ; {
		err := ping()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return p.failed(err)
		}
		select {
		case <-p.done:
			return p.failed(errors.Join(err, p.err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop asks the program to end, and sees to it.
func (p *program) stop(how syscall.Signal) {
	_ = p.cmd.Process.Signal(how)
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}
