package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSignUp: what is pasted signs Ada up and in, and again without signing her
// up twice.
func TestSignUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, todos := range []string{"[Buy milk]", "[Buy milk Buy milk]"} {
		p := start(t, example(t, dir))
		lines := p.paste()
		want := []string{`"email":"ada@example.com"`, "USER_ALREADY_EXISTS"}[i]
		if len(lines) != 3 || !strings.Contains(lines[0], want) ||
			!strings.Contains(lines[1], `"title":"Buy milk"`) || titles(lines[2]) != todos {
			t.Errorf("pasted lines print %q", lines)
		}
		p.signal(os.Interrupt)
		if err := p.wait(); err != nil {
			t.Errorf("it ended with %v: %s", err, &p.stderr)
		}
		for _, text := range []string{p.stderr.String(), p.mails.String()} {
			// Three letters alone may be in the token of a mail by chance.
			if regexp.MustCompile(`eyJ[\w-]*\.eyJ`).MatchString(text) || strings.Contains(text, "engines") {
				t.Errorf("a token was printed: %s", text)
			}
		}
	}
}

// TestMailsArePrinted: somebody who has forgotten the password finds the link in
// the terminal.
func TestMailsArePrinted(t *testing.T) {
	t.Parallel()
	p := start(t, example(t, t.TempDir()))
	const json = "Content-Type: application/json"
	p.send("POST", "/api/auth/sign-up/email",
		`{"name":"Ada","email":"ada@example.com","password":"counts on engines"}`, json).is(t, 200, "token")
	p.send("POST", "/api/auth/request-password-reset", `{"email":"ada@example.com"}`, json).is(t, 200, "")
	p.signal(os.Interrupt)
	if err := p.wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, &p.stderr)
	}
	if mails := p.mails.String(); !strings.Contains(mails, "To: ada@example.com") ||
		!strings.Contains(mails, p.url+resetPage+"?token=") {
		t.Errorf("the mails are %s", mails)
	}
}

func TestRateLimitOff(t *testing.T) {
	t.Parallel()
	const json = "Content-Type: application/json"
	for _, off := range []bool{false, true} {
		var env []string
		if off {
			env = append(env, "RATE_LIMIT=off")
		}
		p := start(t, example(t, t.TempDir(), env...))
		if said := strings.Contains(p.greeting, "limits: none"); said != off {
			t.Errorf("off %v: the greeting is %s", off, p.greeting)
		}
		limited := false
		for range 40 {
			got := p.send("POST", "/api/auth/request-password-reset", `{"email":"ada@example.com"}`, json)
			limited = limited || got.status == 429
		}
		if limited == off {
			t.Errorf("off %v: limited %v", off, limited)
		}
	}
}

// TestPage: every file that the page names is there, and nothing on it may come
// from elsewhere or from within the page.
func TestPage(t *testing.T) {
	t.Parallel()
	p := start(t, example(t, t.TempDir()))
	page := p.send("GET", "/", "").is(t, 200, "<!doctype html>")
	for _, mailed := range []string{verifyPage, resetPage} {
		p.send("GET", mailed+"?token=x", "").is(t, 200, page.body).has(t, "Referrer-Policy", "no-referrer")
	}
	if got := page.header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type is %q", got)
	}
	seen := map[string]bool{}
	names := []string{}
	find := func(text, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			if !seen[m[1]] {
				seen[m[1]] = true
				names = append(names, m[1])
			}
		}
	}
	find(page.body, `(?:src|href)="(/[^"#]*)"`)
	for i := 0; i < len(names); i++ {
		file := p.send("GET", names[i], "").is(t, 200, "")
		file.has(t, "Content-Security-Policy", policy)
		file.has(t, "X-Content-Type-Options", "nosniff")
		find(strings.ReplaceAll(file.body, "'./", "'/"), `from '(/[^']*)'`)
	}
	if len(names) < 7 {
		t.Errorf("only %q", names)
	}
	for _, inline := range []string{"<script>", "style=", "onclick=", "http://", "https://"} {
		if strings.Contains(page.body, inline) {
			t.Errorf("the page has %s", inline)
		}
	}
	p.send("GET", "/missing", "").is(t, 404, "")
	var none any
	if err := json.Unmarshal([]byte(p.send("GET", "/api/auth/get-session", "").is(t, 200, "").body), &none); err != nil || none != nil {
		t.Errorf("a session of nobody: %v, %v", none, err)
	}
}
