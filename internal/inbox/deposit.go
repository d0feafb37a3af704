package inbox

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// mostAtOnce is how many deposits go with one write.
const mostAtOnce = 1000

// Whoever is busy writes less often: after a write of that many deposits or more
// the next ones are left to gather.
const (
	busy           = 4
	gatherDeposits = 10 * time.Millisecond
)

// deposits are on their way: what comes while the store writes goes with the
// next write.
type deposits struct {
	mu      sync.Mutex
	waiting []deposit
	closed  error // nobody writes any more
	wake    chan struct{}
	bundles bundler // of the DepositLoop
}

type deposit struct {
	heard []Heard
	hints []store.Entry
	done  chan error
}

func newDeposits() deposits { return deposits{wake: make(chan struct{}, 1)} }

// Pass passes on what was heard. It returns when that is durably stored.
func (b *Inbox) Pass(ctx context.Context, heard []Heard) error {
	return b.put(ctx, deposit{heard: heard})
}

func (b *Inbox) put(ctx context.Context, d deposit) error {
	d.done = make(chan error, 1)
	if err := b.deposits.add(d); err != nil {
		return err
	}
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *deposits) add(one deposit) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed != nil {
		return d.closed
	}
	d.waiting = append(d.waiting, one)
	d.signal()
	return nil
}

func (d *deposits) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// DepositLoop writes what is to be deposited, until ctx ends. stopped is the
// error of what comes then.
func (b *Inbox) DepositLoop(ctx context.Context, stopped error) {
	for {
		select {
		case <-b.deposits.wake:
			if b.write(ctx) >= busy {
				retry.Pause(ctx, gatherDeposits)
			}
		case <-ctx.Done():
			for _, d := range b.deposits.close(stopped) {
				d.done <- stopped
			}
			return
		}
	}
}

// close refuses everything that comes from now on and returns what waits.
func (d *deposits) close(err error) []deposit {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = err
	all := d.waiting
	d.waiting = nil
	return all
}

// take returns what goes with the next write.
func (d *deposits) take() []deposit {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(d.waiting), mostAtOnce)
	taken := d.waiting[:n:n]
	if d.waiting = d.waiting[n:]; len(d.waiting) > 0 {
		d.signal()
	} else {
		d.waiting = nil
	}
	return taken
}

// write writes what waits and returns how many deposits that were.
func (b *Inbox) write(ctx context.Context) (n int) {
	all := b.deposits.take()
	var heard []Heard
	var entries []store.Entry
	for _, d := range all {
		heard, entries = append(heard, d.heard...), append(entries, d.hints...)
	}
	entries = append(entries, b.deposits.bundles.entries(heard, b.stamp())...)
	var err error
	for n := 1; len(entries) > 0; n++ {
		if err = b.Store.Deposit(ctx, entries); err == nil {
			b.Counters.Deposited.Add(int64(len(heard)))
			break
		}
		b.Commits.Failed("depositing for other processes", err)
		if n >= b.Attempts || !retry.PauseForStore(ctx, n) {
			break
		}
	}
	for _, d := range all {
		d.done <- err
	}
	return len(all)
}
