package sqlstore

import (
	"context"
	"database/sql"
	"sync"
)

// Statements are the statements of one pool that stay prepared: each is
// prepared when it is first asked for, and by database/sql on every connection
// that it comes to. There are some hundred texts at most, all of them of this
// module.
type Statements struct {
	DB   *sql.DB
	kept sync.Map // string → *sql.Stmt
}

// Get returns the prepared statement of a text.
func (s *Statements) Get(ctx context.Context, text string) (*sql.Stmt, error) {
	if kept, ok := s.kept.Load(text); ok {
		return kept.(*sql.Stmt), nil
	}
	prepared, err := s.DB.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept, lost := s.kept.LoadOrStore(text, prepared)
	if lost { // against another caller with the same text
		prepared.Close()
	}
	return kept.(*sql.Stmt), nil
}

// Close closes all statements.
func (s *Statements) Close() {
	s.kept.Range(func(text, kept any) bool {
		kept.(*sql.Stmt).Close()
		s.kept.Delete(text)
		return true
	})
}
