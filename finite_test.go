package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

// Whichever call of the store goes wrong once: when Run returns because its source has
// ended, no hook waits for the next process.
func TestARunWhoseSourceEndsLeavesNothingUndeliveredWhateverOneCallDoes(t *testing.T) {
	for _, method := range engineCalls {
		for way, fault := range map[string]storetest.Fault{"fails": {}, "loses its answer": {Late: true}} {
			t.Run(method+" "+way, func(t *testing.T) {
				for nth := 1; nth <= 12; nth++ {
					fault.Method, fault.Nth, fault.Times = method, nth, 1
					synctest.Test(t, func(t *testing.T) { oneRunOfAFiniteSource(t, fault) })
				}
			})
		}
	}
}

func oneRunOfAFiniteSource(t *testing.T, fault storetest.Fault) {
	s := memstore.New()
	story := genesystest.BlindTransferToQueue()
	hooks := events.NewHooks()
	ran := journalHook(hooks, "journal")
	tracker, err := convtrack.New(storetest.Faulty(s, fault), &convtrack.Config{Hooks: hooks, Logger: quiet})
	require.NoError(t, err)
	source := sourceFunc(func(ctx context.Context, sink conversation.Sink) error {
		for _, m := range story.Snapshots() {
			if err := sink(ctx, conversation.Update{Conversations: decode(t, m)}); err != nil {
				return err
			}
		}
		for tracker.Settle(ctx) != nil {
			time.Sleep(time.Second)
		}
		return nil
	})
	err = tracker.Run(t.Context(), source)
	if err != nil {
		err = tracker.Run(t.Context(), source) // it could not begin
	}
	require.NoError(t, err)
	logged, err := s.Events(t.Context(), story.ID)
	require.NoError(t, err)
	require.NotEmpty(t, logged)
	for _, e := range logged {
		require.Empty(t, e.Deliveries, "%+v: %s is not done", fault, e.Type)
	}
	require.NotEmpty(t, ran.read())
}
