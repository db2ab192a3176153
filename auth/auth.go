// Package auth answers who is calling: credentials in, [Identity] out. It has
// no database and no accounts; whose tokens are believed is said in [Options].
//
// A [Guard] reads the bearer token of a request (RFC 6750), a JSON Web Token
// (RFC 7519), and either lets the request through with an identity or answers
// 401. Every refusal looks the same to the client. The reason is in the log,
// with a hint where the mistake is a usual one, and never with the token.
package auth

import (
	"time"

	"github.com/gin-gonic/gin"
)

// DefaultSpace is the name of the user space whose owners are the bare user
// ids. See [Issuer.UserSpace].
const DefaultSpace = "default"

// Limits of what a token may say.
const (
	maxUserID = 255 // bytes
	maxEmail  = 254 // bytes, RFC 5321 section 4.5.3.1.3 less the brackets
)

// Identity is who is calling. It is a value: changing a copy changes nothing.
type Identity struct {
	// UserID is the claim sub, or user_id where there is no sub: 1 to 255 bytes
	// of UTF-8 without control characters. It is unique within UserSpace only.
	UserID string

	// Email is the claim email, or empty. It proves nothing: issuers put
	// addresses there that nobody has verified, and two users may share one.
	// Show it; never look anybody up by it.
	Email string

	SessionID string    // the claim sid, or empty
	Issuer    string    // the claim iss, or empty
	UserSpace string    // of the issuer, see [Issuer.UserSpace]
	ExpiresAt time.Time // the claim exp, UTC
	Claims    Claims    // all claims
}

// Owner is the key that the user's data is kept under: the user id itself in
// the default space, and in any other the name of the space, U+001F and the
// user id. No user id holds a control character, so two users of different
// spaces never share an owner.
func (id Identity) Owner() string {
	if id.UserSpace == "" || id.UserSpace == DefaultSpace {
		return id.UserID
	}
	return id.UserSpace + "\x1f" + id.UserID
}

// identityKey is the key of the identity in Gin's context. Its type is not
// exported, so nothing but this package can set or replace an identity.
type identityKey struct{}

// From is the identity of a request that went through a [Guard], and false for
// a request that did not.
func From(c *gin.Context) (Identity, bool) {
	v, _ := c.Get(identityKey{})
	id, ok := v.(*Identity)
	if !ok {
		return Identity{}, false
	}
	return *id, true
}

// UserID is the user id of a request that went through a [Guard], and empty
// for a request that did not.
func UserID(c *gin.Context) string {
	id, _ := From(c)
	return id.UserID
}
