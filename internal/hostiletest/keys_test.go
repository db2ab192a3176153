package hostiletest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// Secrets of the issuers that share one with the service, and of the accounts.
// Nothing else in the package is like them.
const (
	plainSecret    = "Kanarie1-qW8zXv9LmT4cRk8NsHb2Yd6J"
	strictSecret   = "Kanarie2-bR5tGy7HuJ9kMn3VfCx1Sz8P"
	accountsSecret = "Kanarie3-kN3vQ8xT1mZ7pLc5rW2yB9dF"
	otherSecret    = "no issuer has this secret of 38 letters"
)

// Names of the issuers and of this service.
const (
	strictURL = "https://strict.example.com"
	keysURL   = "https://keys.example.com"
	oidcURL   = "https://oidc.example.com"
	audience  = "https://api.example.com"
)

const expiry = "4102444800" // the year 2100

// pair is a key pair of an issuer.
type pair struct {
	kid, alg string
	private  crypto.Signer
}

// keyring are the key pairs of the issuers, and one that is nobody's.
type keyring struct{ ed, ec, rsa, idp, stranger *pair }

func newKeyring() *keyring {
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return key
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	_, idp, err2 := ed25519.GenerateKey(rand.Reader)
	_, stranger, err3 := ed25519.GenerateKey(rand.Reader)
	ec, err4 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, err5 := rsa.GenerateKey(rand.Reader, 2048)
	return &keyring{
		ed:       &pair{"ed-1", "EdDSA", must(ed, err)},
		ec:       &pair{"ec-1", "ES256", must(ec, err4)},
		rsa:      &pair{"rs-1", "RS256", must(rs, err5)},
		idp:      &pair{"ed-1", "EdDSA", must(idp, err2)}, // the kid of another issuer's key
		stranger: &pair{"ed-1", "EdDSA", must(stranger, err3)},
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk is the public key, with more members, each as "name":value.
func (p *pair) jwk(more ...string) string {
	var members []string
	switch public := p.private.Public().(type) {
	case ed25519.PublicKey:
		members = append(members, `"kty":"OKP"`, `"crv":"Ed25519"`, `"x":"`+b64(public)+`"`)
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		members = append(members, `"kty":"EC"`, `"crv":"`+public.Params().Name+`"`,
			`"x":"`+b64(point[1:1+half])+`"`, `"y":"`+b64(point[1+half:])+`"`)
	case *rsa.PublicKey:
		members = append(members, `"kty":"RSA"`, `"n":"`+b64(public.N.Bytes())+`"`,
			`"e":"`+b64(big.NewInt(int64(public.E)).Bytes())+`"`)
	}
	members = append(members, `"kid":"`+p.kid+`"`, `"alg":"`+p.alg+`"`)
	return "{" + strings.Join(append(members, more...), ",") + "}"
}

func setOf(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// signature is the one of the key with any algorithm that its type has.
func (p *pair) signature(alg, input string) string {
	signature, err := jwt.GetSigningMethod(alg).Sign(input, p.private)
	if err != nil {
		panic(err)
	}
	return b64(signature)
}

// token is one of any header and claims that the key signs.
func (p *pair) token(header, claims string) string {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	return kept(input + "." + p.signature(p.alg, input))
}

func (p *pair) header() string { return `{"alg":"` + p.alg + `","kid":"` + p.kid + `","typ":"JWT"}` }

// mac is a token of any header and claims with a shared secret.
func mac(header, claims, secret string) string {
	return macOf(b64([]byte(header))+"."+b64([]byte(claims)), jwt.SigningMethodHS256, secret)
}

// macText is mac without the watch.
func macText(header, claims, secret string) string {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	return input + "." + macOver(input, jwt.SigningMethodHS256, secret)
}

func macOf(input string, method jwt.SigningMethod, secret string) string {
	return kept(input + "." + macOver(input, method, secret))
}

func macOver(input string, method jwt.SigningMethod, secret string) string {
	signature, err := method.Sign(input, []byte(secret))
	if err != nil {
		panic(err)
	}
	return b64(signature)
}

// kept is a token that the watch knows of.
func kept(token string) string {
	const most = 4096 // a longer one is found by its start
	shared.watch.Token("a token that a test has signed", token[:min(len(token), most)])
	return token
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claims are those that suffice to the issuer without a name.
func claims(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"exp":` + expiry + members + `}`
}

// claimsOf are claims for an issuer that has a name.
func claimsOf(issuer, members string) string {
	return claims(fmt.Sprintf(`"iss":%s,"aud":%s`, quote(issuer), quote(audience)) + "," + members)
}

// quote is s as a JSON string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func nested(open, close string, n int) string {
	inner := "0"
	if open == "[" {
		inner = ""
	}
	return strings.Repeat(open, n) + inner + strings.Repeat(close, n)
}

// header is the one of a token.
func header(t testing.TB, token string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
