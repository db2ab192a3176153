package betterauthtest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo/auth"
)

// TestOutage: without keys the answer is to come again, which is not the fault
// of the token; with keys nobody notices that Better Auth is down, for a day.
func TestOutage(t *testing.T) {
	t.Parallel()
	i := of(t, "down")
	h := serve(t, auth.BetterAuth(i.url))
	ada := i.signUp()
	token := ada.token()
	i.ask("down")
	h.pass(h.unavailable(token))
	h.unavailable(token)                // asked again, in vain
	after := h.unavailable(token)       // not asked: this is what is left of the wait
	h.refuses(ada.session, "malformed") // this needs no keys

	i.ask("up")
	h.pass(after)
	h.accepts(token, ada.id)

	i.ask("down")
	h.accepts(token, ada.id)
	h.unavailable(junk(token)) // its key may be there, for all that anybody knows
	h.accepts(token, ada.id)
}

// TestLongOutage: the last keys serve for 24 hours.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	i := of(t, "long down")
	h := serve(t, auth.BetterAuth(i.url))
	ada := i.signUp()
	token := ada.token() // good for 48 hours
	h.accepts(token, ada.id)
	i.ask("down")
	for range 23 {
		h.pass(time.Hour)
		h.accepts(token, ada.id)
	}
	h.pass(time.Hour)
	after := h.unavailable(token)
	i.ask("up")
	h.pass(after)
	h.accepts(token, ada.id)
}

// unavailable fails unless the token is answered with 503. It returns what
// Retry-After says.
func (h *host) unavailable(token string) time.Duration {
	h.t.Helper()
	a := h.send("GET", "/api/todos", "", token)
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 503 || err != nil || seconds < 1 || seconds > 60 ||
		!strings.Contains(a.body, `"error_code":"UNAVAILABLE"`) {
		h.t.Errorf("got %d, want 503: %v %s", a.status, a.header, a.body)
	}
	return time.Duration(seconds) * time.Second
}
