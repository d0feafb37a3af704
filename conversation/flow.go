package conversation

import (
	"cmp"
	"strings"
	"time"
)

// FlowOutcome is an outcome of a flow on a leg. A flow can have many, also
// several at one time, and one of them again (protocol 7.16). It is told from
// others by its id and start.
type FlowOutcome struct {
	ID    string    `json:"flowOutcomeId"`
	Value string    `json:"flowOutcomeValue,omitzero"` // SUCCESS, FAILURE, UNKNOWN; empty while it is not known
	Start time.Time `json:"flowOutcomeStartTimestamp,omitzero"`
	End   time.Time `json:"flowOutcomeEndTimestamp,omitzero"` // may be absent when it did not succeed
}

func (o FlowOutcome) key(p FlowOutcome) int {
	return cmp.Or(o.Start.Compare(p.Start), cmp.Compare(o.ID, p.ID))
}

// rest puts a later end over an earlier one, and the value that an outcome can
// only get over the one that it has meanwhile.
func (o FlowOutcome) rest(p FlowOutcome) int {
	return cmp.Or(o.End.Compare(p.End), cmp.Compare(outcomeOrder(o.Value), outcomeOrder(p.Value)), cmp.Compare(o.Value, p.Value))
}

func outcomeOrder(value string) int {
	switch strings.ToUpper(value) {
	case "":
		return 0
	case "UNKNOWN":
		return 1
	case "FAILURE":
		return 3
	case "SUCCESS":
		return 4
	}
	return 2
}

var packedOutcome = packed[FlowOutcome]{
	func(b []byte, o FlowOutcome) []byte {
		return appendParts(b, []time.Time{o.Start, o.End}, []string{o.ID, o.Value}, nil)
	},
	func(r *reader) (o FlowOutcome) {
		readParts(r, []*time.Time{&o.Start, &o.End}, []*string{&o.ID, &o.Value}, nil)
		return o
	},
}

// FlowMilestone is a milestone that a flow has passed on a leg, told from
// others by its id and time.
type FlowMilestone struct {
	ID   string    `json:"milestoneId"`
	Time time.Time `json:"milestoneTime,omitzero"`
}

func (m FlowMilestone) key(n FlowMilestone) int {
	return cmp.Or(m.Time.Compare(n.Time), cmp.Compare(m.ID, n.ID))
}

func (m FlowMilestone) rest(FlowMilestone) int { return 0 } // the key is all that it has

var packedMilestone = packed[FlowMilestone]{
	func(b []byte, m FlowMilestone) []byte {
		return appendParts(b, []time.Time{m.Time}, []string{m.ID}, nil)
	},
	func(r *reader) (m FlowMilestone) {
		readParts(r, []*time.Time{&m.Time}, []*string{&m.ID}, nil)
		return m
	},
}
