package observe

import "time"

// Report is what was observed, for handing on.
type Report struct {
	// Took is how long it was listened; Began is the day, in UTC. Judged is for how long
	// of it losses are told: not for the grace before the end.
	Began         string            `json:"began"`
	Took          Milliseconds      `json:"tookMs"`
	Judged        Milliseconds      `json:"judgedMs"`
	Conversations int               `json:"conversations"`
	Mechanisms    []MechanismReport `json:"mechanisms"`
	Losses        []Loss            `json:"losses"`
	Differences   []Difference      `json:"differences"`
	Facts         []Finding         `json:"facts"`
}

// MechanismReport is how well one did.
type MechanismReport struct {
	Name          Mechanism    `json:"name"`
	Messages      int          `json:"messages"`
	NotUnderstood int          `json:"notUnderstood"` // of them, or not all of them
	Conversations int          `json:"conversations"`
	Lag           *Lag         `json:"lag,omitzero"` // nil: nothing happened that it told
	Blind         int          `json:"blind"`        // times in which its source heard nothing
	BlindFor      Milliseconds `json:"blindForMs"`   // in all
}

// Report says what was observed until end.
func (o *Observer) Report(end time.Time) *Report {
	o.mu.Lock()
	defer o.mu.Unlock()
	took := Milliseconds(end.Sub(o.began))
	r := &Report{Judged: max(took-Milliseconds(o.grace), 0), Began: o.began.UTC().Format(time.DateOnly), Took: took, Conversations: len(o.order),
		Mechanisms: []MechanismReport{}, Losses: o.losses(end), Differences: o.differences()}
	for _, m := range Mechanisms() {
		if o.heard[m] != nil {
			r.Mechanisms = append(r.Mechanisms, o.mechanism(m, end))
		}
	}
	for _, d := range o.detectors {
		r.Facts = append(r.Facts, d.finding(o, end))
	}
	return r
}

func (o *Observer) mechanism(m Mechanism, end time.Time) MechanismReport {
	h := o.heard[m]
	r := MechanismReport{Name: m, Messages: h.messages, NotUnderstood: h.refused, Lag: o.lag(m), Blind: len(h.blind)}
	for _, s := range h.blind {
		to := s.to
		if to.IsZero() {
			to = end
		}
		r.BlindFor += Milliseconds(to.Sub(s.from))
	}
	for _, c := range o.conversations {
		if c.pictures[m] != nil {
			r.Conversations++
		}
	}
	return r
}
