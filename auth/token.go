package auth

import (
	"encoding/base64"
	"maps"
	"strings"
	"sync/atomic"

	"github.com/authtodo/authtodo/internal/strictjson"
)

// roomy is how many members an object usually has at most. More only cost more.
const roomy = 24

// compact is a token taken apart: the compact serialization of a JWS (RFC 7515
// section 7.1). Nothing of it is believed yet.
type compact struct {
	header, payload, signature string // in base64url
	signingInput               string
}

func split(token string) (compact, error) {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.IndexByte(signature, '.') >= 0 {
		return compact{}, refuse(reasonMalformed, "the token has %d segments where a JWT has 3; "+
			"fewer mean a session token: ask Better Auth's /api/auth/token for the JWT",
			strings.Count(token, ".")+1)
	}
	return compact{header, payload, signature, token[:len(header)+1+len(payload)]}, nil
}

// decode reads base64url as RFC 7515 section 2 has it, and appends it to b.
// Go's decoder, strict or not, skips line breaks: two texts would be one token.
func decode(b []byte, segment string) ([]byte, error) {
	if segment == "" || strings.IndexByte(segment, '\n') >= 0 ||
		strings.IndexByte(segment, '\r') >= 0 {
		return nil, badSegment()
	}
	b, err := base64.RawURLEncoding.Strict().AppendDecode(b, []byte(segment))
	if err != nil {
		return nil, badSegment()
	}
	return b, nil
}

func badSegment() error {
	return refuse(reasonMalformed, "a segment of the token is empty or no base64url")
}

// header is what counts of a JOSE header (RFC 7515 section 4). Members that
// point at keys (jku, jwk, x5u, x5c) are not read: keys come from the
// configuration.
type header struct {
	alg   string
	kid   string // empty without one
	typ   string
	typed bool // there is a typ
}

// isJWT refuses tokens that say they are of another kind (RFC 8725 section
// 3.11).
func (h header) isJWT() error {
	if h.typed && !strings.EqualFold(h.typ, "JWT") {
		return refuse(reasonType, "typ is %s and not JWT: a token of another kind", quote(h.typ))
	}
	return nil
}

// isAccessToken reports whether a typ is the one of RFC 9068 section 2.1, in its
// long form, too.
func isAccessToken(typ string) bool {
	return strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt")
}

// parseHeader reads the first segment of a token.
func parseHeader(segment string) (h header, err error) {
	var bytes [256]byte
	text, err := decode(bytes[:0], segment)
	if err != nil {
		return h, err
	}
	var room [roomy]strictjson.Member
	o, err := parse(string(text), room[:0])
	if err != nil {
		return h, refuse(reasonMalformed, "the header is no strict JSON object: %s", syntax(err))
	}
	if _, ok := o.get("crit"); ok {
		return h, refuse(reasonCritical, "the header has crit, and no extension is understood")
	}
	var ok bool
	if h.alg, _, ok = o.text("alg"); !ok || h.alg == "" {
		return h, refuse(reasonAlgorithm, "the header has no alg that is a string")
	}
	if h.kid, _, ok = o.text("kid"); !ok {
		return h, refuse(reasonMalformed, "kid is no string")
	}
	if h.typ, h.typed, ok = o.text("typ"); !ok {
		return h, refuse(reasonType, "typ is no string")
	}
	return h, nil
}

// parseClaims reads the second segment of a token. It returns the JSON text
// too, for whoever asks for other claims later.
func parseClaims(segment string) (claims registered, text string, err error) {
	var bytes [1024]byte
	b, err := decode(bytes[:0], segment)
	if err != nil {
		return claims, "", err
	}
	text = string(b)
	var room [roomy]strictjson.Member
	o, err := parse(text, room[:0])
	if err != nil {
		return claims, "", refuse(reasonMalformed, "the claims are no strict JSON object: %s", syntax(err))
	}
	return registeredOf(o), text, nil
}

// headers remembers the headers of tokens that verified, by the exact text of
// their segment. An issuer uses a handful. Only those who hold a key can add
// one, and never more than maxHeaders at a time.
type headers struct {
	seen atomic.Pointer[map[string]header]
}

const maxHeaders = 16

func (hs *headers) get(segment string) (h header, ok bool) {
	if seen := hs.seen.Load(); seen != nil {
		h, ok = (*seen)[segment]
	}
	return h, ok
}

func (hs *headers) add(segment string, h header) {
	old := hs.seen.Load()
	seen := map[string]header{}
	if old != nil && len(*old) < maxHeaders {
		maps.Copy(seen, *old)
	}
	seen[strings.Clone(segment)] = h // not a part of the request's memory
	hs.seen.CompareAndSwap(old, &seen)
}
