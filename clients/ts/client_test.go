// Package ts has only tests: the TypeScript client is what it is made from and
// fits the OpenAPI document, and it does what it says with the real module.
package ts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/nodetest"
)

// TestBuild: the JavaScript, the declarations and the generated types are those
// that would be made now, the types are those of the document, and the snippets
// of README.md compile.
func TestBuild(t *testing.T) {
	t.Parallel()
	needs(t)
	if _, err := nodetest.Run("build.mjs", "--check"); err != nil {
		t.Error(err)
	}
}

// TestClient runs test/client.mjs, whose steps say what is tested.
func TestClient(t *testing.T) {
	t.Parallel()
	needs(t)
	where, err := json.Marshal(newHost(t))
	if err != nil {
		t.Fatal(err)
	}
	said, err := nodetest.Run("test/client.mjs", string(where))
	t.Logf("\n%s", said)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said), "ok "); n < 20 {
		t.Errorf("only %d steps ran", n)
	}
}

// TestWorker runs test/worker.js in a browser, as a web worker.
func TestWorker(t *testing.T) {
	t.Parallel()
	const packages = "../../example/pagetest" // has what drives a browser
	chromium, err := nodetest.Chromium()
	if err == nil {
		err = nodetest.Packages(packages)
	}
	if err != nil {
		nodetest.Skip(t, err)
	}
	from, err := filepath.Abs(packages + "/package.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nodetest.Run("test/worker.mjs", newHost(t).Site, chromium, from); err != nil {
		t.Error(err)
	}
}

// TestClientIsInstalled runs what README.md says, in a folder beside this
// repository, and imports what has come.
func TestClientIsInstalled(t *testing.T) {
	t.Parallel()
	needs(t)
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile("(?m)^npm install .*$").FindString(string(page))
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	host := filepath.Join(t.TempDir(), "host")
	for _, err := range []error{
		os.Mkdir(host, 0o700),
		os.Symlink(root, filepath.Join(host, "..", "authtodo")),
		os.WriteFile(filepath.Join(host, "package.json"), []byte(`{"private":true,"type":"module"}`), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	script := line + ` --no-audit --no-fund >&2
node -e 'import("authtodo").then(({ createTodos }) => console.log(typeof createTodos))'`
	command := exec.CommandContext(t.Context(), "bash", "-euc", script)
	command.Dir = host
	out, err := command.Output()
	if err != nil || string(out) != "function\n" {
		t.Errorf("%s: %v: %s", line, err, out)
	}
}

// needs skips the test, or fails it, without Node.js and the packages.
func needs(t *testing.T) {
	t.Helper()
	if err := nodetest.Packages("."); err != nil {
		nodetest.Skip(t, err)
	}
}
