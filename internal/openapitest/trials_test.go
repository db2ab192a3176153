package openapitest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	todoPath = "/todos/019cadae-30ab-7c3e-9b41-5d0f8a27e6c4"
	todoJSON = `{"id":"019cadae-30ab-7c3e-9b41-5d0f8a27e6c4","user_id":"u1","title":"Buy milk",` +
		`"description":null,"completed":false,"completed_at":null,"position":65536,` +
		`"created_at":"2026-03-02T08:15:30.123Z","updated_at":"2026-03-02T08:15:30.123Z","version":1}`
	notFound = `{"type":"urn:authtodo:problem:todo-not-found","title":"Not Found","status":404,` +
		`"detail":"Todo not found or access denied","error_code":"NOT_FOUND",` +
		`"instance":"urn:uuid:3f0c7d1a-5b2e-4c01-a9d4-7e6182c0f35b"}`
	invalid = `{"type":"urn:authtodo:problem:validation-error","title":"Unprocessable Entity",` +
		`"status":422,"detail":"No.","error_code":"VALIDATION_ERROR",` +
		`"instance":"urn:uuid:3f0c7d1a-5b2e-4c01-a9d4-7e6182c0f35b","errors":[` +
		`{"code":"required","detail":"is required","pointer":"#/title"},` +
		`{"code":"unknown","detail":"is unknown","pointer":"#/due"}]}`
	notAllowed = `{"type":"urn:authtodo:problem:method-not-allowed","title":"Method Not Allowed",` +
		`"status":405,"detail":"No.","error_code":"VALIDATION_ERROR",` +
		`"instance":"urn:uuid:3f0c7d1a-5b2e-4c01-a9d4-7e6182c0f35b"}`
)

// trial is a request to a server that gives a fixed answer, and whether the
// document describes the two.
type trial struct {
	name    string
	method  string // "" is GET
	path    string
	request string // header fields of the request
	sent    string // its body
	status  int
	answer  string // header fields of the answer
	body    string
	bad     string // part of the fault; "": there is none
}

const (
	isJSON    = "Content-Type: application/json; charset=utf-8\n"
	isProblem = "Content-Type: application/problem+json\n"
	etag      = "ETag: \"1\"\n"
	aTodo     = isJSON + etag
	aList     = isJSON + "ETag: W/\"e-1\"\n"
	isNew     = aTodo + "Location: /api" + todoPath + "\n"
)

func trials() []trial {
	return []trial{
		{name: "get", path: todoPath, status: 200, answer: aTodo, body: todoJSON},
		{name: "list", path: "/todos?sort=-title&limit=500&q=%25", status: 200,
			answer: aList, body: "[" + todoJSON + "]"},
		{name: "list under its other name", path: "/todos/", status: 200,
			answer: aList, body: "[]"},
		{name: "head", method: "HEAD", path: todoPath, status: 200, answer: aTodo},
		{name: "not modified", path: todoPath,
			request: "If-None-Match: \"1\"\n", status: 304, answer: etag},
		{name: "create", method: "POST", path: "/todos", request: isJSON, sent: `{"title":"Buy milk"}`,
			status: 201, answer: isNew, body: todoJSON},
		{name: "send back", method: "PUT", path: todoPath, request: isJSON, sent: todoJSON,
			status: 200, answer: aTodo, body: todoJSON},
		{name: "merge patch", method: "PATCH", path: todoPath, sent: `{"description":null}`,
			request: "Content-Type: application/merge-patch+json\nIf-Match: \"1\", \"2\"\n",
			status:  200, answer: aTodo, body: todoJSON},
		{name: "lenient", method: "PATCH", path: todoPath, sent: `{"due":"tomorrow"}`,
			request: isJSON + "Prefer: handling=lenient\n", status: 200, answer: aTodo, body: todoJSON},
		{name: "delete", method: "DELETE", path: todoPath, status: 204},
		{name: "not found", path: "/todos/7", status: 404, answer: isProblem, body: notFound},
		{name: "refused, so it may be anything", path: "/todos?limit=0", status: 422, answer: isProblem,
			body: strings.NewReplacer("404", "422", "NOT_FOUND", "VALIDATION_ERROR").Replace(notFound)},
		{name: "refused members", method: "POST", path: "/todos",
			request: isJSON, sent: `{"due":1}`, status: 422,
			answer: isProblem, body: invalid},
		{name: "method", method: "DELETE", path: "/todos", status: 405,
			answer: isProblem + "Allow: GET, HEAD, POST\n", body: notAllowed},

		{name: "no ETag", path: todoPath, status: 200, answer: isJSON, body: todoJSON, bad: "ETag"},
		{name: "weak ETag", path: todoPath, status: 200,
			answer: isJSON + "ETag: W/\"1\"\n", body: todoJSON, bad: "etag"},
		{name: "may be stored", path: todoPath, status: 200, body: todoJSON,
			answer: aTodo + "Cache-Control: private\n", bad: "no-store"},
		{name: "undocumented header", path: todoPath, status: 200, answer: aTodo + "X-Owner: u1\n",
			body: todoJSON, bad: "X-Owner"},
		{name: "undocumented member", path: todoPath, status: 200, answer: aTodo,
			body: strings.Replace(todoJSON, "{", `{"owner":"u1",`, 1), bad: "owner"},
		{name: "undocumented member of a problem", path: todoPath, status: 404, answer: isProblem,
			body: strings.Replace(notFound, "{", `{"cause":"sql",`, 1), bad: "cause"},
		{name: "missing member", path: todoPath, status: 200, answer: aTodo,
			body: strings.Replace(todoJSON, `,"version":1`, "", 1), bad: "version"},
		{name: "time in seconds", path: todoPath, status: 200, answer: aTodo,
			body: strings.Replace(todoJSON, ".123Z", "Z", 1), bad: "created_at"},
		{name: "object for a list", path: "/todos", status: 200, answer: aList,
			body: todoJSON, bad: "array"},
		{name: "undocumented member of a fault", path: "/todos", status: 422, answer: isProblem,
			body: strings.Replace(invalid, `{"code"`, `{"got":1,"code"`, 1), bad: "got"},
		{name: "fault in two places", path: "/todos", status: 422, answer: isProblem,
			body: strings.Replace(invalid, `{"code"`, `{"header":"Prefer","code"`, 1), bad: "oneOf"},
		{name: "other error code", path: todoPath, status: 404, answer: isProblem,
			body: strings.Replace(notFound, "NOT_FOUND", "CONFLICT", 1), bad: "NOT_FOUND"},
		{name: "not a problem", path: todoPath, status: 404, answer: isJSON, body: `{}`, bad: "404"},
		{name: "undocumented status", path: todoPath, status: 410,
			answer: isProblem, body: notFound, bad: "410"},
		{name: "problem of a head", method: "HEAD", path: todoPath, status: 404, answer: isProblem},
		{name: "accepted parameter", path: "/todos?page=2", status: 200, answer: aList,
			body: "[]", bad: "page"},
		{name: "accepted limit", path: "/todos?limit=501", status: 200, answer: aList,
			body: "[]", bad: "limit"},
		{name: "accepted member", method: "POST", path: "/todos",
			request: isJSON, sent: `{"title":"a","due":1}`,
			status: 201, answer: isNew, body: todoJSON, bad: "due"},
		{name: "accepted null", method: "POST", path: "/todos", request: isJSON, sent: `{"title":null}`,
			status: 201, answer: isNew, body: todoJSON, bad: "title"},
		{name: "accepted text", method: "POST", path: "/todos",
			request: "Content-Type: text/plain\n", sent: `{"title":"a"}`,
			status: 201, answer: isNew, body: todoJSON, bad: "text/plain"},
		{name: "accepted body", method: "DELETE", path: todoPath,
			request: isJSON, sent: `{}`, status: 204, bad: "requestBody"},
		{name: "accepted stranger", path: todoPath, request: "Authorization:\n", status: 200,
			answer: aTodo, body: todoJSON, bad: "Authorization"},
		{name: "unknown path", path: "/tasks", status: 200, bad: "/tasks"},
		{name: "method without Allow", method: "DELETE", path: "/todos", status: 405,
			answer: isProblem, body: notAllowed, bad: "Allow"},
		{name: "method with another Allow", method: "DELETE", path: "/todos", status: 405,
			answer: isProblem + "Allow: GET, HEAD, POST, PUT\n", body: notAllowed, bad: "Allow is"},
	}
}

// TestValidateExchange proves the helper on hand-made exchanges, over a real
// connection, behind a prefix.
func TestValidateExchange(t *testing.T) {
	d := describe(t, replaced(t, `"url": "/"`, `"url": "/api"`))
	for _, c := range trials() {
		t.Run(c.name, func(t *testing.T) {
			req, resp := c.run(t)
			if c.bad == "" {
				d.validateExchange(t, req, resp)
				if body, err := io.ReadAll(resp.Body); err != nil || string(body) != c.body {
					t.Errorf("the body is %q afterwards, %v", body, err)
				}
				return
			}
			faults, err := d.faults(req, resp)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(faults, "\n"); !strings.Contains(all, c.bad) {
				t.Errorf("found %q, want something about %q", all, c.bad)
			}
		})
	}
}

// run has the exchange.
func (c trial) run(t *testing.T) (*http.Request, *http.Response) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setFields(w.Header(), "Cache-Control: no-store\nVary: Authorization\n"+
			"X-Content-Type-Options: nosniff\nX-Request-Id: r1\n"+c.answer)
		w.WriteHeader(c.status)
		io.WriteString(w, c.body)
	}))
	t.Cleanup(server.Close)
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	url, sent := server.URL+"/api"+c.path, strings.NewReader(c.sent)
	req, err := http.NewRequestWithContext(t.Context(), method, url, sent)
	if err != nil {
		t.Fatal(err)
	}
	setFields(req.Header, "Authorization: Bearer e30.e30.e30\n"+c.request)
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return req, resp
}

// setFields sets header fields; one without a value is removed.
func setFields(h http.Header, lines string) {
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if value = strings.TrimSpace(value); value == "" {
			h.Del(name)
			continue
		}
		h.Set(name, value)
	}
}
