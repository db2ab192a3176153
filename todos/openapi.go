package todos

import (
	_ "embed"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/web"
)

//go:embed openapi.json
var openAPIText string

// document is openapi.json around the path that the API is mounted under.
type document struct{ before, after string }

func newDocument() document {
	before, after, _ := strings.Cut(openAPIText, `"url": "/"`)
	return document{before + `"url": `, after}
}

// describe answers GET /openapi.json. The path it was asked under is the one
// that the client knows the API by, whatever groups the host has nested.
func (a *API) describe(c *gin.Context) error {
	prefix := strings.TrimSuffix(web.Path(c.Request), "/openapi.json")
	if prefix == "" {
		prefix = "/"
	}
	body := append([]byte(a.document.before), quote(prefix)...)
	web.JSON(c, http.StatusOK, append(body, a.document.after...))
	return nil
}
