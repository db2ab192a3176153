// Package reference shows people the OpenAPI document of a module: Swagger UI, on
// a page that loads nothing from elsewhere. A host that does not import it links
// none of it; one that does gains about 500 KiB.
//
//	module, err := authtodo.Register(api, …)
//	reference.Mount(api, "/reference") // the page is at /api/reference/
package reference

import (
	"bytes"
	"embed"
	"html"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5/static"
)

// page is what is not Swagger UI's.
//
//go:embed page
var page embed.FS

// policy lets the page run and load what is served here, and nothing else. Swagger
// UI has pictures in its style sheet, and sets styles of elements by attribute.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Mount adds the page below path of router, like "/reference". The document is the
// openapi.json of the same router, where Register has put it. The page needs no
// guard: it shows what the document says, which anybody may read.
func Mount(router gin.IRoutes, path string) error {
	path = "/" + strings.Trim(path, "/")
	document := strings.Repeat("../", strings.Count(path, "/")) + "openapi.json"
	index, err := page.ReadFile("page/index.html")
	if err != nil {
		return err
	}
	index = bytes.ReplaceAll(index, []byte("{{document}}"), []byte(html.EscapeString(document)))
	get(router, path, func(c *gin.Context) { // else the files of the page are looked for beside it
		c.Header("Location", path[strings.LastIndexByte(path, '/')+1:]+"/")
		c.Status(http.StatusPermanentRedirect)
	})
	get(router, path+"/", file("text/html; charset=utf-8", "", index))
	const script, style = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
	for name, media := range map[string]string{"reference.js": script, "reference.css": style} {
		content, err := page.ReadFile("page/" + name)
		if err != nil {
			return err
		}
		get(router, path+"/"+name, file(media, "", content))
	}
	for name, media := range map[string]string{"swagger-ui-bundle.js": script, "swagger-ui.css": style} {
		packed, err := static.FS.ReadFile(name + ".gz")
		if err != nil {
			return err
		}
		get(router, path+"/"+name, file(media, "gzip", packed))
	}
	return nil
}

func get(router gin.IRoutes, path string, handler gin.HandlerFunc) {
	router.GET(path, handler)
	router.HEAD(path, handler)
}

// file answers with a file, packed as encoding says. Every browser unpacks gzip.
func file(media, encoding string, content []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if encoding != "" {
			h.Set("Content-Encoding", encoding)
		}
		c.Data(http.StatusOK, media, content)
	}
}
