package authtodotest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/authtodotest"
)

// onlyEditors lets users through whose token says that they are editors.
func onlyEditors(c *gin.Context) {
	id, _ := auth.From(c)
	if roles, _ := id.Claims.Texts("roles"); !slices.Contains(roles, "editor") {
		c.AbortWithStatus(http.StatusForbidden)
	}
}

// TestRoles is about what a host decides by the claims of a token.
func TestRoles(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	kit := authtodotest.Mount(t, engine.Group("/api"))
	engine.GET("/drafts", kit.Guard(), onlyEditors, reports)
	for role, want := range map[string]int{"editor": 200, "reader": 403} {
		r := kit.Request("", "GET", "/drafts", "")
		r.Header.Set("Authorization", "Bearer "+kit.TokenWith("ada", map[string]any{"roles": []string{role}}))
		if got := kit.Serve(engine, r).Code; got != want {
			t.Errorf("%s: got %d, want %d", role, got, want)
		}
	}
}
