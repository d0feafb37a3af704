package convtrack

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Source hears Genesys in one way and says what it hears to the sink. Run
// blocks until ctx ends, the source has nothing more to say (a file), or it
// has failed for good; what passes by itself it retries on its own. When Run
// returns nothing that it started is alive.
type Source interface {
	Run(ctx context.Context, sink conversation.Sink) error
}

// A Repairer is a source that can read from the API what another source has
// missed. Run tells it of every gap but those that are lost. Repair must return
// soon.
type Repairer interface {
	Repair(g conversation.Gap)
}

// Open returns the conversations that have not ended, the most recently
// changed first. It ends after an error.
func (t *Tracker) Open(ctx context.Context) iter.Seq2[*conversation.Conversation, error] {
	return t.List(ctx, store.Query{Status: openStatuses(), Order: store.LastChanged, Limit: store.MostLimit})
}

// Ended returns the conversations whose end lies in the given time, from
// included, before not. It ends after an error.
func (t *Tracker) Ended(ctx context.Context, from, before time.Time) iter.Seq2[*conversation.Conversation, error] {
	return t.List(ctx, store.Query{EndedFrom: from, EndedBefore: before, Limit: store.MostLimit})
}

func openStatuses() []conversation.Status {
	return []conversation.Status{
		conversation.StatusNew, conversation.StatusInFlow, conversation.StatusQueued, conversation.StatusAlerting,
		conversation.StatusActive, conversation.StatusOnHold, conversation.StatusAfterCallWork,
	}
}

// Value returns what a source has put down under a name, and its version:
// version 0 when there is nothing.
func (t *Tracker) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if err := t.outside(ctx); err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return t.store.Value(ctx, name)
}

// SetValue puts something down under a name, if its version is still the given
// one, and returns the new version; store.ErrConflict when it is not.
func (t *Tracker) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := t.outside(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return t.store.SetValue(ctx, name, value, version)
}

// Mine reports whether this process is the one, of all that share the store and
// run a source of that name, to look after something: a topic, a conversation,
// a task. Everything is looked after by one process; when processes come or go
// it may move, see Moved.
func (t *Tracker) Mine(source, key string) bool { return t.members.owns(source, key) }

// Moved returns a channel that is closed when Mine may answer otherwise.
func (t *Tracker) Moved() <-chan struct{} { return t.members.change() }

// Instance returns the name of this process: Config.Instance.
func (t *Tracker) Instance() string { return t.config.Instance }

// Alive reports whether a process of that name shares the store now.
func (t *Tracker) Alive(instance string) bool { return t.members.alive(instance) }

// gap makes known that a source is, or was, blind. What is lost cannot be
// repaired: whoever could has said so.
func (t *Tracker) gap(g conversation.Gap) {
	if g.Lost {
		t.stats.losses.Add(1)
		t.log.Error("lost", "source", g.Source, "from", g.From, "to", g.To, "reason", g.Reason)
	} else {
		t.stats.gaps.Add(1)
		t.log.Warn("blind", "source", g.Source, "from", g.From, "to", g.To, "reason", g.Reason)
	}
	if t.config.OnGap != nil {
		t.config.OnGap(g)
	}
	if g.Lost {
		return
	}
	for _, r := range t.repairers {
		r.Repair(g)
	}
}

// runSources runs the sources until they have ended.
func (t *Tracker) runSources(ctx context.Context, sources []Source) error {
	if len(sources) == 0 {
		<-ctx.Done()
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(sources))
	for _, s := range sources {
		go func() {
			err := error(&SourceError{sourceName(s), errors.New("it called runtime.Goexit")})
			defer func() { ended <- err }()
			err = runSource(ctx, s, t.Observe)
		}()
	}
	var first error
	for range sources {
		err := <-ended
		if err != nil && first == nil && ctx.Err() == nil {
			first = err
			t.log.Error("a source has failed for good", "error", err)
			cancel()
		}
	}
	return first
}

func sourceName(s Source) string {
	if named, ok := s.(fmt.Stringer); ok {
		return named.String()
	}
	return fmt.Sprintf("%T", s)
}

// runSource runs one source. A panic is its failure.
func runSource(ctx context.Context, s Source, sink conversation.Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &SourceError{sourceName(s), fmt.Errorf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	switch err := s.Run(ctx, sink); {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return nil
	default:
		return &SourceError{sourceName(s), err}
	}
}
