package notifications

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/memory"
)

// peers are the processes that share a store, including this one. They divide the
// topics, and keep a common state in the store for each other and for those that
// come after them.
type peers struct {
	tracked genesys.Tracked // nil: this process is alone, and nothing is recorded
	name    string
}

// state is what the peers record in the store.
type state struct {
	// Signs say until when topics were heard.
	Signs signs `json:"signs,omitempty"`
	// Channels are those of all peers. One whose process is gone can be used again,
	// so that none has to be created.
	Channels []ownedChannel `json:"channels,omitempty"`
	// Creating is who is about to create a channel.
	Creating creating `json:"creating,omitzero"`
}

// storeTimeout is how long the store may take. The source listens without its
// answer, too, but then knows less.
const storeTimeout = 3 * time.Second

// instance is the name of this process.
func (p *peers) instance() string {
	if p.tracked == nil {
		return ""
	}
	return p.tracked.Instance()
}

// alive reports whether another process shares the store now.
func (p *peers) alive(instance string) bool {
	return p.tracked != nil && instance != "" && instance != p.instance() && p.tracked.Alive(instance)
}

// other reports whether it is a process other than this one.
func (p *peers) other(instance string) bool { return instance != p.instance() }

// mine reports whether this process is responsible for something.
func (p *peers) mine(key string) bool { return p.tracked == nil || p.tracked.Mine(p.name, key) }

// moved returns a channel that is closed when the answers of mine may have changed.
func (p *peers) moved() <-chan struct{} { return p.tracked.Moved() }

// read returns the recorded state.
func (p *peers) read(ctx context.Context) (is state, err error) {
	err = p.change(ctx, func(s *state) bool {
		is = *s
		return false
	})
	return is, err
}

// change changes the recorded state, and tries again when another process has
// changed it meanwhile. do reports whether there is something to write.
func (p *peers) change(ctx context.Context, do func(*state) bool) error {
	if p.tracked == nil {
		do(&state{})
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return memory.Change(ctx, p.tracked, p.name, func(value []byte) ([]byte, error) {
		s := state{}
		if len(value) > 0 && json.Unmarshal(value, &s) != nil {
			s = state{} // of another version of the library; it is replaced
		}
		s.Signs = s.Signs.believed(time.Now())
		if !do(&s) {
			return nil, nil
		}
		return json.Marshal(s)
	})
}
