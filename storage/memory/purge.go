package memory

import (
	"context"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
	"github.com/authtodo/authtodo/todos"
)

// Purge implements storage.Purger.
func (s todoStore) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	s.db.owners.Range(func(key, _ any) bool {
		err = s.db.transact(ctx, key.(string), true, func(list *List) error {
			for key, answer := range list.Retries {
				if answer.Todo.CreatedAt.Before(now.Add(-todos.RetryWindow)) {
					delete(list.Retries, key)
					removed++
				}
			}
			return nil
		})
		return err == nil
	})
	return removed, err
}

// Purge implements storage.Purger.
func (s *accountStore) Purge(ctx context.Context, now time.Time) (removed int64, err error) {
	err = s.write(ctx, func() error {
		for _, u := range s.users {
			for id, session := range u.sessions {
				if session.ExpiresAt.Before(now) {
					delete(u.sessions, id)
					removed++
				}
			}
			live := u.codes[:0]
			for _, code := range u.codes {
				if !code.ExpiresAt.Before(now) {
					live = append(live, code)
				}
			}
			removed += int64(len(u.codes) - len(live))
			u.codes = append([]accounts.Code(nil), live...)
		}
		return nil
	})
	return removed, err
}
