package genesystest

import (
	"encoding/json"
	"slices"
	"time"
)

// emit sends what happens at the moment to whoever has subscribed it.
func (p *Playing) emit(m moment) {
	s, story, t := p.server, p.story, m.at
	if m.live {
		snapshot := func() any { return decorate(story.Snapshot(t)) }
		s.publish(snapshot, story.ownerTopics(t, "", s.leaversHear)...)
		if s.holdsTwice && story.holdChanges(t) {
			s.publishLater(s.dice.upTo(150*milli), snapshot, story.ownerTopics(t, "", s.leaversHear)...)
		}
		for media, suffix := range mediaTopicSuffixes() {
			if topics := story.ownerTopics(t, media, s.leaversHear); len(topics) > 0 {
				for i := range topics {
					topics[i] += "." + suffix
				}
				s.publish(func() any { return story.MediaSnapshot(media, t) }, topics...)
			}
		}
		p.emitMetrics(t)
		if s.bridgeSnapshots {
			for _, topic := range story.ownerTopics(t, "", s.leaversHear) {
				s.bridge.send(func() Object { return story.snapshotEnvelope(0, topic, t) })
			}
		}
	}
	if m.details && (s.bridge.open() || s.channels.detailed(story.ID)) {
		p.emitDetails(t)
	}
	if m.quality {
		for _, e := range story.Evaluations {
			if e.status(t) != "" && e.changed(t) == t {
				s.publish(func() any { return story.evaluationTopic(e, t) }, "v2.quality.evaluations")
			}
		}
	}
}

// emitDetails sends the detail events of the time. When a messaging
// conversation is re-opened, the old acw events come again (trap 11).
func (p *Playing) emitDetails(t time.Duration) {
	all := p.story.DetailEvents()
	reopened := slices.ContainsFunc(p.story.Legs, func(l *Leg) bool {
		return l.Purpose == "customer" && l.Media == "message" && l.Start == t && t > 0
	})
	for i, e := range all {
		if e.At == t || reopened && e.At < t && e.Event == "acw" {
			p.server.publish(func() any { return e.Body }, p.story.topic(e))
			p.server.bridge.send(func() Object { return p.story.Envelope(i, e) })
		}
	}
}

// emitMetrics sends the metrics that are emitted at the time (protocol 3.8).
func (p *Playing) emitMetrics(t time.Duration) {
	topic := "v2.analytics.conversation." + p.id + ".metrics"
	if len(p.server.channels.subscribers(topic)) == 0 {
		return
	}
	for _, l := range p.story.Legs {
		if l.Start > t || l.Dialer {
			continue
		}
		for _, metric := range p.story.metrics(l, t) {
			metric := metric.(Object)
			if metric["emitDate"] != p.story.iso(t) {
				continue
			}
			body := Object{"metric": metric["name"], "metricDate": metric["emitDate"], "value": metric["value"], "recordId": p.server.dice.uuid(),
				"conversationId": p.id, "sessionId": l.Session, "mediaType": l.Media, "direction": l.Direction, "purpose": l.Purpose,
				"provider": l.Provider, "divisionIds": []string{p.story.Division}}
			set(body, "userId", l.User)
			set(body, "queueId", l.Queue)
			p.server.publish(func() any { return body }, topic)
		}
	}
}

// publish sends a body to everybody who has subscribed one of the topics.
func (s *Server) publish(body func() any, topics ...string) { s.publishLater(0, body, topics...) }

func (s *Server) publishLater(late time.Duration, body func() any, topics ...string) {
	subscribers := s.channels.subscribers(topics...)
	if len(subscribers) == 0 {
		return
	}
	raw := json.RawMessage(encode(body()))
	correlation := s.dice.uuid()
	frames := map[string][]byte{}
	for _, sub := range subscribers {
		data := frames[sub.topic]
		if data == nil {
			data = encode(notification{sub.topic, "2", raw, Object{"CorrelationId": correlation}})
			frames[sub.topic] = data
		}
		for _, delay := range s.faults.frameDelays() {
			sub.socket.add(data, late+delay)
		}
	}
}

// holdChanges reports whether somebody is put on hold or taken off it at the
// time.
func (s *Story) holdChanges(t time.Duration) bool {
	return slices.ContainsFunc(s.Legs, func(l *Leg) bool {
		return slices.ContainsFunc(l.Holds, func(i Interval) bool { return i.From == t || i.To == t })
	})
}

// ownerTopics are the conversation topics of the users and queues that the
// story involves at the time with a medium; empty: with any.
func (s *Story) ownerTopics(t time.Duration, media string, leaversHear bool) []string {
	var topics []string
	add := func(prefix, id string) {
		topic := prefix + id + ".conversations"
		if id != "" && !slices.Contains(topics, topic) {
			topics = append(topics, topic)
		}
	}
	for _, l := range s.Legs {
		if l.Start > t || media != "" && l.Media != media {
			continue
		}
		if done := l.done(); leaversHear || done == Never || done >= t {
			add("v2.users.", l.User)
		}
		add("v2.routing.queues.", l.Queue)
	}
	return topics
}

// mediaTopicSuffixes are the last words of the media topics.
func mediaTopicSuffixes() map[string]string {
	return map[string]string{"voice": "calls", "callback": "callbacks", "chat": "chats", "cobrowse": "cobrowseSessions", "email": "emails",
		"message": "messages", "screenshare": "screenshares", "video": "videos"}
}

// decorate adds what newer releases of the platform send and this library does
// not know (protocol 8.9).
func decorate(body Object) Object {
	body["utilizationLabelId"], body["inactivityTimeout"] = "", nil
	body["simulatorExtension"] = Object{"transferSource": []any{Object{"kind": "none"}}}
	return body
}
