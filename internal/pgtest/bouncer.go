package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lib/pq"
)

// bouncer is a running PgBouncer.
type bouncer struct {
	dir     string
	program *program
}

// startBouncer starts a pooler of the server and the role that a connection
// string names. Clients need no password of their own.
func startBouncer(dsn string) (*bouncer, error) {
	path, err := findBouncer()
	if err != nil {
		return nil, err
	}
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	dir, err := makeFolder()
	if err != nil {
		return nil, err
	}
	b := &bouncer{dir: dir}
	// Four connections for all: so few that clients have to share them.
	text := fmt.Sprintf(`[databases]
* = host=%s port=%d user=%s password=%s
[pgbouncer]
unix_socket_dir = %s
listen_port = %d
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`, config.Host, config.Port, config.User, config.Password, dir, port)
	ini := filepath.Join(dir, "pgbouncer.ini")
	err = os.WriteFile(ini, []byte(text), 0o644)
	if err == nil {
		b.program, err = launch(dir, path, ini)
	}
	if err == nil {
		err = b.program.awaken(b.ping)
	}
	if err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

// findBouncer also looks where the PATH of an ordinary user does not lead.
func findBouncer() (string, error) {
	path, err := find("pgbouncer")
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if _, missing := errors.AsType[missingError](err); missing {
			path, err = executable(filepath.Join(dir, "pgbouncer"), "pgbouncer")
		}
	}
	return path, err
}

// dsn is a connection string. The user is ignored.
func (b *bouncer) dsn(database string) string {
	return fmt.Sprintf("host=%s port=%d user=pooled sslmode=disable dbname=%s", b.dir, port, database)
}

func (b *bouncer) ping() error {
	conn, err := net.Dial("unix", filepath.Join(b.dir, fmt.Sprintf(".s.PGSQL.%d", port)))
	if err != nil {
		return err
	}
	return conn.Close()
}

func (b *bouncer) stop() {
	if b.program != nil {
		b.program.stop(syscall.SIGKILL) // it keeps nothing, and newer ones would wait for clients
	}
	_ = os.RemoveAll(b.dir)
}
