package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/redact"
	"github.com/dcmkit/convtrack/internal/retry"
	"github.com/dcmkit/convtrack/store"
)

// Times of reads after hints. A conversation is read within a second after each
// hint, and not more than about once in a second however many hints come.
const (
	// gatherHints is how long hints are left to gather: several flows tell of the
	// same moment.
	gatherHints = 150 * time.Millisecond
	// readEvery is the time from one read of a conversation to the next.
	readEvery = 900 * time.Millisecond
)

// readLimit bounds one read. It is long, as a read may have to wait for the rate
// limit of the API.
const readLimit = 2 * time.Minute

// readGrace is how long a read that was told to end may take to do so.
const readGrace = 100 * time.Millisecond

// mostReads is how many conversations are read at a time because of hints.
const mostReads = 8

var (
	errNoRoom = errors.New("there is no room now")
	errHangs  = errors.New("Read of the source does not return; it must heed its context")
)

// again is how long a read that failed waits, unless another hint comes.
var again = events.Exponential(time.Second, 5*time.Minute)

// A Reader reads a conversation through the API. It returns nil when what it
// read is stored, and also when there is nothing to read.
type Reader interface {
	Read(ctx context.Context, conversationID string) error
}

// ReadBy says who reads conversations after hints; nil: nobody.
func (b *Inbox) ReadBy(r Reader) {
	b.mu.Lock()
	b.reader = r
	for _, h := range b.hinted {
		h.wake() // what the one before could not read
	}
	b.mu.Unlock()
	b.Look()
}

// hinted is a conversation that is to be read. Inbox.mu guards the keys.
type hinted struct {
	keys []store.EntryKey // the hints that the next read is for
	more chan struct{}    // has a token when there are some that it was not for before
}

// readLater has the conversation of a hint read, here or by a process that can.
func (b *Inbox) readLater(ctx context.Context, e *store.Entry) {
	key := e.Name()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reader == nil {
		if to := b.ReaderOf(key.ConversationID); to != "" && to != b.Name {
			hint := *e
			b.beside.Go(func() { b.end(key, b.handOn(ctx, hint, to)) })
			return
		}
		if !b.warned {
			b.warned = true
			b.Log.Warn("hints wait: no source of any process can read a conversation; give Run a source that asks the API, such as polling")
		}
		delete(b.current, key)
		return
	}
	h := b.hinted[key.ConversationID]
	if h == nil {
		h = &hinted{more: make(chan struct{}, 1)}
		b.hinted[key.ConversationID] = h
		b.beside.Go(func() { b.readHinted(ctx, key.ConversationID, h) })
	}
	h.keys = append(h.keys, key)
	h.wake()
}

// wake ends a wait.
func (h *hinted) wake() {
	select {
	case h.more <- struct{}{}:
	default:
	}
}

// readHinted reads a conversation until no more hints come, or ctx ends.
func (b *Inbox) readHinted(ctx context.Context, id string, h *hinted) {
	failed := 0
	for wait := gatherHints; retry.Pause(ctx, wait); {
		if !b.goesOn(id, h) {
			return
		}
		select {
		case b.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		reader, keys := b.takeHints(h)
		if reader == nil { // it has waited for its turn
			<-b.slots
			b.putBack(h, keys)
			wait = 0
			continue
		}
		err := b.readAfter(ctx, reader, id, keys)
		<-b.slots
		wait = max(0, readEvery-time.Since(began))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failed = 0
			for _, key := range keys {
				b.end(key, nil)
			}
			b.Look() // another hint may have come meanwhile
			continue
		}
		failed++
		later := again(failed)
		b.Log.Warn("a conversation cannot be read after a hint; it is tried again", "conversation", redact.ID(id), "again in", later, "error", err)
		b.putBack(h, keys)
		if !h.wait(ctx, later-wait) {
			return
		}
	}
}

// goesOn reports whether hints wait for a read, and somebody can read. Else the next
// hint begins anew, or is handed on.
func (b *Inbox) goesOn(id string, h *hinted) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(h.keys) > 0 && b.reader != nil {
		return true
	}
	for _, key := range h.keys {
		delete(b.current, key)
		b.Look()
	}
	delete(b.hinted, id)
	return false
}

// takeHints returns who reads now, and the hints that a read which begins now is for.
func (b *Inbox) takeHints(h *hinted) (Reader, []store.EntryKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := h.keys
	h.keys = nil
	select {
	case <-h.more:
	default:
	}
	return b.reader, keys
}

func (b *Inbox) putBack(h *hinted, keys []store.EntryKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h.keys = append(h.keys, keys...)
}

// wait waits for a while, or until another hint comes; false when ctx ended.
func (h *hinted) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.more:
	case <-ctx.Done():
		return false
	}
	return true
}

// readAfter reads the conversation and removes the hints. One that was vetoed
// costs no read.
func (b *Inbox) readAfter(ctx context.Context, reader Reader, id string, keys []store.EntryKey) error {
	records, err := b.Commits.Load(ctx, id)
	if err != nil {
		return err
	}
	if !records[0].Tombstone() {
		if err := b.lookAgain(&records[0]); err != nil {
			return err
		}
		b.Counters.Reads.Add(1)
		if err := guarded(ctx, reader, id); err != nil {
			return err
		}
	}
	_, err = b.Commits.Commit(ctx, store.Batch{Taken: keys})
	return err
}

// guarded calls the host's source. A read that does not heed its limit is left
// behind; a stop waits for it as for everything that was begun.
func guarded(stopped context.Context, reader Reader, id string) error {
	ctx, cancel := context.WithTimeoutCause(stopped, readLimit, fmt.Errorf("Read of the source has taken more than %v", readLimit))
	defer cancel()
	read := make(chan error, 1)
	go func() { // a Goexit is an answer, too
		err := errors.New("Read of the source panicked, or called runtime.Goexit")
		defer func() {
			_ = recover()
			read <- err
		}()
		err = reader.Read(ctx, id)
	}()
	select {
	case err := <-read:
		return err
	case <-ctx.Done():
	}
	if stopped.Err() != nil {
		return <-read
	}
	select {
	case err := <-read:
		return err
	case <-time.After(readGrace):
		return fmt.Errorf("%w: %w", errHangs, context.Cause(ctx))
	}
}
