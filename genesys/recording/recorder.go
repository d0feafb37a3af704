package recording

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// leastKey is how many bytes a key has at least.
const leastKey = 16

// Recorder writes what sources hear. It is safe for concurrent use.
type Recorder struct {
	pseudonyms *pseudonyms

	mu  sync.Mutex
	w   io.Writer
	err error
}

// New returns a recorder that writes to w, each line at once. The key makes the
// pseudonyms; it has 16 bytes or more, from a source of random bytes.
func New(w io.Writer, key []byte) (*Recorder, error) {
	switch {
	case w == nil:
		return nil, errors.New("recording: there is nothing to write to")
	case len(key) < leastKey:
		return nil, fmt.Errorf("recording: the key has %d bytes; it must have at least %d, so that nobody can try them all", len(key), leastKey)
	}
	return &Recorder{pseudonyms: newPseudonyms(key), w: w}, nil
}

// Source is what hears; convtrack.Source.
type Source interface {
	Run(ctx context.Context, sink conversation.Sink) error
}

// Reader and Repairer are what sources can be beside that; as in convtrack.
type (
	reader interface {
		Read(ctx context.Context, conversationID string) error
	}
	repairer interface{ Repair(g conversation.Gap) }
	reporter interface {
		Health() conversation.SourceHealth
	}
)

// Hears returns the source, with everything that it says written down before it
// goes on. It is all that the source is for a tracker, which reads and repairs
// with it, and asks it how it does. A line that cannot be written stops the recording
// and not the source; see Err.
func (r *Recorder) Hears(s Source) Source {
	h := heard{s, r}
	read, reads := s.(reader)
	says, tells := s.(reporter)
	switch {
	case reads && tells:
		return struct {
			heard
			reader
			reporter
		}{h, read, says}
	case reads:
		return struct {
			heard
			reader
		}{h, read}
	case tells:
		return struct {
			heard
			reporter
		}{h, says}
	}
	return h
}

// Err returns why the recording has stopped; nil while it goes on.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Record writes down what was said at a time.
func (r *Recorder) Record(at time.Time, u conversation.Update) error {
	if len(u.Conversations) == 0 {
		return r.Err()
	}
	l := line{At: at.UTC()}
	for _, c := range u.Conversations {
		// What sources have merged keeps texts that it does not show.
		data, err := conversation.Encode(conversation.Shown(c))
		if err != nil {
			return r.stop(err)
		}
		if data, err = r.pseudonyms.document(data); err != nil {
			return r.stop(err)
		}
		l.Conversations = append(l.Conversations, data)
	}
	text, err := json.Marshal(l)
	if err != nil {
		return r.stop(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		if _, err := r.w.Write(append(text, '\n')); err != nil {
			r.err = fmt.Errorf("recording: %w", err)
		}
	}
	return r.err
}

func (r *Recorder) stop(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = fmt.Errorf("recording: a conversation cannot be written: %w", err)
	}
	return r.err
}

// line is one of the file.
type line struct {
	At            time.Time         `json:"at"`
	Conversations []json.RawMessage `json:"conversations"`
}

// heard is a source that is recorded.
type heard struct {
	Source
	recorder *Recorder
}

// Run runs the source.
func (h heard) Run(ctx context.Context, sink conversation.Sink) error {
	return h.Source.Run(ctx, func(ctx context.Context, u conversation.Update) error {
		_ = h.recorder.Record(time.Now(), u) // Err tells it
		return sink(ctx, u)
	})
}

// String names the source.
func (h heard) String() string {
	if named, ok := h.Source.(fmt.Stringer); ok {
		return named.String()
	}
	return fmt.Sprintf("%T", h.Source)
}

// Repair passes a gap on to a source that repairs.
func (h heard) Repair(g conversation.Gap) {
	if s, ok := h.Source.(repairer); ok {
		s.Repair(g)
	}
}
