package house

import (
	"go/ast"
	"slices"
	"testing"
)

// TestOneClock: what is judged by the time is judged by that of Options.Now,
// which a test can set and which is the same in all parts of a module. A store
// has no clock at all.
func TestOneClock(t *testing.T) {
	reads := []string{"Now", "Since", "Until"}
	m, at := load(t), found{}
	m.inspect(func(p *pkg, file *ast.File, in place, n ast.Node) {
		if p.isIn("example") {
			return // is a host
		}
		if imported, name := of(file, n); imported == "time" && slices.Contains(reads, name) {
			at.add(m, in, n, "time."+name)
		}
	})
	at.check(t, "the time is that of Options.Now", excused{
		"options.go withDefaults":                   "is the clock, unless the host has one",
		"auth/guard.go New":                         "is the clock of a guard without a module",
		"auth/accounts/betterauth/import.go Import": "is the clock of a program that moves users, unless that has one",

		"internal/web/body.go read":            "deadlines of sockets are the machine's time",
		"internal/pqconn/conn.go limit":        "deadlines of sockets are the machine's time",
		"internal/pqconn/conn.go ended":        "deadlines of contexts are the machine's time",
		"internal/pqconn/conn.go BeginTx":      "deadlines of sockets are the machine's time",
		"internal/pqconn/conn.go end":          "how long a connection was idle is the machine's time",
		"internal/pqconn/conn.go ResetSession": "how long a connection was idle is the machine's time",
		"internal/pqconn/conn.go Close":        "deadlines of sockets are the machine's time",
		"internal/pqconn/socket.go dialCancel": "deadlines of sockets are the machine's time",
		"internal/pqconn/stmt.go Close":        "deadlines of sockets are the machine's time",
		"migrations/migrations.go version":     "bounds a wait for other processes",
		"storage/sqlite/sqlite.go await":       "bounds a wait for other processes",
	})
}

// TestNobodyWaitsUnasked: what waits is named here, with what ends the wait.
func TestNobodyWaitsUnasked(t *testing.T) {
	waits := []string{"Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	m, at := load(t), found{}
	m.inspect(func(_ *pkg, file *ast.File, in place, n ast.Node) {
		if imported, name := of(file, n); imported == "time" && slices.Contains(waits, name) {
			at.add(m, in, n, "time."+name)
		}
	})
	at.check(t, "who waits says what ends it", excused{
		"auth/accounts/outbox.go within":   "ends when the last mail is sent",
		"migrations/driver.go wait":        "ends with the context",
		"migrations/migrations.go version": "ends with the context, and after five seconds",
		"storage/postgres/run.go pause":    "ends with the context, and after 64 ms",
		"storage/sqlite/sqlite.go await":   "ends with the context, and after five seconds",
	})
}
