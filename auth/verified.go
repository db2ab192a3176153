package auth

import (
	"slices"
	"strings"
	"time"

	"github.com/authtodo/authtodo/internal/strictjson"
)

// verified is what a token says whose signature is good.
type verified struct {
	identity  Identity
	notBefore time.Time  // zero without nbf
	from, end time.Time  // notBefore and the expiry, with the leeway
	key       *publicKey // that signed; nil for a shared secret
	keys      source     // that the key is of
	session   bool       // it is good only as long as its session is, which is still to be asked
}

// during refuses what is not valid at the given time.
func (v *verified) during(now time.Time) error {
	switch {
	case !now.Before(v.end):
		return refuse(reasonExpired, "the token expired %v ago",
			now.Sub(v.identity.ExpiresAt).Truncate(time.Second))
	case now.Before(v.from):
		return refuse(reasonNotYet, "the token is valid in %v; do the clocks agree?",
			v.notBefore.Sub(now).Truncate(time.Second))
	}
	return nil
}

// registered are the claims that the guard looks at, as JSON text: empty for one
// that is not there, which no JSON text is. They are picked in one pass, because
// to look for each of them in turn costs more than all else that is done with
// them.
type registered struct {
	iss, sub, aud, exp, nbf, iat string // RFC 7519 section 4.1

	sid    string // OpenID Connect Front-Channel Logout section 3
	email  string
	userID string // of tokens of the rebuilt system, in place of sub
}

func registeredOf(claims object) (r registered) {
	for i := range claims {
		value := claims[i].Value
		switch claims[i].Name {
		case "iss":
			r.iss = value
		case "sub":
			r.sub = value
		case "aud":
			r.aud = value
		case "exp":
			r.exp = value
		case "nbf":
			r.nbf = value
		case "iat":
			r.iat = value
		case "sid":
			r.sid = value
		case "email":
			r.email = value
		case "user_id":
			r.userID = value
		}
	}
	return r
}

// read reads the claims that decide something. What is there must be of the right
// type, whether it is needed or not.
func (iss *issuer) read(claims *registered, payload string) (*verified, error) {
	v := &verified{}
	id := &v.identity
	var err error
	if id.ExpiresAt, err = date("exp", claims.exp); err != nil {
		return nil, err
	}
	if id.ExpiresAt.IsZero() {
		return nil, refuse(reasonClaims, "the token has no exp: it would be valid forever")
	}
	if v.notBefore, err = date("nbf", claims.nbf); err != nil {
		return nil, err
	}
	if _, err = date("iat", claims.iat); err != nil {
		return nil, err
	}
	if err = iss.audienceOf(claims.aud); err != nil {
		return nil, err
	}
	if id.UserID, err = userID(claims); err != nil {
		return nil, err
	}
	id.Issuer, id.UserSpace = iss.url, iss.space
	id.Email = information(claims.email, maxEmail)
	id.SessionID = information(claims.sid, maxText)
	id.Claims = Claims{payload}
	return v, nil
}

// date is a claim that is a NumericDate, and the zero time if it is absent.
func date(name, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, ok := toTime(value)
	if !ok {
		return t, refuse(reasonClaims, "%s is no number of seconds up to the year 9999", name)
	}
	return t, nil
}

// audienceOf refuses tokens that are meant for another service.
func (iss *issuer) audienceOf(value string) error {
	switch {
	case value == "" && len(iss.audience) == 0:
		return nil
	case value == "":
		return refuse(reasonAudience, "the token has no aud, and %s", iss.wants())
	}
	ours := false
	ok := eachText(value, func(aud string) { ours = ours || slices.Contains(iss.audience, aud) })
	switch {
	case !ok:
		return refuse(reasonAudience, "aud is neither a string nor an array of strings")
	case !ours:
		aud, _ := toTexts(value)
		return refuse(reasonAudience, "aud is %s, and %s%s", quoteAll(aud), iss.wants(),
			nearlyAny(aud, iss.audience))
	}
	return nil
}

func (iss *issuer) wants() string {
	if len(iss.audience) == 0 {
		return "Audience is not set"
	}
	return "Audience is " + quoteAll(iss.audience)
}

// userID is the user: sub or, for tokens of the rebuilt system, user_id.
// Nothing else: with one secret for both, Better Auth's e-mail links are
// signed tokens too, with the claims userId and email.
func userID(claims *registered) (string, error) {
	hasSub, hasOld := claims.sub != "", claims.userID != ""
	sub, ok := strictjson.String(claims.sub)
	old, too := strictjson.String(claims.userID)
	user := sub
	if !hasSub {
		user = old
	}
	switch {
	case !hasSub && !hasOld:
		return "", refuse(reasonClaims, "the token has neither sub nor user_id")
	case hasSub && !ok || hasOld && !too || user == "" || len(user) > maxUserID || !isText(user):
		return "", refuse(reasonClaims,
			"the user id is no string of 1 to %d bytes without control characters",
			maxUserID)
	case hasSub && hasOld && sub != old:
		return "", refuse(reasonClaims, "sub and user_id name two users")
	}
	return user, nil
}

// information is a claim that decides nothing: empty if it is unusable.
func information(value string, limit int) string {
	if s, ok := strictjson.String(value); ok && len(s) <= limit && isText(s) {
		return s
	}
	return ""
}

func quoteAll(texts []string) string {
	const limit = 4
	var quoted []string
	for _, s := range texts[:min(limit, len(texts))] {
		quoted = append(quoted, quote(s))
	}
	if len(texts) > limit {
		quoted = append(quoted, "…")
	}
	return "[" + strings.Join(quoted, " ") + "]"
}
