package convtrack

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/internal/engine"
	"github.com/dcmkit/convtrack/internal/host"
	"github.com/dcmkit/convtrack/internal/origin"
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

// A Reader is a source that can read a conversation from the API. Run has the
// first one read the conversation of each hint (conversation.Hint). Read returns
// nil when what it read has been observed, and also when there is nothing to
// read; otherwise it is called again, later and later. Its context ends after two
// minutes; a Read that does not return then is left behind, and counts as failed.
type Reader interface {
	Read(ctx context.Context, conversationID string) error
}

// Value returns what a source has recorded under a name, and its version:
// version 0 when there is nothing.
func (t *Tracker) Value(ctx context.Context, name string) ([]byte, int64, error) {
	if err := outside(ctx); err != nil {
		return nil, 0, err
	}
	return t.engine.Store.Value(ctx, name)
}

// SetValue puts something down under a name, if its version is still the given
// one, and returns the new version; store.ErrConflict when it is not.
func (t *Tracker) SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error) {
	if err := outside(ctx); err != nil {
		return 0, err
	}
	return t.engine.Store.SetValue(ctx, name, value, version)
}

// Mine reports whether this process is the one, of all that share the store and
// run a source of that name, to look after something: a topic, a conversation,
// a task. Everything is looked after by one process; when processes come or go
// it may move, see Moved.
func (t *Tracker) Mine(source, key string) bool { return t.engine.Membership.Owns(source, key) }

// Moved returns a channel that is closed when Mine may answer otherwise.
func (t *Tracker) Moved() <-chan struct{} { return t.engine.Membership.Changed() }

// Instance returns the name of this process: Config.Instance.
func (t *Tracker) Instance() string { return t.config.Instance }

// Alive reports whether a process of that name shares the store now.
func (t *Tracker) Alive(instance string) bool { return t.engine.Membership.Alive(instance) }

// Watch has Health tell of something beside the sources of Run, under a name of its
// own: an HTTP endpoint, as eventbridge.Handler, architect.Handler and clientapp.App
// are, or a part of the host that hears.
func (t *Tracker) Watch(name string, r HealthReporter) { t.heard.Begin(name, r) }

// gap makes known that a source is, or was, blind. What is lost cannot be
// repaired: whoever could has said so.
func (t *Tracker) gap(g conversation.Gap) {
	if t.heard.Gap(g, time.Now()) {
		t.gaps.Add(1)
	}
	if g.Lost {
		t.losses.Add(1)
		t.log.Error("lost", describeGap(g)...)
	} else {
		t.log.Warn("blind", describeGap(g)...)
	}
	if t.config.OnGap != nil {
		host.Call(t.log, "Config.OnGap", func() { t.config.OnGap(g) })
	}
	repairers := t.repairers.Load()
	if g.Lost || repairers == nil {
		return
	}
	for _, r := range *repairers {
		host.Call(t.log, "Repair of a source", func() { r.Repair(g) })
	}
}

// describeGap is what the log says of a gap. An end that is open is said in
// words: a time of the year 1 would puzzle who reads it.
func describeGap(g conversation.Gap) []any {
	from, to := any(g.From), any(g.To)
	if g.From.IsZero() {
		from = "never heard before"
	}
	if g.To.IsZero() {
		to = "still blind"
	}
	return []any{"source", g.Source, "from", from, "to", to, "reason", g.Reason}
}

// runSources runs the sources until they have ended. When one has failed for good,
// and the host does not let the others go on, it gives up, which ends ctx.
func (t *Tracker) runSources(ctx context.Context, giveUp context.CancelCauseFunc, sources []Source) error {
	if len(sources) == 0 {
		<-ctx.Done()
		return nil
	}
	type end struct {
		source int
		err    error
	}
	ended := make(chan end, len(sources))
	for _, s := range sources {
		reporter, _ := s.(HealthReporter)
		t.heard.Begin(sourceName(s), reporter)
	}
	for i, s := range sources {
		go func() {
			err := error(&SourceError{sourceName(s), errors.New("it called runtime.Goexit")})
			defer func() { ended <- end{i, err} }()
			err = t.runSource(ctx, s, t.sinkOf(s))
		}()
	}
	var first, stop error
	failed, left := 0, slices.Clone(sources)
	for range sources {
		is := <-ended
		err := is.err
		if err == nil || ctx.Err() != nil {
			continue
		}
		t.log.Error("a source has failed for good", "error", err)
		if first == nil {
			first = err
		}
		failed++
		if !t.goesOn(err) {
			stop = err
			giveUp(err)
			continue
		}
		left[is.source] = nil
		t.readBy(left)
	}
	if stop == nil && failed == len(sources) {
		return first // nobody is left to go on
	}
	return stop
}

// readerOf returns the first of the sources that can read a conversation; nil: none can.
func readerOf(sources []Source) Reader {
	for _, s := range sources {
		if r, can := s.(Reader); can && !isNil(s) {
			return r
		}
	}
	return nil
}

// readBy has conversations read by one of the sources, or, where none can, by another
// process.
func (t *Tracker) readBy(sources []Source) {
	r := readerOf(sources)
	if r == nil {
		t.engine.Membership.Drop(engine.Reading)
	}
	t.engine.Inbox.ReadBy(r)
}

// goesOn notes that a source has failed for good, and asks the host whether the
// others go on. Then there is a gap for them to repair.
func (t *Tracker) goesOn(err error) (on bool) {
	var failed *SourceError
	if !errors.As(err, &failed) {
		return false
	}
	now := time.Now()
	if t.heard.Fail(failed.Source, failed.Err, now) {
		t.gaps.Add(1)
	}
	if t.config.OnSourceFailed != nil {
		beside(func() {
			host.Call(t.log, "Config.OnSourceFailed", func() { on = t.config.OnSourceFailed(failed) })
		})
	}
	if on {
		t.engine.Membership.Drop(failed.Source)
		beside(func() {
			t.gap(conversation.Gap{Source: failed.Source, From: now.UTC(), Reason: "the source has failed for good"})
		})
	}
	return on
}

// beside waits for something that calls the host's code, which may call
// runtime.Goexit.
func beside(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// sinkOf is the sink of a source: where somebody measures, it says which source it
// is.
func (t *Tracker) sinkOf(s Source) conversation.Sink {
	if t.telemetry == nil {
		return t.Observe
	}
	name := sourceName(s)
	return func(ctx context.Context, u conversation.Update) error {
		from := origin.Of(ctx)
		from.Source = name
		return t.Observe(origin.With(ctx, from), u)
	}
}

// sourceName is what the source calls itself, else its type.
func sourceName(s Source) (name string) {
	name = fmt.Sprintf("%T", s)
	if named, ok := s.(fmt.Stringer); ok {
		defer func() { _ = recover() }()
		name = named.String()
	}
	return name
}

// runSource runs one source. A panic is its failure, of which its kind is told: its
// value may quote what was heard.
func (t *Tracker) runSource(ctx context.Context, s Source, sink conversation.Sink) (err error) {
	defer func() {
		if r := recover(); r != nil {
			t.log.Error("a source panicked", "source", sourceName(s), "panic", host.Kind(r), "stack", string(debug.Stack()))
			err = &SourceError{sourceName(s), fmt.Errorf("it panicked: %s; the log has the stack", host.Kind(r))}
		}
	}()
	switch err := s.Run(ctx, sink); {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return nil
	case isNil(err):
		return &SourceError{sourceName(s), fmt.Errorf("it returned a nil %T as its error, not nil itself", err)}
	default:
		return &SourceError{sourceName(s), err}
	}
}

// isNil reports whether there is nothing in a value, also when it has a type.
func isNil(value any) bool {
	if value == nil {
		return true
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return v.IsNil()
	}
	return false
}
