package genesys

import (
	"context"
	"iter"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// Tracked is what a source asks about the conversations that it tells facts
// of. A *convtrack.Tracker is one, once it runs.
type Tracked interface {
	// Open returns the conversations that have not ended, the most recently
	// changed first.
	Open(ctx context.Context) iter.Seq2[*conversation.Conversation, error]
	// Ended returns the conversations that ended in the given time, from
	// included, before not.
	Ended(ctx context.Context, from, before time.Time) iter.Seq2[*conversation.Conversation, error]
	// Value and SetValue keep a few bytes under a name, so that a source that
	// starts again goes on where it was. The version is 0 when there is
	// nothing; SetValue fails when it is not the given one any more.
	Value(ctx context.Context, name string) (value []byte, version int64, err error)
	SetValue(ctx context.Context, name string, value []byte, version int64) (int64, error)

	// Mine reports whether this process is the one, of all that share the
	// store and run a source of that name, to look after a topic, a
	// conversation or a task. Moved returns a channel that is closed when the
	// answer may be another.
	Mine(source, key string) bool
	Moved() <-chan struct{}
	// Instance is the name of this process; Alive reports whether a process of
	// a name shares the store now.
	Instance() string
	Alive(instance string) bool
}
