package accounts

import (
	"context"
	"errors"
)

// Erase deletes an account with its sessions and codes, and what the host keeps
// for the user. What the user had is gone before the account is, and once more
// afterwards, because requests may have been on their way; on other instances
// they may be for [Options].Recheck, so a second call after that finds the rest.
// A user who is not there is no error.
func (s *Service) Erase(ctx context.Context, userID string) error {
	err := s.eraseAll(ctx, userID)
	if err == nil {
		s.tell(ctx, Event{Kind: EventDeleted, UserID: userID})
	}
	return err
}

func (s *Service) eraseAll(ctx context.Context, userID string) error {
	if err := s.eraseData(ctx, userID); err != nil {
		return err
	}
	err := s.store.DeleteUser(ctx, userID)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return err
	}
	return s.eraseData(ctx, userID)
}

func (s *Service) eraseData(ctx context.Context, userID string) error {
	if s.erase == nil {
		return nil
	}
	return s.erase(ctx, s.owner(userID))
}

// Export is what is kept of an account, without what proves the user.
type Export struct {
	User     User
	Sessions []Session // without the digests of their tokens
}

// Export returns what is kept of an account; [ErrNoUser].
func (s *Service) Export(ctx context.Context, userID string) (Export, error) {
	account, err := s.store.Account(ctx, userID)
	if err != nil {
		return Export{}, err
	}
	sessions, err := s.store.Sessions(ctx, userID)
	for i := range sessions {
		sessions[i].Secret, sessions[i].Refresh, sessions[i].Parent = Digest{}, Digest{}, Digest{}
	}
	return Export{User: account.User, Sessions: sessions}, err
}

// SetDisabled disables a user, whose sessions and codes all end, or enables it
// again; [ErrNoUser].
func (s *Service) SetDisabled(ctx context.Context, userID string, disabled bool) error {
	if err := s.store.SetDisabled(ctx, userID, disabled, millis(s.now())); err != nil {
		return err
	}
	kind := EventEnabled
	if disabled {
		kind = EventDisabled
	}
	s.tell(ctx, Event{Kind: kind, UserID: userID})
	return nil
}

// EndSessions ends all sessions of a user. One who is not there has none.
func (s *Service) EndSessions(ctx context.Context, userID string) error {
	if err := s.store.EndSessions(ctx, userID, ""); err != nil {
		return err
	}
	s.tell(ctx, Event{Kind: EventRevoked, UserID: userID, Reason: "by the host"})
	return nil
}
