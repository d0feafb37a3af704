package polling_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/polling"
)

// compares is a source that is given what the poller reads.
type compares struct {
	mu    sync.Mutex
	given map[string][]*conversation.Conversation
}

func (c *compares) Compare(v *conversation.Conversation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given == nil {
		c.given = map[string][]*conversation.Conversation{}
	}
	c.given[v.ID] = append(c.given[v.ID], v)
}

func TestTheSourceBesideIsGivenWhatWasReadOfOpenConversations(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		beside := &compares{}
		w.start(polling.Config{Beside: beside, JobsEvery: -1, LateAfter: []time.Duration{}})
		w.call("c-1")
		w.waiting("c-2")
		w.settle(10 * time.Minute)
		for _, id := range []string{"c-1", "c-2"} {
			require.NotEmpty(t, beside.given[id])
		}
		answered := map[string]time.Time{}
		for _, c := range beside.given["c-1"] {
			for _, p := range c.Participants {
				for _, s := range p.Sessions {
					if !s.ConnectedTime.IsZero() {
						answered[s.ID] = s.ConnectedTime
					}
				}
			}
		}
		known := 0
		for _, p := range w.get("c-1").Participants {
			for _, s := range p.Sessions {
				if !s.ConnectedTime.IsZero() {
					known++
					require.Contains(t, answered, s.ID, "each change was given, also the last ones")
				}
			}
		}
		require.Greater(t, known, 2)
	})
}

// hearing is a source beside that was never blind.
type hearing struct{ compares }

func (*hearing) Health() conversation.SourceHealth {
	return conversation.SourceHealth{HeardSince: time.Now()}
}

func TestWhileTheSourceBesideHearsOpenConversationsAreReadLessOftenThoughItWasNeverBlind(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.start(polling.Config{Beside: &hearing{}, JobsEvery: -1, LateAfter: []time.Duration{}})
		w.waiting("c-1")
		w.settle(5 * time.Minute)
		began := time.Now()
		w.settle(9 * time.Minute)
		require.LessOrEqual(t, len(exactly(w.requests(detailsPath, began), detailsPath)), 5)
	})
}
