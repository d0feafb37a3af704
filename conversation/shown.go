package conversation

// Shown returns the conversation as if what it shows had been said of it, and nothing
// else: without what Merge keeps beside that, as texts that belong to other ids, what a
// media topic hides, and earlier versions of surveys and evaluations. So no text is in
// its provenance. Attributes count as stated at one time. Merged with later
// statements it may show what c would not. c is not changed.
func Shown(c *Conversation) *Conversation {
	d := clone(c)
	d.attributes = c.attributes.newest()
	d.Participants = mapped(c.Participants, func(p *Participant) *Participant {
		q := clone(p)
		q.attributes, q.otherQueueName = p.attributes.newest(), nil
		q.Sessions, q.shadows = mapped(p.Sessions, shownSession), ListOf(mapped(p.shadows.All(), shownSession)...)
		return q
	})
	d.Surveys, d.Evaluations = mapped(c.Surveys, surveyFields.shown), mapped(c.Evaluations, evaluationFields.shown)
	return d
}

func shownSession(s *Session) *Session {
	t := clone(s)
	t.covered = nil
	for _, b := range sessionTexts {
		*b.hidden(t) = nil
	}
	t.Segments = mapped(s.Segments, func(g *Segment) *Segment {
		if g.otherWrapUpNote == nil {
			return g
		}
		g = clone(g)
		g.otherWrapUpNote = nil
		return g
	})
	return t
}

// shown returns e with what it shows as its only version.
func (w *whole[E]) shown(e *E) *E {
	d := clone(e)
	of := w.versions(d)
	if len(of.newest) > 0 {
		v := w.newestFirst(of.newest)[0]
		v.of = clone(e)
		*w.versions(v.of) = versions[E]{}
		*of = versions[E]{newest: []version[E]{v}}
	}
	return d
}

// newest returns the newest of the stamps for all attributes.
func (s attributeStamps) newest() attributeStamps {
	for _, of := range s.of {
		s.all = max(s.all, of)
	}
	s.of = nil
	return s
}

func mapped[E any](list []E, with func(E) E) []E {
	if list == nil {
		return nil
	}
	all := make([]E, len(list))
	for i, e := range list {
		all[i] = with(e)
	}
	return all
}
