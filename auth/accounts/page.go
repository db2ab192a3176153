package accounts

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

// pageKind is one of the module's own pages, for hosts without a front end.
type pageKind string

const (
	pageVerify pageKind = "verify"
	pageReset  pageKind = "reset"
)

// page is what a page shows. Its form posts to where it is, with the token in
// the query that it was opened with.
type page struct {
	Title   string
	Text    string
	Button  string // empty: there is no form
	Choose  bool   // of a new password
	Problem string
}

// pageText has no script and no style: nothing of it can be made to run.
const pageText = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
{{with .Problem}}<p role="alert">{{.}}</p>
{{end}}{{with .Text}}<p>{{.}}</p>
{{end}}{{if .Button}}<form method="post">
{{if .Choose}}<p><label>New password
<input type="password" name="newPassword" autocomplete="new-password" minlength="8" required autofocus>
</label></p>
{{end}}<p><button>{{.Button}}</button></p>
</form>
{{end}}</main>
</body>
</html>
`

const pagePolicy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func newPages() *template.Template { return template.Must(template.New("page").Parse(pageText)) }

// form is the page with the form of a kind.
func form(kind pageKind) page {
	if kind == pageReset {
		return page{Title: "Choose a new password", Button: "Save", Choose: true}
	}
	return page{
		Title: "Email address", Button: "Confirm",
		Text: "Confirm that this email address is yours, if you have signed up or asked for it yourself.",
	}
}

// verifyPage answers GET /verify-email with a page that has a button. What looks
// at the links in mails before their readers do uses no code up.
func (s *Service) verifyPage(_ context.Context, c *gin.Context) error {
	return s.openPage(c, pageVerify, kindVerify, kindChange)
}

// resetPage answers GET /reset-password with a page that asks for the password.
func (s *Service) resetPage(_ context.Context, c *gin.Context) error {
	return s.openPage(c, pageReset, kindReset)
}

func (s *Service) openPage(c *gin.Context, kind pageKind, of ...kind) error {
	if !acceptsHTML(c.GetHeader("Accept")) {
		return web.MethodNotAllowed(http.MethodPost)(c)
	}
	for _, k := range of {
		if _, ok := s.seal.open(k, c.Query("token")); ok {
			return s.show(c, http.StatusOK, form(kind))
		}
	}
	return s.show(c, http.StatusBadRequest, badLink())
}

// acceptsHTML tells a browser from a client that wants JSON, for which a GET can
// do nothing here.
func acceptsHTML(accept string) bool {
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*") &&
		!strings.Contains(accept, "application/json")
}

func badLink() page {
	return page{Title: "This link does not work", Text: "It may have been used or be too old. Ask for another one."}
}

// showOutcome answers what one of the pages has posted.
func (s *Service) showOutcome(c *gin.Context, kind pageKind, err error) error {
	if err == nil {
		done := page{Title: "Thank you", Text: "The email address is confirmed. You can close this page."}
		if kind == pageReset {
			done.Text = "The new password is saved. You can close this page and sign in."
		}
		return s.show(c, http.StatusOK, done)
	}
	var p *problem.Problem
	if !errors.As(err, &p) || p.Named == nil || p.Status >= http.StatusInternalServerError {
		return err
	}
	shown := badLink()
	if p.Named.Code != "INVALID_TOKEN" {
		shown = form(kind)
		shown.Problem = p.Named.Message
	}
	maps.Copy(c.Writer.Header(), p.Header) // the challenge of a 401, the wait of a 429
	return s.show(c, p.Status, shown)
}

func (s *Service) show(c *gin.Context, status int, p page) error {
	var text bytes.Buffer
	if err := s.pages.Execute(&text, p); err != nil {
		return err
	}
	h := c.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Writer.WriteHeader(status)
	if c.Request.Method == http.MethodHead {
		c.Writer.WriteHeaderNow()
		return nil
	}
	c.Writer.Write(text.Bytes()) // a client that is gone is no news
	return nil
}
