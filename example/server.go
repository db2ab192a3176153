package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// shutdownLimit is how long requests may take that are under way when the
// service is to end: less than the 30 seconds that orchestrators usually give.
const shutdownLimit = 20 * time.Second

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: stop it, "+
			"or set ADDR to another port", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("ADDR: %w", err)
	}
	return listener, nil
}

// serve answers requests until ctx ends, and then those that are under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second, // bodies are small
		WriteTimeout:      30 * time.Second, // over the 10 s that the module gives its store
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10, // the guard takes tokens of up to 8 kB
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		_ = server.Close()
		return fmt.Errorf("requests that took longer than %v were cut off", shutdownLimit)
	}
	return nil
}
