package inbox

import (
	"context"
	"log/slog"
	"slices"
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
		b.deposits.drop(d.done)
		return context.Cause(ctx)
	}
}

// drop takes back what nobody waits for any more, where more waits than goes with one
// write: while the store hangs its callers come again, and each time there is more.
func (d *deposits) drop(done chan error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) <= mostAtOnce {
		return // it is written all the same, in case its caller does not
	}
	d.waiting = slices.DeleteFunc(d.waiting, func(one deposit) bool { return one.done == done })
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

// mostRefused is how many writes may be refused one after the other until the store
// itself is taken for the reason.
const mostRefused = 64

// write writes what waits and returns how many deposits that were. While the store
// does not answer it tries again; while it does, one of them is to blame (an entry
// that the database refuses): it is found by halves, and holds up no other.
func (b *Inbox) write(ctx context.Context) int {
	all := b.deposits.take()
	refused := 0 // one after the other
	for tries, parts := 1, []part{b.compose(all)}; len(parts) > 0; {
		p := parts[0]
		err := b.deposit(ctx, p)
		if err == nil {
			p.answer(nil)
			tries, refused, parts = 1, 0, parts[1:]
			continue
		}
		answers := b.answers(ctx, p, err)
		switch {
		case answers && len(p.deposits) > 1 && refused < mostRefused:
			refused++
			half := len(p.deposits) / 2
			parts = slices.Concat([]part{b.compose(p.deposits[:half]), b.compose(p.deposits[half:])}, parts[1:])
			continue
		case answers && tries > 1:
			b.throttled.To(ctx, b.Log, slog.LevelWarn, "the store refuses what is deposited for other processes, while it works; whoever heard it is told", "deposits", len(p.deposits), "error", err)
			p.answer(err)
			tries, refused, parts = 1, refused+1, parts[1:]
			continue
		case answers: // once more: a connection may have been lost
			tries++
			continue
		}
		b.Commits.Failed("depositing for other processes", err)
		if tries >= b.Attempts || !retry.PauseForStore(ctx, tries) {
			for _, p := range parts {
				p.answer(err)
			}
			break
		}
		tries++
	}
	return len(all)
}

// part is what goes with one write.
type part struct {
	deposits []deposit
	heard    int
	entries  []store.Entry
}

func (b *Inbox) compose(all []deposit) part {
	var heard []Heard
	p := part{deposits: all}
	for _, d := range all {
		heard, p.entries = append(heard, d.heard...), append(p.entries, d.hints...)
	}
	p.heard, p.entries = len(heard), append(p.entries, b.deposits.bundles.entries(heard, b.stamp())...)
	return p
}

func (p part) answer(err error) {
	for _, d := range p.deposits {
		d.done <- err
	}
}

// deposit writes a part once.
func (b *Inbox) deposit(ctx context.Context, p part) error {
	if len(p.entries) == 0 {
		return nil
	}
	if err := b.Store.Deposit(ctx, p.entries); err != nil {
		return err
	}
	b.Counters.Deposited.Add(int64(p.heard))
	return nil
}

// answers reports whether the store works, although it has not taken a part.
func (b *Inbox) answers(ctx context.Context, p part, failed error) bool {
	if is := access.TroubleOf(failed); ctx.Err() != nil || is == access.Full || is == access.ReadOnly || is == access.Slow {
		return false
	}
	var id string
	if d := p.deposits[0]; len(d.hints) > 0 {
		id = d.hints[0].ConversationID
	} else if len(d.heard) > 0 {
		id = d.heard[0].Conversation.ID
	}
	_, err := b.Commits.Load(ctx, id)
	return err == nil
}
