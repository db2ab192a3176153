package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is short, as that of access tokens should be: nobody can take a
// token back.
const tokenLife = 15 * time.Minute

// signingSecret is what the tokens of -demo are signed with.
func (c *config) signingSecret() string {
	if c.shared != "" {
		return c.shared
	}
	mac := hmac.New(sha256.New, []byte(c.secret)) // tells nobody the secret of the accounts
	mac.Write([]byte("tokens of -demo"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// signToken is a token as another service would issue it. A service that only
// accepts tokens has no such function.
func signToken(cfg config, user string, now time.Time) (string, error) {
	claims := jwt.MapClaims{
		"sub":   user,
		"email": user + "@example.com",
		"iat":   now.Unix(),
		"exp":   now.Add(tokenLife).Unix(),
	}
	if cfg.issuer != "" {
		claims["iss"] = cfg.issuer
	}
	if cfg.audience != "" {
		claims["aud"] = cfg.audience
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(cfg.signingSecret()))
}
