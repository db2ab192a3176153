package reference_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/authtodotest"
	"github.com/authtodo/authtodo/reference"
)

// TestPage: the page finds its files and the document beside it, under any
// prefix, and asks nobody else for anything.
func TestPage(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for prefix, path := range map[string]string{"/api": "/reference", "/": "docs/api/"} {
		engine := gin.New()
		group := engine.Group(prefix)
		kit := authtodotest.Mount(t, group)
		if err := reference.Mount(group, path); err != nil {
			t.Fatal(err)
		}
		get := func(path string) *httptest.ResponseRecorder {
			t.Helper()
			return kit.Serve(engine, httptest.NewRequest("GET", path, nil))
		}
		home := strings.TrimSuffix(prefix, "/") + "/" + strings.Trim(path, "/") + "/"
		if w := get(strings.TrimSuffix(home, "/")); w.Code != 308 || !strings.HasSuffix(home, "/"+w.Header().Get("Location")) {
			t.Errorf("without a slash: %d to %s", w.Code, w.Header().Get("Location"))
		}
		index := get(home)
		if index.Code != 200 || strings.Contains(index.Body.String(), "://") ||
			!strings.Contains(index.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v\n%s", home, index.Code, index.Header(), index.Body)
		}
		links := regexp.MustCompile(`(?:src|href|data-document)="([^"]+)"`).FindAllStringSubmatch(index.Body.String(), -1)
		if len(links) != 6 {
			t.Errorf("the page has %d files", len(links))
		}
		for _, link := range links {
			if link[1] == "data:," { // no icon
				continue
			}
			at := httptest.NewRequest("GET", home, nil).URL
			to, err := at.Parse(link[1])
			if err != nil {
				t.Fatal(err)
			}
			if w := get(to.Path); w.Code != 200 || w.Body.Len() == 0 {
				t.Errorf("%s is %d", to.Path, w.Code)
			}
		}
	}
}
