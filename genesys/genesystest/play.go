package genesystest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Playing is a conversation that happens on a server.
type Playing struct {
	server *Server
	id     string
	start  time.Time
	over   chan struct{} // closed when the last moment of the conversation has been played

	mu      sync.Mutex
	story   *Story
	moments []moment // after last
	last    time.Duration
	begun   bool // it has been played, or is
	active  bool // its goroutine runs
	ended   bool // over is closed
	stopped bool
	changed chan struct{}
}

// PlayOption changes how a story is played.
type PlayOption func(*playConfig)

type playConfig struct{ speed float64 }

// Speed plays a story so many times as fast: its times are divided by the
// factor, so that they agree with the clock. Moments that differ stay a
// millisecond apart at least.
func Speed(factor float64) PlayOption { return func(c *playConfig) { c.speed = factor } }

// Play lets the conversation of the story happen, from now on and in real time
// (virtual time in a testing/synctest bubble). It takes a copy of the story and
// sets its Start. The story's ID must be new to the server: Play panics
// otherwise, see [Story.Fresh].
func (s *Server) Play(story *Story, opts ...PlayOption) *Playing {
	p, err := s.play(story, opts...)
	if err != nil {
		panic(err)
	}
	return p
}

// play is Play with an error for a story whose ID is not new.
func (s *Server) play(story *Story, opts ...PlayOption) (*Playing, error) {
	c := playConfig{speed: 1}
	for _, o := range opts {
		o(&c)
	}
	p := &Playing{server: s, id: story.ID, start: time.Now().UTC().Truncate(time.Millisecond), over: make(chan struct{}), story: story.Clone(),
		last: -1, changed: make(chan struct{}, 1)}
	p.story.Start = p.start
	p.story.adapt(s.otherwise)
	if c.speed > 0 && c.speed != 1 {
		p.story.faster(c.speed)
	}
	if err := s.stage.enter(p); err != nil {
		return nil, err
	}
	s.directory.learn(p.story)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.goOn()
	return p, nil
}

// ID is the conversation's id.
func (p *Playing) ID() string { return p.id }

// Story returns a copy of the story with its real times.
func (p *Playing) Story() *Story {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.story.Clone()
}

// Done is closed when the conversation's last moment has been played.
// Evaluations and surveys may still come. It is not closed when the server is
// closed before.
func (p *Playing) Done() <-chan struct{} { return p.over }

// Wait waits until the conversation's last moment has been played.
func (p *Playing) Wait(ctx context.Context) error {
	select {
	case <-p.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.server.ctx.Done():
		return p.server.ctx.Err()
	}
}

// Stop freezes the conversation: nothing more of it is sent, and the reads of
// the API show it as it is now.
func (p *Playing) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.story.freeze(p.now())
		p.stopped, p.moments = true, nil
		p.wake()
	}
}

// now is how old the conversation is.
func (p *Playing) now() time.Duration { return time.Since(p.start) }

// idle reports whether nothing is left to be played.
func (p *Playing) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun && !p.active
}

// view composes something of the story as of now, lag earlier. It returns
// false when the conversation had not begun then.
func (p *Playing) view(lag time.Duration, compose func(s *Story, at time.Duration)) bool {
	return p.viewAt(time.Now().Add(-lag), compose)
}

// viewAt composes something of the story as of a time.
func (p *Playing) viewAt(t time.Time, compose func(s *Story, at time.Duration)) bool {
	at := t.Sub(p.start)
	if at < 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	compose(p.story, at)
	return true
}

// change changes the story now, and sees to it that the change is sent and the
// rest is played. how returns false when there is nothing to change.
func (p *Playing) change(how func(s *Story, at time.Duration) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	at := max(p.now(), p.last)
	if !how(p.story, at) {
		return
	}
	p.goOn()
	i, due := slices.BinarySearchFunc(p.moments, at, func(m moment, at time.Duration) int { return cmp.Compare(m.at, at) })
	if !due { // something else has been played at the same moment
		p.moments = slices.Insert(p.moments, i, moment{at: at, live: true, details: true})
	}
}

// goOn plays what is left of the story. It needs the lock.
func (p *Playing) goOn() {
	p.moments = p.story.schedule(p.last)
	p.begun = true
	p.wake()
	if !p.active {
		p.active = p.server.goes(p.run)
	}
}

func (p *Playing) wake() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// run plays the moments until none is left.
func (p *Playing) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.server.ctx.Done():
		case <-p.changed:
		case <-timer.C:
		}
		next, more := p.play()
		if !more {
			return
		}
		timer.Reset(time.Until(p.start.Add(next)))
	}
}

// play sends what is due and returns when the next moment is.
func (p *Playing) play() (next time.Duration, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.server.ctx.Err() == nil && len(p.moments) > 0 {
		m := p.moments[0]
		if m.at > p.now() {
			p.announceEnd()
			return m.at, true
		}
		p.moments, p.last = p.moments[1:], m.at
		p.emit(m)
	}
	if p.server.ctx.Err() == nil {
		p.announceEnd()
	}
	p.active = false
	return 0, false
}

func (p *Playing) announceEnd() {
	pending := slices.ContainsFunc(p.moments, func(m moment) bool { return m.live || m.details })
	if !pending && !p.ended {
		p.ended = true
		close(p.over)
	}
}
