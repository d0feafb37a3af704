package convtrack_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

// What the store takes for held by a process that does not know of it must not
// hold back the later events of its conversation for ever.
func TestDeliveriesOfACommitOrClaimWhoseAnswerIsLostRunOutAndAreDelivered(t *testing.T) {
	for _, method := range []string{"Commit", "Claim"} {
		for nth := 1; nth <= 6; nth++ {
			synctest.Test(t, func(t *testing.T) {
				hooks := events.NewHooks()
				j := &journal{}
				fails := true
				events.After(hooks, "journal", func(_ context.Context, e events.Event) error {
					if fails {
						fails = false
						return errors.New("once") // so that the next try is claimed
					}
					j.write("%s", e.Head().Type)
					return nil
				})
				r := startOn(t, storetest.Faulty(memstore.New(), storetest.Fault{Method: method, Nth: nth, Times: 1, Late: true}), hooks)
				r.tell(genesystest.BlindTransferToQueue().Snapshots()...)
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				require.Equal(t, storyEvents, j.read(), "the answer of %s %d was lost", method, nth)
			})
		}
	}
}
