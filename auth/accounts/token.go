package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// kind is what an opaque token is for. It is what the token starts with, so
// that scanners for leaked secrets find it, and it chooses the key that the
// token is sealed with.
type kind string

const (
	kindSession kind = "ats_"
	kindRefresh kind = "atr_"
	kindHandle  kind = "ath_" // of a session in a list: it can end it and nothing else
	kindDevice  kind = "atd_" // of a browser that an account was signed in with
	kindVerify  kind = "atv_"
	kindChange  kind = "atc_"
	kindReset   kind = "atp_"
)

// kinds are all there are.
func kinds() []kind {
	return []kind{kindSession, kindRefresh, kindHandle, kindDevice, kindVerify, kindChange, kindReset}
}

// Sizes of the parts of a token, in bytes.
const (
	secretSize = 32
	sealSize   = 16
	maxSession = 64 // id of a session
	maxOpaque  = 2 + MaxUserID + maxSession + secretSize + sealSize
)

// opaque is what a token says. Whatever was read from a request was sealed by
// the module: junk reaches no store. Only the digest of its secret does.
type opaque struct {
	user    string
	session string // of a device: its id; empty in mails
	secret  [secretSize]byte
}

// newSecret makes a secret that cannot be guessed.
func newSecret() (s [secretSize]byte) {
	rand.Read(s[:]) // never fails, see crypto/rand
	return s
}

// newID makes an id that nobody has had and that cannot be guessed.
func newID() string { return rand.Text() }

// digestOf is what the store knows of a secret.
func digestOf(secret [secretSize]byte) Digest { return sha256.Sum256(secret[:]) }

// sealer makes and reads opaque tokens.
type sealer map[kind]keys

func newSealer(s secrets) sealer {
	sealer := make(sealer)
	for _, kind := range kinds() {
		sealer[kind] = s.keys("token " + string(kind))
	}
	return sealer
}

// seal writes a token: its kind, and in base64url the two ids with their
// lengths, the secret and a MAC of all that.
func (s sealer) seal(k kind, t opaque) string {
	b := make([]byte, 0, maxOpaque)
	b = append(append(b, byte(len(t.user))), t.user...)
	b = append(append(b, byte(len(t.session))), t.session...)
	b = append(b, t.secret[:]...)
	b = append(b, s[k].sum(b)[:sealSize]...)
	return string(k) + base64.RawURLEncoding.EncodeToString(b)
}

// open reads a token of a kind that the module has sealed.
func (s sealer) open(k kind, token string) (t opaque, ok bool) {
	text, ok := strings.CutPrefix(token, string(k))
	if !ok || len(text) > base64.RawURLEncoding.EncodedLen(maxOpaque) ||
		strings.ContainsAny(text, "\r\n") { // which the decoder would pass over
		return t, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < sealSize {
		return t, false
	}
	b, seal := b[:len(b)-sealSize], b[len(b)-sealSize:]
	if !s[k].made(seal, b) {
		return t, false
	}
	if t.user, b, ok = cut(b); !ok {
		return t, false
	}
	if t.session, b, ok = cut(b); !ok || len(b) != secretSize {
		return t, false
	}
	copy(t.secret[:], b)
	return t, true
}

// cut takes a text with its length off the front.
func cut(b []byte) (text string, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:], true
}
