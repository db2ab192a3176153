// Command example is a whole service around the module: todos behind a guard,
// in an SQLite file or in PostgreSQL, with accounts and a page to use them on.
//
//	go run ./example
//
// It is set up as a service in production would be, and is a start for one. The
// environment configures it; example -h tells how.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/authtodo/authtodo/auth/accounts"
)

// startLimit is how long the database may take to be reached and migrated.
const startLimit = time.Minute

func main() {
	os.Exit(command(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// command is main without its globals. Whatever goes wrong is one line, which
// is what people see at the end of a log of a container that does not start.
func command(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help"):
		fmt.Fprint(stdout, usage)
		return 0
	case len(args) == 1 && slices.Contains([]string{"-demo", "-migrate", "-check"}, args[0]),
		len(args) > 0 && args[0] == "-import":
	case len(args) > 0:
		fmt.Fprintf(stderr, "example: %q is not understood; example -h lists what can be set\n", args[0])
		return 2
	}
	cfg, err := parseConfig(getenv, len(args) == 1 && args[0] == "-demo")
	switch {
	case err != nil:
	case len(args) > 0 && args[0] == "-import":
		err = untilSignal(func(ctx context.Context) error { return importUsers(ctx, args[1:], cfg, stdout) })
	case len(args) == 1 && args[0] != "-demo":
		cfg.checkOnly = args[0] == "-check"
		err = untilSignal(func(ctx context.Context) error { return prepare(ctx, cfg, stdout) })
	default:
		err = untilSignal(func(ctx context.Context) error { return run(ctx, cfg, stdout) })
	}
	if err != nil {
		fmt.Fprintln(stderr, "example: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	return 0
}

// untilSignal does something until a signal asks it to end. The second signal
// ends the process at once, because the first one gives signals back.
func untilSignal(do func(context.Context) error) error {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore)
	err := do(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // asked to end while it was starting
	}
	return err
}

// run takes the port first: if another example has it, nothing is made or
// migrated.
func run(ctx context.Context, cfg config, stdout io.Writer) error {
	listener, err := listen(ctx, cfg.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	if cfg.baseURL == "" {
		cfg.baseURL = "http://" + reachable(listener.Addr())
	}
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	db, err := openDatabase(starting, cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	if cfg.secretFile != "" {
		if cfg.secret, err = keptSecret(cfg.secretFile); err != nil {
			return err
		}
	}
	engine, module, err := newEngine(cfg, db, accounts.WriterMailer(stdout))
	if err != nil {
		return err
	}
	defer module.Close()
	if err := audit(starting, module, engine); err != nil {
		return err
	}
	if err := greet(stdout, cfg, listener.Addr(), time.Now()); err != nil {
		return err
	}
	return serve(ctx, listener, engine)
}
