package accounts_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/authtodo/authtodo/auth/accounts"
)

// TestPagesAskForPasswords: the field hides what is typed and takes what is pasted
// or filled in (ASVS 6.2.6, 6.2.7); nothing of a request is in a page, so nothing
// of it can be markup (3.2.2); and no window that opened it keeps a hold of it
// (3.4.8).
func TestPagesAskForPasswords(t *testing.T) {
	t.Parallel()
	mail := &postman{}
	h := newHouse(t, all(unlimited, withMail(mail, false)))
	v := h.browser(t)
	signUp(v, "ada@example.com", object{"name": "<script>alert(1)</script>"})
	verify := strings.TrimPrefix(mail.next(t, accounts.MailVerify).Link, h.URL)
	v.must(200, "POST", "/api/auth/request-password-reset", object{"email": "ada@example.com"})
	reset := strings.TrimPrefix(mail.next(t, accounts.MailReset).Link, h.URL)
	evil := `"><script>alert(1)</script>`
	asks := map[string]answer{
		"verify": v.must(200, "GET", verify, nil),
		"reset":  v.must(200, "GET", reset, nil),
		"weak":   v.post(reset, url.Values{"newPassword": {evil[:7]}}),
		"common": v.post(reset, url.Values{"newPassword": {"password1"}}),
		"junk":   v.must(400, "GET", "/api/auth/reset-password?token="+url.QueryEscape(evil), nil),
		"more":   v.must(200, "GET", reset+"&title="+url.QueryEscape(evil)+"&Problem="+url.QueryEscape(evil), nil),
		"saved":  v.post(reset, url.Values{"newPassword": {evil + " is long enough"}}),
		"used":   v.post(reset, url.Values{"newPassword": {evil + " is long enough"}}),
	}
	input := regexp.MustCompile(`<input [^>]*>`)
	for name, a := range asks {
		field := input.FindString(a.Text)
		wants := name == "reset" || name == "weak" || name == "common" || name == "more"
		if wants != (field != "") || wants && (!strings.Contains(field, `type="password"`) || !strings.Contains(field, `autocomplete="new-password"`) ||
			strings.Contains(field, "maxlength") || strings.Contains(field, "value=")) {
			t.Errorf("%s: the field is %q", name, field)
		}
		if found := regexp.MustCompile(`(?i)<script|<style|\son[a-z]+=|javascript:|alert\(`).FindString(a.Text); found != "" {
			t.Errorf("%s: the page has %q", name, found)
		}
		if a.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" || a.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
			!strings.Contains(a.Header.Get("Content-Security-Policy"), "base-uri 'none'") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the header is %v", name, a.Header)
		}
	}
}
