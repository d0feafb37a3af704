package genesystest

import (
	"maps"
	"slices"
	"time"
)

// setAttributes changes a participant's data.
func (s *Story) setAttributes(at time.Duration, participant string, values map[string]string) {
	s.Attributes = append(s.Attributes, Attribute{At: at, Participant: participant, Values: maps.Clone(values)})
}

// disconnect ends the whole conversation: every leg that is on is ended by the
// system, and a wrap-up that is owed is made by the system.
func (s *Story) disconnect(at time.Duration) {
	s.freeze(at)
	for _, l := range s.Legs {
		if l.End == Never {
			l.Ends(at, "system")
		}
		if l.Due > at {
			l.Due = at
		}
		if l.WrapStart != Never && l.WrapEnd == Never {
			l.WrapEnd = at
		}
		if l.owesWrapUp() {
			l.WrapUp(at, "ININ-WRAP-UP-TIMEOUT")
		}
		for _, is := range [][]Interval{l.Holds, l.Parks} {
			for i := range is {
				if is[i].To == Never {
					is[i].To = at
				}
			}
		}
	}
}

// freeze takes out of the story what has not happened by the time.
func (s *Story) freeze(at time.Duration) {
	s.Legs = slices.DeleteFunc(s.Legs, func(l *Leg) bool { return l.Start > at })
	for _, l := range s.Legs {
		l.freeze(at)
	}
	s.Attributes = slices.DeleteFunc(s.Attributes, func(a Attribute) bool { return a.At > at })
	s.Transfers = slices.DeleteFunc(s.Transfers, func(t TransferCommand) bool { return t.At > at })
	for i := range s.Transfers {
		if s.Transfers[i].Complete > at {
			s.Transfers[i].Complete = Final
		}
	}
	if s.RecordEnd > at {
		s.RecordEnd = 0
	}
	s.Surveys = slices.DeleteFunc(s.Surveys, func(v *Survey) bool { return v.Sent > at })
	for _, v := range s.Surveys {
		notAfter(at, v.times()...)
	}
	s.Evaluations = slices.DeleteFunc(s.Evaluations, func(e *Evaluation) bool { return e.Assigned > at })
	for _, e := range s.Evaluations {
		notAfter(at, e.times()...)
	}
}

func (l *Leg) freeze(at time.Duration) {
	if l.End > at {
		l.Disconnect, l.Outcome, l.Answered, l.MergedInto = "", "", "", ""
	}
	notAfter(at, &l.Connected, &l.End, &l.WrapStart, &l.WrapEnd)
	if l.WrapEnd == Never {
		l.WrapCode = ""
	}
	l.Outcomes = slices.DeleteFunc(l.Outcomes, func(o FlowOutcome) bool { return o.To > at })
	for _, is := range []*[]Interval{&l.Holds, &l.Parks, &l.Restarts} {
		*is = slices.DeleteFunc(*is, func(i Interval) bool { return i.From > at })
		for i := range *is {
			notAfter(at, &(*is)[i].To)
		}
	}
}

// notAfter turns the times after at into Never.
func notAfter(at time.Duration, times ...*time.Duration) {
	for _, t := range times {
		if *t > at {
			*t = Never
		}
	}
}
