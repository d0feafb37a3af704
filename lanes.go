package convtrack

import (
	"context"
	"errors"
	"sync"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// lanes bring what is said about one conversation in order: a conversation
// with something to do has a lane, which is worked on by one goroutine at a
// time. What arrives meanwhile waits in the lane and is then done at once.
type lanes struct {
	places chan struct{} // one for each partial conversation that is pending

	mu    sync.Mutex
	byID  map[string]*lane
	ready []*lane
	wake  chan struct{} // has a token while ready may not be empty
	idle  chan struct{} // closed when no lane is left, once somebody waits for that
}

// mostInLane is how many partial conversations may wait in one lane, so that a
// conversation whose hooks are slow cannot take all places.
const mostInLane = 256

type lane struct {
	id      string
	said    []said
	settle  bool // a conclusion is due
	settled bool // all conclusions are due: the input has ended
	unpark  *store.Unpark
	waiters []*receipt // of settle and unpark
	busy    bool
	room    chan struct{} // closed when the lane has been taken from
}

// said is a partial conversation and who waits for it to be stored.
type said struct {
	facts   *conversation.Conversation
	receipt *receipt
}

func newLanes(places int) *lanes {
	return &lanes{places: make(chan struct{}, places), byID: map[string]*lane{}, wake: make(chan struct{}, 1)}
}

// push adds a partial conversation to its lane. It waits for a place.
func (ls *lanes) push(ctx context.Context, c *conversation.Conversation, r *receipt, stopped <-chan struct{}) error {
	for {
		room := ls.full(c.ID)
		if room == nil {
			break
		}
		if err := await(ctx, room, stopped); err != nil {
			return err
		}
	}
	select {
	case <-stopped:
		return ErrStopped
	default:
	}
	select {
	case ls.places <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-stopped:
		return ErrStopped
	}
	r.add()
	ls.update(c.ID, func(l *lane) { l.said = append(l.said, said{c, r}) })
	return nil
}

func await(ctx context.Context, room, stopped <-chan struct{}) error {
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-stopped:
		return ErrStopped
	}
}

// full returns what to wait for while the lane is full; nil when it is not.
func (ls *lanes) full(id string) <-chan struct{} {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byID[id]
	if l == nil || len(l.said) < mostInLane {
		return nil
	}
	if l.room == nil {
		l.room = make(chan struct{})
	}
	return l.room
}

// pushSettle has the lane look for conclusions that are due; for all there are
// when all is true. r may be nil.
func (ls *lanes) pushSettle(ctx context.Context, id string, all bool, r *receipt, stopped <-chan struct{}) error {
	return ls.command(ctx, id, r, stopped, func(l *lane) { l.settle, l.settled = true, l.settled || all })
}

// pushRetry has the lane try its parked change again.
func (ls *lanes) pushRetry(ctx context.Context, id string, do store.Unpark, r *receipt, stopped <-chan struct{}) error {
	return ls.command(ctx, id, r, stopped, func(l *lane) { l.unpark = &do })
}

func (ls *lanes) command(ctx context.Context, id string, r *receipt, stopped <-chan struct{}, change func(*lane)) error {
	select {
	case <-stopped:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	default:
	}
	if r != nil {
		r.add()
	}
	ls.update(id, func(l *lane) {
		change(l)
		if r != nil {
			l.waiters = append(l.waiters, r)
		}
	})
	return nil
}

// update changes the lane and makes it ready unless somebody works on it.
func (ls *lanes) update(id string, change func(*lane)) {
	ls.mu.Lock()
	l := ls.byID[id]
	if l == nil {
		l = &lane{id: id}
		ls.byID[id] = l
	}
	rests := l.empty() && !l.busy
	change(l)
	if rests {
		ls.ready = append(ls.ready, l)
	}
	ls.mu.Unlock()
	ls.signal()
}

func (l *lane) empty() bool { return len(l.said) == 0 && !l.settle && l.unpark == nil }

func (ls *lanes) signal() {
	select {
	case ls.wake <- struct{}{}:
	default:
	}
}

// work is what is to be done in one lane.
type work struct {
	lane    *lane
	id      string
	said    []said
	settle  bool
	settled bool
	unpark  *store.Unpark
	waiters []*receipt
	refused error // for those who wait for a parked change: the hook fails again
}

// take returns up to n lanes with what is to be done in them. It waits until
// there is one; it returns nothing when ctx ends.
func (ls *lanes) take(ctx context.Context, n int) []*work {
	for ctx.Err() == nil {
		if batch := ls.takeReady(n); len(batch) > 0 {
			return batch
		}
		select {
		case <-ls.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

func (ls *lanes) takeReady(n int) []*work {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var batch []*work
	for len(ls.ready) > 0 && len(batch) < n {
		l := ls.ready[0]
		ls.ready[0], ls.ready = nil, ls.ready[1:]
		batch = append(batch, l.take())
	}
	if len(ls.ready) > 0 {
		ls.signal()
	}
	return batch
}

// resting calls do unless somebody works on the conversation; nobody begins to
// before it returns.
func (ls *lanes) resting(id string, do func()) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.byID[id]; l == nil || !l.busy {
		do()
	}
}

// refuse finishes everything that is left with the error.
func (ls *lanes) refuse(err error) {
	for {
		batch := ls.takeReady(1000)
		if len(batch) == 0 {
			return
		}
		for _, w := range batch {
			ls.finish(w, err)
		}
	}
}

func (l *lane) take() *work {
	w := &work{lane: l, id: l.id, said: l.said, settle: l.settle, settled: l.settled, unpark: l.unpark, waiters: l.waiters}
	l.said, l.settle, l.settled, l.unpark, l.waiters, l.busy = nil, false, false, nil, nil, true
	if l.room != nil {
		close(l.room)
		l.room = nil
	}
	return w
}

// finish gives the lane back and tells those who wait how it went.
func (ls *lanes) finish(w *work, err error) {
	for range w.said {
		<-ls.places
	}
	ls.mu.Lock()
	l := w.lane
	l.busy = false
	if l.empty() {
		delete(ls.byID, l.id)
		if len(ls.byID) == 0 && ls.idle != nil {
			close(ls.idle)
			ls.idle = nil
		}
	} else {
		ls.ready = append(ls.ready, l)
	}
	ls.mu.Unlock()
	ls.signal()
	for _, s := range w.said {
		s.receipt.done(err)
	}
	for _, r := range w.waiters {
		r.done(errors.Join(err, w.refused))
	}
}

// drained returns what is closed when no lane has anything to do. It is called
// once, when nothing is pushed any more.
func (ls *lanes) drained() <-chan struct{} {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.idle = make(chan struct{})
	if len(ls.byID) == 0 {
		close(ls.idle)
	}
	return ls.idle
}
