package sqlstore

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Columns in the order in which the functions below scan them.
const (
	accountColumns = `u.user_id, u.email, u.email_verified, u.name, u.image, u.disabled,
		u.created_at, u.updated_at, u.password`

	sessionColumns = `s.user_id, s.id, s.secret, s.refresh, s.parent, s.rotated_at, s.created_at,
		s.updated_at, s.expires_at, s.ends_at, s.temporary, s.address, s.user_agent`
)

func intoAccount(a *accounts.Account) []any {
	return []any{
		(*text)(&a.ID), (*text)(&a.Email), (*flag)(&a.EmailVerified), (*text)(&a.Name), nullable{&a.Image},
		(*flag)(&a.Disabled), (*instant)(&a.CreatedAt), (*instant)(&a.UpdatedAt), (*text)(&a.Password),
	}
}

func intoSession(s *accounts.Session) []any {
	return []any{
		(*text)(&s.UserID), (*text)(&s.ID), (*digest)(&s.Secret), (*digest)(&s.Refresh), (*digest)(&s.Parent),
		(*instant)(&s.RotatedAt), (*instant)(&s.CreatedAt), (*instant)(&s.UpdatedAt),
		(*instant)(&s.ExpiresAt), (*instant)(&s.EndsAt), (*flag)(&s.Temporary),
		(*text)(&s.Address), (*text)(&s.UserAgent),
	}
}

// intoCode scans what a code has beside its purpose and its secret.
func intoCode(c *accounts.Code) []any {
	return []any{
		(*text)(&c.Email), (*flag)(&c.Proven), (*text)(&c.Session),
		(*instant)(&c.CreatedAt), (*instant)(&c.ExpiresAt),
	}
}

// nullable scans text that may be null.
type nullable struct{ into **string }

func (n nullable) Scan(value any) error {
	if *n.into = nil; value == nil {
		return nil
	}
	s := new(text)
	*n.into = (*string)(s)
	return s.Scan(value)
}

// blob scans bytes.
type blob []byte

func (b *blob) Scan(value any) error {
	v, ok := value.([]byte)
	if !ok {
		return unexpected("bytes", value)
	}
	*b = bytes.Clone(v) // of the driver's buffer
	return nil
}

// digest is a digest in a column, where the zero one is null.
type digest accounts.Digest

func (d digest) Value() (driver.Value, error) {
	if d == (digest{}) {
		return nil, nil
	}
	return d[:], nil
}

func (d *digest) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*d = digest{}
	case []byte:
		if copy(d[:], v) != len(d) || len(v) != len(d) {
			return fmt.Errorf("got %d bytes, want a digest", len(v))
		}
	default:
		return unexpected("a digest", value)
	}
	return nil
}

// As for todos, what callers have validated is measured again.

func checkUserID(id string) error {
	if id == "" {
		return fmt.Errorf("%w: an empty user id", errArgument)
	}
	return atMost("a user id", id, accounts.MaxUserID)
}

func checkAccount(a accounts.Account) error {
	image := ""
	if a.Image != nil {
		image = *a.Image
	}
	return first(
		atMost("an address", a.Email, accounts.MaxEmail),
		atMost("a name", a.Name, accounts.MaxName),
		atMost("an image", image, accounts.MaxImage),
		atMost("a hash", a.Password, accounts.MaxHash))
}

func checkSession(s *accounts.Session) error {
	if s == nil {
		return nil
	}
	return first(
		atMost("the id of a session", s.ID, 64),
		atMost("the address of a client", s.Address, 256),
		atMost("a user agent", s.UserAgent, accounts.MaxUserAgent))
}

func checkCode(c *accounts.Code) error {
	if c == nil {
		return nil
	}
	return first(
		atMost("a purpose", string(c.Purpose), 64),
		atMost("an address", c.Email, accounts.MaxEmail),
		atMost("the id of a session", c.Session, 64))
}

// IsAccountAnswer reports whether err is one of the answers of [accounts.Store],
// or an argument that was refused, and not a failure of the store.
func IsAccountAnswer(err error) bool {
	for _, answer := range []error{
		accounts.ErrNoUser, accounts.ErrUserExists, accounts.ErrEmailTaken, accounts.ErrNoSession,
		accounts.ErrReused, accounts.ErrNoCode, accounts.ErrPasswordChanged, errArgument,
	} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}
