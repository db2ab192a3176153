// Package problem is the one error format of the module: problem details for
// HTTP APIs (RFC 9457), with the members that clients of the rebuilt system
// know, detail and error_code.
package problem

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofrs/uuid/v5"
)

// ContentType is the media type of a problem document (RFC 9457 section 3).
const ContentType = "application/problem+json"

// Code is the coarse, stable error code of a problem, its member error_code.
// The fine one is the problem's type.
type Code string

// The codes there are.
const (
	AuthError          Code = "AUTH_ERROR"
	NotFound           Code = "NOT_FOUND"
	ValidationError    Code = "VALIDATION_ERROR"
	Conflict           Code = "CONFLICT"
	PreconditionFailed Code = "PRECONDITION_FAILED"
	RateLimited        Code = "RATE_LIMITED"
	Unavailable        Code = "UNAVAILABLE"
	InternalError      Code = "INTERNAL_ERROR"
)

// Problem is an error that a client is told. Only Detail and Faults say
// anything about the request; what went wrong inside is Cause, for the log.
type Problem struct {
	Status int
	Kind   string // the last part of the type URI: urn:authtodo:problem:Kind
	Code   Code
	Detail string
	Faults []Fault
	Named  *Named      // nil outside of the routes that Better Auth's clients ask
	Header http.Header // added to the answer
	Cause  error       // never sent
	Note   *Note       // never sent; nil: the log gets the problem only if it is ours, a 5xx
}

// Named are the members that Better Auth's clients read: code and message.
type Named struct{ Code, Message string }

// WithName is the problem with its Named set, after its kind if it has none.
func (p *Problem) WithName() *Problem {
	if p.Named != nil {
		return p
	}
	named := *p
	code := strings.ReplaceAll(strings.ToUpper(p.Kind), "-", "_")
	named.Named = &Named{Code: code, Message: p.Detail}
	return &named
}

// Note is what the log gets of a problem that is the client's.
type Note struct {
	Level   slog.Level
	Message string
	Attrs   []slog.Attr
}

// Fault is one thing that is wrong with a request. Exactly one of Pointer,
// Parameter and Header says where.
type Fault struct {
	Pointer   string // into the body: a JSON Pointer as a URI fragment (RFC 6901 section 6)
	Parameter string // of the query
	Header    string
	Code      string // stable, for machines
	Detail    string // for people
}

// Error is the problem for a log: it has the cause, which the client never sees.
func (p *Problem) Error() string {
	s := p.Kind + ": " + p.Detail
	if p.Cause != nil {
		s += ": " + p.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// With returns a copy of the problem with one more header field for the answer.
func (p Problem) With(name, value string) *Problem {
	h := p.Header.Clone()
	if h == nil {
		h = make(http.Header, 1)
	}
	h.Add(name, value)
	p.Header = h
	return &p
}

// NewInstance is a name for one occurrence of a problem: a URN that is in the
// answer and in the log (RFC 9562 section 4).
func NewInstance() string {
	id, err := uuid.NewV4()
	if err != nil { // the system has no randomness: there is nothing to find it by
		return "urn:uuid:" + uuid.Nil.String()
	}
	return "urn:uuid:" + id.String()
}

// Write answers with the problem, as the occurrence that instance names.
func (p *Problem) Write(w http.ResponseWriter, r *http.Request, instance string) {
	h := w.Header()
	for name, values := range p.Header {
		h[name] = values
	}
	body := p.appendJSON(make([]byte, 0, 512), instance)
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		w.Write(body) // a client that is gone is no news
	}
}

func (p *Problem) appendJSON(b []byte, instance string) []byte {
	b = appendMember(append(b, '{'), "type", "urn:authtodo:problem:"+p.Kind)
	b = appendMember(append(b, ','), "title", http.StatusText(p.Status))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(p.Status), 10)
	b = appendMember(append(b, ','), "detail", p.Detail)
	b = appendMember(append(b, ','), "error_code", string(p.Code))
	b = appendMember(append(b, ','), "instance", instance)
	if p.Named != nil {
		b = appendMember(append(b, ','), "code", p.Named.Code)
		b = appendMember(append(b, ','), "message", p.Named.Message)
	}
	if len(p.Faults) > 0 {
		b = append(b, `,"errors":[`...)
		for i, f := range p.Faults {
			if i > 0 {
				b = append(b, ',')
			}
			b = f.appendJSON(b)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func (f Fault) appendJSON(b []byte) []byte {
	b = append(b, '{')
	switch {
	case f.Pointer != "":
		b = appendMember(b, "pointer", f.Pointer)
	case f.Parameter != "":
		b = appendMember(b, "parameter", f.Parameter)
	default:
		b = appendMember(b, "header", f.Header)
	}
	b = appendMember(append(b, ','), "code", f.Code)
	b = appendMember(append(b, ','), "detail", f.Detail)
	return append(b, '}')
}

// appendMember appends a name and a string. What is not UTF-8 in it becomes
// U+FFFD, which is all that AppendQuote's error is about.
func appendMember(b []byte, name, value string) []byte {
	b = append(append(append(b, '"'), name...), '"', ':')
	b, _ = jsontext.AppendQuote(b, value)
	return b
}

// NewUnavailable is a 503 that asks the client to come back: something that
// the service stands on does not answer. The cause is for the log.
func NewUnavailable(cause error) *Problem {
	p := Problem{
		Status: http.StatusServiceUnavailable,
		Kind:   "unavailable",
		Code:   Unavailable,
		Detail: "The service is unavailable; Retry-After says when to come back.",
		Cause:  cause,
	}
	return p.With("Retry-After", "2")
}
