package change

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

var seed = flag.Uint64("seed", 1, "seed of the shuffles")

// In whatever order facts come, and whenever conclusions settle in between:
// while a hook takes the events, none of them is taken for what had happened
// before it was there. Two visits of one person can look like one for a while,
// so a fact may have been known under another id.
func TestWhatAHookTakesIsNeverTakenForHistory(t *testing.T) {
	t.Logf("to reproduce: -seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	wants := events.Wanted{Types: events.TypesOf(events.TypeConversationQueued, events.TypeAgentAlerted, events.TypeAgentUnanswered,
		events.TypeAgentLeft, events.TypeAgentWrappedUp)}
	for _, s := range genesystest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			facts := decoded(t, s.Story().Details())
			for range 20 {
				random.Shuffle(len(facts), func(i, k int) { facts[i], facts[k] = facts[k], facts[i] })
				r, at := unknown(facts), now
				for _, f := range facts {
					at = at.Add(time.Duration(random.IntN(3)) * time.Second)
					for _, q := range []Request{{Settle: true}, {Facts: []*conversation.Conversation{f}}} {
						q.Now, q.Settling, q.Wants = at, rules, wants
						if p := Work(r, q); p != nil {
							commit(t, r, p)
						}
					}
				}
				if p := Work(r, Request{Settle: true, All: true, Now: at, Settling: rules, Wants: wants}); p != nil {
					commit(t, r, p)
				}
				for _, e := range events.Unannounced(r.Conversation, wants, func(id string) bool { return r.Announced[id] }) {
					require.False(t, e.Head().Type.Further(), "lost %s", e.Head().Type)
				}
			}
		})
	}
}
