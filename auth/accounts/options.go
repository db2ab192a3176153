package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/auth"
	"github.com/authtodo/authtodo/internal/secret"
)

// Defaults of [Options].
const (
	DefaultIdle        = 7 * 24 * time.Hour  // of a session that nobody uses
	DefaultLife        = 30 * 24 * time.Hour // of a session
	DefaultAccess      = 15 * time.Minute    // of an access token
	DefaultRecheck     = 5 * time.Second     // of a session that was seen
	DefaultMaxSessions = 50                  // of a user
	DefaultHashMemory  = 128 << 20           // bytes
)

// Limits of [Options].
const (
	MinIdle       = 5 * time.Minute
	MaxLife       = 400 * 24 * time.Hour // what browsers keep a cookie at most
	MinAccess     = time.Minute
	MaxAccess     = time.Hour
	MaxRecheck    = time.Minute
	MaxSessions   = 1000
	MinHashMemory = 57 << 20 // bytes: one hash, and what it leaves to be collected
)

// Always, as [Options.Recheck], has the store asked at every request.
const Always time.Duration = -1

// maxPrevious is how many previous secrets are taken.
const maxPrevious = 8

// Options say how the module issues sessions and tokens. BaseURL and Secret are
// required; the zero value of every other field is its default.
type Options struct {
	// BaseURL is where browsers reach the service, like https://app.example.com.
	// Its origin is the claims iss and aud of access tokens and the only place
	// that links in mails lead to; no header field of a request has a say in that.
	// A path in it is where the routes are for browsers, if a proxy changes that;
	// without one it is the path that Register gets, and /auth. http is for this
	// machine only, unless InsecureHTTP is set; then cookies are not Secure.
	BaseURL string

	// InsecureHTTP allows a BaseURL with http on another machine. Whoever is on
	// the way reads passwords and sessions.
	InsecureHTTP bool

	// Secret is what all keys of the module are made of: those that seal tokens
	// and those that the signing keys are encrypted with. At least 32 bytes, random
	// and never published ("openssl rand -base64 32"). Whoever knows it can act as
	// every user. When it is lost, everybody has to sign in again.
	Secret Secret

	// PreviousSecrets are still believed, 8 at most: for a new Secret, without
	// anybody being signed out. Where several instances run, list the new one here
	// first, then exchange the two, and drop the old one after Life.
	PreviousSecrets []Secret

	// UserSpace is where the users live, see auth.Issuer. It is required beside
	// other issuers.
	UserSpace string

	// Mailer sends mails; nil means that there are none: no verification of
	// addresses, no reset of passwords and no change of addresses. Package smtp
	// has one.
	Mailer Mailer

	// RequireVerification lets nobody sign in whose address was not verified, and
	// has sign-up tell nobody whether an address has an account. It needs a Mailer.
	RequireVerification bool

	// VerifyPage and ResetPage are pages of the host's below the origin of BaseURL,
	// like /reset, that mails lead to with the query token=…: they POST it to
	// /verify-email or, with a new password, to /reset-password. Empty means the
	// module's own plain pages.
	VerifyPage, ResetPage string

	// ContextWords are names that a new password has to be more than: of the
	// product, the company, the project; 4 to 64 characters, at most 256 of them.
	// Those in the host of BaseURL are among them, and the user's own, without
	// being listed.
	ContextWords []string

	// TokensOnly turns cookies off: every sign-in answers with an access and a
	// refresh token.
	TokensOnly bool

	// TrustedProxies are those whose X-Forwarded-For is believed. Without any, the
	// address of a client is that of its connection. Behind a proxy that is not
	// listed all clients share one limit.
	TrustedProxies []netip.Prefix

	// Idle is how long a session lives that nobody uses; it is renewed at most once
	// a day. Zero is [DefaultIdle]; else from [MinIdle] to Life. A session that was
	// asked not to be remembered lives one day at most and is never renewed.
	Idle time.Duration

	// Life is how long a session lives at all. Zero is [DefaultLife]; at most
	// [MaxLife].
	Life time.Duration

	// Access is how long an access token lives. Zero is [DefaultAccess]; else from
	// [MinAccess] to [MaxAccess].
	Access time.Duration

	// Recheck is how long after a session was last looked up the guard takes it to
	// be live. As long may the session still be used on other instances when it has
	// ended; on the one that ended it, it is over at once. Zero is
	// [DefaultRecheck]; at most [MaxRecheck]. [Always] asks the store every time.
	Recheck time.Duration

	// MaxSessions is how many sessions a user may have; one more ends the oldest.
	// Zero is [DefaultMaxSessions]; at most [MaxSessions].
	MaxSessions int

	// HashMemory is how much memory the hashing of passwords may take at once, in
	// bytes: 57 MiB each, and 96 for a hash that was brought along from Better Auth,
	// with what is left to the garbage collector; and not on all processors, so that
	// other requests have one. What does not fit waits, and what has waited
	// for 5 seconds, or finds 128 waiting for each processor, is 503. Zero is
	// [DefaultHashMemory], which is two at once; at least [MinHashMemory].
	HashMemory int64

	// Limiter counts attempts. Nil is one in memory, for one instance; [Unlimited]
	// turns the limits off, which leaves passwords to be guessed at. One that is a
	// [Lifter] counts failures in a row, too.
	Limiter Limiter

	// OnEvent gets what happens to accounts, for an audit log. It is called before
	// the answer is sent and should not wait. Nil writes to the Logger.
	OnEvent func(ctx context.Context, event Event)
}

// Unlimited is a [Limiter] that lets everything through.
type Unlimited struct{}

// Take implements [Limiter].
func (Unlimited) Take(context.Context, string, Rate) (time.Duration, error) { return 0, nil }

// Lift implements [Lifter].
func (Unlimited) Lift(context.Context, string) error { return nil }

// withDefaults returns the options with every default in its place, or all that
// is wrong with them, each with the path of its field from the Options of the
// module.
func (o Options) withDefaults() (Options, error) {
	var f faults
	o.validateBase(&f)
	o.validateSecrets(&f)
	o.Idle, o.Life = or(o.Idle, min(DefaultIdle, or(o.Life, DefaultLife))), or(o.Life, DefaultLife)
	o.Access, o.Recheck = or(o.Access, DefaultAccess), or(o.Recheck, DefaultRecheck)
	o.MaxSessions = or(o.MaxSessions, DefaultMaxSessions)
	o.HashMemory = or(o.HashMemory, DefaultHashMemory)
	if o.RequireVerification && o.Mailer == nil {
		f.add("Mailer", "required by RequireVerification")
	}
	o.validateWords(&f)
	f.page("VerifyPage", o.VerifyPage)
	f.page("ResetPage", o.ResetPage)
	if o.Life < MinIdle || o.Life > MaxLife {
		f.add("Life", "is %v, want %v to %v", o.Life, MinIdle, MaxLife)
	}
	if o.Idle < MinIdle || o.Idle > max(o.Life, MinIdle) {
		f.add("Idle", "is %v, want %v to Life, which is %v", o.Idle, MinIdle, o.Life)
	}
	if o.Access < MinAccess || o.Access > MaxAccess {
		f.add("Access", "is %v, want %v to %v", o.Access, MinAccess, MaxAccess)
	}
	if o.Recheck != Always && (o.Recheck < 0 || o.Recheck > MaxRecheck) {
		f.add("Recheck", "is %v, want at most %v, or Always", o.Recheck, MaxRecheck)
	}
	if o.MaxSessions < 1 || o.MaxSessions > MaxSessions {
		f.add("MaxSessions", "is %d, want 1 to %d", o.MaxSessions, MaxSessions)
	}
	if o.HashMemory < MinHashMemory {
		f.add("HashMemory", "is %d, want at least %d bytes", o.HashMemory, MinHashMemory)
	}
	for i, prefix := range o.TrustedProxies {
		if !prefix.IsValid() {
			f.add(fmt.Sprintf("TrustedProxies[%d]", i), "is no prefix")
		}
	}
	return o, errors.Join(f...)
}

func (o Options) validateBase(f *faults) {
	u, err := url.Parse(o.BaseURL)
	switch {
	case o.BaseURL == "":
		f.add("BaseURL", "required: where browsers reach the service, like https://app.example.com")
	case err != nil, origin(o.BaseURL) == "":
		f.add("BaseURL", "must be like https://app.example.com")
	case u.Scheme == "http" && !isLoopback(u.Hostname()) && !o.InsecureHTTP:
		f.add("BaseURL", "http is for this machine only; use https, or set InsecureHTTP "+
			"if nobody can get between")
	}
	if o.UserSpace != "" && !auth.ValidSpace(o.UserSpace) {
		f.add("UserSpace", "must be 1 to 32 lower-case letters, digits and hyphens, the first not a hyphen")
	}
}

func (o Options) validateSecrets(f *faults) {
	if fault := secret.Weakness(string(o.Secret)); fault != "" {
		f.add("Secret", "%s", fault)
	}
	if len(o.PreviousSecrets) > maxPrevious {
		f.add("PreviousSecrets", "are %d, want at most %d", len(o.PreviousSecrets), maxPrevious)
	}
	for i, previous := range o.PreviousSecrets {
		field := fmt.Sprintf("PreviousSecrets[%d]", i)
		if fault := secret.Weakness(string(previous)); fault != "" {
			f.add(field, "%s", fault)
		}
		if previous == o.Secret || slices.Contains(o.PreviousSecrets[:i], previous) {
			f.add(field, "is there twice")
		}
	}
}

// origin is the origin of a URL as browsers write it, or empty.
func origin(address string) string { return auth.BetterAuth(address).URL }

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

func or[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}

// faults collects what is wrong with the options, so that all of it is told at
// once.
type faults []error

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, fmt.Errorf("Accounts.%s: "+format, append([]any{field}, args...)...))
}

// page checks a path of the host's own pages.
func (f *faults) page(field, path string) {
	u, err := url.Parse(path)
	switch {
	case path == "":
	case err != nil, u.IsAbs(), u.Host != "", !strings.HasPrefix(u.Path, "/"), u.RawQuery != "",
		u.Fragment != "", u.ForceQuery, strings.HasPrefix(path, "//"):
		f.add(field, "must be a path like /reset, without a query")
	}
}
