package observe

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// detailFacts are about detail events, and the envelopes that carry them.
func detailFacts() []Fact {
	return []Fact{
		{"interacting-held", "3.5", "Whether `interactingDurationMs` contains the held time is unknown (U)", "interactingDurationMs contains the time on hold", interactingHeld},
		{"acw-without-code", "3.5", "`acw` fires when after-call work has ended; whether it fires without a wrap-up code is unknown (U).", "acw fires for after-call work without a wrap-up code", wrapUpWithoutCode},
		{"envelope-time", "4.5", "What exactly Genesys stamps with the second is unknown (U); it is taken as when the message was made", "the time of an envelope is when it was made, not when the event happened", envelopeTime},
		{"external-parties", "7.14", "`customer.start` and `customer.end` are told of external parties, too (3.5, U).", "customer events are told of external parties, too", externalParties},
		{"consult-end", "9.3", "What the disconnect type of its detail event is is unknown (U)", "the detail event of a leg whose agent completed a consult says CONSULT_TRANSFER", consultEnd},
		{"changed-attributes", "", "Whether `attributes` events hold all attributes or the changed ones", "an attributes event holds the attributes that changed, not all", changedAttributes},
	}
}

// near is how far apart two accounts of one time may be.
const near = 500 * time.Millisecond

func interactingHeld(t *tally) detector {
	type lasted struct{ interacting, held time.Duration }
	ends := map[string]lasted{}
	return detector{
		see: func(s *observation) {
			if s.event != "user.end" {
				return
			}
			interacting, is := s.body.number("interactingDurationMs")
			held, _ := s.body.number("heldDurationMs")
			if is && held > 2*float64(near.Milliseconds()) {
				ends[s.body.text("sessionId")] = lasted{time.Duration(interacting) * time.Millisecond, time.Duration(held) * time.Millisecond}
			}
		},
		end: func(o *Observer) {
			o.eachLeg(func(c *observed, by Mechanism, l conversation.Leg) {
				is, known := ends[l.Session.ID]
				if !known || by == DetailEvents || by == Queue || l.Connected.IsZero() || l.End.IsZero() {
					return
				}
				t.conversation = fmt.Sprint(c.number)
				switch connected := l.End.Sub(l.Connected); {
				case (connected - is.interacting).Abs() < near:
					t.say(l.Session.ID, true)
				case (connected - is.interacting - is.held).Abs() < near:
					t.say(l.Session.ID, false)
				}
			})
		},
	}
}

// eachLeg goes through the legs as each mechanism shows them.
func (o *Observer) eachLeg(do func(c *observed, by Mechanism, l conversation.Leg)) {
	for _, id := range o.order {
		c := o.conversations[id]
		for by, p := range c.pictures {
			for _, l := range p.Legs() {
				do(c, by, l)
			}
		}
	}
}

// detailed reports whether what happened then should have been told by detail
// events, of which others have come.
func (c *observed) detailed(at time.Time) bool {
	return c.pictures[Queue] != nil || c.pictures[DetailEvents] != nil && c.told(at)
}

func wrapUpWithoutCode(t *tally) detector {
	type done struct {
		conversation string
		at           time.Time
	}
	fired, recorded := map[string]bool{}, map[string]done{} // by session
	return detector{
		see: func(s *observation) {
			if s.event == "acw" {
				fired[s.body.text("sessionId")] = true
				if s.body.text("wrapupCode") == "" {
					t.say(s.body.text("sessionId"), true)
				}
			}
			eachSession(s, func(_, session object) {
				for _, g := range session.objects("segments") {
					if g.text("segmentType") == "wrapup" && g.text("wrapUpCode") == "" && !g.time("segmentEnd").IsZero() {
						recorded[session.text("sessionId")] = done{s.conversation, g.time("segmentEnd")}
					}
				}
			})
		},
		end: func(o *Observer) {
			for session, d := range recorded {
				if c := o.conversations[d.conversation]; c != nil && d.at.After(o.began) && c.detailed(d.at) && !fired[session] {
					t.conversation = d.conversation
					t.say(session, false)
				}
			}
		},
	}
}

// eachSession goes through the sessions of a record.
func eachSession(s *observation, do func(participant, session object)) {
	if s.by != Records || s.call != nil {
		return
	}
	for _, p := range s.body.objects("participants") {
		for _, session := range p.objects("sessions") {
			do(p, session)
		}
	}
}

func envelopeTime(t *tally) detector {
	return detector{see: func(s *observation) {
		if s.envelope == nil || s.event == "" {
			return
		}
		stamped := s.envelope.time("time")
		made := s.envelope.object("detail").time("timestamp").Truncate(time.Second)
		happened := s.body.time("eventTime").Truncate(time.Second)
		switch {
		case made.IsZero() || made.Equal(happened):
		case stamped.Equal(made):
			t.say(s.envelope.text("id"), true)
		case stamped.Equal(happened):
			t.say(s.envelope.text("id"), false)
		}
	}}
}

func externalParties(t *tally) detector {
	events := map[string]bool{} // by participant
	return detector{
		see: func(s *observation) {
			if strings.HasPrefix(s.event, "customer.") {
				events[s.body.text("participantId")] = true
			}
		},
		end: func(o *Observer) {
			o.eachLeg(func(c *observed, by Mechanism, l conversation.Leg) {
				if by == DetailEvents || by == Queue || l.Participant.Purpose != conversation.PurposeExternal {
					return
				}
				t.conversation = fmt.Sprint(c.number)
				if events[l.Participant.ID] {
					t.say(l.Participant.ID, true)
				} else if l.Start.After(o.began) && c.detailed(l.Start) {
					t.say(l.Participant.ID, false)
				}
			})
		},
	}
}

func consultEnd(t *tally) detector {
	ends, completed := map[string]string{}, map[string]string{} // by session: the disconnect type, the conversation
	return detector{
		see: func(s *observation) {
			if s.event == "user.end" {
				ends[s.body.text("sessionId")] = s.body.text("disconnectType")
			}
			eachSession(s, func(_, session object) {
				for _, m := range session.objects("metrics") {
					if m.text("name") == "nConsultTransferred" {
						completed[session.text("sessionId")] = s.conversation
					}
				}
			})
		},
		end: func(*Observer) {
			contradicted := false
			for _, session := range slices.Sorted(maps.Keys(completed)) {
				said := ends[session]
				if said == "" {
					continue
				}
				holds := said == "CONSULT_TRANSFER"
				t.conversation = completed[session]
				t.say(session, holds)
				if t.note == "" || !holds && !contradicted { // the first one that contradicts, if any does
					t.note = "it said " + word(said)
				}
				contradicted = contradicted || !holds
			}
		},
	}
}

func changedAttributes(t *tally) detector {
	type known struct {
		at     time.Time
		values map[string]any
	}
	of := map[string]*known{} // by participant
	return detector{see: func(s *observation) {
		if s.event != "attributes" {
			return
		}
		key, at, now := s.body.text("participantId"), s.body.time("eventTime"), s.body.object("attributes")
		if of[key] == nil {
			of[key] = &known{at, now}
			return
		}
		was := of[key]
		if !at.After(was.at) { // again, or in another order
			return
		}
		lacks, repeats := false, false
		for name, value := range was.values {
			again, is := now[name]
			lacks = lacks || !is
			repeats = repeats || is && again == value
		}
		if lacks || repeats {
			t.say(key+at.String(), lacks)
		}
		of[key] = &known{at, now}
	}}
}
