package problem_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/problem"
)

// members are those of a problem without faults.
func members(title, detail string, status float64) map[string]any {
	return map[string]any{
		"type": "urn:authtodo:problem:some-kind", "title": title, "status": status,
		"detail": detail, "error_code": "CONFLICT", "instance": "urn:uuid:1",
	}
}

func with(m map[string]any, name string, value any) map[string]any {
	m[name] = value
	return m
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name    string
		problem problem.Problem
		want    map[string]any
	}{
		{"plain", problem.Problem{Status: 409, Detail: "It is taken."}, members("Conflict", "It is taken.", 409)},
		{"a status without a title", problem.Problem{Status: 499}, members("", "", 499)},
		{"what JSON escapes", problem.Problem{Status: 409, Detail: "\"\\\n\x00</script>é"},
			members("Conflict", "\"\\\n\x00</script>é", 409)},
		{"no UTF-8", problem.Problem{Status: 409, Detail: "a\xffb"}, members("Conflict", "a\ufffdb", 409)},
		{"a cause and a note", problem.Problem{
			Status: 503, Detail: "Later.", Cause: errors.New("password secret"),
			Note: &problem.Note{Message: "secret"},
		}, members("Service Unavailable", "Later.", 503)},
		{"faults", problem.Problem{Status: 422, Faults: []problem.Fault{
			{Pointer: "#/title", Code: "too-long", Detail: "must be short"},
			{Parameter: "sort", Code: "unknown", Detail: "must be known"},
			{Header: "If-Match", Code: "malformed", Detail: `must be "1"`},
		}}, with(members("Unprocessable Entity", "", 422), "errors", []any{
			map[string]any{"pointer": "#/title", "code": "too-long", "detail": "must be short"},
			map[string]any{"parameter": "sort", "code": "unknown", "detail": "must be known"},
			map[string]any{"header": "If-Match", "code": "malformed", "detail": `must be "1"`},
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.problem.Kind, c.problem.Code = "some-kind", problem.Conflict
			response, body := write(t, &c.problem, http.MethodPost)
			var got map[string]any
			if err := json.Unmarshal(body, &got); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %s, %v, want %v", body, err, c.want)
			}
			if strings.Contains(string(body), "secret") {
				t.Errorf("the client is told %s", body)
			}
			if response.StatusCode != c.problem.Status {
				t.Errorf("the status is %d, want %d", response.StatusCode, c.problem.Status)
			}
			if got := response.Header.Get("Content-Type"); got != problem.ContentType {
				t.Errorf("the body is of %s", got)
			}
			head, none := write(t, &c.problem, http.MethodHead)
			if len(none) != 0 || head.Header.Get("Content-Length") != strconv.Itoa(len(body)) ||
				response.Header.Get("Content-Length") != strconv.Itoa(len(body)) {
				t.Errorf("a body of %d bytes has the length %s, and %s for HEAD with a body of %d", len(body),
					response.Header.Get("Content-Length"), head.Header.Get("Content-Length"), len(none))
			}
		})
	}
}

func write(t *testing.T, p *problem.Problem, method string) (*http.Response, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	p.Write(w, httptest.NewRequest(method, "/", nil), "urn:uuid:1")
	response := w.Result()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func TestWith(t *testing.T) {
	plain := problem.Problem{Status: 405, Detail: "No."}
	one := plain.With("allow", "GET")
	two := one.With("Allow", "PUT").With("Retry-After", "1")
	for _, c := range []struct {
		problem *problem.Problem
		want    http.Header
	}{
		{&plain, nil},
		{one, http.Header{"Allow": {"GET"}}},
		{two, http.Header{"Allow": {"GET", "PUT"}, "Retry-After": {"1"}}},
	} {
		if !reflect.DeepEqual(c.problem.Header, c.want) || c.problem.Detail != "No." {
			t.Errorf("got %+v, want the header %v", c.problem, c.want)
		}
	}
	response, _ := write(t, two, http.MethodGet)
	if got := response.Header.Values("Allow"); !reflect.DeepEqual(got, []string{"GET", "PUT"}) {
		t.Errorf("the answer allows %q", got)
	}
}

func TestError(t *testing.T) {
	cause := errors.New("the disk is full")
	p := &problem.Problem{Kind: "unavailable", Detail: "Later."}
	if got := p.Error(); got != "unavailable: Later." {
		t.Errorf("without a cause it reads %q", got)
	}
	p.Cause = cause
	if got := p.Error(); got != "unavailable: Later.: the disk is full" || !errors.Is(p, cause) {
		t.Errorf("with a cause it reads %q, and is it: %t", got, errors.Is(p, cause))
	}
}

func TestNewInstance(t *testing.T) {
	form := regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	one, other := problem.NewInstance(), problem.NewInstance()
	if one == other || !form.MatchString(one) || !form.MatchString(other) {
		t.Errorf("got %s and %s", one, other)
	}
}
