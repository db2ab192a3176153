package auth

import (
	"crypto/rsa"
	"fmt"
	"slices"
	"time"

	"github.com/authtodo/authtodo/internal/secret"
)

// What an audit asks for and the options do not.
const (
	wiseLeeway  = time.Minute
	wiseRSABits = 3072 // 128 bits of security (NIST SP 800-57 part 1, table 2)
)

// Audit returns what should be otherwise in production, of the options and of
// the keys that have been fetched so far. The codes are doubtful-secret,
// reused-secret, keys-over-http, short-rsa-key and long-leeway.
func (g *Guard) Audit() []Finding {
	var found []Finding
	add := func(i int, field, code string, severity Severity, format string, args ...any) {
		if i >= 0 {
			field = fmt.Sprintf("Auth.Issuers[%d].%s", i, field)
		}
		found = append(found, Finding{code, severity, field, fmt.Sprintf(format, args...)})
	}
	if g.leeway > wiseLeeway {
		add(-1, "Auth.Leeway", "long-leeway", Low,
			"tokens are good for %v after they have expired; clocks that are set agree within seconds", g.leeway)
	}
	for i, iss := range g.issuers {
		if iss.local {
			continue
		}
		if shared, ok := iss.keys.open().(*sharedSecret); ok {
			for _, text := range shared.secrets {
				if doubt := secret.Doubt(text); doubt != "" {
					add(i, "Keys", "doubtful-secret", Medium, "a secret %s", doubt)
				}
			}
			if where := g.reused(i, shared); where != "" {
				add(i, "Keys", "reused-secret", Medium,
					"%s has the secret too: whoever learns it there signs here; give each its own", where)
			}
		}
		if set := iss.keys.set(); set != nil {
			if isClear(set.address) {
				add(i, "InsecureHTTP", "keys-over-http", High,
					"whoever can change what is sent on the way can act as every user; use https")
			}
			for kid, bits := range set.short() {
				add(i, "Keys", "short-rsa-key", Low,
					"the key %q has %d bits; it takes %d to be as strong as its hash", kid, bits, wiseRSABits)
			}
		}
	}
	return found
}

// reused says who else has a secret of the issuer i; empty if nobody has.
func (g *Guard) reused(i int, shared *sharedSecret) string {
	for j, other := range g.issuers {
		if j < i && !other.local && other.keys.shares(g.issuers[i].keys) {
			return fmt.Sprintf("Auth.Issuers[%d]", j)
		}
	}
	if g.local != nil && slices.ContainsFunc(shared.secrets, g.local.HasSecret) {
		return "Accounts"
	}
	return ""
}

// short are the sizes, by kid, of the RSA keys that were fetched and are shorter
// than is wise.
func (k *keySet) short() map[string]int {
	short := make(map[string]int)
	if set := k.current.Load(); set != nil {
		for _, key := range set.keys {
			if rsa, ok := key.key.(*rsa.PublicKey); ok && rsa.N.BitLen() < wiseRSABits {
				short[key.kid] = rsa.N.BitLen()
			}
		}
	}
	return short
}
