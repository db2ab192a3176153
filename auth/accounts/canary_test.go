package accounts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestNothingSecretShows has a whole life, keeps everything secret that goes over
// the wire, and looks for it in events and logs, at every level.
func TestNothingSecretShows(t *testing.T) {
	t.Parallel()
	var log safeBuffer
	var events book
	mail := &postman{}
	h := newHouse(t, all(unlimited, withMail(mail, false), func(o *options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Accounts.OnEvent = events.keep
	}))
	secrets := []string{accountsSecret, goodPassword, "a wrong password", "another good one", "the third good one"}
	keep := func(a answer) answer {
		for _, name := range []string{"token", "access_token", "refresh_token"} {
			if text := a.text(name); text != "" {
				secrets = append(secrets, text)
			}
		}
		for _, line := range a.Header["Set-Cookie"] {
			_, value, _ := strings.Cut(line, "=")
			if value, _, _ = strings.Cut(value, ";"); value != "" {
				secrets = append(secrets, value)
			}
		}
		if jwt := a.Header.Get("set-auth-jwt"); jwt != "" {
			secrets = append(secrets, jwt)
		}
		return a
	}
	v := h.browser(t)
	v.header.Set("User-Agent", "agent \xff"+strings.Repeat("é", 600))
	up := keep(signUp(v, "ada@example.com", nil))
	user := up.text("user", "id")
	verify := tokenOf(t, mail.next(t, accounts.MailVerify))
	keep(v.ask("POST", "/api/auth/sign-up/email", object{"name": "x", "email": "ada@example.com", "password": goodPassword}))
	keep(signIn(v, "ada@example.com", "a wrong password"))
	keep(signIn(v, "nobody@example.com", "a wrong password"))
	keep(signIn(v, "ada@example.com", goodPassword))
	keep(v.must(200, "GET", "/api/auth/get-session", nil))
	keep(v.must(200, "GET", "/api/auth/token", nil))
	keep(v.must(200, "POST", "/api/auth/verify-email", object{"token": verify}))
	keep(v.ask("POST", "/api/auth/verify-email", object{"token": verify}))
	keep(v.must(400, "POST", "/api/auth/verify-password", object{"password": "a wrong password"}))
	keep(v.must(200, "POST", "/api/auth/change-password", object{"currentPassword": goodPassword, "newPassword": "another good one"}))
	mail.next(t, accounts.MailPassword)
	keep(v.must(200, "POST", "/api/auth/update-user", object{"name": "Ada L."}))
	keep(v.must(200, "POST", "/api/auth/change-email", object{"newEmail": "lovelace@example.com"}))
	change := tokenOf(t, mail.next(t, accounts.MailChange))
	keep(v.must(200, "POST", "/api/auth/verify-email?token="+change, object{}))
	mail.next(t, accounts.MailChanged)
	keep(v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "lovelace@example.com"}))
	reset := tokenOf(t, mail.next(t, accounts.MailReset))
	keep(v.must(200, "POST", "/api/auth/reset-password", object{"token": reset, "newPassword": "the third good one"}))
	secrets = append(secrets, verify, change, reset)
	app := h.app(t, "")
	in := keep(app.must(200, "POST", "/api/auth/sign-in/email", object{"email": "lovelace@example.com", "password": "the third good one", "tokens": true}))
	next := keep(refresh(app, in.text("refresh_token")))
	keep(refresh(app, next.text("refresh_token")))
	keep(refresh(app, in.text("refresh_token"))) // reuse
	keep(refresh(app, next.text("refresh_token")))
	keep(h.app(t, in.text("access_token")).ask("GET", "/api/todos", nil))
	keep(h.app(t, up.text("token")).ask("GET", "/api/todos", nil))
	keep(signIn(v, "lovelace@example.com", "the third good one"))
	keep(v.must(200, "POST", "/api/auth/revoke-other-sessions", nil))
	keep(v.must(200, "POST", "/api/auth/sign-out", nil))
	keep(signIn(v, "lovelace@example.com", "the third good one"))
	keep(v.must(200, "POST", "/api/auth/delete-user", object{"password": "the third good one"}))
	h.module.Close()

	want := []accounts.EventKind{
		accounts.EventSignUp, accounts.EventSignUpAgain, accounts.EventSignInFailed, accounts.EventSignIn,
		accounts.EventVerified, accounts.EventPasswordFailed, accounts.EventPasswordChanged, accounts.EventProfileChanged,
		accounts.EventEmailAsked, accounts.EventEmailChanged, accounts.EventResetAsked, accounts.EventPasswordReset,
		accounts.EventRefresh, accounts.EventRefreshReused, accounts.EventRefreshRefused, accounts.EventRevoked,
		accounts.EventSignOut, accounts.EventDeleted,
	}
	for _, kind := range want {
		if !slices.Contains(events.kinds(), kind) {
			t.Errorf("there is no event %s", kind)
		}
	}
	for _, e := range events.events {
		_, err := netip.ParseAddr(e.Address)
		if err != nil || e.At.IsZero() || len(e.UserAgent) > accounts.MaxUserAgent || strings.Contains(e.UserAgent, "\x01") ||
			e.UserID != user && e.UserID != "" {
			t.Errorf("the event is %+v", e)
		}
		t.Logf("%-22s user=%s session=%s reason=%q", e.Kind, e.UserID, e.SessionID, e.Reason)
	}
	text, err := json.Marshal(events.events)
	if err != nil {
		t.Fatal(err)
	}
	shown := log.String() + string(text) + fmt.Sprintf("%+v", events.events)
	for _, secret := range secrets {
		parts := append([]string{secret}, strings.Split(secret, ".")...)
		for _, part := range parts {
			if len(part) > 15 && !strings.Contains(part, "eyJhbGci") && strings.Contains(shown, part) {
				t.Errorf("%q shows", part)
			}
		}
	}
	if strings.Contains(shown, "argon2") {
		t.Error("a hash shows")
	}
}

// safeBuffer is a buffer that many write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	opts := accounts.Options{Secret: accountsSecret, PreviousSecrets: []accounts.Secret{accountsSecret}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "opts", opts, "secret", opts.Secret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "opts", opts, "secret", opts.Secret)
	text, err := json.Marshal(map[string]any{"s": opts.Secret, "p": opts.PreviousSecrets})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		log.WriteString(fmt.Sprintf(verb, opts) + fmt.Sprintf(verb, opts.Secret))
	}
	all := log.String() + string(text) + opts.Secret.String()
	if strings.Contains(all, accountsSecret) || strings.Contains(all, fmt.Sprintf("%x", accountsSecret)) {
		t.Errorf("the secret shows: %s", all)
	}
}
