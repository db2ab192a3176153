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

// newDocument is the document of an API that the session cookie of this name
// opens, too. If the name is empty, none does.
func newDocument(cookie string) document {
	text := openAPIText
	if cookie != "" {
		text = strings.NewReplacer(`"bearer": []`, `"bearer": []
    },
    {
      "session": []`, `"bearer": {`, `"session": {
        "type": "apiKey",
        "in": "cookie",
        "name": `+string(quote(cookie))+`,
        "description": "The cookie of a session. It counts where there is no Authorization field. `+
			`A request that changes something and comes from a page of another site is answered with 403."
      },
      "bearer": {`).Replace(text)
	}
	before, after, _ := strings.Cut(text, `"url": "/"`)
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
