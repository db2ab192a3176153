package authtodo_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
)

// TestLimitsAreDocumented: what docs/security.md says of limits and sessions is
// what the code has.
func TestLimitsAreDocumented(t *testing.T) {
	section := func(name string) string {
		_, text, ok := strings.Cut(read(t, "docs/security.md"), "\n## "+name+"\n")
		if !ok {
			t.Fatalf("there is no section %s", name)
		}
		text, _, _ = strings.Cut(text, "\n## ")
		return strings.Join(strings.Fields(text), " ")
	}
	days := func(d time.Duration) string { return strconv.Itoa(int(d/(24*time.Hour))) + " days" }
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	kib := func(n int64) string { return strconv.FormatInt(n>>10, 10) + " KiB" }
	comma := func(n int) string {
		if n < 1000 {
			return strconv.Itoa(n)
		}
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	limits, sessions := section("Limits"), section("Sessions")
	for _, want := range []string{
		"`BodyLimit`, " + kib(authtodo.DefaultBodyLimit),
		"1 to " + comma(todos.MaxTitle) + " and 0 to " + comma(todos.MaxDescription) + " code points",
		comma(todos.MaxLimit) + " todos, " + comma(todos.MaxSearch) + " code points",
		strconv.Itoa(int(todos.RetryWindow/time.Hour)) + " hours",
		comma(accounts.MaxUserID) + " bytes",
		comma(accounts.MaxEmail) + ", " + comma(accounts.MaxName) + " and " + comma(accounts.MaxImage) + " bytes; " + comma(accounts.MaxUserAgent),
		"`MaxSessions`, " + comma(accounts.DefaultMaxSessions),
		"`HashMemory`, " + strconv.Itoa(accounts.DefaultHashMemory>>20) + " MiB",
		"`Timeout`, " + seconds(authtodo.DefaultTimeout) + " s",
	} {
		if !strings.Contains(limits, want) {
			t.Errorf("the limits do not say %q", want)
		}
	}
	for _, want := range []string{
		days(accounts.DefaultIdle) + " without use and " + days(accounts.DefaultLife) + " at all",
		"has " + comma(accounts.DefaultMaxSessions) + " of them",
		"`Recheck`, " + seconds(accounts.DefaultRecheck) + " seconds",
	} {
		if !strings.Contains(sessions, want) {
			t.Errorf("the sessions do not say %q", want)
		}
	}
}
