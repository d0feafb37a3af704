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

// TestAListThatEachRecordRestatesIsThatOfTheNewestRecord: what only records have
// is as the newest has it, as a whole, also where a value became less.
func TestAListThatEachRecordRestatesIsThatOfTheNewestRecord(t *testing.T) {
	good, bad := 4.5, 3.5
	told := func(read int, avoided int64, stats ...MediaEndpointStat) *Conversation {
		return State(&Conversation{ID: "c", Resolutions: ListOf(Resolution{"q", "u", at(0), avoided}, Resolution{"p", "u", at(0), 1}),
			Participants: []*Participant{{ID: "p", Sessions: []*Session{{ID: "s", MediaEndpointStats: ListOf(stats...)}}}}},
			Statement{By: SourceAnalytics, At: at(5000), Seen: at(read)})
	}
	for _, avoided := range [][2]int64{{0, 1}, {1, 0}} {
		c := inEveryOrder(t,
			told(60_000, avoided[0], MediaEndpointStat{EventTime: at(1000), ReceivedPackets: 900, MinMOS: &bad}),
			told(61_000, avoided[1], MediaEndpointStat{EventTime: at(2000), ReceivedPackets: 10}, MediaEndpointStat{EventTime: at(1000), ReceivedPackets: 500, MinMOS: &good}),
			told(60_500, avoided[0], MediaEndpointStat{EventTime: at(1500), ReceivedPackets: 700}),
		)
		require.Equal(t, []Resolution{{"p", "u", at(0), 1}, {"q", "u", at(0), avoided[1]}}, c.Resolutions.All())
		require.Equal(t, []MediaEndpointStat{{EventTime: at(1000), ReceivedPackets: 500, MinMOS: &good}, {EventTime: at(2000), ReceivedPackets: 10}},
			c.Participants[0].Sessions[0].MediaEndpointStats.All())
	}
}
