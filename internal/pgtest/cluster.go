package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// cluster is a server that this process has started, with all it has in one
// folder. Nothing of it listens on the network, so there is no port to choose
// and none to meet another server on: the port is only a part of the name of
// the socket.
type cluster struct {
	dir      string
	settings []string
	server   *program // the one that was started last
}

const port = 54321

// startCluster makes a cluster and returns when it answers.
func startCluster(ctx context.Context, settings []string) (*cluster, error) {
	initdb, err := find("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder()
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, settings: settings}
	// The locale is named, or else sorting would depend on the machine.
	init, err := launch(dir, initdb, "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-N",
		"-E", "UTF8", "--locale=C", "--no-instructions")
	if err == nil {
		err = init.wait()
	}
	if err == nil {
		err = c.start(ctx)
	}
	if err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

// start starts the server, for the first time or again.
func (c *cluster) start(ctx context.Context) error {
	postgres, err := find("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", c.dir + "/data", "-k", c.dir, "-p", strconv.Itoa(port)}
	for _, setting := range slices.Concat(common(), c.settings) {
		args = append(args, "-c", setting)
	}
	server, err := launch(c.dir, postgres, args...)
	if err != nil {
		return err
	}
	c.server = server
	return c.awaken(ctx)
}

// common are the settings of every server.
func common() []string {
	return []string{
		"listen_addresses=", "unix_socket_permissions=0700", "autovacuum=off",
		"wal_level=minimal", "max_wal_senders=0", "max_wal_size=1GB",
		"shared_buffers=64MB", "dynamic_shared_memory_type=mmap", "max_connections=200",
		"timezone=UTC", "log_min_messages=warning",
	}
}

// fast trades everything for speed that a crash would cost; durable nothing.
func fast() []string {
	return []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off"}
}

func durable() []string {
	return []string{"fsync=on", "synchronous_commit=on", "full_page_writes=on"}
}

func (c *cluster) dsn() string {
	return fmt.Sprintf("host=%s port=%d user=postgres sslmode=disable", c.dir, port)
}

// awaken returns when the server takes connections.
func (c *cluster) awaken(ctx context.Context) error {
	db, err := open(c.dsn() + " dbname=postgres")
	if err != nil {
		return err
	}
	defer db.Close()
	return c.server.awaken(func() error { return db.PingContext(ctx) })
}

func (c *cluster) stop() {
	if c.server != nil {
		c.server.stop(syscall.SIGQUIT) // at once, without a last checkpoint
	}
	_ = os.RemoveAll(c.dir)
}

// folderPrefix is followed by the number of the process that the folder is of.
const folderPrefix = "authtodo-pg-"

// makeFolder makes a private folder for a server. It is not that of a test,
// whose name can be longer than that of a socket may be.
func makeFolder() (string, error) {
	base := fastFolder()
	sweep(base)
	dir, err := os.MkdirTemp(base, fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	if err := give(dir); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// sweep removes folders of processes that ended without removing them. Where
// the system did not end their servers with them, those stop when they miss
// their folder.
func sweep(base string) {
	folders, _ := filepath.Glob(filepath.Join(base, folderPrefix+"*"))
	for _, folder := range folders {
		text, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		pid, err := strconv.Atoi(text)
		if err == nil && pid > 0 && !alive(pid) {
			_ = os.RemoveAll(folder) // or not, if it is another user's
		}
	}
}

// find returns the path of a program of PostgreSQL. Links are followed, for a
// server looks for its files beside itself.
func find(name string) (string, error) {
	if dir := os.Getenv("AUTHTODO_PGBIN"); dir != "" {
		return executable(filepath.Join(dir, name), name)
	}
	newest, best := "", -1.0
	paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	for _, path := range paths {
		version, err := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(path))), 64)
		if err == nil && version > best {
			newest, best = path, version
		}
	}
	if newest != "" {
		return executable(newest, name)
	}
	return executable(name, name)
}

// executable looks path up as a shell does.
func executable(path, name string) (string, error) {
	found, err := exec.LookPath(path)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return "", missingError{name}
	}
	if err == nil {
		found, err = filepath.EvalSymlinks(found)
	}
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	return found, nil
}
