package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// notes is a database with a table of texts, and a group that writes to it.
func notes(t *testing.T) (*group, *DB) {
	t.Helper()
	db := open(t, t.TempDir()+"/notes.db")
	if _, err := db.writer.Exec(`CREATE TABLE notes (text TEXT NOT NULL UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	return &db.group, db
}

func note(text string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notes VALUES ($1)`, text)
		return err
	}
}

func (db *DB) notes(t *testing.T) (n int) {
	t.Helper()
	if err := db.readers.Get(&n, `SELECT count(*) FROM notes`); err != nil {
		t.Fatal(err)
	}
	return n
}

// behind starts writes that wait for one that is under way, in the order given,
// and so come to share a transaction. It returns what became of them.
func behind(t *testing.T, g *group, ctx func(i int) context.Context,
	writes ...func(context.Context, *sql.Tx) error) (finish func() []error) {
	t.Helper()
	begun, goOn := make(chan bool), make(chan bool)
	errs := make([]error, len(writes))
	var all sync.WaitGroup
	all.Go(func() {
		g.write(t.Context(), func(context.Context, *sql.Tx) error { close(begun); <-goOn; return nil })
	})
	<-begun
	for i, do := range writes {
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					errs[i] = fmt.Errorf("panic: %v", v)
				}
			}()
			errs[i] = g.write(ctx(i), do)
		})
		for n := 0; n <= i; { // waits until it has its place
			g.mu.Lock()
			n = len(g.queue)
			g.mu.Unlock()
		}
	}
	return func() []error { close(goOn); all.Wait(); return errs }
}

// TestGroup: of writes that share a transaction, each has its own end.
func TestGroup(t *testing.T) {
	g, db := notes(t)
	wrong := errors.New("wrong")
	always := func(int) context.Context { return t.Context() }
	got := fmt.Sprint(behind(t, g, always,
		note("a"),
		func(ctx context.Context, tx *sql.Tx) error { note("lost")(ctx, tx); return wrong },
		note("b"),
		func(ctx context.Context, tx *sql.Tx) error { note("lost")(ctx, tx); panic("help") },
		func(ctx context.Context, tx *sql.Tx) error {
			var n int
			err := tx.QueryRowContext(ctx, `SELECT count(*) FROM notes`).Scan(&n)
			if n != 2 {
				return fmt.Errorf("there are %d notes: %w", n, err)
			}
			return note("c")(ctx, tx)
		},
	)())
	if want := "[<nil> wrong <nil> panic: help <nil>]"; got != want || db.notes(t) != 3 {
		t.Errorf("they end with %s and %d notes, want %s and 3", got, db.notes(t), want)
	}
}

// TestGroupGivesUp: who goes away while waiting has written nothing.
func TestGroupGivesUp(t *testing.T) {
	g, db := notes(t)
	ctx, cancel := context.WithCancel(t.Context())
	finish := behind(t, g, func(i int) context.Context {
		if i == 1 {
			return ctx
		}
		return t.Context()
	}, note("a"), note("b"), note("c"))
	job := g.queue[1]
	cancel()
	for !job.taken.Load() { // by its caller
	}
	if errs := finish(); errs[0] != nil || !errors.Is(errs[1], context.Canceled) || errs[2] != nil || db.notes(t) != 2 {
		t.Errorf("they end with %v and %d notes", errs, db.notes(t))
	}
}

// TestGroupFailsTogether: what ends the transaction ends all writes in it, those
// that had gone well among them.
func TestGroupFailsTogether(t *testing.T) {
	g, db := notes(t)
	gone := errors.New("the disk is full")
	errs := behind(t, g, func(int) context.Context { return t.Context() },
		note("a"),
		func(ctx context.Context, tx *sql.Tx) error { // as SQLite does by itself
			tx.ExecContext(ctx, `ROLLBACK`)
			return gone
		},
		note("b"),
	)()
	for i, err := range errs {
		if err == nil {
			t.Errorf("write %d is taken to be written", i)
		}
	}
	if n := db.notes(t); n != 0 {
		t.Errorf("there are %d notes", n)
	}
	if err := g.write(t.Context(), note("a")); err != nil || db.notes(t) != 1 {
		t.Errorf("the next write: %v, %d notes", err, db.notes(t))
	}
}

func TestGroupCloses(t *testing.T) {
	g, db := notes(t)
	finish := behind(t, g, func(int) context.Context { return t.Context() }, note("a"))
	closed := make(chan bool)
	go func() { g.close(); close(closed) }()
	for g.add(&job{ctx: t.Context(), do: func(context.Context, *sql.Tx) error { return nil }, finished: make(chan struct{})}) {
	}
	if errs := finish(); errs[0] != nil {
		t.Error(errs)
	}
	<-closed
	if err := g.write(t.Context(), note("b")); !errors.Is(err, sql.ErrConnDone) || db.notes(t) != 1 {
		t.Errorf("after closing: %v, %d notes", err, db.notes(t))
	}
}
