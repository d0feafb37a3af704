package storetest

import "github.com/dcmkit/convtrack/conversation"

// anything is what some source may say of a conversation: few ids and few
// values, so that statements disagree.
func anything(random func(n int) int, id string) *conversation.Conversation {
	pick := func(values ...string) string { return values[random(len(values))] }
	when := func() int { return random(6) * 10 }
	maybe := func(c *conversation.Conversation) {
		if random(2) == 0 {
			c.Start = at(when())
		}
		if random(4) == 0 {
			c.RecordedEnd = at(when())
		}
		c.ExternalTag, c.Address = pick("", "a", "b"), pick("", "tel:1", "tel:2")
		c.DivisionIDs = []string{pick("d1", "d2", "d3")}
		if random(2) == 0 {
			c.Attributes = map[string]string{pick("case", "task"): pick("", "1", "2")}
		}
		if random(4) == 0 {
			c.Transfers = []*conversation.Transfer{{ID: pick("t1", "t2"), State: pick("pending", "complete")}}
			c.Surveys = []*conversation.Survey{{ID: pick("v1", "v2"), Status: conversation.SurveyStatus(pick("Sent", "Finished")), EventTime: at(when())}}
			c.Evaluations = []*conversation.Evaluation{{ID: pick("e1", "e2"), Status: conversation.EvaluationPending, ChangedDate: at(when())}}
		}
	}
	c := &conversation.Conversation{ID: id}
	maybe(c)
	for range random(4) {
		p := &conversation.Participant{ID: pick("", "p1", "p2", "p3"), Purpose: conversation.Purpose(pick("", "customer", "acd", "agent", "user")),
			UserID: pick("", "u1", "u2"), QueueID: pick("", "q1", "q2"), WrapUpRequired: random(2) == 0}
		if random(3) == 0 {
			p.Attributes = map[string]string{pick("k1", "k 2"): pick("", "1", "2")}
		}
		for range random(3) {
			p.Sessions = append(p.Sessions, anySession(random, pick, p.ID))
		}
		c.Participants = append(c.Participants, p)
	}
	return conversation.State(c, by(sources[random(len(sources))], at(when())))
}

func anySession(random func(n int) int, pick func(...string) string, participantID string) *conversation.Session {
	s := &conversation.Session{ID: pick("s1", "s2", "s3", "s4"), MediaType: conversation.MediaType(pick("voice", "callback"))}
	if participantID != "" && random(4) == 0 {
		s = conversation.ShadowSession(participantID, s.MediaType)
	}
	s.State = conversation.SessionState(pick("", "alerting", "connected", "disconnected", "novel"))
	s.DisconnectType = conversation.DisconnectType(pick("", "client", "peer"))
	s.Held, s.PeerID, s.QueueID = random(2) == 0, pick("", "s9"), pick("", "q1", "q2")
	if random(2) == 0 {
		s.ConnectedTime = at(random(6) * 10)
	}
	if random(4) == 0 {
		s.DisconnectedTime = at(random(6) * 10)
	}
	for range random(3) {
		s.Segments = append(s.Segments, &conversation.Segment{Type: conversation.SegmentType(pick("alert", "interact", "wrapup")),
			Start: at(random(6) * 10), ErrorCode: pick("", "x")})
	}
	for range random(3) {
		s.Metrics = append(s.Metrics, conversation.Metric{Name: pick("tTalk", "tAnswered"), EmitDate: at(random(6) * 10), Value: int64(random(3))})
	}
	return s
}
