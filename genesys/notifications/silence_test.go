package notifications

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// tells is a message with an event of that moment.
func tells(moment time.Time) *genesys.Message {
	return &genesys.Message{Conversations: []*conversation.Conversation{{Participants: []*conversation.Participant{{Start: moment}}}}}
}

func TestAChannelIsDeafWhenItGoesOnNotTellingWhatHappened(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(minutes float64) time.Time { return start.Add(time.Duration(minutes * float64(time.Minute))) }
	for name, c := range map[string]struct {
		event, moment, read, then float64 // in minutes since the channel is subscribed; then: a later event
		skew                      float64 // of the platform's clock
		deaf                      bool
	}{
		"it told nothing since":             {event: 5, moment: 10, read: 12, deaf: true},
		"it told of it":                     {event: 10, moment: 10, read: 12},
		"it told of something later":        {event: 11, moment: 10, read: 12},
		"it tells a little late":            {event: 5, moment: 10, read: 12, then: 12.3},
		"it happened before it subscribed":  {event: 0, moment: -3, read: 12},
		"it has just subscribed":            {event: 0, moment: 1, read: 12},
		"the platform's clock is ahead":     {event: 10, moment: 10, read: 10.1, skew: 0.9},
		"the platform's clock is behind":    {event: 10, moment: 10, read: 10.1, skew: -0.9},
		"deaf, the platform's clock ahead":  {event: 5, moment: 10, read: 12, skew: 0.9, deaf: true},
		"deaf, the platform's clock behind": {event: 5, moment: 10, read: 12, skew: -0.9, deaf: true},
		"deaf, never told anything":         {moment: 10, read: 12, deaf: true},
		"the record is some seconds skewed": {event: 10, moment: 10.05, read: 12},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSilence()
			s.listens("channel", start)
			if c.event > 0 {
				s.hears(tells(at(c.event+c.skew)), at(c.event))
			}
			s.compare("c-1", at(c.moment+c.skew), at(c.read))
			require.NoError(t, s.deaf(at(c.read)), "it has a moment yet")
			if c.then > 0 {
				s.hears(tells(at(c.then)), at(c.then))
			}
			err := s.deaf(at(c.read + 1))
			if !c.deaf {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, errDeaf)
			require.ErrorContains(t, err, "c-1")
			require.Equal(t, at(c.event), s.lastEvent())
		})
	}
}

func TestDoubtComesLessAndLessOftenWhileTheChannelIsSilent(t *testing.T) {
	start := time.Now()
	s := newSilence()
	require.False(t, s.doubts(start.Add(time.Hour)), "nothing is subscribed")
	s.listens("channel", start)
	var n int
	for m := range 24 * 60 {
		if s.doubts(start.Add(time.Duration(m) * time.Minute)) {
			n++
		}
	}
	require.InDelta(t, 26, n, 3, "reads in a silent day")
	require.Zero(t, s.turn("c-1"))
	s.ask("c-1")
	s.ask("c-2")
	require.Less(t, s.turn("c-1"), s.turn("c-2"))
	s.ask("c-1")
	require.Less(t, s.turn("c-2"), s.turn("c-1"), "what was read longest ago comes first")
	s.hears(tells(start), start.Add(25*time.Hour))
	require.Zero(t, s.turn("c-1"))
	require.False(t, s.doubts(start.Add(25*time.Hour+doubtAfter-time.Second)))
	require.True(t, s.doubts(start.Add(25*time.Hour+doubtAfter)))
}

func TestAnotherChannelIsNotSuspectedOfWhatTheOneBeforeDidNotTell(t *testing.T) {
	start := time.Now()
	s := newSilence()
	s.listens("channel", start)
	s.compare("c-1", start.Add(10*time.Minute), start.Add(12*time.Minute))
	s.listens("channel", start.Add(12*time.Minute+time.Second))
	s.listens("another channel", start.Add(12*time.Minute+2*time.Second))
	require.NoError(t, s.deaf(start.Add(13*time.Minute)))
	require.Equal(t, 0, s.deafened)
	s.compare("c-2", start.Add(22*time.Minute), start.Add(24*time.Minute))
	require.ErrorContains(t, s.deaf(start.Add(25*time.Minute)), "c-2")
}

func TestTopicsThatAreAddedDoNotHideThatAChannelIsDeaf(t *testing.T) {
	start := time.Now()
	s := newSilence()
	s.listens("channel", start)
	s.hears(tells(start.Add(time.Minute)), start.Add(time.Minute))
	s.listens("channel", start.Add(10*time.Minute))
	s.compare("c-1", start.Add(9*time.Minute), start.Add(20*time.Minute))
	require.NoError(t, s.deaf(start.Add(time.Hour)), "it may be of a topic that was added")
	s.compare("c-1", start.Add(19*time.Minute), start.Add(20*time.Minute))
	require.Error(t, s.deaf(start.Add(time.Hour)))
	require.Equal(t, start.Add(time.Minute), s.lastEvent())
	s.listens("another channel", start.Add(2*time.Hour))
	require.Equal(t, start.Add(2*time.Hour), s.lastEvent())
}
