package events_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/events"
	"github.com/dcmkit/convtrack/genesys/genesystest"
)

// Whatever has been announced, under an id or an alias: the rest is all that the state
// implies, without it, and each event is as it is where nothing has been announced.
func TestWhatIsUnannouncedIsWhatIsImpliedWithoutWhatIsAnnounced(t *testing.T) {
	r := random(t)
	left := 0
	for _, story := range genesystest.Scenarios() {
		var c *conversation.Conversation
		for _, said := range decode(t, story.Story().Snapshots()) {
			c = conversation.Merge(c, said)
			for range 20 {
				announced := map[string]bool{}
				for _, e := range events.Derive(c) {
					for _, id := range append(e.Head().Aliases(), e.Head().ID) {
						announced[id] = r.IntN(3) == 0
					}
				}
				has := func(id string) bool { return announced[id] }
				got := events.Unannounced(c, events.Wanted{Types: events.AllTypes}, has)
				want := slices.DeleteFunc(events.Derive(c), func(e events.Event) bool { return e.Head().Known(has) })
				if require.Len(t, got, len(want), story.Name); len(want) > 0 {
					require.Equal(t, want, got, story.Name)
				}
				left += len(want)
			}
		}
	}
	require.Positive(t, left)
}
