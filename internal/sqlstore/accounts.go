package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// Accounts is an [accounts.Store] in SQL that is the same for both databases.
//
// Whatever writes is a transaction that locks the row of the user before it
// touches anything else of theirs: so calls for one user come one after the
// other, what is read stays true until the end, and none can wait for another
// in a circle. Addresses come after that row, and one that is taken is never
// waited for while another is given up.
type Accounts struct {
	Dialect AccountDialect
	DB      AccountDB
}

var _ accounts.Store = (*Accounts)(nil)

// AccountDialect is how one database says what both are asked.
type AccountDialect struct {
	// Owner is the condition for the rows of the user $1, and Address for those
	// of the address $1. On Postgres they are gates of row-level security, too.
	Owner, Address string

	// User is $1 as the user_id of a row to insert, with the gate.
	User string

	// Lock is what follows a SELECT of a row that is about to be changed.
	Lock string

	// Purge is a statement that names $1 as the moment before which rows have
	// ended that are about to be removed; empty if nobody has to know.
	Purge string

	// Time is what a time is kept as.
	Time func(time.Time) any
}

// AccountDB runs statements. Errors that are not answers of a store come out as
// [accounts.ErrUnavailable].
type AccountDB interface {
	// Select runs one statement that reads. scan may be called more than once.
	Select(ctx context.Context, statement string, args []any, scan func(Rows) error) error

	// Transact runs do in a transaction and commits unless do fails. do may be
	// run more than once.
	Transact(ctx context.Context, do func(*sql.Tx) error) error
}

// accountTx is a transaction at work.
type accountTx struct {
	*sql.Tx
	ctx context.Context // of the call that the transaction is part of
	d   AccountDialect
}

// write runs do in a transaction.
func (s *Accounts) write(ctx context.Context, do func(accountTx) error) error {
	return s.DB.Transact(ctx, func(tx *sql.Tx) error { return do(accountTx{tx, ctx, s.Dialect}) })
}

// change runs do in a transaction that has locked a user.
func (s *Accounts) change(
	ctx context.Context, userID string, do func(accountTx, accounts.Account) error,
) error {
	if err := checkUserID(userID); err != nil {
		return err
	}
	return s.write(ctx, func(tx accountTx) error {
		a, err := tx.lock(userID)
		if err != nil {
			return err
		}
		return do(tx, a)
	})
}

// run runs a statement that returns no rows, and tells how many it has written.
func (tx accountTx) run(statement string, args ...any) (int64, error) {
	result, err := tx.ExecContext(tx.ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// runAll runs statements that have the same arguments.
func (tx accountTx) runAll(args []any, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.run(statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// one scans the only row of an answer; none is the error given.
func one(rows Rows, none error, into ...any) error {
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return none
	}
	return rows.Scan(into...)
}

func (tx accountTx) one(none error, into []any, statement string, args ...any) error {
	rows, err := tx.QueryContext(tx.ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := one(rows, none, into...); err != nil {
		return err
	}
	return rows.Close()
}

// lock returns an account that nobody else changes until the transaction ends.
func (tx accountTx) lock(userID string) (a accounts.Account, err error) {
	err = tx.one(accounts.ErrNoUser, intoAccount(&a), `
		SELECT `+accountColumns+` FROM authtodo_users AS u WHERE `+tx.d.Owner+tx.d.Lock, userID)
	return a, err
}

// save writes all that can change of an account but its address.
func (tx accountTx) save(a accounts.Account) error {
	_, err := tx.run(`
		UPDATE authtodo_users SET email_verified = $2, name = $3, image = $4, password = $5,
			disabled = $6, updated_at = $7
		WHERE user_id = $1`,
		a.ID, a.EmailVerified, a.Name, a.Image, a.Password, a.Disabled, tx.d.Time(a.UpdatedAt))
	return err
}

const (
	endSessions = `DELETE FROM authtodo_sessions WHERE user_id = $1`
	dropCodes   = `DELETE FROM authtodo_codes WHERE user_id = $1`
	dropCodesOf = `DELETE FROM authtodo_codes WHERE user_id = $1 AND purpose = $2`
)

// forget removes all sessions and all codes.
func (tx accountTx) forget(userID string) error {
	return tx.runAll([]any{userID}, endSessions, dropCodes)
}

// take gives a user an address that nobody has.
func (tx accountTx) take(email, userID string) error {
	n, err := tx.run(`
		INSERT INTO authtodo_emails (email, user_id) VALUES ($1, $2)
		ON CONFLICT (email) DO NOTHING`, email, userID)
	if err == nil && n == 0 {
		err = accounts.ErrEmailTaken
	}
	return err
}

// CreateUser implements [accounts.Users].
func (s *Accounts) CreateUser(
	ctx context.Context, a accounts.Account, session *accounts.Session, code *accounts.Code,
) error {
	if err := first(checkUserID(a.ID), checkAccount(a), checkSession(session), checkCode(code)); err != nil {
		return err
	}
	return s.write(ctx, func(tx accountTx) error {
		n, err := tx.run(`
			INSERT INTO authtodo_users (user_id, email, email_verified, name, image, password,
				disabled, created_at, updated_at)
			VALUES (`+tx.d.User+`, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (user_id) DO NOTHING`,
			a.ID, a.Email, a.EmailVerified, a.Name, a.Image, a.Password,
			a.Disabled, tx.d.Time(a.CreatedAt), tx.d.Time(a.UpdatedAt))
		if err == nil && n == 0 {
			err = accounts.ErrUserExists
		}
		if err == nil {
			err = tx.take(a.Email, a.ID)
		}
		if err == nil && session != nil {
			err = tx.start(a.ID, *session)
		}
		if err == nil && code != nil {
			err = tx.put(a.ID, *code)
		}
		return err
	})
}

// Account implements [accounts.Users].
func (s *Accounts) Account(ctx context.Context, userID string) (accounts.Account, error) {
	return s.account(ctx, ``, userID)
}

// account selects an account by its id and a condition.
func (s *Accounts) account(
	ctx context.Context, condition string, args ...any,
) (a accounts.Account, err error) {
	err = s.DB.Select(ctx, `
		SELECT `+accountColumns+` FROM authtodo_users AS u WHERE `+s.Dialect.Owner+condition,
		args, func(rows Rows) error {
			return one(rows, accounts.ErrNoUser, intoAccount(&a)...)
		})
	if err != nil {
		return accounts.Account{}, err
	}
	return a, nil
}

// AccountByEmail implements [accounts.Users]. It takes two statements, because
// the first one finds the user that the second one has to name. If the address
// goes to somebody else between them, it was nobody's for a moment.
func (s *Accounts) AccountByEmail(ctx context.Context, email string) (accounts.Account, error) {
	var userID string
	err := s.DB.Select(ctx, `SELECT user_id FROM authtodo_emails WHERE `+s.Dialect.Address,
		[]any{email}, func(rows Rows) error { return one(rows, accounts.ErrNoUser, &userID) })
	if err != nil {
		return accounts.Account{}, err
	}
	return s.account(ctx, ` AND u.email = $2`, userID, email)
}

// UpdateProfile implements [accounts.Users].
func (s *Accounts) UpdateProfile(
	ctx context.Context, userID string, profile accounts.Profile, at time.Time,
) (u accounts.User, err error) {
	err = s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		a.User = profile.Apply(a.User, at)
		u = a.User
		if err := checkAccount(a); err != nil {
			return err
		}
		return tx.save(a)
	})
	if err != nil {
		return accounts.User{}, err
	}
	return u, nil
}

// RenewHash implements [accounts.Users].
func (s *Accounts) RenewHash(ctx context.Context, userID, old, hash string) error {
	err := s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		if a.Password != old {
			return nil
		}
		if a.Password = hash; checkAccount(a) != nil {
			return checkAccount(a)
		}
		return tx.save(a)
	})
	if errors.Is(err, accounts.ErrNoUser) {
		return nil
	}
	return err
}

// ChangePassword implements [accounts.Users].
func (s *Accounts) ChangePassword(
	ctx context.Context, userID, old, hash string, next *accounts.Session, at time.Time,
) error {
	if err := checkSession(next); err != nil {
		return err
	}
	return s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		switch {
		case a.Disabled:
			return accounts.ErrNoUser
		case a.Password != old:
			return accounts.ErrPasswordChanged
		}
		a.Password, a.UpdatedAt = hash, at
		err := checkAccount(a)
		if err == nil {
			err = tx.save(a)
		}
		if err == nil {
			err = tx.runAll([]any{userID, string(accounts.ResetPassword)}, dropCodesOf)
		}
		if err != nil || next == nil {
			return err
		}
		if err := tx.runAll([]any{userID}, endSessions); err != nil {
			return err
		}
		return tx.start(userID, *next)
	})
}

// SetDisabled implements [accounts.Users].
func (s *Accounts) SetDisabled(ctx context.Context, userID string, disabled bool, at time.Time) error {
	return s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		a.Disabled, a.UpdatedAt = disabled, at
		err := tx.save(a)
		if err == nil && disabled {
			err = tx.forget(userID)
		}
		return err
	})
}

// DeleteUser implements [accounts.Users].
func (s *Accounts) DeleteUser(ctx context.Context, userID string) error {
	return s.change(ctx, userID, func(tx accountTx, a accounts.Account) error {
		if err := tx.forget(userID); err != nil {
			return err
		}
		if err := tx.leave(a); err != nil {
			return err
		}
		return tx.runAll([]any{userID}, `DELETE FROM authtodo_users WHERE user_id = $1`)
	})
}

// leave gives up the address of a user.
func (tx accountTx) leave(a accounts.Account) error {
	return tx.runAll([]any{a.Email, a.ID}, `DELETE FROM authtodo_emails WHERE email = $1 AND user_id = $2`)
}

// SigningKeys implements [accounts.Keys].
func (s *Accounts) SigningKeys(ctx context.Context) (keys []accounts.SigningKey, err error) {
	err = s.DB.Select(ctx, `
		SELECT number, id, public, private, created_at, signs_from, dead_at
		FROM authtodo_signing_keys ORDER BY number`, nil, func(rows Rows) error {
		for keys = nil; rows.Next(); {
			var k accounts.SigningKey
			err := rows.Scan((*number)(&k.Number), (*text)(&k.ID), (*blob)(&k.Public), (*blob)(&k.Private),
				(*instant)(&k.CreatedAt), (*instant)(&k.SignsFrom), (*instant)(&k.DeadAt))
			if err != nil {
				return err
			}
			keys = append(keys, k)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// AddSigningKey implements [accounts.Keys].
func (s *Accounts) AddSigningKey(ctx context.Context, k accounts.SigningKey) (added bool, err error) {
	err = s.write(ctx, func(tx accountTx) error {
		n, err := tx.run(`
			INSERT INTO authtodo_signing_keys
				(number, id, public, private, created_at, signs_from, dead_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (number) DO NOTHING`, k.Number, k.ID, k.Public, k.Private,
			tx.d.Time(k.CreatedAt), tx.d.Time(k.SignsFrom), tx.d.Time(k.DeadAt))
		added = n > 0
		return err
	})
	return added && err == nil, err
}

// DropSigningKeys implements [accounts.Keys].
func (s *Accounts) DropSigningKeys(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(tx accountTx) error {
		return tx.runAll([]any{tx.d.Time(before)}, `
			DELETE FROM authtodo_signing_keys
			WHERE dead_at < $1 AND number < (SELECT max(number) FROM authtodo_signing_keys)`)
	})
}
