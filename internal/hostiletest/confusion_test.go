package hostiletest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// TestPublicKeyAsSecret signs with HMAC and what everybody can read: a public key
// in every form that a library may keep it in.
func TestPublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	ring := shared.rings()
	var list attacks
	for _, p := range []*pair{ring.ed, ring.ec, ring.rsa} {
		for form, secret := range publicForms(t, p) {
			for _, method := range []*jwt.SigningMethodHMAC{jwt.SigningMethodHS256, jwt.SigningMethodHS384, jwt.SigningMethodHS512} {
				header := b64([]byte(`{"alg":"` + method.Name + `","kid":"` + p.kid + `","typ":"JWT"}`))
				for _, d := range doors() {
					if d.name == "oidc" {
						continue // has none of these keys
					}
					token := macOf(header+"."+b64([]byte(d.good(""))), method, secret)
					list.bad("confusion/"+p.alg+" as "+method.Name+" of "+d.name+"/"+form, token)
				}
			}
			// The header names the algorithm of the key, and only the MAC is one.
			token := macOf(b64([]byte(p.header()))+"."+b64([]byte(doors()[2].good(""))), jwt.SigningMethodHS256, secret)
			list.bad("confusion/"+p.alg+" with a MAC for a signature/"+form, token)
		}
	}
	s.run(t, list)
}

// publicForms are the ways to write a public key.
func publicForms(t *testing.T, p *pair) map[string]string {
	public := p.private.Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	forms := map[string]string{
		"PEM": text, "PEM without its last line break": strings.TrimSpace(text),
		"PEM with CR LF": strings.ReplaceAll(text, "\n", "\r\n"),
		"DER":            string(der), "DER in base64": base64.StdEncoding.EncodeToString(der),
		"DER in hexadecimal": hex.EncodeToString(der),
		"JWK":                p.jwk(), "key set": setOf(p.jwk()), "kid": p.kid, "URL of the key set": keysURL,
	}
	switch key := public.(type) {
	case *rsa.PublicKey:
		pkcs1 := x509.MarshalPKCS1PublicKey(key)
		forms["PKCS1"] = string(pkcs1)
		forms["PEM of PKCS1"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}))
		forms["modulus"], forms["modulus in base64url"] = string(key.N.Bytes()), b64(key.N.Bytes())
		forms["modulus in digits"] = key.N.String()
	case ed25519.PublicKey:
		forms["bytes"], forms["x in base64url"] = string(key), b64(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		forms["point"], forms["x"], forms["x in base64url"] = string(point), string(point[1:33]), b64(point[1:33])
	}
	return forms
}

// TestOtherAlgorithmOfAKey has a key sign as itself and the header say otherwise.
func TestOtherAlgorithmOfAKey(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	ring := shared.rings()
	d := doors()[2]
	var list attacks
	for _, p := range []*pair{ring.ed, ring.ec, ring.rsa} {
		list.fine("algorithm/"+p.alg+"/good", p.token(p.header(), d.good("")))
		for _, alg := range []string{
			"EdDSA", "Ed25519", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256",
			"none",
		} {
			if alg == p.alg || p.alg == "EdDSA" && alg == "Ed25519" { // which is another name of it
				continue
			}
			for _, kid := range []string{"ed-1", "ec-1", "rs-1"} {
				header := `{"alg":"` + alg + `","kid":"` + kid + `"}`
				list.bad("algorithm/"+p.alg+"/named "+alg+" with "+kid, p.token(header, d.good("")))
			}
		}
		for _, kid := range []string{"", "ed-1", "ec-1", "rs-1", "x", "ED-1", "ed-1 ", "ed-1\u0000", "../ed-1"} {
			if kid != p.kid {
				list.bad("algorithm/"+p.alg+"/kid/"+quote(kid), p.token(`{"alg":"`+p.alg+`","kid":`+quote(kid)+`}`, d.good("")))
			}
		}
		list.bad("algorithm/"+p.alg+"/no kid", p.token(`{"alg":"`+p.alg+`"}`, d.good("")))
	}
	for _, alg := range []string{"RS384", "RS512", "PS256", "PS384", "PS512"} { // that the same key could make
		header := `{"alg":"` + alg + `","kid":"rs-1"}`
		input := b64([]byte(header)) + "." + b64([]byte(d.good("")))
		list.bad("algorithm/RS256/signed as "+alg, kept(input+"."+ring.rsa.signature(alg, input)))
		lie := b64([]byte(ring.rsa.header())) + "." + b64([]byte(d.good("")))
		list.bad("algorithm/RS256/signed as "+alg+", named RS256", kept(lie+"."+ring.rsa.signature(alg, lie)))
	}
	s.run(t, list)
}

// TestSignatureValues are signatures that a careless verification takes.
func TestSignatureValues(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	ring := shared.rings()
	d := doors()[2]
	var list attacks
	add := func(name string, p *pair, signature []byte) {
		list.bad("signature/"+p.alg+"/"+name, b64([]byte(p.header()))+"."+b64([]byte(d.good("")))+"."+b64(signature))
	}
	order := elliptic256()
	numbers := map[string]*big.Int{
		"0": big.NewInt(0), "1": big.NewInt(1), "n": order, "n-1": new(big.Int).Sub(order, big.NewInt(1)),
		"n+1":     new(big.Int).Add(order, big.NewInt(1)),
		"2^256-1": new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)),
	}
	for r, first := range numbers {
		for v, second := range numbers {
			add("r is "+r+", s is "+v, ring.ec, append(first.FillBytes(make([]byte, 32)), second.FillBytes(make([]byte, 32))...))
		}
	}
	input := b64([]byte(ring.ec.header())) + "." + b64([]byte(d.good("")))
	digest := sha256.Sum256([]byte(input))
	der, err := ecdsa.SignASN1(rand.Reader, ring.ec.private.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		t.Fatal(err)
	}
	fixed := func(size int, r, s *big.Int) []byte {
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	add("in DER", ring.ec, der)
	add("of 66 bytes", ring.ec, fixed(33, rs.R, rs.S))
	add("of 96 bytes", ring.ec, fixed(48, rs.R, rs.S))
	add("r and s turned", ring.ec, fixed(32, rs.S, rs.R))
	add("of 63 bytes", ring.ec, fixed(32, rs.R, rs.S)[:63])
	add("of 65 bytes", ring.ec, append(fixed(32, rs.R, rs.S), 0))
	add("with zeros in front", ring.ec, append(make([]byte, 2), fixed(32, rs.R, rs.S)...))
	add("r more than n", ring.ec, fixed(33, new(big.Int).Add(rs.R, order), rs.S))
	for _, p := range []*pair{ring.ed, ring.ec, ring.rsa} {
		for _, size := range []int{0, 1, 32, 63, 64, 65, 128, 255, 256, 257, 512} {
			add(fmt.Sprintf("%d zeros", size), p, make([]byte, size))
			add(fmt.Sprintf("%d times ff", size), p, []byte(strings.Repeat("\xff", size)))
		}
	}
	for name, signature := range edwardsForgeries(ring.ed, d) {
		add(name, ring.ed, signature)
	}
	for name, signature := range modularForgeries(t, ring.rsa, d) {
		add(name, ring.rsa, signature)
	}
	s.run(t, list)
}

// elliptic256 is the order of the group of P-256.
func elliptic256() *big.Int {
	n, ok := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	if !ok {
		panic("not a number")
	}
	return n
}

// edwardsForgeries are signatures of Ed25519 that are not the one (RFC 8032
// section 5.1.7).
func edwardsForgeries(p *pair, d door) map[string][]byte {
	input := b64([]byte(p.header())) + "." + b64([]byte(d.good("")))
	good := ed25519.Sign(p.private.(ed25519.PrivateKey), []byte(input))
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	reversed := func(b []byte) []byte {
		turned := make([]byte, len(b))
		for i := range b {
			turned[len(b)-1-i] = b[i]
		}
		return turned
	}
	larger := new(big.Int).Add(new(big.Int).SetBytes(reversed(good[32:])), order)
	digest := sha256.Sum256([]byte(input))
	identity := append([]byte{1}, make([]byte, 63)...)
	return map[string][]byte{
		"s more than the order": append(append([]byte{}, good[:32]...), reversed(larger.FillBytes(make([]byte, 32)))...),
		"R the identity, s 0":   identity, "of the digest": ed25519.Sign(p.private.(ed25519.PrivateKey), digest[:]),
		"of the claims alone": ed25519.Sign(p.private.(ed25519.PrivateKey), []byte(d.good(""))),
		"R and s turned":      append(append([]byte{}, good[32:]...), good[:32]...),
		"of another header":   ed25519.Sign(p.private.(ed25519.PrivateKey), []byte("x"+input)),
		"with a byte behind":  append(append([]byte{}, good...), 0),
	}
}

// modularForgeries are numbers that RSA takes for a signature where nobody looks
// at the padding.
func modularForgeries(t *testing.T, p *pair, d door) map[string][]byte {
	key := p.private.(*rsa.PrivateKey)
	input := b64([]byte(p.header())) + "." + b64([]byte(d.good("")))
	digest := sha256.Sum256([]byte(input))
	bare, err := rsa.SignPKCS1v15(nil, key, 0, digest[:]) // without the name of the hash
	if err != nil {
		t.Fatal(err)
	}
	pss, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	good, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	cube := new(big.Int).Exp(big.NewInt(3), big.NewInt(300), nil)
	return map[string][]byte{
		"without the name of the hash": bare, "PSS": pss, "one": big.NewInt(1).FillBytes(make([]byte, 256)),
		"modulus":               key.N.Bytes(),
		"modulus less one":      new(big.Int).Sub(key.N, big.NewInt(1)).Bytes(),
		"signature and modulus": new(big.Int).Add(new(big.Int).SetBytes(good), key.N).Bytes(),
		"a small power":         cube.FillBytes(make([]byte, 256)), "a zero in front": append([]byte{0}, good...),
		"a byte behind": append(append([]byte{}, good...), 0),
	}
}

// TestKeysThatTokensBring: a key, or where to get one, in a header is no key.
func TestKeysThatTokensBring(t *testing.T) {
	t.Parallel()
	s := newSite(t, "memory", inMemory(t))
	stranger := shared.rings().stranger
	trap := publish(t, setOf(stranger.jwk()))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, stranger.private.Public(), stranger.private)
	if err != nil {
		t.Fatal(err)
	}
	chain := `["` + base64.StdEncoding.EncodeToString(certificate) + `"]`
	oct := `{"kty":"oct","kid":"ed-1","k":"` + b64([]byte(otherSecret)) + `"}`
	members := map[string]string{
		"jwk": `"jwk":` + stranger.jwk(), "jwk that is private": `"jwk":` + stranger.jwk(`"d":"AAAA"`),
		"jwk of a secret": `"jwk":` + oct, "jwks": `"jwks":` + setOf(stranger.jwk()),
		"x5c": `"x5c":` + chain, "x5c and jwk": `"x5c":` + chain + `,"jwk":` + stranger.jwk(),
		"x5t": `"x5t":"AAAA","x5t#S256":"AAAA"`, "k": `"k":"` + b64([]byte(otherSecret)) + `"`,
		"epk": `"epk":` + stranger.jwk(), "iss in the header": `"iss":"` + trap.URL + `"`,
		"keys": `"keys":[` + stranger.jwk() + `]`, "kty and x": stranger.jwk()[1 : len(stranger.jwk())-1],
	}
	for _, name := range []string{"jku", "x5u", "JKU", "jwks_uri", "url"} {
		for what, address := range map[string]string{
			"another host": trap.URL + "/jwks", "the right host": s.keys.URL + "/other",
			"a user in front": "http://keys.example.com@" + trap.Listener.Addr().String(),
			"a fragment":      trap.URL + "/#" + keysURL, "data": "data:application/json," + setOf(stranger.jwk()),
			"a file": "file:///etc/passwd", "metadata": "http://169.254.169.254/latest",
			"relative": "/jwks", "no scheme": "//" + trap.Listener.Addr().String(), "CR LF": trap.URL + "/\r\nX: y",
			"IPv6": "http://[::1]:1/", "gopher": "gopher://127.0.0.1:1/x",
		} {
			members[name+"/"+what] = `"` + name + `":` + quote(address)
		}
	}
	var list attacks
	for _, d := range doors() {
		alg := map[bool]string{true: "EdDSA", false: "HS256"}[d.name == "keys" || d.name == "oidc"]
		for name, member := range members {
			if strings.HasPrefix(name, "kty") && alg == "EdDSA" {
				continue // names its kid and alg twice
			}
			rest := `,"kid":"ed-1",`
			if strings.HasPrefix(name, "kty") {
				list.bad("brought/"+d.name+"/"+name, mac("{"+member+"}", d.good(""), otherSecret))
				continue
			}
			header := `{"alg":"` + alg + `"` + rest + member + "}"
			token := mac(header, d.good(""), otherSecret)
			if alg == "EdDSA" {
				token = stranger.token(header, d.good(""))
			}
			list.bad("brought/"+d.name+"/"+name, token)
		}
		for name, kid := range oddKids(trap.URL) {
			header := `{"alg":"` + alg + `","kid":` + quote(kid) + `}`
			token := mac(header, d.good(""), otherSecret)
			if alg == "EdDSA" {
				token = stranger.token(header, d.good(""))
			}
			list.bad("kid/"+d.name+"/"+name, token)
			for what, secret := range map[string]string{"nothing": "", "the kid": kid, "a zero": "\x00"} {
				if alg == "HS256" {
					list.bad("kid/"+d.name+"/"+name+"/signed with "+what, mac(header, d.good(""), secret))
				}
			}
		}
	}
	s.run(t, list)
	if n := trap.asked.Load(); n != 0 {
		t.Errorf("%d requests went to where tokens lead", n)
	}
}

// oddKids are names of keys that lead elsewhere where they are put into a path, a
// statement or a command.
func oddKids(trap string) map[string]string {
	return map[string]string{
		"a path": "../../../../dev/null", "an absolute path": "/proc/self/environ",
		"a path of Windows": `..\..\windows\win.ini`, "a path with NUL": "/dev/null\u0000.pem", "a URL": trap + "/jwks",
		"SQL": "x' UNION SELECT 'secret'--", "SQL with a sleep": "x'; SELECT pg_sleep(10)--", "a command": "x|sleep 10",
		"a command in backticks": "`sleep 10`", "CR LF": "a\r\nSet-Cookie: a=b",
		"NUL": "a\u0000b", "an escape code": "\x1b[2J", "a format": "%s%n", "a template": "{{.}}",
		"JNDI": "${jndi:ldap://127.0.0.1/x}", "HTML": "<script>", "4 KB": strings.Repeat("k", 4000),
		"Cyrillic": "\u0435d-1", "a wildcard": "*", "a regular expression": ".*", "nothing": "", "null": "null",
		"__proto__": "__proto__", "a zero-width space": "ed-1\u200b",
	}
}
