//go:build !linux

package pgtest

import (
	"errors"
	"os"
	"syscall"
)

// attributes are those of every program: elsewhere than on Linux, one does not
// die with this process, but stops when its folder is swept away.
func attributes() (*syscall.SysProcAttr, error) { return nil, nil }

// give has nothing to do: as root, a server says itself that it will not run.
func give(string) error { return nil }

func fastFolder() string { return os.TempDir() }

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// kill ends a server. What it has started ends when it misses it.
func kill(p *program) error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	<-p.done
	return nil
}
