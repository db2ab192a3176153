//go:build unix

package nextjs

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDevAll: the line of README.md starts both, which know each other, and what
// ends it ends both.
func TestDevAll(t *testing.T) {
	tools(t)
	dir, port, apiPort := t.TempDir(), freePort(t), freePort(t)
	app, api := "http://localhost:"+port, "http://localhost:"+apiPort
	both := &server{t: t, url: app + "/sign-in", command: func() *exec.Cmd {
		cmd := exec.Command("npm", "run", "dev:all")
		cmd.Env = environ("PORT="+port, "ADDR=127.0.0.1:"+apiPort, "BETTER_AUTH_SECRET="+rand.Text()+rand.Text(),
			"DATABASE_URL=sqlite:"+filepath.Join(dir, "todos.db"), "AUTH_DATABASE="+filepath.Join(dir, "auth.db"))
		return cmd
	}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("it said:\n%s", &both.said)
		}
	})
	if err := both.start(); err != nil {
		t.Error(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	call := func(method, url, body string, header http.Header) []byte {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s, %v: %s", method, url, resp.Status, err, text)
		}
		return text
	}
	call("POST", app+"/api/auth/sign-up/email",
		`{"name":"Ada","email":"ada@example.test","password":"counts on engines"}`,
		http.Header{"Content-Type": {"application/json"}, "Origin": {app}})
	var said struct{ Token string }
	if err := json.Unmarshal(call("GET", app+"/api/auth/token", "", http.Header{}), &said); err != nil {
		t.Fatal(err)
	}
	bearer := http.Header{"Authorization": {"Bearer " + said.Token}, "Origin": {app}}
	if todos := bytes.TrimSpace(call("GET", api+"/api/todos", "", bearer)); string(todos) != "[]" {
		t.Errorf("the list is %s", todos)
	}
	if err := both.stop(); err != nil {
		t.Error(err)
	}
	for _, url := range []string{both.url, api + "/healthz"} {
		if resp, err := http.Get(url); err == nil {
			resp.Body.Close()
			t.Errorf("%s still answers", url)
		}
	}
}
