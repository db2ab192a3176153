package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	ginjwt "github.com/appleboy/gin-jwt/v2"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
)

// Each peer is used as its README says, and told the issuer, the audience and
// the algorithm where it can be.

// typedClaims are how a host without a guard reads such a token.
type typedClaims struct {
	jwt.RegisteredClaims
	Email string `json:"email"`
	Name  string `json:"name"`
}

func (iss *issuer) parser() *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{iss.alg}), jwt.WithIssuer(iss.url),
		jwt.WithAudience(iss.url), jwt.WithExpirationRequired())
}

// golangJWT is golang-jwt alone: no router, no header field.
func (iss *issuer) golangJWT(token string) func() error {
	parser := iss.parser()
	key := func(*jwt.Token) (any, error) { return iss.private, nil }
	return func() error {
		_, err := parser.ParseWithClaims(token, new(typedClaims), key)
		return err
	}
}

// keyfunc is golang-jwt with the key set.
func (iss *issuer) keyfunc(b *testing.B) gin.HandlerFunc {
	set, err := keyfunc.NewDefaultCtx(b.Context(), []string{iss.keys()})
	if err != nil {
		b.Fatal(err)
	}
	parser := iss.parser()
	return func(c *gin.Context) {
		var claims typedClaims
		text, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		if _, err := parser.ParseWithClaims(text, &claims, set.Keyfunc); err != nil || !ok {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("user", claims.Subject)
	}
}

// ginJWT cannot be told an issuer or an audience.
func (iss *issuer) ginJWT(b *testing.B) gin.HandlerFunc {
	middleware, err := ginjwt.New(&ginjwt.GinJWTMiddleware{
		Realm: "bench", SigningAlgorithm: iss.alg, Key: []byte(guardSecret), IdentityKey: "sub",
	})
	if err != nil {
		b.Fatal(err)
	}
	return middleware.MiddlewareFunc()
}

func (iss *issuer) auth0(b *testing.B) gin.HandlerFunc {
	key := func(context.Context) (any, error) { return []byte(guardSecret), nil }
	if iss.public != nil {
		address, err := url.Parse(iss.keys())
		if err != nil {
			b.Fatal(err)
		}
		key = jwks.NewCachingProvider(address, time.Hour, jwks.WithCustomJWKSURI(address)).KeyFunc
	}
	check, err := validator.New(key, validator.SignatureAlgorithm(iss.alg), iss.url, []string{iss.url})
	if err != nil {
		b.Fatal(err)
	}
	middleware := jwtmiddleware.New(check.ValidateToken)
	return func(c *gin.Context) {
		passed := false
		middleware.CheckJWT(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed, c.Request = true, r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func (iss *issuer) jwx(b *testing.B) gin.HandlerFunc {
	var key jwxjwt.ParseOption = jwxjwt.WithKey(jwa.HS256(), []byte(guardSecret))
	if iss.public != nil {
		cache, err := jwk.NewCache(b.Context(), httprc.NewClient())
		if err == nil {
			err = cache.Register(b.Context(), iss.keys())
		}
		if err != nil {
			b.Fatal(err)
		}
		set, err := cache.CachedSet(iss.keys())
		if err != nil {
			b.Fatal(err)
		}
		key = jwxjwt.WithKeySet(set)
	}
	return func(c *gin.Context) {
		token, err := jwxjwt.ParseRequest(c.Request, key, jwxjwt.WithIssuer(iss.url),
			jwxjwt.WithAudience(iss.url))
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("user", token)
	}
}

// raw is golang-jwt's verification of a signature that is decoded already: what
// no guard without a memory can do without.
func (iss *issuer) raw(b *testing.B, token string) func() error {
	end := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil {
		b.Fatal(err)
	}
	method, input := jwt.GetSigningMethod(iss.alg), token[:end]
	return func() error { return method.Verify(input, signature, iss.public) }
}

// A floor decodes three segments and compares one MAC.

// pooledFloor makes nothing anew.
func pooledFloor(token string) func() error {
	pool := sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(guardSecret)) }}
	segments := strings.Split(token, ".")
	input := []byte(token[:strings.LastIndexByte(token, '.')])
	room := make([]byte, 0, 1024)
	return func() error {
		buf := room
		for _, segment := range segments {
			var err error
			if buf, err = base64.RawURLEncoding.AppendDecode(buf, []byte(segment)); err != nil {
				return err
			}
		}
		mac := pool.Get().(hash.Hash)
		defer pool.Put(mac)
		mac.Reset()
		mac.Write(input)
		if !hmac.Equal(mac.Sum(buf)[len(buf):], buf[len(buf)-sha256.Size:]) {
			return errors.New("another MAC")
		}
		return nil
	}
}

// plainFloor has golang-jwt make the MAC, which keys a new one each time.
func plainFloor(token string) func() error {
	segments := strings.Split(token, ".")
	input := token[:strings.LastIndexByte(token, '.')]
	return func() error {
		var signature []byte
		for _, segment := range segments {
			var err error
			if signature, err = base64.RawURLEncoding.DecodeString(segment); err != nil {
				return err
			}
		}
		return jwt.SigningMethodHS256.Verify(input, signature, []byte(guardSecret))
	}
}
