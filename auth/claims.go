package auth

import (
	"time"

	"github.com/authtodo/authtodo/internal/strictjson"
)

// Claims are the claims of a token, read when somebody asks for one. A claim
// that is not there and one of another type answer alike: false. Names are
// matched exactly.
//
// The claims that decide anything, such as sub and exp, are checked by the
// guard and are in [Identity]; what else is here is as the issuer wrote it.
type Claims struct{ payload string }

func (c Claims) get(name string) (string, bool) {
	var room [roomy]strictjson.Member
	o, err := parse(c.payload, room[:0])
	if err != nil { // only claims that no guard has read, which have no members
		return "", false
	}
	return o.get(name)
}

// Raw is the JSON text of a claim.
func (c Claims) Raw(name string) (string, bool) { return c.get(name) }

// Text is a claim that is a string.
func (c Claims) Text(name string) (string, bool) { return as(c, name, strictjson.String) }

// Texts is a claim that is an array of strings, or one string.
func (c Claims) Texts(name string) ([]string, bool) { return as(c, name, toTexts) }

// Number is a claim that is a number.
func (c Claims) Number(name string) (float64, bool) { return as(c, name, toNumber) }

// Time is a claim that is a NumericDate (RFC 7519 section 2) up to the year
// 9999.
func (c Claims) Time(name string) (time.Time, bool) { return as(c, name, toTime) }

// Bool is a claim that is true or false.
func (c Claims) Bool(name string) (value, ok bool) {
	return as(c, name, func(value string) (bool, bool) {
		return value == "true", value == "true" || value == "false"
	})
}

func as[T any](c Claims, name string, to func(string) (T, bool)) (T, bool) {
	value, ok := c.get(name)
	if !ok {
		var zero T
		return zero, false
	}
	return to(value)
}
