package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
)

// Media types of request bodies.
const (
	MediaJSON       = "application/json"
	MediaMergePatch = "application/merge-patch+json" // RFC 7396 section 4
)

// bodyTime is how long a client has for a body, unless the host's server has a
// ReadTimeout: a request that has been let in is not held open for good.
const bodyTime = 30 * time.Second

// Body reads the body of the request: one of the media types, in UTF-8,
// without a content coding, of at most limit bytes. accept is the name of the
// header field that tells the client which media types there are (RFC 5789
// section 3.1: Accept-Patch).
func Body(c *gin.Context, limit int64, accept string, types ...string) ([]byte, error) {
	if !mediaTypeIn(c.Request.Header, types) {
		p := problem.Problem{
			Status: http.StatusUnsupportedMediaType,
			Kind:   "unsupported-media-type",
			Code:   problem.ValidationError,
			Detail: "Send the body as " + strings.Join(types, " or ") + ", in UTF-8 and without a content coding.",
		}
		return nil, p.With(accept, strings.Join(types, ", "))
	}
	if c.Request.Body == nil { // a request that a host's test has made by hand
		return nil, nil
	}
	body, err := read(c, limit, bodyTime)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errAbandoned):
		return nil, err
	case errors.As(err, &tooLarge):
		return nil, &problem.Problem{
			Status: http.StatusRequestEntityTooLarge,
			Kind:   "body-too-large",
			Code:   problem.ValidationError,
			Detail: "The body is too large.",
		}
	case err != nil:
		return nil, BadRequest("unreadable-body", "The body could not be read to its end.")
	}
	return body, nil
}

// read reads a body within a time. If that passes, the deadline stays: what has not
// been read of the body is in the way of the next request on the connection, which
// the server closes then.
func read(c *gin.Context, limit int64, within time.Duration) ([]byte, error) {
	request, control := c.Request, http.NewResponseController(c.Writer)
	server, ok := request.Context().Value(http.ServerContextKey).(*http.Server)
	bounded := ok && server.ReadTimeout <= 0 && control.SetReadDeadline(time.Now().Add(within)) == nil
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, request.Body, limit))
	if bounded && err == nil {
		err = control.SetReadDeadline(time.Time{})
	}
	return body, Abandoned(c, request, err)
}

func mediaTypeIn(h http.Header, types []string) bool {
	if len(h.Values("Content-Type")) != 1 || !isASCII(h.Get("Content-Type")) { // else a blank of Unicode is cut off
		return false
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return false
	}
	got, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !slices.Contains(types, got) {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// BadRequest is a 400 of the given kind.
func BadRequest(kind, detail string, faults ...problem.Fault) *problem.Problem {
	return &problem.Problem{
		Status: http.StatusBadRequest, Kind: kind, Code: problem.ValidationError,
		Detail: detail, Faults: faults,
	}
}

// Invalid is a 422 with all that is wrong.
func Invalid(faults ...problem.Fault) *problem.Problem {
	return &problem.Problem{
		Status: http.StatusUnprocessableEntity,
		Kind:   "validation-error",
		Code:   problem.ValidationError,
		Detail: "The request is not valid; errors says what is wrong with it.",
		Faults: faults,
	}
}

// MethodNotAllowed is a handler for the methods that a path of the module does
// not have (RFC 9110 section 15.5.6).
func MethodNotAllowed(allow string) Handler {
	p := problem.Problem{
		Status: http.StatusMethodNotAllowed,
		Kind:   "method-not-allowed",
		Code:   problem.ValidationError,
		Detail: "This path has no such method; Allow names those it has.",
	}
	return func(*gin.Context) error { return p.With("Allow", allow) }
}
