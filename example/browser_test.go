package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/authtodo/authtodo/internal/nodetest"
)

// TestPageInBrowser runs pagetest/browser.mjs. Its steps are there.
func TestPageInBrowser(t *testing.T) {
	if err := nodetest.Packages("pagetest"); err != nil {
		nodetest.Skip(t, err)
	}
	chromium, err := nodetest.Chromium()
	if err != nil {
		nodetest.Skip(t, err)
	}
	p := start(t, example(t, t.TempDir(), "RATE_LIMIT=off"))
	mails := httptest.NewServer(&p.mails)
	t.Cleanup(mails.Close)
	pictures := t.ArtifactDir()
	t.Logf("screenshots are in %s; go test -artifacts keeps them", pictures)
	cmd := exec.CommandContext(t.Context(), "node", "pagetest/browser.mjs")
	cmd.Env = append(os.Environ(), "PAGE_URL="+p.url, "MAILS_URL="+mails.URL, fmt.Sprintf("PAGE_PID=%d", p.cmd.Process.Pid), "SCREENSHOTS="+pictures, "CHROMIUM="+chromium)
	text, err := cmd.CombinedOutput()
	t.Logf("\n%s", text)
	if err != nil {
		t.Fatal(err)
	}
}
