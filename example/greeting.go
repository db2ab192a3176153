package main

import (
	"fmt"
	"io"
	"net"
	"time"
)

// greeting begins with what there is.
const greeting = `authtodo: http://%[1]s/ in a browser: sign up, and the list is yours
todos: %[2]s
accounts: in the same place; mails to them are printed here
api: http://%[1]s/api/todos; to look at and to try out: http://%[1]s/api/reference
`

// lines are made to be pasted: in a shell, comments between the lines would
// be errors to some, and -w ends each answer with a newline.
const lines = `
To try it without a browser, paste this into another terminal. It signs Ada up and
in, creates a todo, and lists hers:

API=http://%[1]s/api
JSON='Content-Type: application/json'
ADA='"email":"ada@example.com","password":"counts on engines"'
curl -sS -w '\n' -H "$JSON" -d "{\"name\":\"Ada\",$ADA}" "$API/auth/sign-up/email"
TOKEN=$(curl -sS -H "$JSON" -d "{$ADA,\"tokens\":true}" "$API/auth/sign-in/email" | sed 's/.*"access_token":"//; s/".*//')
curl -sS -w '\n' -H "Authorization: Bearer $TOKEN" -H "$JSON" -d '{"title":"Buy milk"}' "$API/todos"
curl -sS -w '\n' -H "Authorization: Bearer $TOKEN" "$API/todos"
`

// demoLines are those of -demo.
const demoLines = `tokens: HS256, signed with %[2]s

To try it without a browser, paste this into another terminal. It creates a todo as
alice, lists her todos, and lists those of bob, who sees nothing of hers:

ALICE=%[3]s
BOB=%[4]s
TODOS=http://%[1]s/api/todos
JSON='Content-Type: application/json'
curl -sS -w '\n' -H "Authorization: Bearer $ALICE" -H "$JSON" -d '{"title":"Buy milk"}' "$TODOS"
curl -sS -w '\n' -H "Authorization: Bearer $ALICE" "$TODOS"
curl -sS -w '\n' -H "Authorization: Bearer $BOB" "$TODOS"

The tokens are good until %[5]s; a restart prints new ones.
`

// greet prints what a person needs to go on.
func greet(w io.Writer, cfg config, addr net.Addr, now time.Time) error {
	host := reachable(addr)
	text := fmt.Sprintf(greeting, host, cfg.place()) + cfg.otherLines()
	if cfg.demo {
		demo, err := cfg.demoText(host, now)
		if err != nil {
			return err
		}
		text += demo
	} else {
		text += fmt.Sprintf(lines, host)
	}
	_, err := io.WriteString(w, text+"\nCtrl-C ends it.\n")
	return err
}

func (c *config) demoText(host string, now time.Time) (string, error) {
	alice, err := signToken(*c, "alice", now)
	if err != nil {
		return "", err
	}
	bob, err := signToken(*c, "bob", now)
	if err != nil {
		return "", err
	}
	signer := "BETTER_AUTH_SECRET"
	if c.shared == "" {
		signer = "what AUTH_SECRET makes"
	}
	if c.shared == "" && c.secretFile != "" {
		signer = "what is made of the secret in " + absolute(c.secretFile)
	}
	return fmt.Sprintf(demoLines, host, signer, alice, bob, now.Add(tokenLife).Format("15:04:05")), nil
}

// otherLines tell whose tokens are accepted, too, and what is not as usual.
func (c *config) otherLines() (lines string) {
	if c.shared != "" && !c.demo {
		lines += "tokens: of BETTER_AUTH_SECRET, too\n"
	}
	for _, issuer := range c.betterAuth {
		lines += "tokens: of Better Auth at " + issuer.URL + "\n"
	}
	if c.unlimited {
		lines += "limits: none, since RATE_LIMIT is off; passwords can be guessed at\n"
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
