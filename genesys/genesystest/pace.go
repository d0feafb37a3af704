package genesystest

import (
	"maps"
	"slices"
	"time"
)

// Clone returns a copy of the story that shares nothing with it.
func (s *Story) Clone() *Story {
	c := *s
	c.Legs = make([]*Leg, len(s.Legs))
	for i, l := range s.Legs {
		leg := *l
		leg.Holds, leg.Parks, leg.Restarts = slices.Clone(l.Holds), slices.Clone(l.Parks), slices.Clone(l.Restarts)
		leg.Outcomes = slices.Clone(l.Outcomes)
		c.Legs[i] = &leg
	}
	c.Attributes = slices.Clone(s.Attributes)
	for i := range c.Attributes {
		c.Attributes[i].Values = maps.Clone(c.Attributes[i].Values)
	}
	c.Transfers = slices.Clone(s.Transfers)
	c.Surveys = make([]*Survey, len(s.Surveys))
	for i, v := range s.Surveys {
		survey := *v
		c.Surveys[i] = &survey
	}
	c.Evaluations = make([]*Evaluation, len(s.Evaluations))
	for i, e := range s.Evaluations {
		evaluation := *e
		c.Evaluations[i] = &evaluation
	}
	return &c
}

// offsets returns all times of the story, and what comes so much later than
// another, to be read or changed.
func (s *Story) offsets() []*time.Duration {
	all := []*time.Duration{&s.RecordStart, &s.RecordEnd, &s.outcomeLag}
	for _, l := range s.Legs {
		all = append(all, &l.Start, &l.Connected, &l.End, &l.Due, &l.WrapStart, &l.WrapEnd)
		for _, is := range [][]Interval{l.Holds, l.Parks, l.Restarts} {
			for i := range is {
				all = append(all, &is[i].From, &is[i].To)
			}
		}
	}
	for _, l := range s.Legs {
		for i := range l.Outcomes {
			all = append(all, &l.Outcomes[i].From, &l.Outcomes[i].To)
		}
	}
	for i := range s.Attributes {
		all = append(all, &s.Attributes[i].At)
	}
	for i := range s.Transfers {
		all = append(all, &s.Transfers[i].At, &s.Transfers[i].Complete)
	}
	for _, v := range s.Surveys {
		all = append(all, v.offsets()...)
	}
	for _, e := range s.Evaluations {
		all = append(all, e.times()...)
	}
	return all
}

// faster divides all times of the story by the factor. Moments that differ
// still differ, by a millisecond at least: the platform's times are no finer,
// and the order of things must not be lost.
func (s *Story) faster(factor float64) {
	offsets := s.offsets()
	var distinct []time.Duration
	for _, o := range offsets {
		if *o > 0 {
			distinct = append(distinct, *o)
		}
	}
	slices.Sort(distinct)
	paced := map[time.Duration]time.Duration{}
	last := time.Duration(0)
	for _, d := range slices.Compact(distinct) {
		last = max(time.Duration(float64(d)/factor).Truncate(time.Millisecond), last+time.Millisecond)
		paced[d] = last
	}
	for _, o := range offsets {
		if *o > 0 {
			*o = paced[*o]
		}
	}
}
