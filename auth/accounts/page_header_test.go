package accounts_test

import (
	"net/url"
	"testing"
)

// TestPagesKeepTheHeader: a page that says no has the header fields that its
// status asks for (RFC 9110 section 15.5.2, RFC 6585 section 4).
func TestPagesKeepTheHeader(t *testing.T) {
	t.Parallel()
	var time frozen
	h := newHouse(t, all(time.set, withMail(&postman{}, false)))
	v := h.browser(t)
	form := url.Values{"token": {"junk"}}
	if a := v.post("/api/auth/verify-email", form); a.Status != 401 || a.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
	for range 30 {
		if a := v.post("/api/auth/verify-email", form); a.Status == 429 {
			if a.Header.Get("Retry-After") == "" {
				t.Errorf("%d %v", a.Status, a.Header)
			}
			return
		}
	}
	t.Error("nothing is limited")
}
