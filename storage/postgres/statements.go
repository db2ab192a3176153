package postgres

import (
	"context"
	"database/sql"
	"sync"
)

// statements are those of a pool of the host's that stay prepared: each is
// prepared when it is first asked for, and by database/sql on every connection
// that it comes to. There are some hundred texts at most, all of them of this
// module.
type statements struct {
	pool *sql.DB
	kept sync.Map // string → *sql.Stmt
}

// get returns the prepared statement of a text.
func (s *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	if kept, ok := s.kept.Load(text); ok {
		return kept.(*sql.Stmt), nil
	}
	prepared, err := s.pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept, lost := s.kept.LoadOrStore(text, prepared)
	if lost { // against another caller with the same text
		prepared.Close()
	}
	return kept.(*sql.Stmt), nil
}

// close closes all statements.
func (s *statements) close() {
	s.kept.Range(func(text, kept any) bool {
		kept.(*sql.Stmt).Close()
		s.kept.Delete(text)
		return true
	})
}
