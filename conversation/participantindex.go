package conversation

// participantIndex is a list of participants in which they, and their sessions,
// are found by their ids.
type participantIndex struct {
	participants []*Participant

	// Where a participant is, by its id and by those of its sessions. Nil while
	// there are so few that looking through them is faster.
	byID, bySession map[string]int
}

const few = 16

// index has large lists looked up, once looking through them begins.
func (r *participantIndex) index() {
	if r.byID != nil || len(r.participants) <= few {
		return
	}
	r.byID = make(map[string]int, len(r.participants))
	r.bySession = make(map[string]int, len(r.participants))
	for i, p := range r.participants {
		r.byID[p.ID] = i
		for _, s := range p.Sessions {
			r.bySession[s.ID] = i
		}
		for _, s := range p.shadows.All() {
			r.bySession[s.ID] = i
		}
	}
}

// find returns where the participant is. Mostly it is where another version of
// the list has it, which is in the place at.
func (r *participantIndex) find(id string, at int) (int, bool) {
	if at < len(r.participants) && r.participants[at].ID == id {
		return at, true
	}
	if r.index(); r.byID != nil {
		at, found := r.byID[id]
		return at, found
	}
	for i, p := range r.participants {
		if p.ID == id {
			return i, true
		}
	}
	return 0, false
}

// owner returns where the participant of the session is, mostly in the place at.
func (r *participantIndex) owner(sessionID string, at int) (int, bool) {
	if at < len(r.participants) {
		if s, _ := r.participants[at].session(sessionID); s != nil {
			return at, true
		}
	}
	if r.index(); r.bySession != nil {
		at, found := r.bySession[sessionID]
		return at, found
	}
	for i, p := range r.participants {
		if s, _ := p.session(sessionID); s != nil {
			return i, true
		}
	}
	return 0, false
}

// participant returns the participant, as find does; nil when there is none.
func (r *participantIndex) participant(id string, at int) *Participant {
	if i, known := r.find(id, at); known {
		return r.participants[i]
	}
	return nil
}

// session returns the session and the id of its participant, as owner does; no
// session when there is none.
func (r *participantIndex) session(id string, at int) OwnedSession {
	i, known := r.owner(id, at)
	if !known {
		return OwnedSession{}
	}
	s, _ := r.participants[i].session(id)
	return OwnedSession{r.participants[i].ID, s}
}

// joined says that the session has come to the participant there.
func (r *participantIndex) joined(sessionID string, at int) {
	if r.bySession != nil {
		r.bySession[sessionID] = at
	}
}

// session finds a session, and the place that it has in the list of the other
// sessions and then the shadows; nil when there is none.
func (p *Participant) session(id string) (*Session, int) {
	for k, s := range p.Sessions {
		if s.ID == id {
			return s, k
		}
	}
	for k, s := range p.shadows.All() {
		if s.ID == id {
			return s, len(p.Sessions) + k
		}
	}
	return nil, 0
}
