package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// put adds a code of a user whose row is locked.
func (tx accountTx) put(userID string, c accounts.Code) error {
	_, err := tx.run(`
		INSERT INTO authtodo_codes (user_id, purpose, secret, email, proven, session_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		userID, string(c.Purpose), c.Secret[:], c.Email, c.Proven, c.Session,
		tx.d.Time(c.CreatedAt), tx.d.Time(c.ExpiresAt))
	return err
}

// PutCode implements [accounts.Codes].
func (s *Accounts) PutCode(ctx context.Context, userID string, code accounts.Code, limit int) error {
	if err := checkCode(&code); err != nil {
		return err
	}
	return s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		if a.Disabled {
			return accounts.ErrNoUser
		}
		_, err := tx.run(`
			DELETE FROM authtodo_codes WHERE user_id = $1 AND purpose = $2
				AND (expires_at < $3 OR secret IN (
					SELECT secret FROM (
						SELECT secret, row_number() OVER (ORDER BY created_at DESC, secret DESC) AS place
						FROM authtodo_codes
						WHERE user_id = $1 AND purpose = $2 AND expires_at >= $3) AS live
					WHERE place >= $4))`,
			userID, string(code.Purpose), tx.d.Time(code.CreatedAt), limit)
		if err != nil {
			return err
		}
		return tx.put(userID, code)
	})
}

// use runs do in a transaction that has locked a user, with a code that is live.
func (s *Accounts) use(
	ctx context.Context, userID string, purpose accounts.Purpose, secret accounts.Digest, at time.Time,
	do func(accountTx, accounts.Account, accounts.Code) error,
) error {
	err := s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		c := accounts.Code{Purpose: purpose, Secret: secret}
		err := tx.one(accounts.ErrNoCode, intoCode(&c), `
			SELECT email, proven, session_id, created_at, expires_at FROM authtodo_codes
			WHERE user_id = $1 AND purpose = $2 AND secret = $3 AND expires_at >= $4`,
			userID, string(purpose), secret[:], tx.d.Time(at))
		if err != nil {
			return err
		}
		return do(tx, a, c)
	})
	if errors.Is(err, accounts.ErrNoUser) {
		return accounts.ErrNoCode
	}
	return err
}

// ResetPassword implements [accounts.Codes].
func (s *Accounts) ResetPassword(
	ctx context.Context, userID string, secret accounts.Digest, hash string, at time.Time,
) (u accounts.User, err error) {
	err = s.use(ctx, userID, accounts.ResetPassword, secret, at,
		func(tx accountTx, a accounts.Account, c accounts.Code) error {
			if c.Email != a.Email {
				return accounts.ErrNoCode
			}
			a.Password, a.EmailVerified, a.UpdatedAt = hash, true, at
			u = a.User
			if err := checkAccount(a); err != nil {
				return err
			}
			if err := tx.save(a); err != nil {
				return err
			}
			return tx.forget(userID)
		})
	if err != nil {
		return accounts.User{}, err
	}
	return u, nil
}

// VerifyEmail implements [accounts.Codes].
func (s *Accounts) VerifyEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (result accounts.Account, err error) {
	err = s.use(ctx, userID, accounts.VerifyEmail, secret, at,
		func(tx accountTx, a accounts.Account, c accounts.Code) error {
			if c.Email != a.Email {
				return accounts.ErrNoCode
			}
			verified, anew := c.Verify(a, at)
			if result = verified; !a.EmailVerified {
				if err := tx.save(verified); err != nil {
					return err
				}
			}
			if anew {
				return tx.forget(userID)
			}
			return tx.runAll([]any{userID, string(accounts.VerifyEmail)}, dropCodesOf)
		})
	if err != nil {
		return accounts.Account{}, err
	}
	return result, nil
}

// asked fails unless the session that asked for a code is live.
func (tx accountTx) asked(userID string, c accounts.Code, at time.Time) error {
	var id string
	return tx.one(accounts.ErrNoCode, []any{(*text)(&id)}, `
		SELECT id FROM authtodo_sessions WHERE user_id = $1 AND id = $2 AND expires_at >= $3`,
		userID, c.Session, tx.d.Time(at))
}

// ChangeEmail implements [accounts.Codes]. The new address is taken before the
// old one is given up: two users who exchange theirs are both refused, and do
// not wait for one another.
func (s *Accounts) ChangeEmail(
	ctx context.Context, userID string, secret accounts.Digest, at time.Time,
) (u accounts.User, err error) {
	err = s.use(ctx, userID, accounts.ChangeEmail, secret, at,
		func(tx accountTx, a accounts.Account, c accounts.Code) error {
			if err := tx.asked(userID, c, at); err != nil {
				return err
			}
			if c.Email != a.Email {
				if err := tx.take(c.Email, userID); err != nil {
					return err
				}
				if err := tx.leave(a); err != nil {
					return err
				}
				_, err := tx.run(`UPDATE authtodo_users SET email = $2 WHERE user_id = $1`, userID, c.Email)
				if err != nil {
					return err
				}
			}
			a.Email, a.EmailVerified, a.UpdatedAt = c.Email, true, at
			u = a.User
			if err := tx.save(a); err != nil {
				return err
			}
			return tx.runAll([]any{userID}, dropCodes)
		})
	if err != nil {
		return accounts.User{}, err
	}
	return u, nil
}
