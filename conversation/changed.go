package conversation

import (
	"cmp"
	"slices"
)

// Changed names the fields of one object in which two versions of a
// conversation differ: names and ids, no values.
type Changed struct {
	Object ObjectKind `json:"object"`
	ID     string     `json:"id"` // of a segment, that of its session
	// Fields are in the order of the alphabet, under Genesys's names. Of
	// attributes it is the name behind a dot: attributes.caseId. An object that is
	// new changes in all the fields that it has.
	Fields []string `json:"fields"`
}

// ObjectKind is a kind of object of a conversation.
type ObjectKind string

// The kinds of objects.
const (
	ObjectConversation ObjectKind = "conversation"
	ObjectParticipant  ObjectKind = "participant"
	ObjectSession      ObjectKind = "session"
	ObjectSegment      ObjectKind = "segment"
	ObjectSurvey       ObjectKind = "survey"
	ObjectEvaluation   ObjectKind = "evaluation"
)

// Changes names what differs between two versions of a conversation, before
// possibly nil, in the order of the objects. What only says something again, or
// says it from a better source, is no change. New metrics are a change of the
// field metrics of their session, transfer commands of the field recentTransfers
// of the conversation.
func Changes(before, after *Conversation) []Changed {
	if before == nil {
		before = &Conversation{}
	}
	if before == after {
		return nil
	}
	var all changes
	fields := changedFields(conversationFields.fields[fieldConversationStart+1:], before, after)
	if !before.Start.Equal(after.Start) { // as it is shown
		fields = append(fields, "conversationStart")
	}
	if before.Status != after.Status {
		fields = append(fields, "calculatedStatus")
	}
	if !before.End.Equal(after.End) {
		fields = append(fields, "conversationEnd")
	}
	if !slices.EqualFunc(before.Transfers, after.Transfers, func(a, b *Transfer) bool { return len(changedFields(transferFields.fields, a, b)) == 0 }) {
		fields = append(fields, "recentTransfers")
	}
	all.add(ObjectConversation, after.ID, append(fields, changedAttributes(before.Attributes, after.Attributes)...))
	for _, p := range after.Participants {
		all.participant(before, p)
	}
	for _, s := range after.Surveys {
		all.add(ObjectSurvey, s.ID, changedFields(surveyFields.fields, find(before.Surveys, s.ID, func(s *Survey) string { return s.ID }), s))
	}
	for _, e := range after.Evaluations {
		all.add(ObjectEvaluation, e.ID, changedFields(evaluationFields.fields, find(before.Evaluations, e.ID, func(e *Evaluation) string { return e.ID }), e))
	}
	return all
}

type changes []Changed

func (c *changes) add(object ObjectKind, id string, fields []string) {
	if len(fields) > 0 {
		slices.Sort(fields)
		*c = append(*c, Changed{object, id, fields})
	}
}

func (c *changes) participant(before *Conversation, p *Participant) {
	old := cmp.Or(before.Participant(p.ID), &Participant{})
	if old == p {
		return
	}
	c.add(ObjectParticipant, p.ID, append(changedFields(participantFields.fields, old, p), changedAttributes(old.Attributes, p.Attributes)...))
	for _, s := range p.Sessions {
		_, was := before.Session(s.ID)
		if was = cmp.Or(was, &Session{}); was == s {
			continue
		}
		fields := changedFields(sessionFields.fields, was, s)
		if !slices.EqualFunc(was.Metrics, s.Metrics, func(a, b Metric) bool { return a.compare(b) == 0 && a.Value == b.Value }) {
			fields = append(fields, "metrics")
		}
		c.add(ObjectSession, s.ID, fields)
		for old, g := range paired(was.Segments, s.Segments, (*Segment).compare) {
			before := &Segment{}
			if old != nil {
				before = *old
			}
			c.add(ObjectSegment, s.ID, changedFields(segmentFields.fields, before, g))
		}
	}
}

func find[E any](list []*E, id string, idOf func(*E) string) *E {
	for _, e := range list {
		if idOf(e) == id {
			return e
		}
	}
	return new(E)
}

// changedFields names the fields in which the values differ, but those that
// are there for the rules only.
func changedFields[E any](fields []Field[E], before, after *E) []string {
	var names []string
	for i := range fields {
		f := &fields[i]
		compare := f.compare
		if f.shown != nil {
			compare = f.shown
		}
		if compare(before, after) != 0 && !onlyForRules(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// onlyForRules reports whether a field is not shown to anybody.
func onlyForRules(field string) bool {
	switch field {
	case "recordedEnd", "endings", "alertedSessionIds", "starts", "ends", "wasConnected", "liveParticipantId", "segmentsEnded":
		return true
	}
	return false
}

func changedAttributes(before, after map[string]string) []string {
	var names []string
	for name, value := range after {
		if was, had := before[name]; !had || was != value {
			names = append(names, "attributes."+name)
		}
	}
	for name := range before {
		if _, has := after[name]; !has {
			names = append(names, "attributes."+name)
		}
	}
	return names
}
