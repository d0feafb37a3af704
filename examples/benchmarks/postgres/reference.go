package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// The shape of the conversations that the layer of the store is measured on,
// and what one update of them changes: the reference update, the same for our
// store and for what is written by hand.
const (
	legs            = 4 // one for each participant
	segmentsOfLeg   = 4
	metricsOfLeg    = 6
	changedLegs     = 2  // with each a participant, a session, a segment and a metric
	rowsOfReference = 10 // the conversation, 4 × 2 below it, 1 in the outbox
)

var referenceStart = time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)

// kind is what an id belongs to.
type kind uint64

const (
	ofConversation kind = iota + 1
	ofParticipant
	ofSession
	ofQueue
	ofContact
)

// referenceID returns an id that looks random and is always the same.
func referenceID(of kind, conversation, n int) string {
	r := rand.New(rand.NewPCG(uint64(conversation), uint64(of)<<32|uint64(n)))
	high, low := r.Uint64(), r.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xfff|0x4000, low>>48&0x3fff|0x8000, low&(1<<48-1))
}

// subject is a conversation that is updated over and over. It goes round
// through four states; one differs from the next in one pair of legs.
type subject struct {
	id      string
	states  [4]*conversation.Conversation
	now     int
	version int64
	seq     int64
}

// newSubject makes the states from two that are made as the tracker makes
// them, by merging what a source says: with the first pair of legs of one and
// the second pair of the other.
func newSubject(n int) (*subject, error) {
	s := &subject{id: referenceID(ofConversation, n, 0)}
	before := conversation.Merge(nil, reference(n, 0))
	after := conversation.Merge(before, reference(n, 1))
	mix := func(first, second *conversation.Conversation) *conversation.Conversation {
		c := *before
		c.Participants = slices.Concat(first.Participants[:changedLegs], second.Participants[changedLegs:])
		return &c
	}
	s.states = [...]*conversation.Conversation{before, mix(after, before), mix(after, after), mix(before, after)}
	for i, from := range s.states {
		d := conversation.Diff(from, s.states[(i+1)%len(s.states)])
		if d.Conversation || len(d.Participants) != changedLegs || len(d.Sessions) != changedLegs ||
			len(d.Segments) != changedLegs || len(d.Metrics) != changedLegs {
			return nil, fmt.Errorf("an update writes the rows %+v: that is not the reference update any more", d)
		}
	}
	return s, nil
}

// newSubjects returns so many, to be written. All variants share their states:
// a large heap would slow down whoever allocates.
func (o *options) newSubjects(n int) ([]*subject, error) {
	for len(o.made) < n {
		s, err := newSubject(len(o.made))
		if err != nil {
			return nil, err
		}
		o.made = append(o.made, s)
	}
	list := make([]*subject, n)
	for i := range list {
		s := *o.made[i]
		list[i] = &s
	}
	return list, nil
}

// reference is what a source says of a conversation. In a later edition every
// leg differs, but not the conversation itself.
func reference(n, edition int) *conversation.Conversation {
	later := time.Duration(edition) * time.Second
	c := &conversation.Conversation{ID: referenceID(ofConversation, n, 0)}
	if edition == 0 {
		c.Start, c.OriginatingDirection, c.Initiator = referenceStart, conversation.Inbound, conversation.PurposeCustomer
		c.Address, c.ExternalTag = "tel:+31612345678", "order-4711"
	}
	for i := range legs {
		began := referenceStart.Add(time.Duration(i) * time.Minute)
		s := &conversation.Session{ID: referenceID(ofSession, n, i), Muted: edition > 0}
		p := &conversation.Participant{ID: referenceID(ofParticipant, n, i), ExternalContactID: referenceID(ofContact, n, edition), Sessions: []*conversation.Session{s}}
		if edition == 0 {
			p.Purpose, p.Name, p.QueueID, p.Address = conversation.PurposeExternal, "participant", referenceID(ofQueue, n, i), "sip:participant@example.org"
			p.Start = began
			s.MediaType, s.Direction, s.Provider, s.State = conversation.MediaVoice, conversation.Inbound, "Edge", conversation.StateConnected
			s.ANI, s.DNIS, s.Start, s.ConnectedTime = "tel:+31612345678", "tel:+4930901820", began, began.Add(time.Second)
		}
		for k := range segmentsOfLeg {
			if k == 0 || edition == 0 { // later only the first one changes
				start := began.Add(time.Duration(k) * 10 * time.Second)
				s.Segments = append(s.Segments, &conversation.Segment{Type: conversation.SegmentInteract, Start: start, End: start.Add(9*time.Second + later)})
			}
		}
		for k := range metricsOfLeg {
			if k == 0 || edition == 0 { // later only the first one changes
				s.Metrics = append(s.Metrics, conversation.Metric{Name: fmt.Sprintf("tTalk%d", k), EmitDate: began, Value: int64(1000 + edition)})
			}
		}
		c.Participants = append(c.Participants, p)
	}
	return conversation.State(c, conversation.Statement{By: conversation.SourceAnalytics, At: referenceStart.Add(time.Hour + later), Seen: referenceStart.Add(time.Hour + later)})
}
