package web_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/internal/problem"
	"github.com/authtodo/authtodo/internal/web"
)

const limit = 10

// body reads a body that may be JSON or a merge patch.
func body(r *http.Request) (got string, status int, accept string) {
	handler := web.Reporter{Logger: slog.New(slog.DiscardHandler)}.Handle(func(c *gin.Context) error {
		text, err := web.Body(c, limit, "Accept-Patch", web.MediaMergePatch, web.MediaJSON)
		if err != nil {
			return err
		}
		got = string(text)
		web.Empty(c, 204)
		return nil
	})
	w := serve(r, handler)
	return got, w.Code, w.Header().Get("Accept-Patch")
}

func TestBodyTypes(t *testing.T) {
	for _, c := range []struct {
		types, codings []string
		status         int
	}{
		{[]string{"application/json"}, nil, 204},
		{[]string{"application/merge-patch+json"}, nil, 204},
		{[]string{"Application/JSON; charset=UTF-8"}, nil, 204},
		{[]string{`application/json;charset="utf-8"`}, nil, 204},
		{[]string{"application/json"}, []string{"identity"}, 204},
		{nil, nil, 415},
		{[]string{""}, nil, 415},
		{[]string{"text/plain"}, nil, 415},
		{[]string{"application/json-patch+json"}, nil, 415},
		{[]string{"application/x-www-form-urlencoded"}, nil, 415},
		{[]string{"application/json; charset=iso-8859-1"}, nil, 415},
		{[]string{"application/json; charset"}, nil, 415},
		{[]string{"application/json\u00a0"}, nil, 415},
		{[]string{"\u2003application/json"}, nil, 415},
		{[]string{"application/json, text/plain"}, nil, 415},
		{[]string{"application/json", "text/plain"}, nil, 415},
		{[]string{"application/json"}, []string{"gzip"}, 415},
	} {
		r := request("POST", "text")
		r.Header["Content-Type"], r.Header["Content-Encoding"] = c.types, c.codings
		got, status, accept := body(r)
		if status != c.status || (got == "text") != (status == 204) {
			t.Errorf("%q, %q: got %d and %q, want %d", c.types, c.codings, status, got, c.status)
		}
		want := map[int]string{415: "application/merge-patch+json, application/json"}[status]
		if accept != want {
			t.Errorf("%q: accepted is %q", c.types, accept)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	for length, want := range map[int]int{0: 204, limit: 204, limit + 1: 413, 100 * limit: 413} {
		for _, known := range []bool{true, false} {
			r := request("POST", strings.Repeat("x", length))
			r.Header.Set("Content-Type", web.MediaJSON)
			if !known {
				r.ContentLength = -1
			}
			if got, status, _ := body(r); status != want || (len(got) == length) != (want == 204) {
				t.Errorf("%d bytes, told before %t: got %d and %d bytes, want %d",
					length, known, status, len(got), want)
			}
		}
	}
}

func TestBodyThatBreaks(t *testing.T) {
	r := request("POST", "")
	r.Header.Set("Content-Type", web.MediaJSON)
	cut := iotest.ErrReader(io.ErrUnexpectedEOF)
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), cut))
	if got, status, _ := body(r); status != 400 || got != "" {
		t.Errorf("got %d and %q", status, got)
	}
}

func TestProblemsOfInput(t *testing.T) {
	fault := problem.Fault{Parameter: "limit", Code: "range", Detail: "must be at most 100"}
	for status, err := range map[int]error{
		400: web.BadRequest("malformed", "No.", fault),
		422: web.Invalid(fault),
	} {
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || p.Status != status || p.Code != problem.ValidationError ||
			len(p.Faults) != 1 || p.Faults[0] != fault {
			t.Errorf("got %+v, want %d", err, status)
		}
	}
}
