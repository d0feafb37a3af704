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

// state is where the source is. It outlives the process.
type state struct {
	// Discovered: conversations that began before are found.
	Discovered time.Time `json:"discovered,omitzero"`
	// Repair is since when things may have been missed; zero: nothing was.
	// RepairNext is the same of gaps that came since, which the repair that is
	// under way may have come too early for.
	Repair     time.Time `json:"repair,omitzero"`
	RepairNext time.Time `json:"repairNext,omitzero"`
	// Late are, for each time after the end, the ends up to which it is done.
	Late map[string]time.Time `json:"late,omitempty"`
	// Jobs: activity before is read. JobID is the job that is under way, and
	// JobUntil what it reads up to.
	Jobs     time.Time `json:"jobs,omitzero"`
	JobID    string    `json:"jobId,omitempty"`
	JobUntil time.Time `json:"jobUntil,omitzero"`
}

// notebook keeps the state in the store.
type notebook struct {
	tracked genesys.Tracked
	name    string

	mu      sync.Mutex
	state   state
	version int64
}

func newNotebook(t genesys.Tracked, name string) notebook {
	return notebook{tracked: t, name: name, version: -1}
}

// open reads the state that the source before left, or another process that
// runs the same one. It may be called again.
func (n *notebook) open(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.reread(ctx)
}

func (n *notebook) reread(ctx context.Context) error {
	value, version, err := n.tracked.Value(ctx, n.name)
	if err != nil {
		return fmt.Errorf("polling: the store does not say where the source was: %w", err)
	}
	if version == n.version {
		return nil // nobody has changed it since
	}
	is := state{}
	if len(value) > 0 {
		if err := json.Unmarshal(value, &is); err != nil {
			return fmt.Errorf("polling: what is stored under %q is not the state of this source; choose another Config.Name", n.name)
		}
	}
	if is.Late == nil {
		is.Late = map[string]time.Time{}
	}
	n.state, n.version = is, version
	return nil
}

// read returns something of the state.
func read[T any](n *notebook, of func(*state) T) T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return of(&n.state)
}

// change changes the state and puts it down. When another process has changed
// it meanwhile, do is applied to what that one left. When the store fails the
// change holds here all the same: a later one puts it down, and a process that
// starts again before that reads something twice.
func (n *notebook) change(ctx context.Context, do func(*state)) error {
	for {
		raced, err := n.try(ctx, do)
		if !raced {
			return err
		}
		if !pause.Sleep(ctx, pause.Jittered(20*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// try tries to change the state once. It reports whether another process was
// faster.
func (n *notebook) try(ctx context.Context, do func(*state)) (raced bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	is := n.state
	is.Late = maps.Clone(n.state.Late)
	do(&is)
	value, err := json.Marshal(is)
	if err != nil {
		return false, err
	}
	version, err := n.tracked.SetValue(ctx, n.name, value, max(n.version, 0))
	if err == nil {
		n.state, n.version = is, version
		return false, nil
	}
	was := n.version
	if n.reread(ctx) != nil || n.version == was {
		n.state = is
		return false, fmt.Errorf("where the source is could not be put down: %w", err)
	}
	return true, nil
}
