package accounts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// accessClaims are those of an access token.
type accessClaims struct {
	Subject   string `json:"sub"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti,omitempty"`
	Session   string `json:"sid"`
}

func (s *Service) claims(session Session, user User, now, expires time.Time) accessClaims {
	return accessClaims{
		Subject: user.ID, Email: user.Email, Name: user.Name,
		Issuer: s.origin, Audience: s.origin,
		IssuedAt: now.Unix(), ExpiresAt: expires.Unix(), Session: session.ID,
	}
}

// accessToken signs an access token of a session. It expires with the session
// at the latest.
func (s *Service) accessToken(ctx context.Context, session Session, user User) (
	token string, life time.Duration, err error) {
	key, err := s.ring.signer(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("signing an access token: %w", err)
	}
	now := s.now()
	expires := now.Add(s.opts.Access)
	if session.ExpiresAt.Before(expires) {
		expires = session.ExpiresAt
	}
	claims := s.claims(session, user, now, expires)
	claims.ID = newID()
	token, err = signJWT(key, claims)
	return token, expires.Sub(now), err
}

// signJWT is a token in the compact serialization (RFC 7515 section 7.1).
func signJWT(key ownKey, claims accessClaims) (string, error) {
	header, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
		Type      string `json:"typ"`
	}{jwt.SigningMethodEdDSA.Alg(), key.ID, "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header) + "." + encode(payload)
	signature, err := jwt.SigningMethodEdDSA.Sign(input, key.sign)
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}
