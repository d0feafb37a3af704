package commit

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/internal/lane"
)

func TestABeforeHookThatHangsForManyConversationsHoldsUpOnlyThose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hooks := events.NewHooks()
		of := func(kind string) events.Option {
			return events.When(func(e events.Event) bool { return e.Head().ConversationID[:1] == kind })
		}
		events.Before(hooks, "hangs", func(ctx context.Context, _ *events.ConversationCreated) error {
			<-ctx.Done()
			return ctx.Err()
		}, of("h"), events.Timeout(5*time.Second))
		ran := 0
		events.Before(hooks, "works", func(context.Context, *events.ConversationCreated) error { ran++; return nil }, of("w"))
		r := newRig(t, hooks)
		var hanging []*lane.Receipt
		for i := range 90 {
			hanging = append(hanging, r.push(said(fmt.Sprint("h", i), at)))
		}
		time.Sleep(time.Second)
		began := time.Now()
		require.NoError(t, r.hear(said("w1", at)))
		require.Less(t, time.Since(began), 5*time.Second, "the first run of the hook that hangs has not timed out before")
		for i := range 20 {
			began := time.Now()
			require.NoError(t, r.hear(said(fmt.Sprint("w-", i), at)))
			require.Less(t, time.Since(began), time.Second)
		}
		require.Equal(t, 21, ran)
		for _, one := range hanging {
			require.NoError(t, one.Wait(t.Context()), "nothing is lost")
		}
		require.Equal(t, "hangs", r.load("h1").Refused.Hook)
	})
}

func TestASlowHookHasAllPlacesAgainAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(4)
		p.slow("slow")
		taken := func(hooks ...string) (n int) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			var leaves []func()
			for {
				leave, err := p.take(ctx, hooks)
				if err != nil {
					for _, leave := range leaves {
						leave()
					}
					return len(leaves)
				}
				leaves = append(leaves, leave)
			}
		}
		require.Equal(t, 2, taken("slow"))
		require.Equal(t, 2, taken("other", "slow"))
		require.Equal(t, 4, taken("other"))
		time.Sleep(slowFor)
		require.Equal(t, 4, taken("slow"))
		require.Equal(t, []int{0, 0}, []int{len(p.all), len(p.ofSlow)})
	})
}
