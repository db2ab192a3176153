// Package host is what the contenders of the benchmarks over HTTP have in common:
// each is a process of its own, so that what it costs, memory above all, is its
// own.
package host

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
)

// Secret is what the tokens are signed with.
const Secret = "a secret of the benchmarks, 32 bytes and more"

// Main serves a handler on a port of its own and writes the address to stdout. It
// ends when stdin does, and so with whoever has started it.
func Main(handler func(context.Context) (http.Handler, error)) {
	gin.SetMode(gin.ReleaseMode)
	if err := serve(handler); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(handler func(context.Context) (http.Handler, error)) error {
	h, err := handler(context.Background())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	fmt.Fprintln(os.Stdout, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Size gives a pool the size that the module's has.
func Size(pool *sql.DB) {
	pool.SetMaxOpenConns(10)
	pool.SetMaxIdleConns(10)
}
