package commit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/internal/lane"
)

// A process settles a conversation that it has in memory as it was before another
// one drew the conclusion.
func TestAConclusionThatAnotherProcessHasDrawnIsAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var facts []*conversation.Conversation
		for _, data := range genesystest.BlindTransferToQueue().Details() {
			m, err := genesys.Decode(data, time.Now())
			require.NoError(t, err)
			facts = append(facts, m.Conversations...)
		}
		settles, other := newRig(t, events.NewHooks()), newRig(t, events.NewHooks())
		other.store.Store = settles.store.Store
		for _, c := range facts[:3] {
			require.NoError(t, settles.push(c).Wait(t.Context()))
		}
		for _, c := range facts[3:] {
			require.NoError(t, other.push(c).Wait(t.Context()))
		}
		time.Sleep(2 * time.Second)
		id := facts[0].ID
		due, _, err := settles.store.Due(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, []string{id}, due)
		receipt := lane.NewReceipt()
		require.NoError(t, settles.Lanes.Settle(id, false, receipt))
		require.NoError(t, receipt.Wait(t.Context()))
		due, _, err = settles.store.Due(t.Context(), time.Now(), 10)
		require.NoError(t, err)
		require.Empty(t, due)
	})
}
