package accounts

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limits of an [outbox].
const (
	maxQueued   = 256              // mails that wait
	mailers     = 2                // mails that are sent at once
	mailTimeout = 30 * time.Second // for one
	closingTime = 5 * time.Second  // for what is queued when the module is closed
	endingTime  = 2 * time.Second  // for mailers that were told to end
)

// outbox does in the background what is to be mailed, and the looking up of whom
// to mail, so that an answer does not tell by its time whether there is somebody.
// The nil outbox does nothing.
type outbox struct {
	logger *slog.Logger

	mu      sync.Mutex
	closed  bool
	running int
	jobs    chan func(ctx context.Context) error

	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newOutbox(logger *slog.Logger) *outbox {
	o := &outbox{logger: logger, jobs: make(chan func(context.Context) error, maxQueued)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// add queues a job, unless there are too many: the log has it, and the user asks
// for another mail.
func (o *outbox) add(job func(ctx context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	for ; o.running < mailers; o.running++ { // not before there is something to do
		o.done.Go(o.run)
	}
	select {
	case o.jobs <- job:
	default:
		o.logger.Error("authtodo: a mail was dropped, because too many are waiting")
	}
}

func (o *outbox) run() {
	for job := range o.jobs {
		o.do(job)
	}
}

func (o *outbox) do(job func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(o.ctx, mailTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			o.logger.Error("authtodo: a mailer panicked", "panic", v)
		}
	}()
	if err := job(ctx); err != nil {
		o.logger.Error("authtodo: a mail was not sent", "error", err)
	}
}

// close waits until what is queued is done, or cancelled. A mailer that does not
// end when its context does is left behind.
func (o *outbox) close() {
	if o == nil {
		return
	}
	o.mu.Lock()
	if !o.closed {
		o.closed = true
		close(o.jobs)
	}
	o.mu.Unlock()
	done := make(chan struct{})
	go func() {
		o.done.Wait()
		close(done)
	}()
	defer o.cancel()
	if within(done, closingTime) {
		return
	}
	o.cancel()
	if !within(done, endingTime) {
		o.logger.Error("authtodo: a mailer does not end with its context, and is left behind")
	}
}

// within reports whether done is closed within a while.
func within(done <-chan struct{}, while time.Duration) bool {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
