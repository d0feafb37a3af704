package convtrack_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store/memstore"
)

// repairs is a source that notes what it is to repair.
type repairs struct{ asked []conversation.Gap }

func (r *repairs) Run(ctx context.Context, _ conversation.Sink) error {
	<-ctx.Done()
	return nil
}

func (r *repairs) Repair(g conversation.Gap) { r.asked = append(r.asked, g) }

func TestWhatIsLostIsToldToTheHostAndNotRepairedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []conversation.Gap
		tracker, err := convtrack.New(memstore.New(), &convtrack.Config{OnGap: func(g conversation.Gap) { told = append(told, g) }})
		require.NoError(t, err)
		repairer := &repairs{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx, repairer) }()
		synctest.Wait()
		blind := conversation.Gap{Source: "notifications", From: time.Now().Add(-time.Hour), To: time.Now(), Reason: "listening again"}
		lost := conversation.Gap{Source: "polling", From: blind.From, To: blind.To, Reason: "refused", Lost: true}
		for _, g := range []conversation.Gap{blind, lost} {
			require.NoError(t, tracker.Observe(ctx, conversation.Update{Gap: &g}))
		}
		require.Equal(t, []conversation.Gap{blind, lost}, told)
		require.Equal(t, []conversation.Gap{blind}, repairer.asked)
		require.EqualValues(t, 1, tracker.Stats().Gaps)
		require.EqualValues(t, 1, tracker.Stats().Losses)
		cancel()
		require.NoError(t, <-ended)
	})
}
