package faulttest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/authtodo/authtodo"
)

// playLock holds the lock for writing until its input ends.
func playLock(store string) error {
	_, path, _ := strings.Cut(store, " ")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(context.Background(), `BEGIN EXCLUSIVE`); err != nil {
		return err
	}
	fmt.Println("locked")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	_, err = conn.ExecContext(context.Background(), `ROLLBACK`)
	return err
}

// TestLockedFile: another process has locked the file. What writes is 503, with a
// key as without one, for it is not a request of the same key that is waited for;
// what reads goes on. A process that is killed gives the lock back.
func TestLockedFile(t *testing.T) {
	leavesNothing(t, "lock", func(t *testing.T) {
		for name, end := range map[string]func(*process) error{
			"until it lets go":   (*process).end,
			"until it is killed": func(p *process) error { p.kill(); return nil },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				underLock(t, end)
			})
		}
	})
}

func underLock(t *testing.T, end func(*process) error) {
	backend, path := onSQLite(t, t.TempDir())
	h := serve(t, authtodo.Options{Storage: backend, Timeout: timeout})
	anna := h.as("anna")
	made := anna.create(t.Context(), "made before", "").todo(t, 201)
	other := start(t, "lock", "sqlite "+path)
	for round := range rounds {
		for _, a := range anna.every(t, made, fmt.Sprint("made in round ", round)) {
			if strings.HasPrefix(a.what, "GET") {
				a.is(t, 200)
			} else {
				a.isUnavailable(t).isInTime(t)
			}
		}
	}
	if err := end(other); err != nil {
		t.Fatal(err)
	}
	db := lookInto(t, path)
	recovers(t, anna, made, db, false)
	isWhole(t, db)
}

// isWhole fails if SQLite finds a fault in its file.
func isWhole(t testing.TB, db *sql.DB) {
	t.Helper()
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the file is %s, %v", verdict, err)
	}
}
