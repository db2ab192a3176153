package betterauthtest

import (
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/nodetest"
)

// patience is for a machine that is busy.
const patience = 2 * time.Minute

// issuers is the process with all issuers. It is a variable of the package
// because package testing hands nothing from TestMain to tests.
var issuers process

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	code := m.Run()
	issuers.stop()
	os.Exit(code)
}

// process is a Node process with issuers.
type process struct {
	once    sync.Once
	err     error
	running *nodetest.Process

	said struct { // its line
		Control, Secret string
		Issuers         map[string]string // URLs by name
	}
}

// needs starts the process if no test has, and skips t where it cannot run, or
// fails it where nothing may be skipped.
func needs(t *testing.T) {
	t.Helper()
	issuers.once.Do(func() { issuers.err = issuers.start() })
	if issuers.err != nil {
		nodetest.Skip(t, issuers.err)
	}
}

func (p *process) start() error {
	if err := nodetest.Packages("."); err != nil {
		return err
	}
	var err error
	p.running, err = nodetest.Start("server.mjs", &p.said)
	return err
}

func (p *process) stop() {
	if p.running != nil {
		p.running.Stop()
	}
}

// ask asks the process for what no endpoint of an issuer gives.
func (i issuer) ask(what string, pairs ...string) string {
	i.t.Helper()
	query := url.Values{"issuer": {i.name}}
	for pair := range slices.Chunk(pairs, 2) {
		query.Set(pair[0], pair[1])
	}
	a := i.send("POST", issuers.said.Control+"/"+what+"?"+query.Encode(), "")
	if a.status != 200 {
		i.t.Fatalf("%s of %s: %d %s", what, i.name, a.status, a.body)
	}
	return a.body
}
