package rows_test

import (
	"fmt"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"github.com/dcmkit/convtrack/conversation"
)

var epoch = time.Date(2025, 1, 10, 9, 0, 0, 123456000, time.UTC)

// timed are the sources that carry times, so that each statement counts.
var timed = []conversation.Source{conversation.SourceHint, conversation.SourceDetailEvent, conversation.SourceMediaREST,
	conversation.SourceREST, conversation.SourceAnalytics, conversation.SourceHost}

var untimed = []conversation.Source{conversation.SourceMediaTopic, conversation.SourceTopic}

// said draws what a message of one of the sources says: any of all fields.
func said(t *rapid.T, sources []conversation.Source) *conversation.Conversation {
	d := drawer{t}
	c := &conversation.Conversation{}
	d.fields(reflect.ValueOf(c).Elem(), 6)
	c.ID = "c"
	for range d.n(4) {
		p := &conversation.Participant{}
		d.fields(reflect.ValueOf(p).Elem(), 6)
		p.ID = d.pick("", "p1", "p2", "p3")
		for range d.n(3) {
			p.Sessions = append(p.Sessions, d.session(p.ID))
		}
		c.Participants = append(c.Participants, p)
	}
	for range d.n(2) {
		x, s, e := &conversation.Transfer{}, &conversation.Survey{}, &conversation.Evaluation{}
		d.fields(reflect.ValueOf(x).Elem(), 2)
		d.fields(reflect.ValueOf(s).Elem(), 2)
		d.fields(reflect.ValueOf(e).Elem(), 2)
		x.ID, s.ID, e.ID = d.pick("t1", "t2"), d.pick("v1", "v2"), d.pick("e1", "e2")
		c.Transfers, c.Surveys, c.Evaluations = append(c.Transfers, x), append(c.Surveys, s), append(c.Evaluations, e)
	}
	by := rapid.SampledFrom(sources).Draw(t, "source")
	when := d.time()
	st := conversation.Statement{By: by, At: when, Seen: when}
	if by == conversation.SourceTopic || by == conversation.SourceMediaTopic {
		st.At = time.Time{}
	}
	return conversation.State(c, st)
}

type drawer struct{ t *rapid.T }

func (d drawer) n(most int) int               { return rapid.IntRange(0, most-1).Draw(d.t, "n") }
func (d drawer) pick(values ...string) string { return rapid.SampledFrom(values).Draw(d.t, "pick") }
func (d drawer) time() time.Time              { return epoch.Add(time.Duration(d.n(8)) * time.Second) }
func (d drawer) text() string {
	return d.pick("", "a", "b \"quoted\" \\ \n\u0001", "日本語 🙂", "voice", "agent")
}
func (d drawer) session(participantID string) *conversation.Session {
	s := &conversation.Session{ID: d.pick("s1", "s2", "s3", "s4")}
	if participantID != "" && d.n(4) == 0 {
		s = conversation.ShadowSession(participantID, conversation.MediaType(d.pick("voice", "callback")))
	}
	id, media := s.ID, s.MediaType
	d.fields(reflect.ValueOf(s).Elem(), 4)
	s.ID = id
	s.MediaType = conversation.MediaType(d.pick("voice", "callback"))
	if media != "" {
		s.MediaType = media
	}
	for range d.n(4) {
		g := &conversation.Segment{}
		d.fields(reflect.ValueOf(g).Elem(), 3)
		g.Type, g.Start = conversation.SegmentType(d.pick("alert", "interact", "wrapup")), d.time()
		s.Segments = append(s.Segments, g)
	}
	for range d.n(3) {
		s.Metrics = append(s.Metrics, conversation.Metric{Name: d.pick("tTalk", "tAnswered"), EmitDate: d.time(), Value: int64(d.n(3))})
	}
	return s
}

// fields sets about every nth exported plain field.
func (d drawer) fields(v reflect.Value, n int) {
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() || d.n(n) > 0 {
			continue
		}
		switch p := v.Field(i).Addr().Interface().(type) {
		case *bool:
			*p = true
		case *int64:
			*p = int64(d.n(3)) * 1000
		case **float64:
			f := float64(d.n(3)) / 2
			*p = &f
		case *time.Time:
			*p = d.time()
		case *[]string:
			*p = []string{d.text(), d.text()}
		case *[]int64:
			*p = []int64{int64(d.n(5)), 486}
		case *[]time.Time:
			*p = []time.Time{d.time()}
		case *conversation.List[conversation.FlowOutcome]:
			*p = conversation.ListOf(conversation.FlowOutcome{ID: d.text(), Value: d.pick("", "SUCCESS"), Start: d.time(), End: d.time()}, conversation.FlowOutcome{ID: d.text()})
		case *conversation.List[conversation.FlowMilestone]:
			*p = conversation.ListOf(conversation.FlowMilestone{ID: d.text(), Time: d.time()})
		case *conversation.List[conversation.MediaEndpointStat]:
			f := float64(d.n(3)) / 2
			*p = conversation.ListOf(conversation.MediaEndpointStat{EventTime: d.time(), Codecs: []string{d.text()}, MinMOS: &f, ReceivedPackets: int64(d.n(3))})
		case *conversation.List[conversation.Resolution]:
			*p = conversation.ListOf(conversation.Resolution{QueueID: d.text(), UserID: d.text(), EventTime: d.time(), NextContactAvoided: int64(d.n(2))})
		case *map[string]string:
			*p = map[string]string{d.pick("k1", "k 2", "k\"3"): d.text()}
		default:
			if v.Field(i).Kind() == reflect.String {
				v.Field(i).SetString(d.text())
			} else if v.Field(i).Kind() != reflect.Slice {
				panic(fmt.Sprintf("no values for a field of type %s", v.Field(i).Type()))
			}
		}
	}
}
