package inbox

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// atOnce is how many entries are read at a time.
const atOnce = 100

// Entries are left to gather after some were taken: a busy inbox is read by pages
// instead of one by one.
const (
	gather     = 3 * time.Millisecond
	gatherMore = 8 * time.Millisecond // after as many as there are processes
)

// TakeLoop takes what lies in the inbox, until ctx ends.
func (b *Inbox) TakeLoop(ctx context.Context) {
	for b.look.Wait(ctx) {
		n, err := b.take(ctx)
		switch {
		case n >= len(b.Members.Names()):
			retry.Pause(ctx, gatherMore)
		case n > 0:
			retry.Pause(ctx, gather)
		}
		if err == nil {
			b.looks.Add(1)
			select {
			case b.taken <- struct{}{}:
			default:
			}
		} else if ctx.Err() == nil {
			b.Commits.Failed("reading what other processes heard", err)
			b.look.Set(time.Now().Add(time.Second))
		}
		b.look.Set(time.Now().Add(b.Lease))
	}
	b.beside.Wait()
}

// take takes everything, page by page: what cannot be taken now holds up
// nothing else.
func (b *Inbox) take(ctx context.Context) (n int, err error) {
	q := store.InboxQuery{Owner: b.Name, Alive: b.Members.Names(), Limit: atOnce}
	for {
		q.Except = b.known()
		entries, err := b.Store.Inbox(ctx, q)
		if err != nil {
			return n, err
		}
		for i := range entries {
			b.takeOne(ctx, &entries[i])
		}
		if n += len(entries); len(entries) < q.Limit {
			return n, nil
		}
		q.After = entries[len(entries)-1].Name()
	}
}

func (b *Inbox) takeOne(ctx context.Context, e *store.Entry) {
	key := e.Name()
	switch {
	case e.Owner != b.Name && b.Members.Owner("", cmp.Or(e.ConversationID, e.Key)) != b.Name:
		return // its owner is gone; another process takes it
	case !b.begin(key):
		return
	case isHint(e):
		b.readLater(ctx, e)
		return
	case isNotice(e):
		b.readNotice(ctx, e)
		return
	case isDecided(e):
		b.Decided()
		b.beside.Go(func() { b.end(key, b.Withdraw(ctx, []store.EntryKey{key})) })
		return
	}
	heard, err := unbundle(e.Data)
	if err != nil { // it stays begun: this process does not try again
		b.Log.Warn("what another process heard cannot be read; it stays where it is for a process that can", "entry", e.Key, "error", err)
		return
	}
	b.begun.Add(1)
	b.open.Add(1)
	w := &work{inbox: b, key: key, stored: b.unfinished.of(key), open: len(heard) + 1}
	var others []Heard
	counted := map[string]int{}
	for _, c := range heard {
		f := fact{c.ID, counted[c.ID]}
		counted[c.ID]++
		if w.stored[f] {
			w.done(nil)
		} else if owner := b.Members.Owner("", c.ID); e.Owner != b.Name && owner != b.Name {
			others = append(others, Heard{owner, c})
		} else if !b.Lanes.Offer(c, func(err error) { w.factDone(f, err) }) {
			w.done(errNoRoom)
		}
	}
	if len(others) == 0 {
		w.done(nil)
		return
	}
	b.beside.Go(func() { w.end(len(others)+1, b.Pass(ctx, others)) })
}

// work is an entry that is being worked on.
type work struct {
	inbox  *Inbox
	key    store.EntryKey
	stored facts // when it was begun

	mu   sync.Mutex
	now  []fact // that are stored since
	open int    // what is not done; one more while it is being offered
	err  error
}

// done says what became of a part of the entry. When all of it is stored the
// entry is used up; else what is not stored is taken again.
func (w *work) done(err error) { w.end(1, err) }

func (w *work) factDone(f fact, err error) {
	if err == nil {
		w.mu.Lock()
		w.now = append(w.now, f)
		w.mu.Unlock()
	}
	w.done(err)
}

func (w *work) end(n int, err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.open -= n
	over, err, now := w.open == 0, w.err, w.now
	w.mu.Unlock()
	switch {
	case !over:
		return
	case err != nil:
		w.inbox.unfinished.add(w.key, w.stored, now)
		w.inbox.end(w.key, err)
	default:
		w.inbox.unfinished.drop(w.key)
		w.inbox.Counters.Taken.Add(1)
		w.inbox.used.add(w.key)
	}
	w.inbox.open.Add(-1)
}
