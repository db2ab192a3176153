package betterauth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/authtodo/authtodo/auth/accounts"
)

// errEmail: a user has no address.
var errEmail = errors.New("the address is not valid")

// row is a user as the driver gives it, by column, and "password". No value is a
// slice of bytes.
type row map[string]any

func (r row) userID() string        { return text(r["id"]) }
func (r row) password() string      { return text(r["password"]) }
func (r row) image() string         { return text(r["image"]) }
func (r row) hasSecondFactor() bool { return truth(r["twoFactorEnabled"]) }

// account is what becomes of the row, or why nothing does.
func (r row) account(now time.Time) (accounts.Account, error) {
	var a accounts.Account
	if a.ID = r.userID(); a.ID == "" || len(a.ID) > accounts.MaxUserID || !isClean(a.ID) {
		return a, fmt.Errorf("the id is not 1 to %d bytes of text", accounts.MaxUserID)
	}
	var ok bool
	if a.Email, ok = accounts.NormalEmail(text(r["email"])); !ok {
		return a, errEmail
	}
	a.EmailVerified = truth(r["emailVerified"])
	if a.Name = text(r["name"]); len(a.Name) > accounts.MaxName || !isText(a.Name) {
		return a, fmt.Errorf("the name is not text of at most %d bytes", accounts.MaxName)
	}
	if image := r.image(); image != "" && len(image) <= accounts.MaxImage && isText(image) {
		a.Image = &image
	}
	if a.CreatedAt, ok = instant(r["createdAt"]); !ok {
		return a, errors.New("createdAt is no time")
	}
	if a.UpdatedAt, ok = instant(r["updatedAt"]); !ok {
		a.UpdatedAt = a.CreatedAt
	}
	until, ends := instant(r["banExpires"])
	a.Disabled = truth(r["banned"]) && (!ends || until.After(now))
	if hash := r.password(); accounts.KnownHash(hash) {
		a.Password = hash
	}
	return a, nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func isClean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// text is a value as Better Auth shows it: numbers are ids.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// truth is a boolean; SQLite has numbers for them.
func truth(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case string:
		return v == "true" || v == "t" || v == "1"
	}
	return false
}

// instant is a time in whole milliseconds. SQLite has text or numbers for them:
// Better Auth writes ISO 8601, and its Drizzle adapter seconds or milliseconds.
func instant(v any) (time.Time, bool) {
	const seconds = 100_000_000_000 // below this; in milliseconds that is 1973
	var at time.Time
	switch v := v.(type) {
	case time.Time:
		at = v
	case int64:
		at = time.UnixMilli(v)
		if v < seconds {
			at = time.Unix(v, 0)
		}
	case string:
		var err error
		if at, err = time.Parse(time.RFC3339Nano, v); err != nil {
			at, err = time.Parse("2006-01-02 15:04:05.999999999", v)
		}
		if err != nil {
			return time.Time{}, false
		}
	default:
		return time.Time{}, false
	}
	return at.UTC().Truncate(time.Millisecond), !at.IsZero()
}
