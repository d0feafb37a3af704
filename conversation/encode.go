package conversation

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// The documents are the JSON of the domain types with what that leaves out:
// provenance, and facts that only Merge needs.
type (
	conversationDocument struct {
		*Conversation
		RecordedEnd  time.Time             `json:"recordedEnd,omitzero"`
		Endings      []time.Time           `json:"endings,omitempty"`
		Alerted      []string              `json:"alertedSessionIds,omitempty"`
		Participants []participantDocument `json:"participants,omitempty"`
		Transfers    []transferDocument    `json:"recentTransfers,omitempty"`
		Surveys      []surveyDocument      `json:"surveys,omitempty"`
		Evaluations  []evaluationDocument  `json:"evaluations,omitempty"`
		By           []byte                `json:"provenance"`
	}
	participantDocument struct {
		*Participant
		Sessions []sessionDocument `json:"sessions,omitempty"`
		By       []byte            `json:"provenance"`
	}
	sessionDocument struct {
		*Session
		Starts   []time.Time       `json:"starts,omitempty"`
		Ends     []time.Time       `json:"ends,omitempty"`
		Seen     bool              `json:"wasConnected,omitempty"`
		Live     string            `json:"liveParticipantId,omitempty"`
		Ended    bool              `json:"segmentsEnded,omitempty"`
		Segments []segmentDocument `json:"segments,omitempty"`
		Metrics  []metricDocument  `json:"metrics,omitempty"`
		By       []byte            `json:"provenance"`
	}
	segmentDocument struct {
		*Segment
		By []byte `json:"provenance"`
	}
	metricDocument struct {
		Metric
		By int64 `json:"provenance"`
	}
	transferDocument struct {
		*Transfer
		By []byte `json:"provenance"`
	}
	surveyDocument struct {
		*Survey
		By []byte `json:"provenance"`
	}
	evaluationDocument struct {
		*Evaluation
		By []byte `json:"provenance"`
	}
)

// Encode writes the conversation with everything that Merge needs, provenance
// included, as one JSON document: for stores that keep conversations whole.
func Encode(c *Conversation) ([]byte, error) {
	d := conversationDocument{Conversation: c, RecordedEnd: c.RecordedEnd, Endings: c.Endings, Alerted: c.Alerted, By: c.AppendProvenance(nil)}
	for _, p := range c.Participants {
		dp := participantDocument{Participant: p, By: p.AppendProvenance(nil)}
		for _, s := range slices.Concat(p.Sessions, p.shadows.All()) {
			ds := sessionDocument{Session: s, Starts: s.Starts, Ends: s.Ends, Seen: s.WasConnected, Live: s.LiveParticipantID, Ended: s.SegmentsEnded, By: s.AppendProvenance(nil)}
			for _, g := range s.Segments {
				ds.Segments = append(ds.Segments, segmentDocument{g, g.AppendProvenance(nil)})
			}
			for _, m := range s.Metrics {
				ds.Metrics = append(ds.Metrics, metricDocument{m, m.Provenance()})
			}
			dp.Sessions = append(dp.Sessions, ds)
		}
		d.Participants = append(d.Participants, dp)
	}
	for _, t := range c.Transfers {
		d.Transfers = append(d.Transfers, transferDocument{t, t.AppendProvenance(nil)})
	}
	for _, s := range c.Surveys {
		d.Surveys = append(d.Surveys, surveyDocument{s, s.AppendProvenance(nil)})
	}
	for _, e := range c.Evaluations {
		d.Evaluations = append(d.Evaluations, evaluationDocument{e, e.AppendProvenance(nil)})
	}
	return json.Marshal(d)
}

// Decode reads what Encode wrote.
func Decode(data []byte) (*Conversation, error) {
	d := conversationDocument{Conversation: &Conversation{}}
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	c := d.Conversation
	c.RecordedEnd, c.Endings, c.Alerted = d.RecordedEnd, d.Endings, d.Alerted
	errs := []error{c.SetProvenance(d.By)}
	for _, dp := range d.Participants {
		p := cmp.Or(dp.Participant, &Participant{})
		errs = append(errs, p.SetProvenance(dp.By))
		for _, ds := range dp.Sessions {
			s, err := ds.session()
			errs = append(errs, err)
			p.Sessions = append(p.Sessions, s)
		}
		c.Participants = append(c.Participants, p)
	}
	for _, dt := range d.Transfers {
		t := cmp.Or(dt.Transfer, &Transfer{})
		errs = append(errs, t.SetProvenance(dt.By))
		c.Transfers = append(c.Transfers, t)
	}
	for _, ds := range d.Surveys {
		s := cmp.Or(ds.Survey, &Survey{})
		errs = append(errs, s.SetProvenance(ds.By))
		c.Surveys = append(c.Surveys, s)
	}
	for _, de := range d.Evaluations {
		e := cmp.Or(de.Evaluation, &Evaluation{})
		errs = append(errs, e.SetProvenance(de.By))
		c.Evaluations = append(c.Evaluations, e)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return Merge(nil, c), nil
}

func (d *sessionDocument) session() (*Session, error) {
	s := cmp.Or(d.Session, &Session{})
	s.Starts, s.Ends, s.WasConnected, s.LiveParticipantID, s.SegmentsEnded = d.Starts, d.Ends, d.Seen, d.Live, d.Ended
	errs := []error{s.SetProvenance(d.By)}
	for _, dg := range d.Segments {
		g := cmp.Or(dg.Segment, &Segment{})
		errs = append(errs, g.SetProvenance(dg.By))
		s.Segments = append(s.Segments, g)
	}
	for _, dm := range d.Metrics {
		dm.SetProvenance(dm.By)
		s.Metrics = append(s.Metrics, dm.Metric)
	}
	return s, errors.Join(errs...)
}
