package accounts

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtodo/authtodo/internal/problem"
)

func TestOutbox(t *testing.T) {
	t.Parallel()
	o := newOutbox(slog.New(slog.DiscardHandler))
	block, done := make(chan struct{}), atomic.Int64{}
	for range mailers { // a mailer that hangs
		o.add(func(context.Context) error { <-block; done.Add(1); return nil })
	}
	for i := range 10 * maxQueued { // nobody waits, and what does not fit is dropped
		o.add(func(context.Context) error {
			done.Add(1)
			if i == 0 {
				panic("a mailer")
			}
			return errors.New("no such host")
		})
	}
	close(block)
	o.close()
	if n := done.Load(); n < maxQueued || n > maxQueued+2*mailers {
		t.Errorf("%d jobs ran", n)
	}
	o.add(func(context.Context) error { t.Error("a job ran after the end"); return nil })
	o.close()
	(*outbox)(nil).close()
}

// TestOutboxEnds: a mailer that hangs is told to end.
func TestOutboxEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(slog.New(slog.DiscardHandler))
		o.add(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start := time.Now()
		o.close()
		if took := time.Since(start); took != closingTime {
			t.Errorf("it took %v", took)
		}
	})
}

// TestOutboxLeavesBehind: the end of a service does not wait for a mailer that
// looks at no context.
func TestOutboxLeavesBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		o := newOutbox(slog.New(slog.NewTextHandler(&log, nil)))
		release := make(chan struct{})
		o.add(func(context.Context) error { <-release; return nil })
		start := time.Now()
		o.close()
		if took := time.Since(start); took != closingTime+endingTime {
			t.Errorf("it took %v", took)
		}
		if !strings.Contains(log.String(), "left behind") {
			t.Errorf("the log has %q", &log)
		}
		close(release)
	})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	var p *problem.Problem
	err := asProblem(errBusy{2500 * time.Millisecond})
	if !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable || p.Header.Get("Retry-After") != "3" {
		t.Errorf("it is %v", err)
	}
}
