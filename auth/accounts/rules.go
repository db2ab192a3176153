package accounts

import (
	"crypto/subtle"
	"time"
)

// The methods here are the rules of [Store] for single values, so that each
// store only has to read, apply and write as one step.

// Apply is u after the change, at a time.
func (p Profile) Apply(u User, at time.Time) User {
	if p.Name != nil {
		u.Name = *p.Name
	}
	if p.Image != nil {
		u.Image = nil
		if *p.Image != nil {
			image := **p.Image
			u.Image = &image
		}
	}
	u.UpdatedAt = at
	return u
}

// Extend is s with another end, no later than EndsAt: [Sessions].ExtendSession.
func (s Session) Extend(expires, at time.Time) (Session, error) {
	if s.ExpiresAt.Before(at) {
		return s, ErrNoSession
	}
	s.ExpiresAt, s.UpdatedAt = earlier(expires, s.EndsAt), at
	return s, nil
}

// Rotate is s after the exchange of its refresh token, with the errors of
// [Sessions].RotateSession. After [ErrReused] the session has to end; when the
// exchange is replayed, s is as it was.
func (s Session) Rotate(r Rotation) (next Session, replayed bool, err error) {
	switch {
	case s.Refresh == Digest{}, s.ExpiresAt.Before(r.At):
		return s, false, ErrNoSession
	case same(r.Old, s.Refresh):
		s.Refresh, s.Parent = r.New, s.Refresh
		s.RotatedAt, s.UpdatedAt = r.At, r.At
		s.ExpiresAt = earlier(r.ExpiresAt, s.EndsAt)
		return s, false, nil
	case same(r.Old, s.Parent) && r.At.Sub(s.RotatedAt) <= r.Grace:
		return s, true, nil
	}
	return s, false, ErrReused
}

// Verify is a after its address was verified with c, by [AC4] and [AC5] of
// [Codes].VerifyEmail. With anew, every session and every code of the user has
// to go, and not only those codes that are for verifying.
func (c Code) Verify(a Account, at time.Time) (verified Account, anew bool) {
	if a.EmailVerified {
		return a, false
	}
	a.EmailVerified, a.UpdatedAt = true, at
	if !c.Proven {
		a.Password = ""
		return a, true
	}
	return a, false
}

// same reports whether two digests are equal and not those of no secret.
func same(a, b Digest) bool {
	return a != Digest{} && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
