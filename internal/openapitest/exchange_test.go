package openapitest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
)

// description is a document that requests and answers are held against.
type description struct {
	document  *document
	validator validator.Validator
	headOnly  validator.Validator // checks no body of an answer
}

// describe reads the document that a service serves. It is strict: what the
// document does not mention is a fault, in answers even where a client has to
// put up with it.
func describe(t *testing.T, text []byte) *description {
	t.Helper()
	options := []config.Option{
		config.WithFormatAssertions(),
		config.WithRejectUndeclaredRequestBody(),
		config.WithStrictMode(),
		// Of every answer, and nothing that a client of the API acts upon.
		config.WithStrictIgnoredHeadersExtra("Content-Security-Policy", "Referrer-Policy",
			"Cross-Origin-Resource-Policy"),
		// Strict mode takes the cookie of a security scheme for one that is not described.
		config.WithStrictIgnorePaths("$.cookies**"),
	}
	return &description{
		document:  readDocument(t, text),
		validator: newValidator(t, text, options...),
		headOnly:  newValidator(t, text, append(options, config.WithoutResponseBodyValidation())...),
	}
}

// validateExchange fails the test if the document does not describe the answer
// to the request, or if the service accepted a request that the document does
// not allow. A request that was refused may be anything. The body of resp can
// still be read afterwards; req is a client's, and its body is read from
// GetBody, which [http.NewRequest] sets.
func (d *description) validateExchange(t *testing.T, req *http.Request, resp *http.Response) {
	t.Helper()
	faults, err := d.faults(req, resp)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Errorf("%s %s %d: %s", req.Method, req.URL.Path, resp.StatusCode, fault)
	}
}

func (d *description) faults(req *http.Request, resp *http.Response) ([]string, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if req, err = described(req); err != nil {
		return nil, err
	}
	var faults []string
	if resp.StatusCode == http.StatusMethodNotAllowed {
		faults = d.methodFaults(req, resp)
	} else {
		faults = d.operationFaults(req, resp)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return faults, nil
}

func (d *description) operationFaults(req *http.Request, resp *http.Response) []string {
	var faults []string
	if resp.StatusCode < http.StatusBadRequest && !lenient(req) {
		_, errs := d.validator.ValidateHttpRequestSync(req)
		faults = explain(errs)
	}
	return append(faults, d.answerFaults(req, resp)...)
}

func (d *description) answerFaults(req *http.Request, resp *http.Response) []string {
	v := d.validator
	// The document does not describe itself member by member; that it is an
	// OpenAPI document is shown elsewhere.
	if req.Method == http.MethodHead || strings.HasSuffix(req.URL.Path, "/openapi.json") {
		v = d.headOnly
	}
	_, errs := v.ValidateHttpResponse(req, resp)
	return explain(errs)
}

// described is the request with its body unread, and with the path of the
// document where the service has two of one meaning.
func described(req *http.Request) (*http.Request, error) {
	clone := req.Clone(req.Context())
	if strings.HasSuffix(clone.URL.Path, "/todos/") {
		clone.URL.Path = strings.TrimSuffix(clone.URL.Path, "/")
	}
	if req.GetBody == nil {
		return clone, nil
	}
	body, err := req.GetBody()
	clone.Body = body
	return clone, err
}

// lenient reports whether the service was asked to overlook unknown members,
// so that a request it accepted tells nothing.
func lenient(req *http.Request) bool {
	return strings.Contains(strings.Join(req.Header.Values("Prefer"), ","), "handling=lenient")
}

// methodFaults checks a 405. The document has no operation for a method that
// is not allowed, so it is looked up as the answer to GET, which every path
// has, and Allow is compared with the methods that the document has.
func (d *description) methodFaults(req *http.Request, resp *http.Response) []string {
	get := req.Clone(req.Context())
	get.Method = http.MethodGet
	faults := d.answerFaults(get, resp)
	allowed := strings.Split(strings.ReplaceAll(resp.Header.Get("Allow"), " ", ""), ",")
	slices.Sort(allowed)
	if want := d.methods(req.URL.Path); !slices.Equal(allowed, want) {
		faults = append(faults, fmt.Sprintf("Allow is %v, the document has %v", allowed, want))
	}
	if slices.Contains(allowed, req.Method) {
		faults = append(faults, "the method is refused and allowed")
	}
	return faults
}

// methods are the methods that the document has for the path of a request.
func (d *description) methods(path string) []string {
	template := "/todos/{id}"
	for _, whole := range []string{"/todos", "/openapi.json"} {
		if strings.HasSuffix(path, whole) {
			template = whole
		}
	}
	var names []string
	item, _ := d.document.member("paths", template).(map[string]any)
	for name := range item {
		switch name {
		case "get", "head", "post", "put", "patch", "delete":
			names = append(names, strings.ToUpper(name))
		}
	}
	slices.Sort(names)
	return names
}

// explain is a sentence for each error, with the causes that the schema gives.
func explain(errs []*errors.ValidationError) []string {
	var sentences []string
	for _, e := range errs {
		s := e.Message + ": " + e.Reason
		for _, cause := range e.SchemaValidationErrors {
			s += fmt.Sprintf("; %s at %s: %s", cause.FieldPath, cause.KeywordLocation, cause.Reason)
		}
		sentences = append(sentences, s)
	}
	return sentences
}
