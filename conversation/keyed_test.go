package conversation

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryOutcomeKeepsItsOwnValueAndTimes(t *testing.T) {
	said := func(by Source, outcomes ...FlowOutcome) *Conversation {
		return say(by, 1, func(_ *Participant, s *Session) { s.FlowOutcomes = ListOf(outcomes...) })
	}
	c := inEveryOrder(t,
		said(SourceDetailEvent, FlowOutcome{"b", "SUCCESS", at(1000), at(3000)}),
		said(SourceDetailEvent, FlowOutcome{"a", "FAILURE", at(1000), at(3000)}),
		said(SourceAnalytics, FlowOutcome{ID: "a", Start: at(2000)}, FlowOutcome{ID: "a", Value: "FAILURE", Start: at(1000)}), // it still ran
		said(SourceDetailEvent, FlowOutcome{"a", "SUCCESS", at(2000), at(4000)}),
	)
	require.Equal(t, []FlowOutcome{
		{"a", "FAILURE", at(1000), at(3000)},
		{"b", "SUCCESS", at(1000), at(3000)},
		{"a", "SUCCESS", at(2000), at(4000)}, // the flow went through it again
	}, c.Participants[0].Sessions[0].FlowOutcomes.All())
}

func TestTheStatisticsOfAnEndpointAreThoseCountedLongest(t *testing.T) {
	good, bad := 4.5, 3.5
	said := func(stats ...MediaEndpointStat) *Conversation {
		return say(SourceAnalytics, 1, func(_ *Participant, s *Session) { s.MediaEndpointStats = ListOf(stats...) })
	}
	c := inEveryOrder(t,
		said(MediaEndpointStat{EventTime: at(1000), ReceivedPackets: 500, MinMOS: &good}),
		said(MediaEndpointStat{EventTime: at(2000), ReceivedPackets: 10, MinMOS: &good}),
		said(MediaEndpointStat{EventTime: at(2000), ReceivedPackets: 10, MinMOS: &bad}, MediaEndpointStat{EventTime: at(1000), ReceivedPackets: 900, MinMOS: &bad}),
	)
	require.Equal(t, []MediaEndpointStat{
		{EventTime: at(1000), ReceivedPackets: 900, MinMOS: &bad}, {EventTime: at(2000), ReceivedPackets: 10, MinMOS: &bad},
	}, c.Participants[0].Sessions[0].MediaEndpointStats.All())
}
