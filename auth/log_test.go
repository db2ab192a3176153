package auth_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo/auth"
)

// TestHints: the log tells what to do about the usual mistakes.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, token string
		opts        auth.Options
		level       string
		hints       []string
	}{
		{"session token", "6bAsC0CLkq2VxTzN4mJd8RwE1yHuGf5P", shared(secret), "WARN",
			[]string{"1 segments", "session token", "/api/auth/token"}},
		{"signed session token", "6bAsC0CL.kq2VxTzN4mJd8RwE1yHuGf5P", shared(secret), "WARN",
			[]string{"2 segments", "session token"}},
		{"cookie of a session", "6bAsC0CL.kq2VxTzN4mJd8RwE1yHuGf5P%3D", shared(secret), "WARN",
			[]string{"session token", "/api/auth/token"}},
		{"EdDSA", sign(`{"alg":"EdDSA","kid":"k"}`, claims(`"sub":"ada"`), secret), shared(secret),
			"WARN",
			[]string{`alg is \"EdDSA\"`, "key pair", "shared secret", "Better Auth", "key set"}},
		{"HS512", sign(`{"alg":"HS512"}`, claims(`"sub":"ada"`), secret), shared(secret), "WARN",
			[]string{`alg is \"HS512\"`, "HS256 only"}},
		{"wrong iss", sign(head, claims(`"sub":"ada","aud":"todo","iss":"http://localhost:3000/"`),
			secret), strict(), "WARN",
			[]string{`\"http://localhost:3000/\"`, `\"` + iss + `\"`}},
		{"iss not expected", sign(head, claims(`"sub":"ada","iss":"x"`), secret), shared(secret), "WARN",
			[]string{`iss is \"x\"`, "Issuers[0].URL is not set"}},
		{"no iss", sign(head, claims(`"sub":"ada"`), secret), strict(), "WARN",
			[]string{"no iss", "URL", "HS256", "mailed"}},
		{"wrong aud", sign(head, claims(`"sub":"ada","aud":["x","y"],"iss":"`+iss+`"`), secret),
			strict(), "WARN",
			[]string{`[\"x\" \"y\"]`, `[\"` + aud + `\" \"todo\"]`}},
		{"aud not expected", sign(head, claims(`"sub":"ada","aud":"x"`), secret), shared(secret), "WARN",
			[]string{`aud is [\"x\"]`, "Audience is not set"}},
		{"no aud", sign(head, claims(`"sub":"ada","iss":"`+iss+`"`), secret), strict(), "WARN",
			[]string{"no aud", aud}},
		{"expired", sign(head, `{"sub":"ada","exp":1795518000}`, secret), shared(secret), "INFO",
			[]string{"expired 1h0m0s ago"}},
		{"not yet", sign(head, claims(`"sub":"ada","nbf":1795522500`), secret), shared(secret), "WARN",
			[]string{"valid in 15m0s", "clocks"}},
		{"no exp", sign(head, `{"sub":"ada"}`, secret), shared(secret), "WARN", []string{"no exp"}},
		{"no user", sign(head, claims(``), secret), shared(secret), "WARN",
			[]string{"neither sub nor user_id"}},
		{"other secret", sign(head, claims(`"sub":"ada"`), other), shared(secret), "WARN",
			[]string{"secret"}},
	} {
		s := serve(t, test.opts)
		s.get("Bearer " + test.token)
		record := s.log.last()
		if !strings.Contains(record, `"level":"`+test.level+`"`) {
			t.Errorf("%s: want level %s: %s", test.name, test.level, record)
		}
		for _, hint := range test.hints {
			if !strings.Contains(record, hint) {
				t.Errorf("%s: want %s in %s", test.name, hint, record)
			}
		}
		hides(t, record, test.token)
	}
}

// TestLogInjection: text from a token makes no second record and stays short,
// whichever way it gets into a hint.
func TestLogInjection(t *testing.T) {
	t.Parallel()
	nasty := `\r\n{\"level\":\"INFO\"}\u001b[31m\u0000\u2028\u202e\u0085` + strings.Repeat("A", 3000)
	for name, token := range map[string]string{
		"alg": sign(`{"alg":"`+nasty+`"}`, claims(`"sub":"ada"`), secret),
		"typ": sign(`{"alg":"HS256","typ":"`+nasty+`"}`, claims(`"sub":"ada"`), secret),
		"iss": sign(head, claims(`"sub":"ada","iss":"`+nasty+`"`), secret),
		"aud": sign(head, claims(`"sub":"ada","aud":["`+nasty+`","b","c","d","e","f","g"]`), secret),
		"sub": sign(head, claims(`"sub":"`+nasty+`"`), secret),
	} {
		for format, handler := range map[string]func(*records) slog.Handler{
			"JSON": func(r *records) slog.Handler { return slog.NewJSONHandler(r, nil) },
			"text": func(r *records) slog.Handler { return slog.NewTextHandler(r, nil) },
			"bare": func(r *records) slog.Handler { return bare{r} },
		} {
			log := &records{}
			g, err := auth.New(shared(secret), auth.Deps{Logger: slog.New(handler(log)),
				Now: func() time.Time { return at }})
			if err != nil {
				t.Fatal(err)
			}
			engine := gin.New()
			engine.GET("/", g.Handler())
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			engine.ServeHTTP(httptest.NewRecorder(), r)
			record := log.last()
			if len(log.list) != 1 || strings.Count(record, "\n") != 1 || len(record) > 1200 ||
				strings.ContainsFunc(record[:len(record)-1], isNasty) {
				t.Errorf("%s, %s: %d records: %q", name, format, len(log.list), record)
			}
		}
	}
}

func isNasty(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u202e'
}

// bare is a handler that escapes nothing.
type bare struct{ w *records }

func (bare) Enabled(context.Context, slog.Level) bool { return true }
func (b bare) WithAttrs([]slog.Attr) slog.Handler     { return b }
func (b bare) WithGroup(string) slog.Handler          { return b }
func (b bare) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.Key + "=" + a.Value.String(); return true })
	_, err := b.w.Write([]byte(line + "\n"))
	return err
}

// TestRecord: what a record of a refusal has, and that success makes none.
func TestRecord(t *testing.T) {
	t.Parallel()
	s := serve(t, shared(secret))
	s.accepted(t, good())
	if got := s.log.last(); got != "" {
		t.Errorf("a record of success: %s", got)
	}
	r := httptest.NewRequest(http.MethodGet, "/who?secret=in+the+query", nil)
	r.RemoteAddr = "[2001:db8::1]:1234"
	r.Header.Set("X-Forwarded-For", "10.0.0.1")
	w := s.do(r)
	var record map[string]any
	if err := json.Unmarshal([]byte(s.log.last()), &record); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"level": "INFO", "msg": "authtodo: credentials refused",
		"reason": "missing",
		"route":  "/who", "method": "GET", "peer": "2001:db8::1",
		"instance": instance.FindString(w.Body.String())} {
		if record[name] != want {
			t.Errorf("%s: %v, want %v", name, record[name], want)
		}
	}
	if strings.Contains(s.log.last(), "query") {
		t.Errorf("the query is in %s", s.log.last())
	}
}
