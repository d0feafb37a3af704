package polling

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

func TestTheScheduleReadsWhatChangesOftenAndTheRestLessAndLess(t *testing.T) {
	s, now := newSchedule(), time.Unix(1e9, 0)
	often := pace{every: 30 * time.Second, least: 10 * time.Minute}
	s.list([]string{"quiet", "busy", "over"}, now)
	require.Equal(t, []string{"busy", "over", "quiet"}, s.due(now), "what is new is due at once")
	reads := map[string]int{}
	for range 6 * 60 * 60 {
		now = now.Add(time.Second)
		due := s.due(now)
		var found []*conversation.Conversation
		for _, id := range due {
			reads[id]++
			c := &conversation.Conversation{ID: id}
			switch id {
			case "busy":
				c.ExternalTag = now.String()
			case "over":
				c.RecordedEnd = now
			}
			found = append(found, c)
		}
		s.asked(due, found, now, often)
	}
	require.Equal(t, 1, reads["over"], "what has ended is not read again")
	require.InDelta(t, 6*60*2, reads["busy"], 6*60*2/8)
	require.Less(t, reads["quiet"], 160)
	require.Greater(t, reads["quiet"], 6*6)
	s.soon(now, now)
	require.Equal(t, []string{"busy", "quiet"}, s.due(now))
	require.True(t, s.stale(now, time.Hour), "the open ones are listed again, too")
}
