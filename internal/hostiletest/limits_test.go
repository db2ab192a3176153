package hostiletest

import (
	"fmt"
	"net/http"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/authtodo/authtodo"
	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/storage/memory"
)

// limited has the options limit as they do by themselves, while time stands
// still.
func limited(o *authtodo.Options) {
	o.Accounts.Limiter = nil
	still := time.Now()
	o.Now = func() time.Time { return still }
}

// guess sends n junk codes, each with the header fields that of makes, and
// returns how many came through.
func (s *site) guess(t *testing.T, n int, of func(i int) []string) (through int) {
	t.Helper()
	for i := range n {
		a := s.send(t, ask("POST", "/api/auth/verify-email", of(i)...).json(fmt.Sprintf(`{"token":"atv_%d"}`, i)))
		switch a.status {
		case http.StatusUnauthorized:
			through++
		case http.StatusTooManyRequests:
			checkProblem(t, attack{want: problem(429, "rate-limited")}, a)
			checkHeader(t, a)
			if a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") != a.header.Get("X-Retry-After") {
				t.Errorf("429 with %v", a.header)
			}
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	return through
}

// TestLimitsAreNotAvoided by saying that one is somebody else.
func TestLimitsAreNotAvoided(t *testing.T) {
	t.Parallel()
	const burst = 20 // of junk codes, of one client
	for _, field := range []string{
		"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip",
		"X-Originating-Ip", "X-Remote-Addr", "X-Remote-Ip", "Fastly-Client-Ip", "X-Azure-Clientip", "X-Appengine-User-Ip",
		"Client-Ip", "Via", "User-Agent", "Cookie", "Origin", "Host", "Authorization",
	} {
		name := "limit/" + field
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			s := newSite(t, "memory", inMemory(t), limited)
			if n := s.guess(t, burst+5, func(i int) []string { return []string{fmt.Sprintf("%s: 198.51.100.%d", field, i)} }); n != burst {
				t.Errorf("%d came through, want %d", n, burst)
			}
			s.state = s.look(t)
		})
	}
	// Behind a proxy that is trusted, what it says last counts.
	for name, of := range map[string]func(i int) string{
		"invented in front": func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.7", i) },
		"a list in front":   func(i int) string { return strings.Repeat(fmt.Sprintf("198.51.100.%d, ", i), 50) + "203.0.113.7" },
		"other spellings": func(i int) string {
			return []string{
				"203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", "[::ffff:203.0.113.7]", "203.0.113.7:1234",
			}[i%5]
		}, "a network of IPv6": func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i) },
		"a network of IPv6, far apart": func(i int) string { return fmt.Sprintf("2001:db8:1:2:%x::1", 1+i*997) }, "spellings of IPv6": func(i int) string {
			return []string{"2001:db8:1:2::1", "2001:0DB8:0001:0002::1", "[2001:db8:1:2::1]:80", "2001:db8:1:2:0:0:0:1"}[i%4]
		}, "junk": func(i int) string { return fmt.Sprintf("junk-%d", i) },
	} {
		name = nameOf("limit/behind a proxy/" + name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shared.counts.add("memory", name)
			s := newSite(t, "memory", inMemory(t), limited, func(o *authtodo.Options) {
				o.Accounts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			})
			if n := s.guess(t, burst+5, func(i int) []string { return []string{"X-Forwarded-For: " + of(i)} }); n > burst+1 {
				t.Errorf("%d came through, want %d", n, burst)
			}
		})
	}
}

// TestStartIsRefused: nothing is mounted with options that let anybody in.
func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	one := func(keys auth.Keys) func(o *authtodo.Options) {
		return func(o *authtodo.Options) { o.Auth.Issuers = []auth.Issuer{{Keys: keys}} }
	}
	local := func(change func(a *accounts.Options)) func(o *authtodo.Options) {
		return func(o *authtodo.Options) {
			o.Accounts = &accounts.Options{BaseURL: "https://app.example.com", Secret: accountsSecret}
			o.Auth.Issuers = nil
			change(o.Accounts)
		}
	}
	changes := map[string]func(o *authtodo.Options){
		"no issuer":                        func(o *authtodo.Options) { o.Auth.Issuers = nil },
		"no storage":                       func(o *authtodo.Options) { o.Storage.Todos = nil },
		"no keys":                          func(o *authtodo.Options) { o.Auth.Issuers = []auth.Issuer{{}} },
		"a day of leeway":                  func(o *authtodo.Options) { o.Auth.Leeway = 24 * time.Hour },
		"negative leeway":                  func(o *authtodo.Options) { o.Auth.Leeway = -1 },
		"no limit of bodies":               func(o *authtodo.Options) { o.BodyLimit = 1 << 40 },
		"a key set that serves for a year": func(o *authtodo.Options) { o.Auth.MaxStale = 365 * 24 * time.Hour },
		"a key set without an audience": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{URL: keysURL, Keys: auth.KeySet("https://x.example/jwks")}}
		},
		"a key set over http": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{URL: keysURL, Audience: []string{audience}, Keys: auth.KeySet("http://x.example/jwks")}}
		},
		"a key set in a file": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{URL: keysURL, Audience: []string{audience}, Keys: auth.KeySet("file:///jwks")}}
		},
		"a key set with a password": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{URL: keysURL, Audience: []string{audience}, Keys: auth.KeySet("https://a:b@x.example/jwks")}}
		},
		"two issuers of one name": func(o *authtodo.Options) { o.Auth.Issuers = append(o.Auth.Issuers, o.Auth.Issuers[0]) },
		"two spaces with one secret": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{Keys: auth.SharedSecret(plainSecret), UserSpace: "a"}, {URL: "x", Keys: auth.SharedSecret(plainSecret), UserSpace: "b"}}
		},
		"accounts over http":             local(func(a *accounts.Options) { a.BaseURL = "http://app.example.com" }),
		"accounts without a secret":      local(func(a *accounts.Options) { a.Secret = "" }),
		"accounts with a short secret":   local(func(a *accounts.Options) { a.Secret = "x" }),
		"accounts with one secret twice": local(func(a *accounts.Options) { a.PreviousSecrets = []accounts.Secret{accountsSecret} }),
		"accounts without a base":        local(func(a *accounts.Options) { a.BaseURL = "" }),
		"accounts that wait for no mail": local(func(a *accounts.Options) { a.RequireVerification = true }),
		"tokens for a year":              local(func(a *accounts.Options) { a.Access = 365 * 24 * time.Hour }),
		"sessions for ever":              local(func(a *accounts.Options) { a.Life = 100 * 365 * 24 * time.Hour }),
		"a page elsewhere":               local(func(a *accounts.Options) { a.ResetPage = "https://evil.example/reset" }),
		"a page of another host":         local(func(a *accounts.Options) { a.ResetPage = "//evil.example/reset" }),
		"the secret of an issuer": func(o *authtodo.Options) {
			o.Auth.Issuers = []auth.Issuer{{Keys: auth.SharedSecret(accountsSecret), UserSpace: "a"}}
			o.Accounts = &accounts.Options{BaseURL: "https://app.example.com", Secret: accountsSecret, UserSpace: "b"}
		},
	}
	for name, secret := range map[string]string{
		"empty": "", "a byte": "x", "31 bytes": plainSecret[:31], "32 times a letter": strings.Repeat("a", 32),
		"blanks": strings.Repeat(" ", 40), "a word again and again": strings.Repeat("secret", 8),
		"Better Auth's": "better-auth-secret-123456789012345678", "jwt.io's": "your-256-bit-secret-your-256-bit-secret",
		"changeme": "please-change-me-please-change-me-now!",
	} {
		changes["secret/"+name] = one(auth.SharedSecret(secret))
		changes["previous secret/"+name] = one(auth.SharedSecret(plainSecret, secret))
	}
	for name, change := range changes {
		shared.counts.add("memory", "start/"+nameOf(name))
		opts := authtodo.Options{Storage: memory.New().Backend(), Auth: auth.Options{Issuers: []auth.Issuer{{Keys: auth.SharedSecret(plainSecret)}}}}
		change(&opts)
		engine := gin.New()
		module, err := authtodo.Register(engine, opts)
		if err == nil || module != nil || len(engine.Routes()) > 0 {
			t.Errorf("%s: mounted are %d routes, %v", name, len(engine.Routes()), err)
			continue
		}
		shared.watch.See("errors", fmt.Sprintf("%v %+v %#v", err, err, err))
	}
}

// TestNoOptionTurnsChecksOff goes through all options there are, and their names.
func TestNoOptionTurnsChecksOff(t *testing.T) {
	t.Parallel()
	shared.counts.add("memory", "start/no option")
	off := regexp.MustCompile(`(?i)skip|insecure|unsafe|disable|noverify|unverified|allowany|allownone|ignore|trustall|debug`)
	allowed := map[string]string{
		"Issuer.InsecureHTTP": "the signatures are checked all the same", "Options.InsecureHTTP": "so are passwords and tokens",
	}
	seen := 0
	var walk func(of reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || !strings.HasPrefix(of.PkgPath(), "github.com/authtodo/authtodo") {
			return
		}
		for i := range of.NumField() {
			field := of.Field(i)
			seen++
			if name := of.Name() + "." + field.Name; off.MatchString(field.Name) && allowed[name] == "" {
				t.Errorf("the option %s turns a check off", name)
			}
			walk(field.Type)
		}
	}
	walk(reflect.TypeFor[authtodo.Options]())
	if seen < 30 {
		t.Errorf("there are only %d options", seen)
	}
}
