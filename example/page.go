package main

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"

	"github.com/gin-gonic/gin"
)

// web is the page: files as they are served, without a build step.
//
//go:embed web
var web embed.FS

// policy lets the page run and load what is served here, and nothing else
// (Content Security Policy Level 3).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Where the links in mails lead to: to the same page, which looks at its address.
const (
	verifyPage = "/verify"
	resetPage  = "/reset"
)

// mountPage serves the page at / and its files beside it.
func mountPage(engine *gin.Engine) error {
	files, err := fs.ReadDir(web, "web")
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := web.ReadFile("web/" + file.Name())
		if err != nil {
			return err
		}
		routes := []string{"/" + file.Name()}
		if file.Name() == "index.html" {
			routes = []string{"/", verifyPage, resetPage}
		}
		handler := serveFile(mime.TypeByExtension(path.Ext(file.Name())), content)
		for _, route := range routes {
			engine.GET(route, handler)
			engine.HEAD(route, handler)
		}
	}
	return nil
}

// serveFile answers with a file that a browser asks for anew each time: after an
// update of the service the page is never half the old one.
func serveFile(contentType string, content []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Header("Content-Security-Policy", policy)
		c.Header("Referrer-Policy", "no-referrer")
		c.Header("X-Content-Type-Options", "nosniff")
		c.Data(http.StatusOK, contentType, content)
	}
}
