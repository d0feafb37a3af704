package genesystest

import (
	"encoding/json"
	"strings"
	"time"
)

// Snapshot returns the conversation at the time, as the body of a user or
// queue conversation topic (protocol 3.6).
func (s *Story) Snapshot(t time.Duration) Object {
	var participants []any
	for _, group := range s.participantsBy(func(l *Leg) string { return l.Participant }, t) {
		participants = append(participants, s.topicParticipant(group, t))
	}
	body := Object{"id": s.ID, "maxParticipants": 6, "participants": participants, "recordingState": "active",
		"address": s.ownAddress(), "securePause": false, "additionalProperties": Object{},
		"divisions": []any{Object{"division": Object{"id": s.Division}, "entities": []any{}}}}
	if s.Tag != "" {
		body["externalTag"] = s.Tag
	}
	if transfers := s.transfers(t, strings.ToLower); len(transfers) > 0 {
		body["recentTransfers"] = transfers
	}
	return body
}

func (s *Story) transfers(t time.Duration, spell func(string) string) []any {
	var list []any
	for _, c := range s.Transfers {
		if c.At > t {
			continue
		}
		state := "pending"
		if happened(c.Complete, t) {
			state = c.State
		}
		destination := Object{}
		if c.User != "" {
			destination["userId"] = c.User
		}
		if c.Address != "" {
			destination["address"] = c.Address
		}
		kind := "Unattended"
		if c.Attended {
			kind = "Attended"
		}
		list = append(list, Object{"id": c.ID, "state": spell(state), "dateIssued": s.iso(c.At), "transferType": spell(kind),
			"initiator": Object{"userId": c.Initiator}, "destination": destination})
	}
	return list
}

// participantsBy groups the legs that have begun by the time, in the order of
// their appearance.
func (s *Story) participantsBy(key func(*Leg) string, t time.Duration) [][]*Leg {
	var groups [][]*Leg
	place := map[string]int{}
	for _, l := range s.Legs {
		if l.Start > t {
			continue
		}
		k := key(l)
		i, known := place[k]
		if !known {
			i = len(groups)
			place[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], l)
	}
	return groups
}

var legLists = map[string]string{
	"voice": "calls", "callback": "callbacks", "chat": "chats", "cobrowse": "cobrowsesessions", "email": "emails",
	"message": "messages", "internalmessage": "internalMessages", "screenshare": "screenshares", "video": "videos",
	"screenmonitoring": "screenMonitorings",
}

func (s *Story) topicParticipant(legs []*Leg, t time.Duration) Object {
	first := legs[0]
	p := Object{"id": first.Participant, "purpose": first.Purpose, "wrapupRequired": first.WrapRequired && first.Connected != Never,
		"conversationRoutingData": first.Routing.live()}
	set(p, "name", first.Name)
	set(p, "userId", first.User)
	set(p, "queueId", first.Queue)
	address := first.Address
	if s.Direction == "outbound" && first.outside() && s.otherwise.takes(OwnAddressOutbound) {
		address = s.ownAddress()
	}
	set(p, "address", address)
	set(p, "externalContactId", first.Contact)
	set(p, "consultParticipantId", first.Consult)
	set(p, first.supervision(), first.Supervises)
	if attributes := s.attributesOf(first.Participant, t); len(attributes) > 0 {
		p["attributes"] = attributes
	}
	connected, over := Never, time.Duration(0)
	for _, l := range legs {
		list := legLists[l.Media]
		calls, _ := p[list].([]any)
		p[list] = append(calls, s.communication(l, t))
		if l.Connected != Never && l.Connected <= t && (connected == Never || l.Connected < connected) {
			connected = l.Connected
		}
		if d := l.done(); d == Never || d > t {
			over = Never
		} else if over != Never {
			over = max(over, d)
		}
		if l.WrapStart != Never && l.WrapStart <= t && l.End <= t {
			p["startAcwTime"] = s.iso(l.WrapStart)
			if l.WrapEnd != Never && l.WrapEnd <= t {
				p["endAcwTime"] = s.iso(l.WrapEnd)
				p["wrapup"] = s.wrapup(l)
			}
		}
	}
	if connected != Never {
		p["connectedTime"] = s.iso(connected)
	}
	if over != Never {
		p["endTime"] = s.iso(over)
	}
	return p
}

// supervision is the name under which the live API has who is watched.
func (l *Leg) supervision() string {
	if l.Media == "screenmonitoring" {
		return "screenMonitoredParticipantId"
	}
	return "monitoredParticipantId"
}

func (s *Story) attributesOf(participant string, t time.Duration) map[string]string {
	values := map[string]string{}
	for _, a := range s.Attributes {
		if a.Participant == participant && a.At <= t {
			for k, v := range a.Values {
				values[k] = v
			}
		}
	}
	return values
}

func (s *Story) wrapup(l *Leg) Object {
	w := Object{"durationSeconds": int((l.WrapEnd - l.WrapStart) / time.Second), "endTime": s.iso(l.WrapEnd)}
	set(w, "code", l.WrapCode)
	return w
}

// communication is a leg in a topic. The first message of after-call work
// still says connected (trap 10).
func (s *Story) communication(l *Leg, t time.Duration) Object {
	c := Object{"id": l.Session, "state": l.state(t), "initialState": l.state(l.Start), "direction": l.Direction, "provider": l.Provider,
		"held": l.Purpose == "customer" && s.customerHeld(t), "muted": false, "afterCallWorkRequired": l.WrapRequired && l.Connected != Never,
		"afterCallWork": Object{}, "queueMediaSettings": Object{}}
	set(c, "peerId", l.Peer)
	s.setLiveAddresses(c, l)
	if l.Media == "message" {
		c["type"] = l.Message
	}
	if l.Callback != "" {
		c["callbackNumbers"] = []string{l.Callback}
	}
	if l.Due != Never {
		c["callbackScheduledTime"] = s.iso(l.Due)
	}
	if l.Campaign != "" {
		c["dialerPreview"] = Object{"id": "dp-1", "contactId": "ct-1", "contactListId": "cl-1", "campaignId": l.Campaign}
	}
	if l.Connected != Never && l.Connected <= t {
		c["connectedTime"] = s.iso(l.Connected)
	}
	if l.End != Never && l.End <= t {
		c["disconnectedTime"] = s.iso(l.End)
		c["disconnectType"] = l.disconnected(t)
		if l.WrapStart != Never && l.WrapStart <= t || l.owesWrapUp() {
			c["afterCallWork"] = s.afterCallWork(l, t)
		}
	}
	return c
}

func (s *Story) afterCallWork(l *Leg, t time.Duration) Object {
	if l.WrapStart == Never {
		return Object{"state": "pending"}
	}
	w := Object{"state": "pending", "startTime": s.iso(l.WrapStart)}
	if l.WrapEnd != Never && l.WrapEnd <= t {
		w["state"], w["endTime"] = "complete", s.iso(l.WrapEnd)
	}
	return w
}

// state is the leg's state in the live API.
func (l *Leg) state(t time.Duration) string {
	over := "disconnected"
	if l.Media == "voice" && l.Connected != Never {
		over = "terminated"
	}
	switch {
	case l.End != Never && l.End <= t && (l.done() == Never || l.done() > t) && l.Connected != Never && l.agentSide():
		return "connected"
	case l.End != Never && l.End <= t:
		return over
	case within(l.Parks, t):
		return "parked"
	case l.Connected != Never && l.Connected <= t:
		return "connected"
	case l.Due != Never && t < l.Due:
		return "scheduled"
	case l.Purpose == "acd", l.before() == "alert":
		return "alerting"
	}
	return l.before()
}

func (s *Story) customerHeld(t time.Duration) bool {
	for _, l := range s.Legs {
		if l.agentSide() && within(l.Holds, t) {
			return true
		}
	}
	return false
}

var topicSpelling = map[string]string{
	"client": "client", "endpoint": "endpoint", "peer": "peer", "system": "system", "timeout": "timeout", "transfer": "transfer",
	"consultTransfer": "transfer.consult", "conferenceTransfer": "transfer.conference", "forwardTransfer": "transfer.forward",
	"noAnswerTransfer": "transfer.noanswer", "notAvailableTransfer": "transfer.notavailable", "dndEndpoint": "endpoint.dnd",
	"dndTransfer": "transfer.dnd", "transportFailure": "transport.failure", "error": "error", "spam": "spam", "uncallable": "uncallable",
	"other": "other", "inactivity": "inactivity", "sessionExpired": "session.expired", "takeover": "takeover",
}

// MediaSnapshot returns the conversation at the time as the body of a media
// topic (protocol 3.7): the legs of one medium, flattened into their
// participants.
func (s *Story) MediaSnapshot(media string, t time.Duration) Object {
	participants, seen := []any{}, map[string]bool{}
	for _, l := range s.Legs {
		if l.Start > t || l.Media != media || seen[l.Participant] {
			continue
		}
		seen[l.Participant] = true // a participant shows one leg of the medium
		p := Object{"id": l.Participant, "purpose": l.Purpose, "state": l.state(t), "initialState": l.state(l.Start), "direction": l.Direction,
			"startTime": s.iso(l.Start), "provider": l.Provider, "held": l.Purpose == "customer" && s.customerHeld(t), "muted": false,
			"wrapupRequired": l.WrapRequired && l.Connected != Never, "errorInfo": Object{}}
		set(p, "name", l.Name)
		set(p, "address", l.Address)
		setRef(p, "externalContact", l.Contact)
		if media == "voice" || media == "callback" {
			s.setAddresses(p, l)
		}
		set(p, "peer", l.Peer)
		set(p, l.supervision(), l.Supervises)
		set(p, "consultParticipantId", l.Consult)
		setRef(p, "user", l.User)
		setRef(p, "queue", l.Queue)
		if l.Connected != Never && l.Connected <= t {
			p["connectedTime"] = s.iso(l.Connected)
		}
		if l.End != Never && l.End <= t {
			p["disconnectType"] = l.disconnected(t)
			if l.WrapStart != Never && l.WrapStart <= t {
				p["startAcwTime"] = s.iso(l.WrapStart)
			}
			if d := l.done(); d != Never && d <= t {
				p["endTime"] = s.iso(d)
				if l.WrapStart != Never {
					p["endAcwTime"], p["wrapup"] = s.iso(l.WrapEnd), s.wrapup(l)
				}
			}
		}
		participants = append(participants, p)
	}
	return Object{"id": s.ID, "participants": participants, "otherMediaUris": []any{}, "divisions": []any{}}
}

// REST returns the conversation at the time as GET /api/v2/conversations/{id}
// gives it (protocol 6.2).
func (s *Story) REST(t time.Duration) Object {
	body := s.Snapshot(t)
	body["startTime"] = s.iso(s.RecordStart)
	body["recordingState"] = "ACTIVE"
	body["selfUri"] = "/api/v2/conversations/" + s.ID
	if transfers := s.transfers(t, func(v string) string { return strings.ToUpper(v[:1]) + v[1:] }); len(transfers) > 0 {
		body["recentTransfers"] = transfers
	}
	if over := s.recordEnd(t); over != Never {
		body["endTime"] = s.iso(over)
	}
	for _, p := range body["participants"].([]any) {
		p := p.(Object)
		for _, l := range s.Legs {
			if l.Participant == p["id"] {
				p["startTime"] = s.iso(l.Start)
				break
			}
		}
		for _, list := range legLists {
			calls, _ := p[list].([]any)
			for _, c := range calls {
				c := c.(Object)
				if d, ok := c["disconnectType"].(string); ok {
					c["disconnectType"] = strings.Replace(d, ".dnd", ".donotdisturb", 1)
				}
			}
		}
	}
	return body
}

func set(o Object, name, value string) {
	if value != "" {
		o[name] = value
	}
}

func setRef(o Object, name, id string) {
	if id != "" {
		o[name] = Object{"id": id}
	}
}

// notification is the envelope of a frame, its members in the order of the
// platform.
type notification struct {
	TopicName string `json:"topicName"`
	Version   string `json:"version"`
	EventBody any    `json:"eventBody"`
	Metadata  Object `json:"metadata,omitzero"`
}

// Frame wraps a body as a notification on a WebSocket (protocol 2.5).
func Frame(topic string, body any) []byte {
	return encode(notification{topic, "2", body, Object{"CorrelationId": "f5f0c9a2-8f4d-4a39-8a61-64c4a8d8be1a"}})
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("genesystest: " + err.Error()) // composed here from plain values
	}
	return b
}

// Snapshots returns the story as the frames of a user's conversation topic:
// one for each moment in which something changed.
func (s *Story) Snapshots() [][]byte {
	var frames [][]byte
	for _, t := range s.Moments() {
		frames = append(frames, Frame("v2.users."+s.listener()+".conversations", s.Snapshot(t)))
	}
	return frames
}

// MediaSnapshots returns the story as the frames of the media topics of a queue.
func (s *Story) MediaSnapshots() [][]byte {
	var frames [][]byte
	for _, t := range s.Moments() {
		seen := map[string]bool{}
		for _, l := range s.Legs {
			if l.Start <= t && !seen[l.Media] {
				seen[l.Media] = true
				frames = append(frames, Frame("v2.routing.queues.q-1.conversations."+strings.ToLower(legLists[l.Media]), s.MediaSnapshot(l.Media, t)))
			}
		}
	}
	return frames
}

func (s *Story) listener() string {
	for _, l := range s.Legs {
		if l.User != "" {
			return l.User
		}
	}
	return "user-x"
}
