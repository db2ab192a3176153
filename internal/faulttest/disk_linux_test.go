package faulttest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/internal/nodetest"
)

// smallDisk is in the environment of a process that may mount file systems: only
// for itself, so that whatever ends it takes them away.
const smallDisk = "AUTHTODO_FAULTTEST_DISK"

// diskSize is room for the tables and a few hundred long todos.
const diskSize = 3 << 20

// TestFullDisk: the disk that the SQLite file is on is full. What writes is 503,
// what reads goes on, and when there is room again all is well. It runs in a
// process of its own, in whose namespace a small file system is mounted.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(smallDisk); dir != "" {
		fillDisk(t, dir)
		return
	}
	output, err := isolated(t.TempDir(), os.Getuid() != 0)
	if refused(output, err) && os.Getuid() == 0 { // root of a container
		output, err = isolated(t.TempDir(), true)
	}
	switch {
	case refused(output, err):
		nodetest.Skip(t, &nodetest.Missing{
			What: "to mount a small file system", Remedy: "run it as root, or allow user namespaces " +
				"(sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0)",
		})
	case err != nil:
		t.Errorf("%v:\n%s", err, output)
	case !strings.Contains(output, "--- PASS: TestFullDisk"):
		t.Errorf("the other process has not tested anything:\n%s", output)
	default:
		t.Logf("\n%s", output)
	}
}

// refused reports whether the system did not let the other process mount.
func refused(output string, err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || // no namespaces, or none left
		strings.Contains(output, cannotMount)
}

const cannotMount = "no file system can be mounted"

// isolated runs TestFullDisk in a process with a mount namespace of its own, and
// for others than root in a user namespace in which they are root.
func isolated(dir string, another bool) (output string, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), smallDisk+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if another {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// mount makes dir a file system in memory.
func mount(t *testing.T, dir string) {
	t.Helper()
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") // nobody else is to see it
	if err == nil {
		err = syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprint("size=", diskSize))
	}
	if err != nil {
		t.Fatalf("%s: %v", cannotMount, err)
	}
}

func fillDisk(t *testing.T, dir string) {
	mount(t, dir)
	leavesNothing(t, "full", func(t *testing.T) {
		ballast := filepath.Join(dir, "ballast")
		if err := os.WriteFile(ballast, make([]byte, diskSize/3), 0o600); err != nil {
			t.Fatal(err)
		}
		backend, path := onSQLite(t, dir)
		h := serve(t, authtodo.Options{Storage: backend})
		anna := h.as("anna")
		made := anna.create(t.Context(), "made before", "").todo(t, 201)

		created, changed := fill(t, anna, made)
		for round := range rounds {
			for _, a := range anna.every(t, made, fmt.Sprint("made in round ", round)) {
				switch {
				case strings.HasPrefix(a.what, "GET"):
					a.is(t, 200)
				case a.status != 412: // for which there is nothing to write
					a.isUnavailable(t)
				}
			}
		}
		if !strings.Contains(h.log.String(), "full") {
			t.Error("the log does not say what is wrong")
		}
		db := lookInto(t, path)
		if n := number(t, db, `SELECT count(*) FROM authtodo_todos`); n != 1+created {
			t.Errorf("there are %d todos, and %d were acknowledged", n, 1+created)
		}
		if n := number(t, db, `SELECT sum(revision) FROM authtodo_lists`); n != 1+created+changed {
			t.Errorf("the list was raised %d times in %d writes", n, 1+created+changed)
		}
		t.Logf("the disk was full after %d creations and %d changes", created, changed)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		recovers(t, anna, made, db, false)
		isWhole(t, db)
	})
}

// fill writes until there is no room even for the smallest write, which is a
// change, and returns how many writes were acknowledged. What a larger one has
// left of the disk, a smaller one may still use.
func fill(t *testing.T, c *client, made todo) (created, changed int64) {
	t.Helper()
	for a := (answer{}); ; created++ {
		title := fmt.Sprint("filling ", created, strings.Repeat(" and more", 100))
		if a = c.create(t.Context(), title, ""); a.status != 201 {
			a.isUnavailable(t)
			break
		}
	}
	for a := (answer{}); ; changed++ {
		body := fmt.Sprintf(`{"completed":%t}`, changed%2 == 0)
		if a = c.send(t.Context(), "PATCH", "/api/todos/"+made.ID, body); a.status != 200 {
			a.isUnavailable(t)
			break
		}
	}
	if created == 0 {
		t.Error("the disk was full before anything was written")
	}
	return created, changed
}
