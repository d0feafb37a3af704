package duplicate

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// lasting is how long a process announces after a copy was deposited for it, and
// is interested in announcements after it has heard one.
const lasting = time.Minute

// Members are the processes that share the store.
type Members interface {
	Owner(source, key string) string
	Changed() <-chan struct{}
}

// Filter leaves out what the owner has stored. It is safe for concurrent use.
type Filter struct {
	name    string // of this process
	members Members
	// Found counts messages that needed no deposit.
	Found atomic.Int64

	out      outgoing
	began    time.Time
	listened atomic.Int64 // how long after that an announcement was last heard; 0: never
	closing  chan struct{}
	close    sync.Once

	mu     sync.Mutex
	talks  map[uint64]*talk // by the hash of the conversation's id
	owners map[string]*owner
	old    []expiry
}

// expiry says when to look whether something of a conversation is too old.
type expiry struct {
	conversation uint64
	at           time.Time
}

// New returns a filter of the process of that name. It leaves nothing out until
// it hears announcements.
func New(name string, m Members) *Filter {
	return &Filter{name: name, members: m, out: newOutgoing(), began: time.Now(), closing: make(chan struct{}),
		talks: map[uint64]*talk{}, owners: map[string]*owner{}}
}

// Close ends all waiting.
func (f *Filter) Close() { f.close.Do(func() { close(f.closing) }) }

// Without returns what is left of the facts when those are left out that their
// owners have stored. It waits a moment for that where it is likely. Facts of
// which this process owns one are returned as they are.
func (f *Filter) Without(ctx context.Context, facts []*conversation.Conversation) []*conversation.Conversation {
	last := time.Duration(f.listened.Load())
	if last == 0 || time.Since(f.began)-last > lasting {
		return facts
	}
	changed := f.members.Changed()
	owners := make([]string, len(facts))
	for i, c := range facts {
		owners[i] = f.members.Owner("", c.ID)
	}
	if slices.Contains(owners, f.name) {
		f.deposit(facts, owners)
		return facts
	}
	awaited := make([]*heard, len(facts))
	var longest time.Duration
	for i, c := range facts {
		h, patience := f.hear(c, owners[i])
		if longest = max(longest, patience); patience > 0 {
			awaited[i] = h
		}
	}
	if longest == 0 {
		return facts
	}
	f.await(ctx, awaited, longest, changed)
	return f.rest(facts, awaited)
}

// deposit notes that those of the facts are deposited that others own.
func (f *Filter) deposit(facts []*conversation.Conversation, owners []string) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range facts {
		if owners[i] != f.name {
			f.talk(hash(c.ID), now).deposit(now)
		}
	}
}

// hear adds a message, and says how long to wait for its announcement; zero: not
// at all.
func (f *Filter) hear(c *conversation.Conversation, name string) (*heard, time.Duration) {
	is, known := conversation.FingerprintOf(c)
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.talk(hash(c.ID), now)
	if !known {
		t.deposit(now)
		return nil, 0
	}
	o := f.owners[name]
	if o == nil {
		o = &owner{}
		f.owners[name] = o
	}
	h := &heard{Fingerprint: is, talk: t, owner: o, at: now, over: make(chan struct{})}
	patience := o.patience(now)
	if patience == 0 {
		t.deposit(h.read())
	}
	t.heard = append(t.heard, h)
	t.match(now)
	return h, patience
}

// await returns when there is nothing more to wait for.
func (f *Filter) await(ctx context.Context, all []*heard, longest time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for _, h := range all {
		if h == nil {
			continue
		}
		select {
		case <-h.over:
			continue
		case <-timer.C:
		case <-changed: // another one may own it now
		case <-f.closing:
		case <-ctx.Done():
		}
		return
	}
}

// rest returns the facts that were not announced.
func (f *Filter) rest(facts []*conversation.Conversation, awaited []*heard) (rest []*conversation.Conversation) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range facts {
		if h := awaited[i]; h != nil {
			if h.talk.covers(h) {
				f.Found.Add(1)
				continue
			}
			h.missing(now)
			h.talk.deposit(h.read())
		}
		rest = append(rest, c)
	}
	return rest
}

// Hear takes an announcement.
func (f *Filter) Hear(message []byte) {
	sender, list := readAnnouncement(message)
	if sender == hash(f.name) || len(list) == 0 {
		return
	}
	now := time.Now()
	f.listened.Store(int64(max(now.Sub(f.began), 1)))
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range list {
		a.at = now
		f.talk(a.conversation, now).announce(a)
	}
	for _, a := range list { // with all that was announced of it
		f.talks[a.conversation].match(now)
	}
}

// talk returns what was heard of a conversation, to which something is added.
// The caller holds the lock.
func (f *Filter) talk(of uint64, now time.Time) *talk {
	for len(f.old) > 0 && !f.old[0].at.After(now) {
		if t := f.talks[f.old[0].conversation]; t != nil {
			if t.forget(now); len(t.heard)+len(t.stored) == 0 {
				delete(f.talks, f.old[0].conversation)
			}
		}
		f.old = f.old[1:]
	}
	t := f.talks[of]
	if t == nil {
		t = &talk{}
		f.talks[of] = t
	}
	f.old = append(f.old, expiry{of, now.Add(keep)})
	return t
}
