package genesys

import (
	"cmp"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// flowOutcomes are the outcomes of a flow in a record, each with its own value
// and times (protocol 7.16).
func flowOutcomes(list []wire.AnalyticsFlowOutcome, gone *lost, place string, at ...any) conversation.List[conversation.FlowOutcome] {
	var outcomes []conversation.FlowOutcome
	for i, o := range list {
		id, value, _ := strings.Cut(o.FlowOutcome, ":")
		if id = cmp.Or(o.FlowOutcomeID, id); id == "" {
			gone.add(o, "flowOutcomeId is missing", place, append(at, i)...)
			continue
		}
		outcomes = append(outcomes, conversation.FlowOutcome{ID: id, Value: cmp.Or(o.FlowOutcomeValue, value),
			Start: o.FlowOutcomeStartTimestamp.Time, End: o.FlowOutcomeEndTimestamp.Time})
	}
	return conversation.ListOf(outcomes...)
}

func flowMilestones(list []wire.FlowMilestone, gone *lost, place string, at ...any) conversation.List[conversation.FlowMilestone] {
	var milestones []conversation.FlowMilestone
	for i, x := range list {
		id := cmp.Or(x.MilestoneID, x.FlowMilestoneID)
		if id == "" {
			gone.add(x, "milestoneId is missing", place, append(at, i)...)
			continue
		}
		milestones = append(milestones, conversation.FlowMilestone{ID: id, Time: x.MilestoneTime.Time})
	}
	return conversation.ListOf(milestones...)
}

// outcomeOf is the outcome that a flow.outcome event tells of. Its own time is
// later, by a minute or more (protocol 7.16).
func outcomeOf(b *wire.DetailEvent, gone *lost) conversation.List[conversation.FlowOutcome] {
	if b.FlowOutcomeID == "" {
		gone.add(b, "flowOutcomeId is missing", "")
		return conversation.List[conversation.FlowOutcome]{}
	}
	return conversation.ListOf(conversation.FlowOutcome{ID: b.FlowOutcomeID, Value: b.FlowOutcomeValue, Start: b.FlowOutcomeStartTime.Time, End: b.FlowOutcomeEndTime.Time})
}
