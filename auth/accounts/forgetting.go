package accounts

import (
	"context"
	"time"
)

// forgetting is a store that has the cache forget a user as soon as something was
// changed that the cache knows, also when that has failed: it may have been done
// all the same. No handler has to think of it.
type forgetting struct {
	Store
	cache *cache
}

// UpdateProfile implements [Users].
func (f forgetting) UpdateProfile(
	ctx context.Context, userID string, profile Profile, at time.Time,
) (User, error) {
	defer f.cache.forget(userID)
	return f.Store.UpdateProfile(ctx, userID, profile, at)
}

// ChangePassword implements [Users].
func (f forgetting) ChangePassword(
	ctx context.Context, userID, old, hash string, next *Session, at time.Time,
) error {
	defer f.cache.forget(userID)
	return f.Store.ChangePassword(ctx, userID, old, hash, next, at)
}

// SetDisabled implements [Users].
func (f forgetting) SetDisabled(ctx context.Context, userID string, disabled bool, at time.Time) error {
	defer f.cache.forget(userID)
	return f.Store.SetDisabled(ctx, userID, disabled, at)
}

// DeleteUser implements [Users].
func (f forgetting) DeleteUser(ctx context.Context, userID string) error {
	defer f.cache.forget(userID)
	return f.Store.DeleteUser(ctx, userID)
}

// CreateSession implements [Sessions]. It may end others.
func (f forgetting) CreateSession(
	ctx context.Context, session Session, password string, limit int,
) error {
	defer f.cache.forget(session.UserID)
	return f.Store.CreateSession(ctx, session, password, limit)
}

// EndSession implements [Sessions].
func (f forgetting) EndSession(ctx context.Context, userID, id string) error {
	defer f.cache.forget(userID)
	return f.Store.EndSession(ctx, userID, id)
}

// EndSessions implements [Sessions].
func (f forgetting) EndSessions(ctx context.Context, userID, except string) error {
	defer f.cache.forget(userID)
	return f.Store.EndSessions(ctx, userID, except)
}

// RotateSession implements [Sessions]. An exchange that succeeds only moves the
// end of the session; a cached one that ends earlier is asked for again then.
func (f forgetting) RotateSession(
	ctx context.Context, userID, id string, r Rotation,
) (Rotated, error) {
	rotated, err := f.Store.RotateSession(ctx, userID, id, r)
	if err != nil {
		f.cache.forget(userID)
	}
	return rotated, err
}

// ResetPassword implements [Codes].
func (f forgetting) ResetPassword(
	ctx context.Context, userID string, secret Digest, hash string, at time.Time,
) (User, error) {
	defer f.cache.forget(userID)
	return f.Store.ResetPassword(ctx, userID, secret, hash, at)
}

// VerifyEmail implements [Codes].
func (f forgetting) VerifyEmail(
	ctx context.Context, userID string, secret Digest, at time.Time,
) (Account, error) {
	defer f.cache.forget(userID)
	return f.Store.VerifyEmail(ctx, userID, secret, at)
}

// ChangeEmail implements [Codes].
func (f forgetting) ChangeEmail(
	ctx context.Context, userID string, secret Digest, at time.Time,
) (User, error) {
	defer f.cache.forget(userID)
	return f.Store.ChangeEmail(ctx, userID, secret, at)
}
