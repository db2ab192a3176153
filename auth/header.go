package auth

import "strings"

// maxToken is the limit of a token in bytes. It bounds all work on one.
const maxToken = 8192

// missing is the answer to a request without an Authorization field.
func missing() error { return &refusal{challenge, reasonMissing, "no Authorization field"} }

// bearer is the token in the Authorization fields of a request that has some: what
// its only one holds (RFC 6750 section 2.1). Tokens in the query, in the body and in
// cookies are not looked at.
func bearer(fields []string) (string, error) {
	switch {
	case len(fields) > 1:
		return "", malformed("more than one Authorization field")
	case fields[0] == "":
		return "", malformed("the Authorization field is empty")
	}
	scheme, token, _ := strings.Cut(fields[0], " ")
	if len(scheme) != len("Bearer") || !strings.EqualFold(scheme, "Bearer") {
		// The scheme is not shown: it is the token where a client forgot it.
		return "", &refusal{challenge, reasonMissing,
			"the Authorization field has another scheme than Bearer, or none"}
	}
	token = strings.TrimLeft(token, " ") // 1*SP, RFC 9110 section 11.4
	switch {
	case token == "":
		return "", malformed("no token behind Bearer")
	case len(token) > maxToken:
		return "", malformed("the token is longer than 8192 bytes")
	}
	return token, nil
}

func malformed(hint string) error {
	return &refusal{challengeRequest, reasonMalformed, hint}
}

// isToken reports whether s is a b64token of RFC 6750 section 2.1: all kinds of
// bearer tokens, not only ours. What is none was no well-formed request.
func isToken(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == '+', c == '/':
		default:
			return false
		}
	}
	return s != ""
}
