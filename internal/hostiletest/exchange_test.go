package hostiletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/internal/race"
)

// want is what a hostile request must be answered with.
type want struct {
	status    []int
	kind      string // of the problem; empty: any
	challenge string // WWW-Authenticate; empty: any of the three
	html      bool   // a page of ours answers, for browsers
	host      bool   // net/http or the engine of the host answers
	writes    bool   // the request is good for something, and may change what there is
}

// Challenges of RFC 6750.
const (
	noCredentials  = `Bearer`
	invalidRequest = `Bearer error="invalid_request"`
	invalidToken   = `Bearer error="invalid_token"`
)

// refused is a 401 with a challenge.
func refused(challenge string) want {
	return want{status: []int{401}, kind: "unauthorized", challenge: challenge}
}

func problem(status int, kind string) want { return want{status: []int{status}, kind: kind} }

// attack is one case.
type attack struct {
	name    string // group/field/value, as far as there are these
	request request
	want    want
}

// attacks are the cases of a test.
type attacks []attack

func (a *attacks) add(name string, r request, w want) { *a = append(*a, attack{name, r, w}) }

// run makes all attacks, one after the other.
func (s *site) run(t *testing.T, list attacks) {
	t.Helper()
	seen := make(map[string]bool)
	for _, a := range list {
		name := nameOf(a.name)
		if seen[name] {
			t.Errorf("two cases have the name %q", name)
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			shared.counts.add(s.place, name)
			s.attack(t, a)
		})
	}
	if state := s.look(t); state != s.state {
		t.Errorf("what there is has changed from\n%.600s\nto\n%.600s", s.state, state)
	}
	t.Logf("%d cases", len(list))
}

// nameOf is a name without what would not fit on a line.
func nameOf(text string) string {
	quoted := fmt.Sprintf("%+q", text)
	return quoted[1 : len(quoted)-1]
}

func (s *site) attack(t *testing.T, a attack) {
	t.Helper()
	mark := s.log.mark()
	got := s.send(t, a.request)
	if !slices.Contains(a.want.status, got.status) {
		t.Errorf("got %d %.300s, want %v", got.status, got.body, a.want.status)
	}
	shown := fmt.Sprint(got.header, got.body, got.rest)
	if got.status < 400 {
		checkLeaks(t, got.header, "") // the body is what the user has written
	} else {
		checkLeaks(t, got.header, got.body+got.rest)
	}
	checkSecrets(t, a.request, shown+s.log.since(mark))
	checkLog(t, s.log.since(mark), got.status)
	if !a.want.host {
		checkHeader(t, got)
		checkProblem(t, a, got)
	}
	// With the race detector SQLite takes twenty times as long: there, some cases
	// are looked after together.
	const together = 8
	if s.looked++; race.Enabled && s.place == "sqlite" && s.looked%together != 0 && !a.want.writes {
		return
	}
	state := s.look(t)
	if state != s.state && !a.want.writes {
		t.Errorf("what there is has changed from\n%.600s\nto\n%.600s", s.state, state)
	}
	s.state = state
}

// inside are words that only our own code, its libraries and its machine have.
var inside = []string{
	"json:", "pq:", "sqlite", "postgres", "sql:", "sqlstate", "goroutine", ".go:", "/home/", "/root/", "/tmp/", "runtime",
	"panic",
	"authtodo_", "github.com", "golang", "unmarshal", "strconv", "invalid character", "reflect", "0xc0", "jsontext", "map[",
	"<nil>",
	"%!", "stack", "select ", "insert ", "unexpected eof", "dial tcp", "net/http", "connection refused", "context deadline",
}

// between and instance are what stands between the words of credentials, and the
// name of an occurrence.
var (
	between  = regexp.MustCompile(`[\s,;=.]+`)
	instance = regexp.MustCompile(`^urn:uuid:[0-9a-f-]{36}$`)
)

// checkLeaks looks for them in the header and the body, but for fields that are
// random: any word is in one of them some day.
func checkLeaks(t *testing.T, header http.Header, body string) {
	t.Helper()
	shown := []byte(body)
	for name, values := range header {
		if !slices.Contains([]string{"Etag", "Link", "Set-Cookie", "Set-Auth-Jwt", "X-Request-Id"}, name) {
			shown = append(append(shown, strings.Join(values, "\n")...), '\n')
		}
	}
	shown = bytes.ToLower(shown)
	for _, word := range inside {
		if bytes.Contains(shown, []byte(word)) {
			t.Errorf("the answer shows %q: %.500s", word, shown)
		}
	}
}

// checkSecrets looks for what the client has sent as its credentials.
func checkSecrets(t *testing.T, r request, shown string) {
	t.Helper()
	for _, field := range r.fields {
		name, value, _ := strings.Cut(field, ":")
		switch strings.ToLower(name) {
		case "authorization", "cookie", "proxy-authorization":
		default:
			continue
		}
		for _, word := range between.Split(value, -1) {
			// A header is no secret, and a name of something may be anywhere.
			if len(word) >= 20 && !strings.HasPrefix(word, "eyJ") && strings.Contains(shown, word) {
				t.Errorf("%q of the credentials shows in %.500s", word, shown)
			}
		}
	}
}

// checkLog: a record is one line, short, of JSON, and no error unless it is ours.
func checkLog(t *testing.T, log string, status int) {
	t.Helper()
	const most = 4096
	for line := range strings.Lines(log) {
		var record struct{ Level, Msg, Error string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("the log has %.300q: %v", line, err)
		}
		// What becomes of a key set is logged when it does, beside any request.
		if record.Level == "ERROR" && status < 500 && !strings.HasPrefix(record.Msg, "authtodo: key set") {
			t.Errorf("the log has %.600s", line)
		}
		if len(line) > most || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
			t.Errorf("the log has a line of %d bytes: %.600q", len(line), line)
		}
	}
}

func checkHeader(t *testing.T, a answer) {
	t.Helper()
	for name, value := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := a.header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s is %q", name, got)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") ||
		!strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if id := a.header.Get("X-Request-Id"); id == "" || len(id) > 128 {
		t.Errorf("the request id is %q", id)
	}
	if !slices.Contains(a.header.Values("Vary"), "Authorization") {
		t.Errorf("Vary is %q", a.header.Values("Vary"))
	}
	for _, name := range []string{
		"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Refresh",
	} {
		if got := a.header.Get(name); got != "" {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, name := range []string{"Location", "Link"} {
		if got := strings.Trim(a.header.Get(name), "<"); got != "" && (!strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//")) {
			t.Errorf("%s leads to %q", name, got)
		}
	}
	if a.rest != "" {
		t.Errorf("behind the answer there is %.300q", a.rest)
	}
	if (a.status == http.StatusUnauthorized) != (a.header.Get("WWW-Authenticate") != "") {
		t.Errorf("%d has the challenge %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}

// document is a problem as it is sent.
type document struct {
	Type, Title, Detail, Instance string
	Status                        int
	ErrorCode                     string `json:"error_code"`
	Code, Message                 string
	Errors                        []struct{ Pointer, Parameter, Header, Code, Detail string }
}

// codes are the error codes that a status may have.
func codes() map[int][]string {
	return map[int][]string{
		400: {"VALIDATION_ERROR"}, 401: {"AUTH_ERROR"}, 403: {"AUTH_ERROR"}, 404: {"NOT_FOUND"}, 405: {"VALIDATION_ERROR"},
		409: {"CONFLICT"}, 412: {"PRECONDITION_FAILED"}, 413: {"VALIDATION_ERROR"}, 415: {"VALIDATION_ERROR"},
		422: {"VALIDATION_ERROR", "CONFLICT"}, 428: {"PRECONDITION_FAILED"}, 429: {"RATE_LIMITED"},
		500: {"INTERNAL_ERROR"}, 503: {"UNAVAILABLE"},
	}
}

// details are what the problems say that must not tell one reason from another.
func details() map[string][]string {
	return map[string][]string{
		"todo-not-found":            {"Todo not found or access denied"},
		"unauthorized":              {"Authentication required", "Unauthorized", "The refresh token is not valid. Sign in again."},
		"invalid-email-or-password": {"Invalid email or password"},
		"invalid-token":             {"Invalid token"},
		"invalid-password":          {"Invalid password"},
	}
}

func checkProblem(t *testing.T, a attack, got answer) {
	t.Helper()
	if got.status < 400 || a.request.method == "HEAD" {
		return
	}
	if a.want.html {
		if got.header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(got.body, "<script") {
			t.Errorf("the page is %s %.300s", got.header.Get("Content-Type"), got.body)
		}
		return
	}
	if got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the answer is of the type %q: %.300s", got.header.Get("Content-Type"), got.body)
		return
	}
	var d document
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Errorf("the problem is %s: %v", got.body, err)
		return
	}
	kind, ok := strings.CutPrefix(d.Type, "urn:authtodo:problem:")
	if !ok || a.want.kind != "" && kind != a.want.kind {
		t.Errorf("the problem is %q, want %q: %s", kind, a.want.kind, got.body)
	}
	if d.Status != got.status || d.Title != http.StatusText(got.status) || d.Detail == "" || !instance.MatchString(d.Instance) ||
		!slices.Contains(codes()[got.status], d.ErrorCode) {
		t.Errorf("the problem is %s", got.body)
	}
	if known := details()[kind]; known != nil && !slices.Contains(known, d.Detail) {
		t.Errorf("the detail is %q, want one of %q", d.Detail, known)
	}
	for _, e := range d.Errors {
		if e.Code == "" || e.Detail == "" || len(e.Pointer+e.Parameter+e.Header) > 1024 {
			t.Errorf("the problem has the error %+v", e)
		}
	}
	challenge := got.header.Get("WWW-Authenticate")
	if got.status == http.StatusUnauthorized && !slices.Contains([]string{noCredentials, invalidRequest, invalidToken}, challenge) ||
		a.want.challenge != "" && challenge != a.want.challenge {
		t.Errorf("the challenge is %q, want %q", challenge, a.want.challenge)
	}
}

// show gives the watch an answer, but for the secrets that this request is for.
func (s *site) show(r request, a answer) {
	text := fmt.Sprint(a.header, a.body, a.rest)
	for _, secret := range handedOut(r, a) {
		shared.watch.Token("a token that was handed out", secret)
		text = strings.ReplaceAll(text, secret, "…")
	}
	shared.watch.See("the answers", text)
	shared.watch.See("URLs", a.header.Get("Location")+" "+a.header.Get("Link"))
}

// handedOut are the secrets that an answer is for.
func handedOut(r request, a answer) (secrets []string) {
	path, _, _ := strings.Cut(r.target, "?")
	path, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), "/api/auth")
	if !ok || a.status != http.StatusOK {
		return nil
	}
	switch path {
	case "/sign-up/email", "/sign-in/email", "/refresh", "/token", "/change-password":
		for _, name := range []string{"token", "access_token", "refresh_token"} {
			secrets = append(secrets, a.text(name))
		}
	case "/get-session", "/list-sessions":
		handles := regexp.MustCompile(`"token":"(ath_[^"]+)"`)
		for _, found := range handles.FindAllStringSubmatch(a.body, -1) {
			secrets = append(secrets, found[1])
		}
		secrets = append(secrets, a.header.Get("set-auth-jwt"))
	}
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		secrets = append(secrets, cookie.Value)
	}
	return slices.DeleteFunc(secrets, func(secret string) bool { return secret == "" })
}
