package auth

import (
	"encoding/base64"
	"strings"
)

// roomy is how many members an object usually has at most.
const roomy = 24

// header is what counts of a JOSE header (RFC 7515 section 4). Members that
// point at keys (jku, jwk, x5u, x5c) are not read: keys come from the
// configuration.
type header struct {
	alg string
	kid string // empty without one
	typ string
	any bool // there is a typ
}

// isJWT refuses tokens that say they are of another kind (RFC 8725 section
// 3.11).
func (h header) isJWT() error {
	if h.any && !strings.EqualFold(h.typ, "JWT") {
		return refuse(reasonType, "typ is %s and not JWT: a token of another kind", quote(h.typ))
	}
	return nil
}

// token is a token that is well-formed, and not yet believed in anything.
type token struct {
	header       header
	signingInput string // RFC 7515 section 2
	signature    []byte
	payload      string // the JSON text of the claims
	claims       object
}

// parseToken reads the compact serialization (RFC 7515 section 7.1).
func parseToken(text string) (t token, err error) {
	head, rest, ok := strings.Cut(text, ".")
	payload, signature, too := strings.Cut(rest, ".")
	if !ok || !too || strings.IndexByte(signature, '.') >= 0 {
		return t, refuse(reasonMalformed, "the token has %d segments where a JWT has 3; "+
			"fewer mean a session token: ask Better Auth's /api/auth/token for the JWT",
			strings.Count(text, ".")+1)
	}
	t.signingInput = text[:len(head)+1+len(payload)]
	h, err := decode(head)
	if err != nil {
		return t, err
	}
	if t.header, err = parseHeader(string(h)); err != nil {
		return t, err
	}
	if t.signature, err = decode(signature); err != nil {
		return t, err
	}
	p, err := decode(payload)
	if err != nil {
		return t, err
	}
	t.payload = string(p)
	t.claims, err = parse(t.payload, nil)
	if err != nil {
		return t, refuse(reasonMalformed, "the claims are no strict JSON object")
	}
	return t, nil
}

// decode reads base64url as RFC 7515 section 2 has it. Go's decoder, strict or
// not, skips line breaks: two texts would be one token.
func decode(segment string) ([]byte, error) {
	if segment == "" || strings.ContainsAny(segment, "\r\n") {
		return nil, refuse(reasonMalformed, "a segment is empty or no base64url")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return nil, refuse(reasonMalformed, "a segment is no base64url")
	}
	return b, nil
}

func parseHeader(text string) (h header, err error) {
	o, err := parse(text, nil)
	if err != nil {
		return h, refuse(reasonMalformed, "the header is no strict JSON object")
	}
	if _, ok := o.get("crit"); ok {
		return h, refuse(reasonCritical, "the header has crit, and no extension is understood")
	}
	value, _ := o.get("alg")
	alg, ok := toText(value)
	if !ok {
		return h, refuse(reasonAlgorithm, "the header has no alg that is a string")
	}
	h.alg = alg
	if value, ok := o.get("kid"); ok {
		if h.kid, ok = toText(value); !ok {
			return h, refuse(reasonMalformed, "kid is no string")
		}
	}
	var value2 string
	if value2, h.any = o.get("typ"); h.any {
		if h.typ, ok = toText(value2); !ok {
			return h, refuse(reasonType, "typ is no string")
		}
	}
	return h, nil
}
