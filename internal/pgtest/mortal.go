package pgtest

import (
	"context"
	"errors"
	"syscall"
	"testing"
)

// Mortal is a server of one test, which may kill it and start it again. It keeps
// what it has confirmed as one in production does: what is synced is written
// before it answers. That the system itself dies, and what it has not written
// yet is lost, is more than a kill does.
type Mortal struct{ server *server }

// NewMortal starts a server that is gone when t ends. It is one of this process
// whatever AUTHTODO_TEST_DSN says.
func NewMortal(t testing.TB) *Mortal {
	t.Helper()
	s, err := startServer(t.Context(), durable())
	if err != nil {
		refuse(t, err)
	}
	t.Cleanup(s.stop)
	return &Mortal{s}
}

// Migrated returns a new database with the tables of the module.
func (m *Mortal) Migrated(t testing.TB) *Database {
	t.Helper()
	template, err := m.server.template()
	if err != nil {
		t.Fatal(err)
	}
	return m.server.newDatabase(t, template)
}

// Kill ends all processes of the server in the middle of what they do (SIGKILL),
// and returns when they are gone. It may be called from any goroutine, as may
// Stop and Start, but from one at a time.
func (m *Mortal) Kill() error { return kill(m.server.cluster.server) }

// Stop ends the server as its administrator does: it closes all connections,
// rolls back what is under way, and writes a checkpoint.
func (m *Mortal) Stop() error {
	p := m.server.cluster.server
	p.stop(syscall.SIGINT)
	if p.err != nil {
		return p.failed(p.err)
	}
	return nil
}

// Start starts the server that was killed or stopped, and returns when it has
// recovered and takes connections.
func (m *Mortal) Start(ctx context.Context) error {
	select {
	case <-m.server.cluster.server.done:
		return m.server.cluster.start(ctx)
	default:
		return errors.New("pgtest: the server has not been killed or stopped")
	}
}
