package genesystest

import "math/rand/v2"

// Fresh returns a copy of the story with new random ids for the conversation,
// its participants, sessions and everything else in it. Users, queues and
// wrap-up codes stay.
func (s *Story) Fresh(rnd *rand.Rand) *Story {
	c := s.Clone()
	ids := map[string]string{"": ""}
	fresh := func(id *string) {
		if _, known := ids[*id]; !known {
			ids[*id] = uuid(rnd)
		}
		*id = ids[*id]
	}
	fresh(&c.ID)
	for _, l := range c.Legs {
		for _, id := range []*string{&l.Participant, &l.Session, &l.Peer, &l.Consult, &l.Supervises, &l.MergedInto} {
			fresh(id)
		}
	}
	for i := range c.Attributes {
		fresh(&c.Attributes[i].Participant)
	}
	for i := range c.Transfers {
		fresh(&c.Transfers[i].ID)
	}
	for _, v := range c.Surveys {
		fresh(&v.ID)
	}
	for _, e := range c.Evaluations {
		fresh(&e.ID)
		fresh(&e.Calibration)
	}
	return c
}

// recast gives the parts of the story's users and queues to others.
func (s *Story) recast(user, queue func(string) string) {
	cast := func(id *string, to func(string) string) {
		if *id != "" {
			*id = to(*id)
		}
	}
	for _, l := range s.Legs {
		if l.Queue != "" && l.Name == "Queue "+l.Queue {
			l.Name = "Queue " + queue(l.Queue)
		}
		cast(&l.User, user)
		cast(&l.Answered, user)
		cast(&l.Queue, queue)
	}
	for i := range s.Transfers {
		cast(&s.Transfers[i].Initiator, user)
		cast(&s.Transfers[i].User, user)
	}
	for _, v := range s.Surveys {
		cast(&v.User, user)
		cast(&v.Queue, queue)
	}
	for _, e := range s.Evaluations {
		cast(&e.User, user)
		cast(&e.Evaluator, user)
		cast(&e.Queue, queue)
	}
}
