package accounts_test

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestEventsSayWhenWhereWho: what a log has of every way to sign in that works and
// that does not, with the clock of a host that is somewhere else (ASVS 16.2.1,
// 16.2.2, 16.3.1).
func TestEventsSayWhenWhereWho(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	h := newHouse(t, all(unlimited, func(o *options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		o.Now = func() time.Time { return time.Now().In(time.FixedZone("far away", 14*60*60)) }
	}))
	v := h.browser(t)
	v.header.Set("User-Agent", "a browser")
	id := signUp(v, "ada@example.com", nil).text("user", "id")
	signIn(v, "ada@example.com", goodPassword)
	signIn(v, "ada@example.com", "wrong")
	signIn(v, "nobody@example.com", "wrong")
	in := v.must(200, "POST", "/api/auth/sign-in/email", object{"email": "ada@example.com", "password": goodPassword, "tokens": true})
	refresh(v, in.text("refresh_token"))
	v.must(400, "POST", "/api/auth/verify-password", object{"password": "wrong"})
	if err := h.module.Accounts().SetDisabled(t.Context(), id, true); err != nil {
		t.Fatal(err)
	}
	signIn(v, "ada@example.com", goodPassword)

	var got []string
	for line := range strings.Lines(log.String()) {
		var record struct {
			Time  time.Time
			Msg   string
			Event struct {
				Kind, At, Address, Reason string
				UserID                    string `json:"user_id"`
				SessionID                 string `json:"session_id"`
				UserAgent                 string `json:"user_agent"`
			}
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if record.Msg != "authtodo: account event" {
			continue
		}
		e := record.Event
		if at, err := time.Parse(time.RFC3339, e.At); err != nil || !strings.HasSuffix(e.At, "Z") || record.Time.Sub(at).Abs() > time.Hour {
			t.Errorf("it was at %s: %s", e.At, line)
		}
		if _, err := netip.ParseAddr(e.Address); e.Kind != string(accounts.EventDisabled) && (err != nil || e.UserAgent != "a browser") {
			t.Errorf("nobody knows where it was: %s", line)
		}
		user := map[string]string{id: "ada", "": "nobody"}[e.UserID]
		got = append(got, strings.TrimSpace(strings.Join([]string{e.Kind, user, e.Reason}, " ")))
	}
	want := []string{
		"sign-up ada", "sign-in ada", "sign-in-failed ada wrong password", "sign-in-failed nobody unknown address", "sign-in ada",
		"refresh ada", "password-failed ada", "user-disabled ada", "sign-in-failed ada disabled",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the events are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCrossSiteIsLogged: what was refused although a session was good has a record
// (ASVS 16.3.2, 16.3.3), on the routes of todos and of accounts.
func TestCrossSiteIsLogged(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	h := newHouse(t, all(unlimited, func(o *options) { o.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }))
	v := h.browser(t)
	signUp(v, "ada@example.com", nil)
	v.header.Set("Sec-Fetch-Site", "cross-site")
	v.header.Set("Origin", "https://evil.example")
	for _, path := range []string{"/api/todos", "/api/auth/update-user"} {
		before := log.String()
		a := v.must(403, "POST", path, object{"title": "theirs", "name": "theirs"})
		var record map[string]any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(log.String(), before)), &record); err != nil {
			t.Fatalf("%s: %v", log.String(), err)
		}
		for name, want := range map[string]any{
			"level": "WARN", "reason": "cross-site", "method": "POST", "route": path, "peer": "127.0.0.1", "instance": a.text("instance"),
		} {
			if record[name] != want {
				t.Errorf("%s: %s is %v, want %v", path, name, record[name], want)
			}
		}
		if hint, _ := record["hint"].(string); !strings.Contains(hint, "evil.example") {
			t.Errorf("%s: the hint is %q", path, hint)
		}
	}
}

// TestRefusalsOfAccountsAreLogged: a session, a link or a refresh token that is not
// believed has a record, as a token that the guard refuses has (ASVS 16.3.2). To ask
// who is signed in is no attempt.
func TestRefusalsOfAccountsAreLogged(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	mail := &postman{}
	h := newHouse(t, all(unlimited, withMail(mail, false), func(o *options) { o.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }))
	v := h.browser(t)
	session := signUp(v, "ada@example.com", nil).text("token")
	v.must(200, "POST", "/api/auth/sign-out", nil)
	const forged = "ats_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, test := range map[string]struct {
		who          *visitor
		method, path string
		body         any
		status       int
		want         string // level, reason
	}{
		"nobody":         {h.app(t, ""), "GET", "/list-sessions", nil, 401, "INFO missing"},
		"has signed out": {h.withCookie(t, "better-auth.session_token", session), "GET", "/token", nil, 401, "INFO session"},
		"as bearer":      {h.app(t, session), "POST", "/update-user", object{"name": "Eve"}, 401, "INFO session"},
		"forged":         {h.withCookie(t, "better-auth.session_token", forged), "POST", "/delete-user", object{}, 401, "WARN malformed"},
		"forged bearer":  {h.app(t, forged), "GET", "/token", nil, 401, "WARN malformed"},
		"a link":         {h.app(t, ""), "POST", "/verify-email", object{"token": forged}, 401, "INFO link"},
		"a reset":        {h.app(t, ""), "POST", "/reset-password", object{"token": forged, "newPassword": goodPassword}, 400, "INFO link"},
		"a refresh":      {h.app(t, ""), "POST", "/refresh", object{"refresh_token": forged}, 401, "refresh-refused"},
		"who am I":       {h.app(t, forged), "GET", "/get-session", nil, 200, ""},
	} {
		before := len(log.String())
		a := test.who.must(test.status, test.method, "/api/auth"+test.path, test.body)
		got := log.String()[before:]
		var record struct {
			Level, Reason, Route, Method, Peer, Instance string
			Event                                        struct{ Kind, Address string }
		}
		if test.want != "" {
			if err := json.Unmarshal([]byte(got), &record); err != nil {
				t.Fatalf("%s: %q: %v", name, got, err)
			}
		}
		switch {
		case test.want == "" && got == "":
		case test.want == "refresh-refused" && record.Event.Kind == test.want && record.Event.Address == "127.0.0.1":
		case record.Level+" "+record.Reason == test.want && record.Route == "/api/auth"+test.path &&
			record.Method == test.method && record.Peer == "127.0.0.1" && record.Instance == a.text("instance"):
		default:
			t.Errorf("%s: the log has %q, want %s", name, got, test.want)
		}
		if strings.Contains(got, forged[4:]) || strings.Contains(got, session[4:]) {
			t.Errorf("%s: the log has the token: %s", name, got)
		}
	}
}
