// Package web is what the module's handlers share: the adapter from handlers
// that return errors to Gin's, the header fields of every answer, bodies,
// preferences and entity tags. It touches only the routes it is mounted on.
package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gofrs/uuid/v5"

	"github.com/authtodo/authtodo/internal/problem"
)

// Handler is a handler that returns what went wrong instead of writing it.
type Handler func(c *gin.Context) error

// Reporter turns the errors of handlers into problem documents and writes what
// the client must not see to the log.
type Reporter struct {
	Logger *slog.Logger
	Named  bool // problems have the members that Better Auth's clients read

	// User says who a request comes from, for the log; nil or empty: nobody knows.
	User func(c *gin.Context) string
}

// Handle is h as a handler of Gin's. An error becomes a problem document; one
// that is no [problem.Problem] becomes a 500 that says nothing of it. A panic
// ends as such a 500 too, and only for this request.
func (rep Reporter) Handle(h Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer rep.recover(c)
		if err := h(c); err != nil {
			rep.Report(c, err)
		}
	}
}

// Report answers with err and ends the chain of handlers.
func (rep Reporter) Report(c *gin.Context, err error) {
	if errors.Is(err, errAbandoned) {
		return
	}
	c.Abort()
	p := asProblem(err)
	if rep.Named {
		p = p.WithName()
	}
	instance := problem.NewInstance()
	switch {
	case p.Note != nil:
		rep.Logger.LogAttrs(c.Request.Context(), p.Note.Level, p.Note.Message,
			append(RequestAttrs(c, instance), p.Note.Attrs...)...)
	case p.Status >= http.StatusInternalServerError:
		rep.log(c, p, instance)
	}
	if c.Writer.Written() {
		return // too late to say anything
	}
	p.Write(c.Writer, c.Request, instance)
}

func asProblem(err error) *problem.Problem {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p
	}
	return &problem.Problem{
		Status: http.StatusInternalServerError,
		Kind:   "internal-error",
		Code:   problem.InternalError,
		Detail: "Something went wrong on our side. The instance finds it in the log.",
		Cause:  err,
	}
}

func (rep Reporter) log(c *gin.Context, p *problem.Problem, instance string) {
	level := slog.LevelError
	if c.Request.Context().Err() != nil { // the client is gone, nobody was failed
		level = slog.LevelDebug
	}
	attrs := append(RequestAttrs(c, instance), slog.Int("status", p.Status), slog.Any("error", p))
	if rep.User != nil {
		if user := rep.User(c); user != "" {
			attrs = append(attrs, slog.String("user_id", user))
		}
	}
	var panicked *panicked
	if errors.As(p, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	rep.Logger.LogAttrs(c.Request.Context(), level, "authtodo: request failed", attrs...)
}

func (rep Reporter) recover(c *gin.Context) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { // the host's or net/http's way to drop a connection
		panic(v)
	}
	rep.Report(c, &panicked{value: v, stack: debug.Stack()})
}

// RequestAttrs are the attributes by which a log record finds its request.
func RequestAttrs(c *gin.Context, instance string) []slog.Attr {
	return []slog.Attr{
		slog.String("instance", instance),
		slog.String("request_id", c.Writer.Header().Get(requestID)),
		slog.String("method", c.Request.Method),
		slog.String("route", c.FullPath()),
	}
}

// Path is the path of a request as a reference to it. Two slashes in front, which
// an engine may have overlooked, would make another host of it (RFC 3986 section
// 4.2).
func Path(r *http.Request) string {
	return "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
}

const requestID = "X-Request-Id"

// Headers sets what every answer of the module carries. It runs before the
// guard, so that refusals carry it too.
func Headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Add("Vary", "Authorization")
	// One piece of memory for all, of this answer alone: what follows may change a
	// field in place. The names are in the form that Set would give them.
	values := []string{
		"no-store", // ASVS 14.3.2
		"nosniff",
		"default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
		"no-referrer",
		"same-origin", // CORS requests are not subject to it
	}
	for i, name := range [...]string{
		"Cache-Control",
		"X-Content-Type-Options",
		"Content-Security-Policy",
		"Referrer-Policy",
		"Cross-Origin-Resource-Policy",
	} {
		h[name] = values[i : i+1 : i+1]
	}
	if h.Get(requestID) == "" {
		h.Set(requestID, incomingID(c.Request))
	}
}

// incomingID is the request's own id if it has a harmless one (a proxy sets
// it), else a new one.
func incomingID(r *http.Request) string {
	if id := r.Header.Get(requestID); id != "" && len(id) <= 128 && harmless(id) {
		return id
	}
	id, err := uuid.NewV4()
	if err != nil {
		return "unknown"
	}
	return id.String()
}

func harmless(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}

// JSON answers with a body that is JSON already. HEAD gets its length only.
func JSON(c *gin.Context, status int, body []byte) {
	h := c.Writer.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(status)
	if c.Request.Method != http.MethodHead {
		c.Writer.Write(body) // a client that is gone is no news
		return
	}
	c.Writer.WriteHeaderNow()
}

// Empty answers without a body.
func Empty(c *gin.Context, status int) {
	c.Writer.WriteHeader(status)
	c.Writer.WriteHeaderNow()
}

// panicked is a panic of a handler, a store or a hook as an error.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprint("panic: ", p.value) }
