package clienttest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/authtodo/authtodo/internal/nodetest"
)

// TestOfficialClientInBrowser runs inbrowser.mjs. Its steps are there.
func TestOfficialClientInBrowser(t *testing.T) {
	needs(t)
	chromium, err := nodetest.Chromium()
	if err != nil {
		nodetest.Skip(t, err)
	}
	script := filepath.Join(t.TempDir(), "page.js")
	_, err = nodetest.Run("node_modules/esbuild/bin/esbuild", "page/page.jsx", "--bundle", "--minify",
		"--jsx=automatic", `--define:process.env.NODE_ENV="production"`, "--outfile="+script)
	if err != nil {
		t.Fatal(err)
	}
	pictures := t.ArtifactDir()
	t.Logf("screenshots are in %s; go test -artifacts keeps them", pictures)
	text := run(t, "inbrowser.mjs", map[string]string{
		"site":        page(t, script),
		"sameSite":    foreign(t, "localhost"),
		"crossSite":   foreign(t, "127.0.0.1"),
		"chromium":    chromium,
		"screenshots": pictures,
	})
	t.Logf("\n%s", text)
}

// foreign is a page of somebody else.
func foreign(t *testing.T, host string) string {
	t.Helper()
	listener := listen(t, host)
	server := &httptest.Server{Listener: listener, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><p>Of somebody else.`))
		}),
	}}
	server.Start()
	t.Cleanup(server.Close)
	return origin(listener, host)
}

func listen(t *testing.T, host string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// origin is what a browser calls a listener under a name.
func origin(listener net.Listener, host string) string {
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://" + net.JoinHostPort(host, port)
}
