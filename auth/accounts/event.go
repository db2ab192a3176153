package accounts

import (
	"context"
	"log/slog"
	"time"
)

// EventKind says what an [Event] is.
type EventKind string

// The kinds there are.
const (
	EventSignUp          EventKind = "sign-up"
	EventSignUpAgain     EventKind = "sign-up-again" // for an address that has an account
	EventSignIn          EventKind = "sign-in"
	EventSignInFailed    EventKind = "sign-in-failed"
	EventSignOut         EventKind = "sign-out"
	EventRefresh         EventKind = "refresh"
	EventRefreshReplayed EventKind = "refresh-replayed" // within seconds: an answer was lost, or somebody has a copy
	EventRefreshReused   EventKind = "refresh-reused"   // and the session was ended: somebody has a copy
	EventRefreshRefused  EventKind = "refresh-refused"
	EventRevoked         EventKind = "sessions-revoked"
	EventPasswordChanged EventKind = "password-changed"
	EventPasswordFailed  EventKind = "password-failed" // of a user who is signed in
	EventResetAsked      EventKind = "reset-requested"
	EventPasswordReset   EventKind = "password-reset"
	EventVerifyAsked     EventKind = "verification-requested"
	EventVerified        EventKind = "email-verified"
	EventEmailAsked      EventKind = "email-change-requested"
	EventEmailChanged    EventKind = "email-changed"
	EventProfileChanged  EventKind = "profile-changed"
	EventDeleted         EventKind = "user-deleted"
	EventDisabled        EventKind = "user-disabled"
	EventEnabled         EventKind = "user-enabled"
	EventLimited         EventKind = "limited" // too many attempts
)

// Event is something that happened to accounts, for an audit log. It never holds
// a token, a password or a hash of one.
type Event struct {
	Kind      EventKind
	At        time.Time
	UserID    string // empty if nobody knows whose it is
	SessionID string // empty if it is not about one session
	Address   string // of the client; empty if the host did it by a call
	UserAgent string // at most [MaxUserAgent] bytes; anything the client wrote
	Reason    string // a word more about a failure, for people
}

// LogValue implements [slog.LogValuer].
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("kind", string(e.Kind)),
		slog.Time("at", e.At),
		slog.String("user_id", e.UserID),
		slog.String("session_id", e.SessionID),
		slog.String("address", e.Address),
		slog.String("user_agent", e.UserAgent),
		slog.String("reason", e.Reason),
	)
}

// tell hands an event to the host. What has happened has happened: a callback
// that panics does not undo it.
func (s *Service) tell(ctx context.Context, e Event) {
	e.At = millis(s.now())
	defer func() {
		if v := recover(); v != nil {
			s.logger.ErrorContext(ctx, "authtodo: OnEvent panicked", "panic", v, "event", e)
		}
	}()
	if s.opts.OnEvent != nil {
		s.opts.OnEvent(ctx, e)
		return
	}
	s.logger.LogAttrs(ctx, slog.LevelInfo, "authtodo: account event", slog.Any("event", e))
}
