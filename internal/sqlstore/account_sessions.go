package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// start adds a session of a user whose row is locked.
func (tx accountTx) start(userID string, s accounts.Session) error {
	var rotated any
	if !s.RotatedAt.IsZero() {
		rotated = tx.d.Time(s.RotatedAt)
	}
	_, err := tx.run(`
		INSERT INTO authtodo_sessions (user_id, id, secret, refresh, parent, rotated_at, created_at,
			updated_at, expires_at, ends_at, temporary, address, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		userID, s.ID, digest(s.Secret), digest(s.Refresh), digest(s.Parent), rotated,
		tx.d.Time(s.CreatedAt), tx.d.Time(s.UpdatedAt), tx.d.Time(s.ExpiresAt), tx.d.Time(s.EndsAt),
		s.Temporary, s.Address, s.UserAgent)
	return err
}

// CreateSession implements [accounts.Sessions].
func (s *Accounts) CreateSession(
	ctx context.Context, session accounts.Session, password string, limit int,
) error {
	if err := checkSession(&session); err != nil {
		return err
	}
	return s.change(ctx, session.UserID, func(tx accountTx, a accounts.Account) error {
		switch {
		case a.Disabled:
			return accounts.ErrNoUser
		case a.Password != password:
			return accounts.ErrPasswordChanged
		}
		_, err := tx.run(`
			DELETE FROM authtodo_sessions WHERE user_id = $1 AND (expires_at < $2 OR id IN (
				SELECT id FROM (
					SELECT id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
					FROM authtodo_sessions WHERE user_id = $1 AND expires_at >= $2) AS live
				WHERE place >= $3))`,
			a.ID, tx.d.Time(session.CreatedAt), limit)
		if err != nil {
			return err
		}
		return tx.start(a.ID, session)
	})
}

// Session implements [accounts.Sessions]. It is what a guard asks, so it is one
// statement.
func (s *Accounts) Session(
	ctx context.Context, userID, id string,
) (session accounts.Session, u accounts.User, err error) {
	var a accounts.Account
	err = s.DB.Select(ctx, `
		SELECT `+sessionColumns+`, `+accountColumns+`
		FROM authtodo_sessions AS s JOIN authtodo_users AS u USING (user_id)
		WHERE `+s.Dialect.Owner+` AND s.id = $2`,
		[]any{userID, id}, func(rows Rows) error {
			return one(rows, accounts.ErrNoSession, append(intoSession(&session), intoAccount(&a)...)...)
		})
	if err != nil {
		return accounts.Session{}, accounts.User{}, err
	}
	return session, a.User, nil
}

// Sessions implements [accounts.Sessions].
func (s *Accounts) Sessions(
	ctx context.Context, userID string,
) (sessions []accounts.Session, err error) {
	err = s.DB.Select(ctx, `
		SELECT `+sessionColumns+` FROM authtodo_sessions AS s WHERE `+s.Dialect.Owner+`
		ORDER BY s.created_at DESC, s.id DESC`,
		[]any{userID}, func(rows Rows) error {
			for sessions = nil; rows.Next(); {
				var session accounts.Session
				if err := rows.Scan(intoSession(&session)...); err != nil {
					return err
				}
				sessions = append(sessions, session)
			}
			return rows.Err()
		})
	if err != nil {
		return nil, err
	}
	return sessions, nil
}

// changeSession runs do in a transaction that has locked a user, with a session.
func (s *Accounts) changeSession(
	ctx context.Context, userID, id string,
	do func(accountTx, accounts.Account, accounts.Session) error,
) error {
	err := s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		var session accounts.Session
		err := tx.one(accounts.ErrNoSession, intoSession(&session), `
			SELECT `+sessionColumns+` FROM authtodo_sessions AS s WHERE s.user_id = $1 AND s.id = $2`,
			userID, id)
		if err != nil {
			return err
		}
		return do(tx, a, session)
	})
	if errors.Is(err, accounts.ErrNoUser) {
		return accounts.ErrNoSession
	}
	return err
}

// renew writes all that can change of a session.
func (tx accountTx) renew(s accounts.Session) error {
	var rotated any
	if !s.RotatedAt.IsZero() {
		rotated = tx.d.Time(s.RotatedAt)
	}
	_, err := tx.run(`
		UPDATE authtodo_sessions SET refresh = $3, parent = $4, rotated_at = $5,
			updated_at = $6, expires_at = $7
		WHERE user_id = $1 AND id = $2`,
		s.UserID, s.ID, digest(s.Refresh), digest(s.Parent), rotated,
		tx.d.Time(s.UpdatedAt), tx.d.Time(s.ExpiresAt))
	return err
}

// ExtendSession implements [accounts.Sessions].
func (s *Accounts) ExtendSession(
	ctx context.Context, userID, id string, expires, at time.Time,
) error {
	return s.changeSession(ctx, userID, id,
		func(tx accountTx, _ accounts.Account, session accounts.Session) error {
			session, err := session.Extend(expires, at)
			if err != nil {
				return err
			}
			return tx.renew(session)
		})
}

// EndSession implements [accounts.Sessions].
func (s *Accounts) EndSession(ctx context.Context, userID, id string) error {
	return s.end(ctx, endSession, userID, id)
}

// EndSessions implements [accounts.Sessions].
func (s *Accounts) EndSessions(ctx context.Context, userID, except string) error {
	return s.end(ctx, `DELETE FROM authtodo_sessions WHERE user_id = $1 AND id <> $2`, userID, except)
}

const endSession = `DELETE FROM authtodo_sessions WHERE user_id = $1 AND id = $2`

// end ends sessions of a user, if there is the user.
func (s *Accounts) end(ctx context.Context, statement, userID, id string) error {
	err := s.change(ctx, userID, func(tx accountTx, _ accounts.Account) error {
		return tx.runAll([]any{userID, id}, statement)
	})
	if errors.Is(err, accounts.ErrNoUser) {
		return nil
	}
	return err
}

// RotateSession implements [accounts.Sessions]. That a session has ended because
// of it is an error that has to be committed.
func (s *Accounts) RotateSession(
	ctx context.Context, userID, id string, r accounts.Rotation,
) (result accounts.Rotated, err error) {
	var reused error
	err = s.changeSession(ctx, userID, id,
		func(tx accountTx, a accounts.Account, session accounts.Session) error {
			session, replayed, err := session.Rotate(r)
			result = accounts.Rotated{Session: session, User: a.User, Replayed: replayed}
			reused = nil
			switch {
			case errors.Is(err, accounts.ErrReused):
				reused = err
				return tx.runAll([]any{userID, id}, endSession)
			case err != nil || replayed:
				return err
			}
			return tx.renew(session)
		})
	if err == nil {
		err = reused
	}
	if err != nil {
		return accounts.Rotated{}, err
	}
	return result, nil
}
