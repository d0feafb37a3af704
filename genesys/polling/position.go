package polling

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// state is how far the source has read, as it is stored.
type state struct {
	// Discovered: the conversations that began before this time were found.
	Discovered time.Time `json:"discovered,omitzero"`
	// Repair is since when things may have been missed; zero: nothing was.
	// RepairNext is the same for gaps that were reported later, which the repair
	// that is under way may not cover.
	Repair     time.Time `json:"repair,omitzero"`
	RepairNext time.Time `json:"repairNext,omitzero"`
	// Late holds, for each of Config.LateAfter, up to which end of conversations
	// late data was read.
	Late map[string]time.Time `json:"late,omitempty"`
	// Jobs: the activity before this time was read. JobID is the job that is
	// under way, and JobFrom and JobUntil its interval.
	Jobs     time.Time `json:"jobs,omitzero"`
	JobID    string    `json:"jobId,omitempty"`
	JobFrom  time.Time `json:"jobFrom,omitzero"`
	JobUntil time.Time `json:"jobUntil,omitzero"`
}

// missed notes that things may have been missed since a time. The next repair never
// begins when the present one does: the end of a repair, which is saved twice when
// an answer of the store is lost, would end both.
func (s *state) missed(from time.Time) {
	if s.Repair.IsZero() {
		s.Repair = from
		return
	}
	if s.RepairNext = earlier(s.RepairNext, from); s.RepairNext.Equal(s.Repair) {
		s.RepairNext = s.RepairNext.Add(-time.Millisecond)
	}
}

// position is the state in the store, under the source's name. Processes that run
// the same source share it.
type position struct {
	tracked genesys.Tracked
	name    string

	mu      sync.Mutex
	state   state
	version int64 // of the stored state; -1: not loaded yet
}

func newPosition(t genesys.Tracked, name string) *position {
	return &position{tracked: t, name: name, version: -1}
}

// load reads the state that the last process left, or another one that runs the
// same source. It may be called again.
func (p *position) load(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reload(ctx)
}

func (p *position) reload(ctx context.Context) error {
	value, version, err := p.tracked.Value(ctx, p.name)
	if err != nil {
		return fmt.Errorf("polling: the store does not say where the source was: %w", err)
	}
	if version == p.version {
		return nil // nobody has changed it since
	}
	is, err := stateOf(value)
	if err != nil {
		return fmt.Errorf("polling: what is stored under %q is not the state of this source; choose another Config.Name", p.name)
	}
	p.state, p.version = is, version
	return nil
}

// stateOf returns the state that a stored value holds; that of a source that has not
// read anything yet where there is none.
func stateOf(value []byte) (is state, err error) {
	if len(value) > 0 {
		err = json.Unmarshal(value, &is)
	}
	if is.Late == nil {
		is.Late = map[string]time.Time{}
	}
	return is, err
}

// read returns a part of the state.
func read[T any](p *position, of func(*state) T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return of(&p.state)
}

// change changes the state and saves it. When another process has changed it
// meanwhile, do is applied again to the new state. When the store fails, the
// change still holds in memory: a later one saves it, and a process that restarts
// before that reads something twice.
func (p *position) change(ctx context.Context, do func(*state)) error {
	for {
		raced, err := p.try(ctx, do)
		if !raced {
			return err
		}
		if !pause.Sleep(ctx, pause.Jittered(20*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// rewrite saves the state as it is: the store takes writes when that succeeds.
func (p *position) rewrite(ctx context.Context) error {
	return p.change(ctx, func(*state) {})
}

// try tries to change the state once. It reports whether another process was
// faster.
func (p *position) try(ctx context.Context, do func(*state)) (raced bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	is := p.state
	is.Late = maps.Clone(p.state.Late)
	do(&is)
	value, err := json.Marshal(is)
	if err != nil {
		return false, err
	}
	// What is in memory is what is stored: times of the wall clock alone, so that a
	// clock that is set back is noticed before the next restart.
	if is, err = stateOf(value); err != nil {
		return false, err
	}
	version, err := p.tracked.SetValue(ctx, p.name, value, max(p.version, 0))
	if err == nil {
		p.state, p.version = is, version
		return false, nil
	}
	was := p.version
	if p.reload(ctx) != nil || p.version == was {
		p.state = is
		return false, fmt.Errorf("where the source is could not be saved: %w", err)
	}
	return true, nil
}
