package betterauthtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
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
	once   sync.Once
	err    error
	cmd    *exec.Cmd
	stdin  io.Closer
	stderr bytes.Buffer

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
	p.cmd = exec.Command("node", "server.mjs")
	// Nothing of the environment may configure Better Auth.
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	late := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &p.said)
	}
	if err != nil {
		p.stop()
		return fmt.Errorf("server.mjs: %w: %s", err, &p.stderr)
	}
	return nil
}

// stop ends the process by the end of its standard input.
func (p *process) stop() {
	if p.stdin != nil {
		p.stdin.Close()
		p.cmd.Wait()
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
