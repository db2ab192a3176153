package accounts_test

import (
	"testing"
	"time"
)

// TestPasswordsDoNotExpire is ASVS 6.2.10: after ten years a password is as good
// as on its first day, and nobody is asked for another.
func TestPasswordsDoNotExpire(t *testing.T) {
	t.Parallel()
	var now clock
	h := newHouse(t, all(now.set, unlimited))
	signUp(h.browser(t), "ada@example.com", nil)
	now.pass(10 * 365 * 24 * time.Hour)
	v := h.browser(t)
	if a := signIn(v, "ada@example.com", goodPassword); a.Status != 200 || a.text("token") == "" {
		t.Fatalf("sign-in: %d %s", a.Status, a.Text)
	}
	v.must(200, "GET", "/api/todos", nil)
}
