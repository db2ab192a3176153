package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithms of RFC 7518 section 3.1, RFC 8037 section 3.1 and, for the second
// name of EdDSA, RFC 9864 section 2.2.
const (
	edDSA       = "EdDSA"
	ed25519Name = "Ed25519"
	es256       = "ES256"
	es384       = "ES384"
	es512       = "ES512"
	rs256       = "RS256"
	ps256       = "PS256"
)

// Sizes of RSA moduli in bits. Verifying with longer ones takes too long.
const (
	minModulus = 2048
	maxModulus = 16384
)

// publicKey is a key of a key set, for one algorithm. It never changes, and it
// stays the same pointer in every later set that holds it: whoever keeps what a
// key has verified can see whether it is still held.
type publicKey struct {
	kid    string
	alg    string
	method jwt.SigningMethod
	key    interface{ Equal(crypto.PublicKey) bool }
}

func (k *publicKey) signed(input string, signature []byte) bool {
	return k.method.Verify(input, signature, k.key) == nil
}

func (k *publicKey) equal(other *publicKey) bool {
	return k.kid == other.kid && k.alg == other.alg && k.key.Equal(other.key)
}

// errOtherUse: the key is none that signs, which is nothing odd.
var errOtherUse = errors.New("it is not for signatures")

// parseJWK reads a key of a set (RFC 7517 section 4). The kid is returned for
// keys that are passed over, too.
func parseJWK(value string) (key *publicKey, kid string, err error) {
	o, err := parse(value, nil)
	if err != nil {
		return nil, "", fmt.Errorf("it is no strict JSON object: %s", syntax(err))
	}
	kid, _, ok := o.text("kid")
	if !ok || len(kid) > maxText || !isText(kid) {
		return nil, "", fmt.Errorf("its kid is no string of at most %d bytes without control characters",
			maxText)
	}
	if err := forVerifying(o); err != nil {
		return nil, kid, err
	}
	key, algs, err := material(o)
	if err != nil {
		return nil, kid, err
	}
	key.kid, key.alg = kid, algs[0]
	if alg, present, ok := o.text("alg"); present {
		if !ok || !slices.Contains(algs, alg) {
			return nil, kid, fmt.Errorf("its alg is none of %v, which its type allows", algs)
		}
		key.alg = canonical(alg)
	}
	key.method = method(key.alg)
	return key, kid, nil
}

// canonical is the one name of an algorithm that has two.
func canonical(alg string) string {
	if alg == ed25519Name {
		return edDSA
	}
	return alg
}

func method(alg string) jwt.SigningMethod {
	switch alg {
	case edDSA:
		return jwt.SigningMethodEdDSA
	case es256:
		return jwt.SigningMethodES256
	case es384:
		return jwt.SigningMethodES384
	case es512:
		return jwt.SigningMethodES512
	case rs256:
		return jwt.SigningMethodRS256
	}
	// golang-jwt's own takes a salt of any length, against RFC 7518 section 3.5.
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: jwt.SigningMethodPS256.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// forVerifying passes over keys that are for something else, and keys that
// whoever has read the set could sign with.
func forVerifying(o object) error {
	use, present, ok := o.text("use")
	switch {
	case !ok:
		return errors.New("its use is no string")
	case present && use != "sig":
		return errOtherUse
	}
	if value, present := o.get("key_ops"); present {
		verifies := false
		each := func(op string) { verifies = verifies || op == "verify" }
		if value[0] != '[' || !eachText(value, each) {
			return errors.New("its key_ops are no array of strings")
		}
		if !verifies {
			return errOtherUse
		}
	}
	for _, name := range []string{"k", "d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, present := o.get(name); present {
			return errors.New("it is a secret that the set gives away: whoever reads it can sign")
		}
	}
	return nil
}

// material is the key itself, and what it may be used for: first what it is
// used for if the set does not say.
func material(o object) (key *publicKey, algs []string, err error) {
	kty, _, _ := o.text("kty")
	switch kty {
	case "OKP":
		return edwards(o)
	case "EC":
		return weierstrass(o)
	case "RSA":
		return modular(o)
	}
	return nil, nil, fmt.Errorf("its kty %s is not OKP, EC or RSA", quote(kty))
}

// edwards reads a key of RFC 8037 section 2.
func edwards(o object) (*publicKey, []string, error) {
	if crv, _, _ := o.text("crv"); crv != "Ed25519" {
		return nil, nil, fmt.Errorf("its crv %s is not Ed25519", quote(crv))
	}
	x, err := bytesOf(o, "x", ed25519.PublicKeySize)
	if err != nil {
		return nil, nil, err
	}
	if isSmallOrder(x) {
		return nil, nil, errors.New("its point is of small order: anybody can sign for it")
	}
	return &publicKey{key: ed25519.PublicKey(x)}, []string{edDSA, ed25519Name}, nil
}

// isSmallOrder reports whether x is a point of order 1, 2, 4 or 8 in one of its
// encodings, as x is if it was never filled in. The last bit is a sign.
func isSmallOrder(x []byte) bool {
	unsigned := slices.Clone(x)
	unsigned[31] &= 0x7f
	return slices.Contains([]string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	}, hex.EncodeToString(unsigned))
}

// weierstrass reads a key of RFC 7518 section 6.2.
func weierstrass(o object) (*publicKey, []string, error) {
	var curve elliptic.Curve
	var alg string
	crv, _, _ := o.text("crv")
	switch crv {
	case "P-256":
		curve, alg = elliptic.P256(), es256
	case "P-384":
		curve, alg = elliptic.P384(), es384
	case "P-521":
		curve, alg = elliptic.P521(), es512
	default:
		return nil, nil, fmt.Errorf("its crv %s is not P-256, P-384 or P-521", quote(crv))
	}
	size := (curve.Params().BitSize + 7) / 8
	x, errX := bytesOf(o, "x", size)
	y, errY := bytesOf(o, "y", size)
	if err := errors.Join(errX, errY); err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, nil, errors.New("its point is not on the curve")
	}
	return &publicKey{key: key}, []string{alg}, nil
}

// modular reads a key of RFC 7518 section 6.3. Zeros in front of its numbers,
// which some libraries write against that section, change no number.
func modular(o object) (*publicKey, []string, error) {
	nBytes, errN := bytesOf(o, "n", 0)
	eBytes, errE := bytesOf(o, "e", 0)
	if err := errors.Join(errN, errE); err != nil {
		return nil, nil, err
	}
	n, e := new(big.Int).SetBytes(nBytes), new(big.Int).SetBytes(eBytes)
	switch {
	case n.BitLen() < minModulus, n.BitLen() > maxModulus:
		return nil, nil, fmt.Errorf("its modulus has %d bits, not %d to %d",
			n.BitLen(), minModulus, maxModulus)
	case n.Bit(0) == 0:
		return nil, nil, errors.New("its modulus is even")
	case isROCA(n):
		return nil, nil, errors.New("its modulus can be factored (ROCA, CVE-2017-15361)")
	case e.BitLen() > 31, e.Int64() < 3, e.Bit(0) == 0:
		return nil, nil, fmt.Errorf("its exponent is no odd number from 3 to %d", math.MaxInt32)
	}
	return &publicKey{key: &rsa.PublicKey{N: n, E: int(e.Int64())}}, []string{rs256, ps256}, nil
}

// isROCA reports whether a modulus has the fingerprint of the keys of
// CVE-2017-15361: it is a power of 65537 modulo every small prime.
func isROCA(n *big.Int) bool {
	for p := int64(3); p <= 167; p += 2 {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		rest := new(big.Int).Mod(n, big.NewInt(p)).Int64()
		power, found := int64(1), false
		for range p {
			found = found || power == rest
			power = power * 65537 % p
		}
		if !found {
			return false
		}
	}
	return true
}

// bytesOf is a member in base64url, of the given size if that is not zero.
func bytesOf(o object, name string, size int) ([]byte, error) {
	s, _, ok := o.text(name)
	if !ok || len(s) > 2*maxModulus/8 {
		return nil, fmt.Errorf("its %s is no string of base64url", name)
	}
	b, err := decode(nil, s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its %s is missing or no base64url", name)
	case size > 0 && len(b) != size:
		return nil, fmt.Errorf("its %s has %d bytes, not %d", name, len(b), size)
	}
	return b, nil
}
