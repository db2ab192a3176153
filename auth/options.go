package auth

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Leeway is how far the clocks of the issuer and of this service may be apart.
const (
	defaultLeeway = 15 * time.Second // what Better Auth itself allows
	maxLeeway     = 5 * time.Minute
)

// maxText is the limit of an iss and of an aud, in bytes.
const maxText = 255

// How long a key set serves that cannot be renewed.
const (
	defaultMaxStale = 24 * time.Hour
	minMaxStale     = 15 * time.Minute // a set is not renewed earlier
	maxMaxStale     = 7 * 24 * time.Hour
)

// Options say whose tokens are believed.
type Options struct {
	// Issuers are those who may issue tokens, at least one unless the module has
	// accounts of its own. A token is checked with the keys of the issuer that its
	// claim iss names, and with no other.
	Issuers []Issuer

	// Leeway is the allowance for clocks that differ, when exp and nbf are
	// checked. Zero means 15 seconds; more than 5 minutes is a fault, since a
	// token would outlive its issuer's intention by as much.
	Leeway time.Duration

	// MaxStale is how long a key set serves after it was last fetched, when it
	// cannot be fetched again: as long does the service outlive an outage of the
	// issuer, and as long can a key be used that the issuer has withdrawn in the
	// meantime. Then requests are answered with 503. Zero means 24 hours; else
	// from 15 minutes to 7 days.
	MaxStale time.Duration

	// TokenCache is how many verified tokens are remembered, so that one seen
	// before costs a lookup and no signature. What a lookup finds is checked
	// like any other: its expiry, its key, its session. Zero means 4096, which is
	// 2 to 4 MB when full; else from 64 to 1,048,576, rounded up to 8 times a
	// power of two, or [NoCache]. Tokens of more than 2048 bytes are not
	// remembered.
	TokenCache int
}

// NoCache is the [Options.TokenCache] of a guard that remembers no token.
const NoCache = -1

// Issuer is one who issues tokens.
type Issuer struct {
	// URL is the claim iss of the issuer's tokens, compared byte for byte: a
	// slash at the end makes another issuer. Empty means that its tokens carry
	// no iss, and then one that carries an iss is refused. At most one issuer
	// may have none.
	URL string

	// Audience names this service: the claim aud must hold one of these. Empty
	// means that the tokens carry no aud, and then one that carries an aud is
	// refused, because it is meant for somebody else (RFC 7519 section 4.1.3).
	// More than one is for a service that changes its name.
	Audience []string

	// Keys are what the tokens are signed with: [SharedSecret], [KeySet] or
	// [OIDCKeySet]. An issuer with a key set needs a URL and an Audience, because
	// it signs for others, too. One set for two issuers whose users live in
	// different spaces is a fault, unless both are OpenID providers.
	Keys Keys

	// InsecureHTTP allows a key set to be fetched over http from another machine.
	// Whoever can change what is sent on the way there can then act as every user:
	// it is for networks that nobody else is in, as between two containers. http
	// to localhost, 127.0.0.0/8 and ::1 is always allowed.
	InsecureHTTP bool

	// UserSpace is where the issuer's users live. Two issuers may both have a
	// user "1"; they are two users unless their spaces are the same. Empty and
	// [DefaultSpace] mean the default space, where data is kept under the bare
	// user id; any other name, of lower-case letters, digits and hyphens, keeps
	// its users apart from all others ([Identity.Owner]).
	//
	// With several issuers each must name its space. Giving two of them the
	// same one says that a user id means the same person at both, and that each
	// is trusted with the users of the other.
	UserSpace string
}

// Validate returns all faults of the options, each with the path of its field
// from the Options of the module, or nil. No fault shows a secret.
func (o Options) Validate() error { return o.validate(nil) }

func (o Options) validate(local Local) error {
	var f faults
	if o.Leeway < 0 || o.Leeway > maxLeeway {
		f.add("Leeway", "must be from 0 (which means %v) to %v, not %v", defaultLeeway, maxLeeway,
			o.Leeway)
	}
	if o.MaxStale != 0 && (o.MaxStale < minMaxStale || o.MaxStale > maxMaxStale) {
		f.add("MaxStale", "must be 0 (which means %v) or from %v to %v, not %v",
			defaultMaxStale, minMaxStale, maxMaxStale, o.MaxStale)
	}
	if n := o.TokenCache; n != 0 && n != NoCache && (n < minCache || n > maxCache) {
		f.add("TokenCache", "must be 0 (which means %d), auth.NoCache or from %d to %d, not %d",
			defaultCache, minCache, maxCache, n)
	}
	if len(o.Issuers) == 0 && local == nil {
		f.add("Issuers", "required: say whose tokens are believed")
	}
	for i, issuer := range o.Issuers {
		issuer.validate(&f, fmt.Sprintf("Issuers[%d]", i), len(o.Issuers) > 1 || local != nil)
		o.validatePairs(&f, i)
		if local != nil {
			issuer.validateBeside(&f, fmt.Sprintf("Issuers[%d]", i), local)
		}
	}
	if local != nil && len(o.Issuers) > 0 && local.Issuer().UserSpace == "" {
		f = append(f, errors.New("Accounts.UserSpace: required beside other issuers "+
			"(auth.DefaultSpace: the default one)"))
	}
	return errors.Join(f...)
}

// validateBeside compares an issuer with the one in this process.
func (iss Issuer) validateBeside(f *faults, path string, local Local) {
	own := local.Issuer()
	if iss.URL == own.URL && own.URL != "" {
		f.add(path+".URL", "is the one of the accounts of this service, Accounts.BaseURL")
	}
	if iss.Keys.open == nil || space(iss) == space(own) {
		return
	}
	if shared, ok := iss.Keys.open().(*sharedSecret); ok &&
		slices.ContainsFunc(shared.secrets, local.HasSecret) {
		f.add(path+".Keys", "shares a secret with Accounts, whose users live in another space")
	}
}

func (iss Issuer) validate(f *faults, path string, several bool) {
	if len(iss.URL) > maxText || !isText(iss.URL) {
		f.add(path+".URL", "must be at most %d bytes of UTF-8 without control characters", maxText)
	}
	for i, aud := range iss.Audience {
		field := fmt.Sprintf("%s.Audience[%d]", path, i)
		switch {
		case aud == "":
			f.add(field, "must not be empty")
		case len(aud) > maxText || !isText(aud):
			f.add(field, "must be at most %d bytes of UTF-8 without control characters", maxText)
		case slices.Contains(iss.Audience[:i], aud):
			f.add(field, "is there twice")
		}
	}
	switch {
	case several && iss.UserSpace == "":
		f.add(path+".UserSpace",
			"required with several issuers (auth.DefaultSpace: the default one)")
	case iss.UserSpace != "" && !ValidSpace(iss.UserSpace):
		f.add(path+".UserSpace",
			"must be 1 to 32 lower-case letters, digits and hyphens, the first not a hyphen")
	}
	if iss.Keys.open == nil {
		f.add(path+".Keys", "required: give auth.SharedSecret(...) or auth.KeySet(...)")
		return
	}
	faulty := iss.Keys.open().faults()
	for _, fault := range faulty {
		f.add(path+".Keys", "%s", fault)
	}
	if set := iss.Keys.set(); set != nil && len(faulty) == 0 {
		iss.validateKeySet(f, path, set)
	}
}

func (iss Issuer) validateKeySet(f *faults, path string, set *keySet) {
	if iss.URL == "" {
		f.add(path+".URL", "required with a key set: the claim iss of its tokens")
	}
	if len(iss.Audience) == 0 {
		f.add(path+".Audience", "required with a key set: it signs for others than this service, too")
	}
	if isClear(set.address) && !iss.InsecureHTTP {
		f.add(path+".Keys", "http is for key sets on this machine; use https, or set InsecureHTTP "+
			"if nobody can get between")
	}
	if set.discover && set.address != iss.URL {
		f.add(path+".URL", "must be the URL that auth.OIDC was given")
	}
}

// validatePairs compares the issuer i with those before it.
func (o Options) validatePairs(f *faults, i int) {
	iss := o.Issuers[i]
	for j, other := range o.Issuers[:i] {
		switch {
		case iss.URL != other.URL:
		case iss.URL == "":
			f.add(fmt.Sprintf("Issuers[%d].URL", i),
				"required: Issuers[%d] has none either, and a token must tell whose it is", j)
		default:
			f.add(fmt.Sprintf("Issuers[%d].URL", i), "is the one of Issuers[%d] too", j)
		}
		// Whoever signs for one space could sign for the other.
		if space(iss) != space(other) && iss.Keys.shares(other.Keys) {
			what := "secret"
			if iss.Keys.set() != nil {
				what = "key set"
			}
			f.add(fmt.Sprintf("Issuers[%d].Keys", i),
				"shares a %s with Issuers[%d], whose users live in another space", what, j)
		}
	}
}

func space(iss Issuer) string {
	if iss.UserSpace == "" {
		return DefaultSpace
	}
	return iss.UserSpace
}

// ValidSpace reports whether a name may be that of a user space: 1 to 32
// lower-case letters, digits and hyphens, the first not a hyphen.
func ValidSpace(s string) bool {
	ok, err := regexp.MatchString(`^[a-z0-9][a-z0-9-]{0,31}$`, s)
	return ok && err == nil
}

// faults collects what is wrong with the options, so that all of it is told at
// once.
type faults []error

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, fmt.Errorf("Auth.%s: "+format, append([]any{path}, args...)...))
}
