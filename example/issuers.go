package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/authtodo/authtodo/auth"
)

// parseBetterAuth reads the URLs of Better Auth servers. The users of the first
// live where those of the accounts and of the secret's tokens do: a user id means
// the same person to all of them. Each other server has a database
// of its own, so its users are others, whatever their ids.
func parseBetterAuth(text, secretIssuer string) ([]auth.Issuer, error) {
	if text == "" {
		return nil, nil
	}
	var issuers []auth.Issuer
	var faults []error
	seen := map[string]bool{}
	for url := range strings.SplitSeq(text, ",") {
		issuer := auth.BetterAuth(strings.TrimSpace(url))
		issuer.UserSpace = auth.DefaultSpace
		if len(issuers) > 0 && issuer.URL != "" {
			issuer.UserSpace = spaceOf(issuer.URL)
		}
		switch err := (auth.Options{Issuers: []auth.Issuer{issuer}}).Validate(); {
		case err != nil:
			faults = append(faults, betterAuthFault(err))
		case seen[issuer.URL]:
			faults = append(faults, fmt.Errorf("BETTER_AUTH_URL has %s twice", issuer.URL))
		case issuer.URL == secretIssuer:
			faults = append(faults, fmt.Errorf("BETTER_AUTH_URL has the AUTH_ISSUER %s: "+
				"a token of it is signed in the one way or in the other", issuer.URL))
		}
		seen[issuer.URL] = true
		issuers = append(issuers, issuer)
	}
	return issuers, errors.Join(faults...)
}

// betterAuthFault tells a fault of the module by the name that it has here. A
// URL that is wrong is not shown, for it may hold a password.
func betterAuthFault(err error) error {
	fault := strings.NewReplacer("Auth.Issuers[0].Keys", "BETTER_AUTH_URL",
		"; use https, or set InsecureHTTP if nobody can get between",
		"; to another machine it must be https").Replace(err.Error())
	return errors.New(fault)
}

// spaceOf is a name for the users of an issuer that stays the same, whatever is
// listed before it: the host, to be read, and a hash, to be unique.
func spaceOf(url string) string {
	_, host, _ := strings.Cut(url, "://")
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, host)
	sum := sha256.Sum256([]byte(url))
	name = name[:min(len(name), 23)] + "-" + hex.EncodeToString(sum[:4])
	return strings.TrimLeft(name, "-")
}

// acceptedIssuers say whose tokens are believed beside those of the accounts.
func (c *config) acceptedIssuers() (issuers []auth.Issuer) {
	if shared, ok := c.sharedIssuer(); ok {
		issuers = append(issuers, shared)
	}
	return append(issuers, c.betterAuth...)
}

// sharedIssuer are those who sign with a secret that they share with this
// service, if anybody does. Their users are those of the accounts: with the
// users of a Better Auth server brought along, an id means the same person.
func (c *config) sharedIssuer() (auth.Issuer, bool) {
	issuer := auth.Issuer{URL: c.issuer, Keys: auth.SharedSecret(c.signingSecret()), UserSpace: auth.DefaultSpace}
	if c.audience != "" {
		issuer.Audience = []string{c.audience}
	}
	return issuer, c.shared != "" || c.demo
}
