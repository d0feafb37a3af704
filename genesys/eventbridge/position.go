package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/genesys/internal/memory"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// position is up to when the queue has been read, kept under the source's name.
// Processes that read the same queue share it: the latest counts.
type position struct {
	tracked Tracked // nil: it is not kept
	name    string

	mu    sync.Mutex
	until time.Time // what was sent before is stored
	idle  time.Time // when the queue was last found empty, and it is not known yet whether that is so
	began time.Time // when reading began of which it is not known yet up to when it was read before
}

type state struct {
	Until time.Time `json:"until"`
}

func newPosition(t Tracked, name string) *position { return &position{tracked: t, name: name} }

// stored notes that messages are stored. A queue gives the oldest first, about;
// those that come again tell nothing of where it is.
func (p *position) stored(messages []*held) {
	var oldest time.Time
	for _, m := range messages {
		if m.Receives == 1 && !m.Sent.IsZero() && (oldest.IsZero() || m.Sent.Before(oldest)) {
			oldest = m.Sent
		}
	}
	p.reach(oldest)
}

func (p *position) reach(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until = until
	}
}

// believe notes how far others are. What lies ahead, of theirs or our own, comes from a
// clock that was ahead. It says no more than that somebody has read until now, and
// kept as it is it would hide what the queue drops until then.
func (p *position) believe(until, now time.Time) {
	p.reach(until)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.After(now) {
		p.until = now
	}
}

// empty notes that a poll brought nothing. That is no proof that there is
// nothing: a queue with too many messages in flight answers so, too.
func (p *position) empty(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = now
}

// confirm says whether nothing was waiting in the queue lately.
func (p *position) confirm(empty bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if empty && p.idle.After(p.until) {
		p.until = p.idle
	}
	p.idle = time.Time{}
}

func (p *position) isIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.idle.IsZero()
}

// load returns up to when the queue was read by whichever process, before this one
// began to read it now; zero: nobody says. Where the store does not answer it is to
// be called again: see unknown.
func (p *position) load(ctx context.Context, now time.Time) (time.Time, error) {
	p.mu.Lock()
	first := p.until.IsZero() || !p.began.IsZero()
	p.mu.Unlock()
	var before time.Time
	err := p.change(ctx, func(value []byte) ([]byte, error) {
		before = untilIn(value)
		return nil, nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if !first {
		return p.until, err
	}
	if p.began = now; err == nil {
		p.began = time.Time{}
	}
	return before, err
}

// unknown returns when reading began of which it is not known up to when the queue
// was read before; zero: that is known.
func (p *position) unknown() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.began
}

// save records the position, unless another process is further. What was recorded
// before stays as it is until it is known.
func (p *position) save(ctx context.Context) error {
	return p.change(ctx, func(value []byte) ([]byte, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.began.IsZero() {
			return json.Marshal(state{untilIn(value)})
		}
		return json.Marshal(state{p.until})
	})
}

// untilIn reads what was recorded; zero: there is nothing, or it is of another
// version of the library.
func untilIn(value []byte) time.Time {
	var is state
	if json.Unmarshal(value, &is) != nil {
		return time.Time{}
	}
	return is.Until
}

// change looks how far others are, and then writes what do returns.
func (p *position) change(ctx context.Context, do func([]byte) ([]byte, error)) error {
	if p.tracked == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := memory.Change(ctx, p.tracked, p.name, func(value []byte) ([]byte, error) {
		p.believe(untilIn(value), time.Now())
		return do(value)
	})
	if err != nil {
		return fmt.Errorf("eventbridge: where the queue was read up to is not known in the store: %w", err)
	}
	return nil
}

// keepPosition records the position every now and then, and in the end.
func (q *Queue) keepPosition(ctx context.Context) {
	for {
		on := pause.Sleep(ctx, recordEvery)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		idle := q.position.isIdle()
		is, err := q.attributes(last)
		if idle {
			q.position.confirm(denied(err) || err == nil && is.Waiting == 0)
		}
		if began := q.position.unknown(); !began.IsZero() {
			q.announceExpired(last, began)
		}
		if err := q.position.save(last); err != nil {
			q.log.Warn("it cannot be noted up to when the queue is read", "reason", err)
		}
		cancel()
		if !on {
			return
		}
	}
}
