package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
)

// maxGroup is how many writes share a commit at most.
const maxGroup = 64

// errPanicked is the error of a write that has panicked, within the group.
var errPanicked = errors.New("sqlite: a write has panicked")

// group commits the writes of all callers who come while a commit is under way
// together: what takes long is the disk, once for each commit (8 writers: over
// twice as many writes a second). Each write stands in a savepoint of its own, so
// that one that fails leaves the others alone; none is answered before the commit
// of all. It is run by a goroutine that is there while there is something to
// write.
type group struct {
	pool *sql.DB // of one connection

	mu      sync.Mutex
	queue   []*job
	running bool
	closed  bool
	done    sync.WaitGroup
}

// job is a write that waits for its turn.
type job struct {
	ctx      context.Context // does not end
	do       func(context.Context, *sql.Tx) error
	taken    atomic.Bool // by the group, or by a caller who has given up
	err      error       // of the write itself, and then of the commit
	panicked any
	finished chan struct{}
}

// write runs do in a transaction and commits unless do fails. The wait for the
// turn ends with ctx; what has begun is finished, and told as it ended.
func (g *group) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: context.WithoutCancel(ctx), do: do, finished: make(chan struct{})}
	if !g.add(j) {
		return sql.ErrConnDone
	}
	select {
	case <-j.finished:
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-j.finished
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

func (g *group) add(j *job) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.queue = append(g.queue, j)
	if !g.running {
		g.running = true
		g.done.Go(g.run)
	}
	return true
}

// next are the jobs for one commit; none ends the goroutine.
func (g *group) next() []*job {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), maxGroup)
	jobs := g.queue[:n:n]
	if g.queue = g.queue[n:]; n == 0 {
		g.queue, g.running = nil, false
	}
	return jobs
}

func (g *group) run() {
	for jobs := g.next(); len(jobs) > 0; jobs = g.next() {
		g.commit(jobs)
		for _, j := range jobs {
			close(j.finished)
		}
	}
}

// close ends the group when all that waits is written; later writes fail.
func (g *group) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.done.Wait()
}

// commit runs the jobs that nobody has given up, and commits those that have not
// failed. If the transaction as a whole fails, so have all of them.
func (g *group) commit(jobs []*job) {
	err := g.transact(jobs)
	if err == nil {
		return
	}
	for _, j := range jobs {
		j.taken.Store(true)
		j.err = err
	}
}

func (g *group) transact(jobs []*job) error {
	tx, err := g.pool.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, j := range jobs {
		if !j.taken.CompareAndSwap(false, true) {
			continue
		}
		if err := j.run(tx, len(jobs) > 1); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// run runs a job, in a savepoint if the transaction is shared. An error is one of
// the transaction; that of a job which shares it is in the job only.
func (j *job) run(tx *sql.Tx, shared bool) error {
	if !shared {
		j.err = j.try(tx)
		return j.err
	}
	if _, err := tx.Exec(`SAVEPOINT job`); err != nil {
		return err
	}
	if j.err = j.try(tx); j.err != nil {
		if _, err := tx.Exec(`ROLLBACK TO job`); err != nil {
			return j.err // SQLite has rolled everything back: the disk is full, for instance
		}
	}
	_, err := tx.Exec(`RELEASE job`)
	return err
}

// try is do, whose panic is that of the caller.
func (j *job) try(tx *sql.Tx) (err error) {
	defer func() {
		if j.panicked = recover(); j.panicked != nil {
			err = errPanicked
		}
	}()
	return j.do(j.ctx, tx)
}
