package genesystest

import (
	"maps"
	"slices"
	"time"
)

// Record returns the analytics conversation as read at the time (protocol
// 6.3): segments that still run have no end, and metrics appear when they are
// emitted.
func (s *Story) Record(t time.Duration) Object { return s.record(t, false) }

// record composes the analytics conversation. Only details jobs give the
// participants' attributes (trap 12).
func (s *Story) record(t time.Duration, withAttributes bool) Object {
	key := func(l *Leg) string { return l.Participant }
	if s.GroupAgents {
		first := map[string]string{}
		key = func(l *Leg) string {
			if !l.agentSide() {
				return l.Participant
			}
			if first[l.User] == "" {
				first[l.User] = l.Participant
			}
			return first[l.User]
		}
	}
	participants := []any{}
	for _, group := range s.participantsBy(key, t) {
		if group[0].Dialer {
			continue
		}
		p := Object{"participantId": group[0].Participant, "purpose": group[0].Purpose}
		set(p, "participantName", group[0].Name)
		set(p, "userId", group[0].User)
		set(p, "externalContactId", group[0].Contact)
		var sessions []any
		for _, l := range group {
			sessions = append(sessions, s.recordSession(l, t))
		}
		p["sessions"] = sessions
		if withAttributes {
			attributes := map[string]string{}
			for _, l := range group {
				maps.Copy(attributes, s.attributesOf(l.Participant, t))
			}
			if len(attributes) > 0 {
				p["attributes"] = attributes
			}
		}
		participants = append(participants, p)
	}
	record := s.recordHead(t)
	record["participants"] = participants
	if surveys := s.recordSurveys(t); len(surveys) > 0 {
		record["surveys"] = surveys
	}
	if evaluations := s.recordEvaluations(t); len(evaluations) > 0 {
		record["evaluations"] = evaluations
	}
	return record
}

// recordHead is the record without its lists.
func (s *Story) recordHead(t time.Duration) Object {
	head := Object{"conversationId": s.ID, "conversationStart": s.iso(s.RecordStart), "originatingDirection": s.Direction,
		"divisionIds": []string{s.Division}}
	set(head, "externalTag", s.Tag)
	if end := s.recordEnd(t); end != Never && !s.NoRecordEnd {
		head["conversationEnd"] = s.iso(end)
	}
	return head
}

// recordEnd is the end that the record states when it is read at the time:
// that of the last segment, once all have ended (protocol 6.8); Never while it
// states none.
func (s *Story) recordEnd(t time.Duration) time.Duration {
	end := time.Duration(0)
	for _, l := range s.Legs {
		if l.Start > t {
			continue
		}
		done := l.done()
		if done == Never || done > t {
			return s.formerEnd(l.Start)
		}
		end = max(end, done)
	}
	if s.RecordEnd != 0 {
		if s.RecordEnd > t {
			return Never
		}
		return s.RecordEnd
	}
	return end
}

// formerEnd is the end before a leg re-opened the conversation, where it stays
// in the record; else Never.
func (s *Story) formerEnd(reopened time.Duration) time.Duration {
	if !s.otherwise.takes(EndStays) || reopened <= 0 {
		return Never
	}
	return s.recordEnd(reopened - 1)
}

// Final is a time after everything.
const Final = time.Duration(1<<62 - 1)

// Records returns the story as the record read at each moment.
func (s *Story) Records() [][]byte {
	var records [][]byte
	for _, t := range s.Moments() {
		records = append(records, encode(s.Record(t)))
	}
	return append(records, encode(s.Record(Final)))
}

// Bodies returns the story as the REST conversation read at each moment.
func (s *Story) Bodies() [][]byte {
	var bodies [][]byte
	for _, t := range s.Moments() {
		bodies = append(bodies, encode(s.REST(t)))
	}
	return append(bodies, encode(s.REST(Final)))
}

func (s *Story) recordSession(l *Leg, t time.Duration) Object {
	o := Object{"sessionId": l.Session, "mediaType": l.Media, "direction": l.Direction, "provider": l.Provider}
	set(o, "peerId", l.Peer)
	set(o, "flowInType", l.FlowIn)
	if l.Media == "screenmonitoring" {
		set(o, "screenMonitoredUserId", s.userOf(l.Supervises))
	} else {
		set(o, "monitoredParticipantId", l.Supervises)
	}
	if l.Media == "message" {
		o["messageType"] = l.Message
	}
	s.setAddresses(o, l)
	if l.Due != Never {
		o["callbackScheduledTime"] = s.iso(l.Due)
	}
	if l.Flow != "" {
		o["flow"] = Object{"flowId": "fl-1", "flowName": "Main", "flowType": l.Flow, "flowVersion": "12.0", "exitReason": l.Exit, "transferType": l.Target}
	}
	l.Routing.record(o)
	s.recordOutcomes(o, l, t)
	s.recordQuality(o, l, t)
	o["segments"], o["metrics"] = s.segments(l, t), s.metrics(l, t)
	return o
}

// setEnd states how the leg ended, as records do.
func (l *Leg) setEnd(segment Object) {
	switch {
	case l.Error != "":
		segment["errorCode"] = l.Error
	case !l.Untold:
		set(segment, "disconnectType", l.Disconnect)
	}
}

// userOf returns the user of a participant.
func (s *Story) userOf(participant string) string {
	for _, l := range s.Legs {
		if l.Participant == participant {
			return l.User
		}
	}
	return ""
}

type piece struct {
	kind     string
	from, to time.Duration
}

// pieces cuts the leg into segments (protocol 6.4).
func (l *Leg) pieces() []piece {
	var ps []piece
	add := func(kind string, from, to time.Duration) { ps = append(ps, piece{kind, from, to}) }
	talk := "interact"
	switch {
	case l.Purpose == "ivr":
		talk = "ivr"
	case l.Media == "screenmonitoring":
		talk = "screenmonitoring"
	case l.Supervises != "":
		talk = "monitoring"
	case l.Purpose == "voicemail":
		talk = "voicemail"
	}
	before := l.before()
	if l.Connected == Never {
		add(before, l.Start, l.End)
	} else {
		if l.Connected > l.Start {
			add(before, l.Start, l.Connected)
		}
		from := l.Connected
		breaks := append(slices.Clone(l.Holds), l.Parks...)
		slices.SortFunc(breaks, func(a, b Interval) int { return int(a.From - b.From) })
		for _, b := range breaks {
			add(talk, from, b.From)
			kind := "hold"
			if slices.Contains(l.Parks, b) {
				kind = "parked"
			}
			add(kind, b.From, b.To)
			from = b.To
		}
		if from != Never {
			add(talk, from, l.End)
		}
	}
	if l.WrapStart != Never {
		add("wrapup", l.WrapStart, l.WrapEnd)
	}
	return ps
}

// before is the segment before the leg is connected. A leg that calls is
// not alerted: its phone is contacted.
func (l *Leg) before() string {
	switch {
	case l.Due != Never:
		return "scheduled"
	case !l.agentSide():
		return "dialing"
	case l.Media == "voice" && l.Direction == "outbound":
		return "contacting"
	}
	return "alert"
}

func (s *Story) segments(l *Leg, t time.Duration) []any {
	segments := []any{}
	ps := l.pieces()
	lastTalk := 0
	for i, p := range ps {
		if p.kind != "wrapup" {
			lastTalk = i
		}
	}
	for i, p := range ps {
		if p.from > t {
			continue
		}
		g := Object{"segmentType": p.kind, "segmentStart": s.iso(p.from), "conference": l.Conference}
		set(g, "queueId", l.Queue)
		if p.to != Never && p.to <= t {
			g["segmentEnd"] = s.iso(p.to)
			if i >= lastTalk && l.End != Never {
				l.setEnd(g)
			}
			if p.kind == "wrapup" {
				set(g, "wrapUpCode", l.WrapCode)
			}
			if i == lastTalk {
				set(g, "destinationConversationId", l.MergedInto)
			}
		}
		segments = append(segments, g)
	}
	return segments
}

func (s *Story) metrics(l *Leg, t time.Duration) []any {
	metrics := []any{}
	emit := func(name string, at time.Duration, value time.Duration) {
		if at != Never && at <= t {
			metrics = append(metrics, Object{"name": name, "emitDate": s.iso(at), "value": value.Milliseconds()})
		}
	}
	count := func(name string, at time.Duration) { emit(name, at, time.Millisecond) }
	switch {
	case l.Purpose == "acd":
		count("nOffered", l.Start)
		if l.End != Never {
			emit("tAcd", l.End, l.End-l.Start)
		}
	case l.agentSide():
		s.agentMetrics(l, emit, count)
		s.watchingMetrics(l, emit)
	case l.Connected != Never && (l.Purpose == "customer" || l.Purpose == "external"):
		count("nConnected", l.Connected)
		if l.End != Never {
			emit("tConnected", l.End, l.End-l.Connected)
		}
	}
	return metrics
}

// watchingMetrics are on the leg of who watches, unless it is taken that they
// are on the leg that is watched.
func (s *Story) watchingMetrics(l *Leg, emit func(string, time.Duration, time.Duration)) {
	for _, watching := range s.Legs {
		on := watching.Participant
		if s.otherwise.takes(WatchingOfWatched) {
			on = watching.Supervises
		}
		if watching.Supervises == "" || on != l.Participant {
			continue
		}
		for _, p := range watching.pieces() {
			switch {
			case p.to == Never:
			case p.kind == "monitoring":
				emit("tMonitoring", p.to, p.to-p.from)
			case p.kind == "screenmonitoring":
				emit("tScreenMonitoring", p.to, p.to-p.from)
			}
		}
	}
}

func (s *Story) agentMetrics(l *Leg, emit func(string, time.Duration, time.Duration), count func(string, time.Duration)) {
	before := "tAlert"
	if l.before() == "contacting" {
		before = "tContacting"
	}
	if l.Connected == Never {
		if l.End != Never {
			emit(before, l.End, l.End-l.Start)
			emit("tNotResponding", l.End, l.End-l.Start)
		}
	} else {
		if l.Connected > l.Start {
			emit(before, l.Connected, l.Connected-l.Start)
		}
		for _, queue := range s.Legs {
			if queue.Answered == l.User && queue.End != Never && (queue.End-l.Connected).Abs() < time.Second {
				emit("tAnswered", l.Connected, queue.End-queue.Start)
			}
		}
	}
	handle := time.Duration(0)
	for _, p := range l.pieces() {
		if p.to == Never {
			continue
		}
		switch p.kind {
		case "interact":
			emit("tTalk", p.to, p.to-p.from)
			handle += p.to - p.from
		case "hold":
			emit("tHeld", p.to, p.to-p.from)
			handle += p.to - p.from
		case "wrapup":
			emit("tAcw", p.to, p.to-p.from)
			handle += p.to - p.from
		}
	}
	if l.Connected != Never && l.End != Never {
		switch {
		case l.Consulted:
			count("nTransferred", l.End)
			count("nConsult", l.End)
			count("nConsultTransferred", l.End)
		case l.Disconnect == "transfer":
			count("nTransferred", l.End)
			count("nBlindTransferred", l.End)
		case l.Disconnect == "consultTransfer":
			count("nTransferred", l.End)
			count("nConsultTransferred", l.End)
		}
	}
	if done := l.done(); done != Never && (l.Connected != Never || l.WrapStart != Never) {
		emit("tHandle", done, handle)
	}
}
