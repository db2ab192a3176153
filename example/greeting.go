package main

import (
	"fmt"
	"io"
	"net"
	"time"
)

// greeting is made to be pasted: in a shell, comments between the lines would
// be errors to some, and -w ends each answer with a newline.
const greeting = `authtodo: http://%[1]s/api/todos, described by http://%[1]s/api/openapi.json
todos: %[2]s
tokens: HS256, signed with %[3]s
%[7]s
To try it, paste this into another terminal. It creates a todo as alice, lists her
todos, and lists those of bob, who sees nothing of hers:

ALICE=%[4]s
BOB=%[5]s
TODOS=http://%[1]s/api/todos
JSON='Content-Type: application/json'
curl -sS -w '\n' -H "Authorization: Bearer $ALICE" -H "$JSON" -d '{"title":"Buy milk"}' "$TODOS"
curl -sS -w '\n' -H "Authorization: Bearer $ALICE" "$TODOS"
curl -sS -w '\n' -H "Authorization: Bearer $BOB" "$TODOS"

The tokens are good until %[6]s; a restart prints new ones. Ctrl-C ends it.
`

// greet prints what a person needs to go on.
func greet(w io.Writer, cfg config, addr net.Addr, now time.Time) error {
	alice, err := signToken(cfg, "alice", now)
	if err != nil {
		return err
	}
	bob, err := signToken(cfg, "bob", now)
	if err != nil {
		return err
	}
	signer := "BETTER_AUTH_SECRET"
	if cfg.secretFile != "" {
		signer = "the secret in " + absolute(cfg.secretFile)
	}
	until := now.Add(tokenLife).Format("15:04:05")
	_, err = fmt.Fprintf(w, greeting, reachable(addr), cfg.place(), signer, alice, bob, until,
		cfg.betterAuthLines())
	return err
}

// betterAuthLines tell whose tokens are accepted, too.
func (c *config) betterAuthLines() (lines string) {
	for _, issuer := range c.betterAuth {
		lines += "tokens: of Better Auth at " + issuer.URL + "\n"
	}
	return lines
}

// reachable is addr as a client on this machine can use it.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
}
