package genesystest

import "time"

// FlowOutcome is an outcome of a flow (protocol 7.16).
type FlowOutcome struct {
	ID        string
	Value     string // SUCCESS, FAILURE
	Milestone string // that it passed in the end, if any
	From, To  time.Duration
}

func (s *Story) outcomeDetails(o FlowOutcome) Object {
	d := Object{"flowOutcomeId": o.ID, "flowOutcomeValue": o.Value, "flowOutcomeStartTime": s.millis(o.From), "flowOutcomeEndTime": s.millis(o.To)}
	if o.Milestone != "" {
		d["flowMilestones"] = []any{Object{"milestoneId": o.Milestone, "milestoneTime": s.millis(o.To)}}
	}
	return d
}

// recordOutcomes adds what the flow has reached by the time to the session's.
func (s *Story) recordOutcomes(session Object, l *Leg, t time.Duration) {
	flow, _ := session["flow"].(Object)
	var outcomes, milestones []any
	for _, o := range l.Outcomes {
		if o.To > t {
			continue
		}
		if s.otherwise.takes(OutcomesOtherwise) {
			outcomes = append(outcomes, Object{"id": o.ID, "result": o.Value, "from": s.iso(o.From), "to": s.iso(o.To)})
			continue
		}
		outcomes = append(outcomes, Object{"flowOutcome": o.ID + ":" + o.Value, "flowOutcomeId": o.ID, "flowOutcomeValue": o.Value,
			"flowOutcomeStartTimestamp": s.iso(o.From), "flowOutcomeEndTimestamp": s.iso(o.To)})
		if o.Milestone != "" {
			milestones = append(milestones, Object{"milestoneId": o.Milestone, "milestoneTime": s.iso(o.To)})
		}
	}
	if len(outcomes) > 0 {
		flow["outcomes"], flow["startingLanguage"], flow["endingLanguage"] = outcomes, "en-us", "nl-nl"
	}
	if len(milestones) > 0 {
		flow["milestones"] = milestones
	}
}

// Routing is what routing was asked for, and how far bullseye routing went
// (protocol 6.9).
type Routing struct {
	Language string
	Priority int
	Skills   []string
	Removed  []string // skills that it gave up
	Ring     int      // of bullseye routing; zero: it was none
	zero     bool     // the ring is 0
}

// live is the routing as live bodies have it.
func (r Routing) live() Object {
	o := Object{"queue": Object{}, "language": Object{}, "priority": r.Priority}
	if r.Language != "" {
		o["language"] = Object{"id": r.Language}
	}
	if len(r.Skills) > 0 {
		skills := []any{}
		for _, id := range r.Skills {
			skills = append(skills, Object{"id": id})
		}
		o["skills"] = skills
	}
	return o
}

// record adds the routing to a session of a record.
func (r Routing) record(session Object) {
	if len(r.Skills) > 0 {
		session["activeSkillIds"] = r.Skills
	}
	if len(r.Removed) > 0 {
		session["removedSkillIds"] = r.Removed
	}
	if r.Ring != 0 || r.zero {
		session["routingRing"] = r.Ring
	}
}

// recordQuality adds the statistics of the audio, once the leg is over.
func (s *Story) recordQuality(session Object, l *Leg, t time.Duration) {
	if l.MinMOS != 0 && happened(l.End, t) {
		session["mediaEndpointStats"] = []any{Object{"codecs": []string{"audio/opus"}, "minMos": l.MinMOS, "minRFactor": 90.5, "maxLatencyMs": 40,
			"receivedPackets": (l.End - l.Start).Milliseconds() / 20, "eventTime": s.iso(l.End)}}
	}
}
