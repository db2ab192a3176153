package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributes are those of a program that dies with this process. SIGQUIT is
// what makes a server end at once and take its children along. It comes when
// the thread ends that started the program: Go's do not, unless a goroutine
// that has locked one ends.
func attributes() (*syscall.SysProcAttr, error) {
	credential, err := servant()
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: credential, Pdeathsig: syscall.SIGQUIT}, nil
}

// servant is whom programs run as if this process is root's, which servers
// refuse to be; else nil.
func servant() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("pgtest: %w", err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("pgtest: %w", err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("pgtest: a server does not run as root, and there is no user postgres or nobody")
}

// give makes dir that of the programs.
func give(dir string) error {
	credential, err := servant()
	if err != nil || credential == nil {
		return err
	}
	return os.Chown(dir, int(credential.Uid), int(credential.Gid))
}

// fastFolder is where servers are put: in memory, if there is room for a list
// of a million todos.
func fastFolder() string {
	const room = 4 << 30
	var stat syscall.Statfs_t
	err := syscall.Statfs("/dev/shm", &stat)
	if err == nil && stat.Bavail*uint64(stat.Bsize) >= room && syscall.Access("/dev/shm", 2) == nil {
		return "/dev/shm"
	}
	return "/tmp"
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// kill ends a server and all that it has started, at one moment as far as they
// can tell: it is stopped first, so that it neither starts others nor sees them
// go. What its children were is known only as long as it lives.
func kill(p *program) error {
	pid := p.cmd.Process.Pid
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return errors.Join(fmt.Errorf("pgtest: %w", err), p.cmd.Process.Signal(syscall.SIGCONT))
	}
	var children []int
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return fmt.Errorf("pgtest: %w", err)
		}
		children = append(children, child)
		_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended by itself
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	for end := time.Now().Add(patience); slices.ContainsFunc(children, runs); {
		if time.Now().After(end) {
			return fmt.Errorf("pgtest: of the processes %v some are left", children)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// runs reports whether a process is there and is more than a zombie, which it
// may stay for as long as whoever inherits it does not care.
func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text[max(0, strings.LastIndexByte(string(text), ')')):]), " ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
