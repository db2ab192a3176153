package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
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
