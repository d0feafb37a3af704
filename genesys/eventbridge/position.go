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

// load returns up to when the queue was read by whichever process; zero: nobody
// says.
func (p *position) load(ctx context.Context) (time.Time, error) {
	err := p.change(ctx, func([]byte) ([]byte, error) { return nil, nil })
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until, err
}

// save puts the position down, unless another process is further.
func (p *position) save(ctx context.Context) error {
	return p.change(ctx, func([]byte) ([]byte, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return json.Marshal(state{p.until})
	})
}

// change looks how far others are, and then writes what do returns.
func (p *position) change(ctx context.Context, do func([]byte) ([]byte, error)) error {
	if p.tracked == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := memory.Change(ctx, p.tracked, p.name, func(value []byte) ([]byte, error) {
		var is state
		if json.Unmarshal(value, &is) == nil { // else there is none, or one of another version of the library
			p.reach(is.Until)
		}
		return do(value)
	})
	if err != nil {
		return fmt.Errorf("eventbridge: where the queue was read up to is not known in the store: %w", err)
	}
	return nil
}

// keepPosition puts the position down every now and then, and in the end.
func (q *Queue) keepPosition(ctx context.Context) {
	for {
		on := pause.Sleep(ctx, putDownEvery)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		idle := q.position.isIdle()
		is, err := q.attributes(last)
		if idle {
			q.position.confirm(denied(err) || err == nil && is.Waiting == 0)
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
