package inbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/access"
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

// write writes what waits and returns how many deposits that were. While the store
// does not answer it tries again; while it does, one of them is to blame (an entry
// that the database refuses), and holds up no other.
func (b *Inbox) write(ctx context.Context) (n int) {
	all := b.deposits.take()
	if len(all) == 0 {
		return 0
	}
	for n := 1; ; n++ {
		err := b.writeAll(ctx, all)
		switch {
		case err == nil:
		case len(all) > 1 && b.answers(ctx, &all[0], err):
			b.writeHalves(ctx, all, err)
			return len(all)
		default:
			b.Commits.Failed("depositing for other processes", err)
			if n < b.Attempts && retry.PauseForStore(ctx, n) {
				continue
			}
		}
		for _, d := range all {
			d.done <- err
		}
		return len(all)
	}
}

// writeAll writes deposits once.
func (b *Inbox) writeAll(ctx context.Context, all []deposit) error {
	var heard []Heard
	var entries []store.Entry
	for _, d := range all {
		heard, entries = append(heard, d.heard...), append(entries, d.hints...)
	}
	entries = append(entries, b.deposits.bundles.entries(heard, b.stamp())...)
	if len(entries) == 0 {
		return nil
	}
	if err := b.Store.Deposit(ctx, entries); err != nil {
		return err
	}
	b.Counters.Deposited.Add(int64(len(heard)))
	return nil
}

// answers reports whether the store works, although it has not taken a deposit.
func (b *Inbox) answers(ctx context.Context, d *deposit, failed error) bool {
	if is := access.TroubleOf(failed); ctx.Err() != nil || is == access.Full || is == access.ReadOnly {
		return false
	}
	var id string
	if len(d.hints) > 0 {
		id = d.hints[0].ConversationID
	} else if len(d.heard) > 0 {
		id = d.heard[0].Conversation.ID
	}
	_, err := b.Commits.Load(ctx, id)
	return err == nil
}

// mostRefused is how many writes may be refused one after the other until the store
// itself is taken for the reason.
const mostRefused = 64

// writeHalves finds those that the store refuses by halves.
func (b *Inbox) writeHalves(ctx context.Context, all []deposit, err error) {
	refused := 0 // one after the other
	var write func(part []deposit, err error)
	write = func(part []deposit, err error) {
		switch {
		case err == nil:
			refused = 0
		case len(part) > 1 && refused < mostRefused && ctx.Err() == nil:
			refused++
			half := len(part) / 2
			for _, p := range [][]deposit{part[:half], part[half:]} {
				write(p, b.writeAll(ctx, p))
			}
			return
		default:
			refused++
			b.throttled.To(ctx, b.Log, slog.LevelWarn, "the store refuses what is deposited for other processes, while it works; whoever heard it is told", "deposits", len(part), "error", err)
		}
		for _, d := range part {
			d.done <- err
		}
	}
	write(all, err)
}
