package genesys

import (
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// decodeSnapshot decodes the bare body of a conversation topic.
func (r reader) decodeSnapshot(m *Message, data []byte) error {
	return decodeLive(data, func(b *wire.Conversation) error { return r.bareTopic(m, b) })
}

// decodeREST decodes a conversation of the REST API: the whole one, or that of
// one medium (protocol 6.2). The bare body of a topic has no start time.
func (r reader) decodeREST(m *Message, data []byte) error {
	return decodeLive(data, func(b *wire.Conversation) error {
		switch {
		case flattened(b):
			return r.bareMedia(m, b, conversation.SourceMediaREST)
		case b.StartTime.IsZero():
			return r.topicSnapshot(m, b)
		}
		return r.snapshot(m, b, conversation.SourceREST)
	})
}

// decodeLive decodes a conversation of the live API and gives it to take, for
// as long as that runs.
func decodeLive(data []byte, take func(*wire.Conversation) error) error {
	b := wire.BorrowConversation()
	defer b.GiveBack()
	if err := wire.Unmarshal(data, b); err != nil {
		return refused("conversation", err)
	}
	return take(b)
}

// bareTopic states the body of a topic whose name does not tell its form.
func (r reader) bareTopic(m *Message, b *wire.Conversation) error {
	if flattened(b) {
		return r.bareMedia(m, b, conversation.SourceMediaTopic)
	}
	return r.topicSnapshot(m, b)
}

// topicSnapshot states a user or queue conversation topic (3.6).
func (r reader) topicSnapshot(m *Message, b *wire.Conversation) error {
	return r.snapshot(m, b, conversation.SourceTopic)
}

func (r reader) snapshot(m *Message, b *wire.Conversation, source conversation.Source) error {
	if b.ID == "" {
		return refuse("conversation", "id is missing")
	}
	var times span
	gone := lost{what: "conversation", id: b.ID}
	c := liveConversation(b, &times, &gone)
	for i := range b.Participants {
		f := &b.Participants[i]
		p := liveParticipant(f, &times)
		for _, legs := range legLists(f) {
			for k := range legs.of {
				if legs.of[k].ID == "" {
					gone.add(&legs.of[k], "id is missing", "/participants/%d, %s leg %d", i, legs.media, k)
					continue
				}
				p.Sessions = append(p.Sessions, liveSession(&legs.of[k], legs.media, i, k, &times, &gone))
			}
		}
		shareWrapUp(f, p, &times)
		setRouting(p, &f.ConversationRoutingData)
		c.Evaluations = append(c.Evaluations, r.liveEvaluations(f, i, &gone)...)
		if p.ID == "" { // its legs join those of the same id
			gone.add(withoutLegs(f), "id is missing", "/participants/%d", i)
		}
		if p.ID != "" || len(p.Sessions) > 0 {
			c.Participants = append(c.Participants, p)
		}
	}
	r.stateLive(m, c, source, times)
	return gone.err()
}

// withoutLegs is the participant alone.
func withoutLegs(p *wire.Participant) *wire.Participant {
	own := *p
	own.Calls, own.Callbacks, own.Chats, own.Cobrowsesessions, own.Emails = nil, nil, nil, nil, nil
	own.Messages, own.InternalMessages, own.Screenshares, own.SocialExpressions, own.Videos, own.ScreenMonitorings = nil, nil, nil, nil, nil, nil
	own.Evaluations = nil
	return &own
}

func (r reader) liveEvaluations(p *wire.Participant, i int, gone *lost) []*conversation.Evaluation {
	var list []*conversation.Evaluation
	for k := range p.Evaluations {
		if e := &p.Evaluations[k]; e.ID != "" {
			list = append(list, r.qualityEvaluation(e))
		} else {
			gone.add(e, "id is missing", "/participants/%d/evaluations/%d", i, k)
		}
	}
	return list
}

// stateLive stamps a snapshot. Topics carry no time, so what they settle is
// settled by the values alone; a REST answer is as old as what it mentions.
func (r reader) stateLive(m *Message, c *conversation.Conversation, source conversation.Source, times span) {
	if c.Start.IsZero() {
		c.Start = times.first
	}
	by := conversation.Statement{By: source, Seen: r.seen(c.ID, times.last)}
	if source >= conversation.SourceMediaREST {
		by.At = times.last
	}
	m.Kind = KindConversation
	m.Conversations = append(m.Conversations, conversation.State(c, by))
}

func liveConversation(b *wire.Conversation, times *span, gone *lost) *conversation.Conversation {
	c := &conversation.Conversation{
		ID: b.ID, Start: b.StartTime.Time, RecordedEnd: b.EndTime.Time, Address: b.Address,
		ExternalTag: b.ExternalTag, RecordingState: strings.ToLower(b.RecordingState),
		UtilizationLabelID: b.UtilizationLabelID, MaxParticipants: int64(b.MaxParticipants),
		Participants: make([]*conversation.Participant, 0, len(b.Participants)),
	}
	times.add(b.StartTime.Time)
	times.add(b.EndTime.Time)
	for _, d := range b.Divisions {
		if d.Division.ID != "" {
			c.DivisionIDs = append(c.DivisionIDs, d.Division.ID)
		}
	}
	for i := range b.RecentTransfers {
		t := &b.RecentTransfers[i]
		if t.ID == "" {
			gone.add(t, "id is missing", "/recentTransfers/%d", i)
			continue
		}
		times.add(t.DateIssued.Time)
		c.Transfers = append(c.Transfers, &conversation.Transfer{
			ID: t.ID, State: strings.ToLower(t.State), Type: strings.ToLower(t.TransferType), DateIssued: t.DateIssued.Time,
			InitiatorUserID: t.Initiator.UserID, DestinationUserID: t.Destination.UserID, DestinationAddress: t.Destination.Address,
		})
	}
	return c
}

func liveParticipant(b *wire.Participant, times *span) *conversation.Participant {
	times.add(b.StartTime.Time)
	times.add(b.ConnectedTime.Time)
	times.add(b.EndTime.Time)
	return &conversation.Participant{
		ID: b.ID, Purpose: conversation.ParsePurpose(b.Purpose), UserID: b.UserID, Name: b.Name,
		QueueID: b.QueueID, QueueName: b.QueueName, GroupID: b.GroupID, TeamID: b.TeamID,
		ExternalContactID: b.ExternalContactID, ExternalOrganizationID: b.ExternalOrganizationID,
		Address: b.Address, ANI: b.ANI, DNIS: b.DNIS, Locale: b.Locale,
		Start: b.StartTime.Time, ConnectedTime: b.ConnectedTime.Time, End: b.EndTime.Time,
		ConsultParticipantID: b.ConsultParticipantID, MonitoredParticipantID: b.MonitoredParticipantID,
		CoachedParticipantID: b.CoachedParticipantID, BargedParticipantID: b.BargedParticipantID,
		ScreenMonitoredParticipantID: b.ScreenMonitoredParticipantID, Supervises: b.Watches || b.ScreenMonitoredParticipantID != "",
		WrapUpRequired: b.WrapupRequired, WrapUpPrompt: b.WrapupPrompt, FlaggedReason: b.FlaggedReason,
		Attributes: b.Attributes,
	}
}

type legList struct {
	media conversation.MediaType
	of    []wire.Communication
}

func legLists(p *wire.Participant) [11]legList {
	return [...]legList{
		{conversation.MediaVoice, p.Calls}, {conversation.MediaCallback, p.Callbacks}, {conversation.MediaChat, p.Chats},
		{conversation.MediaCobrowse, p.Cobrowsesessions}, {conversation.MediaEmail, p.Emails}, {conversation.MediaMessage, p.Messages},
		{conversation.MediaInternalMessage, p.InternalMessages}, {conversation.MediaScreenshare, p.Screenshares},
		{conversation.MediaSocial, p.SocialExpressions}, {conversation.MediaVideo, p.Videos},
		{conversation.MediaScreenMonitoring, p.ScreenMonitorings},
	}
}

func liveSession(b *wire.Communication, media conversation.MediaType, i, k int, times *span, gone *lost) *conversation.Session {
	s := &conversation.Session{
		ID: b.ID, MediaType: media, Direction: conversation.ParseDirection(b.Direction), Provider: b.Provider,
		Start: b.StartAlertingTime.Time, ConnectedTime: b.ConnectedTime.Time, DisconnectedTime: b.DisconnectedTime.Time,
		DisconnectType: conversation.ParseDisconnectType(b.DisconnectType), ErrorCode: b.ErrorInfo.Code,
		PeerID: b.PeerID, ScriptID: b.ScriptID, RoomID: b.RoomID, Subject: b.Subject,
		ScreenMonitoredUserID: b.ScreenMonitoredUserID, Supervises: b.Watches || b.ScreenMonitoredUserID != "",
		AddressSelf: b.Self.Text(), AddressOther: b.Other.Text(), AddressFrom: b.FromAddress.Text(), AddressTo: b.ToAddress.Text(),
		Held: b.Held, Muted: b.Muted, Recording: b.Recording, HoldStart: b.StartHoldTime.Time,
		ParkTime: b.ParkTime.Time, ResumeTime: b.ResumeTime.Time,
		ACWRequired: b.AfterCallWorkRequired, ACWState: conversation.ACWState(b.AfterCallWork.State),
		ACWStart: b.AfterCallWork.StartTime.Time, ACWEnd: b.AfterCallWork.EndTime.Time,
		CallbackUserName: b.CallbackUserName, CallbackNumbers: b.CallbackNumbers, CallbackScheduledTime: b.CallbackScheduledTime.Time,
		SkipEnabled: b.SkipEnabled, TimeoutSeconds: seconds(b.TimeoutSeconds), AgentAssistantID: b.AgentAssistantID,
		OutboundCampaignID: b.DialerPreview.CampaignID, OutboundContactID: b.DialerPreview.ContactID,
		OutboundContactListID: b.DialerPreview.ContactListID,
		JourneyCustomerID:     b.JourneyContext.Customer.ID, JourneyCustomerIDType: b.JourneyContext.Customer.IDType,
		JourneyCustomerSessionID: b.JourneyContext.CustomerSession.ID, JourneyActionID: b.JourneyContext.TriggeringAction.ID,
	}
	if media == conversation.MediaMessage {
		s.MessageType = conversation.ParseMessageType(b.Type)
	}
	setState(s, b.State)
	setWrapUp(s, &b.Wrapup)
	// Not when it was put on hold or parked: that is gone when it is over, and what says
	// so would look older than what came before.
	for _, t := range []wire.Time{b.StartAlertingTime, b.ConnectedTime, b.DisconnectedTime,
		b.AfterCallWork.StartTime, b.AfterCallWork.EndTime, b.Wrapup.EndTime} {
		times.add(t.Time)
	}
	for n := range b.Segments {
		g := &b.Segments[n]
		if g.Type == "" && g.StartTime.IsZero() {
			gone.add(g, "type and startTime are missing", "/participants/%d, %s leg %d, segment %d", i, media, k, n)
			continue
		}
		times.add(g.StartTime.Time)
		times.add(g.EndTime.Time)
		s.Segments = append(s.Segments, &conversation.Segment{
			Type: conversation.ParseSegmentType(g.Type), Start: g.StartTime.Time, End: g.EndTime.Time,
			DisconnectType: conversation.ParseDisconnectType(g.DisconnectType),
		})
	}
	return s
}

// setState states the leg's state. Parked is a connected leg that rests, and
// an e-mail that is being sent is still the agent's: both go back, which a
// state cannot. A leg that has its disconnected time is over, although the
// first message of after-call work still says connected (trap 10).
func setState(s *conversation.Session, state string) {
	s.State = conversation.ParseSessionState(state)
	s.WasConnected = s.State == conversation.StateConnected
	switch s.State {
	case conversation.StateParked:
		s.State, s.Parked = conversation.StateConnected, true
	case conversation.StateTransmitting, conversation.StateUploading, conversation.StateConverting:
		if !s.ConnectedTime.IsZero() {
			s.State = conversation.StateConnected
		}
	}
	if s.State == conversation.StateConnected && !s.DisconnectedTime.IsZero() {
		s.State = conversation.StateDisconnected
		if s.MediaType == conversation.MediaVoice {
			s.State = conversation.StateTerminated
		}
	}
}

// setWrapUp states what the agent has chosen. A provisional wrap-up is a draft.
func setWrapUp(s *conversation.Session, w *wire.Wrapup) {
	if w.Provisional {
		return
	}
	s.WrapUpCode, s.WrapUpName, s.WrapUpNote, s.WrapUpTags = w.Code, w.Name, w.Notes, w.Tags
	s.WrapUpDurationMs, s.WrapUpEnd = seconds(w.DurationSeconds)*1000, w.EndTime.Time
}

// shareWrapUp gives the participant's after-call work to the leg that it
// belongs to, the last one that was disconnected, as far as the leg does not
// say it itself.
func shareWrapUp(b *wire.Participant, p *conversation.Participant, times *span) {
	times.add(b.StartAcwTime.Time)
	times.add(b.EndAcwTime.Time)
	times.add(b.Wrapup.EndTime.Time)
	var last *conversation.Session
	for _, s := range p.Sessions {
		if last == nil || s.DisconnectedTime.After(last.DisconnectedTime) {
			last = s
		}
	}
	if last == nil {
		return
	}
	if last.ACWStart.IsZero() && last.ACWEnd.IsZero() {
		last.ACWStart, last.ACWEnd = b.StartAcwTime.Time, b.EndAcwTime.Time
	}
	if last.WrapUpCode == "" && last.WrapUpEnd.IsZero() {
		setWrapUp(last, &b.Wrapup)
	}
	last.ACWSkipped = b.WrapupSkipped
}

// setRouting gives what routing was asked for to the participant's legs, where
// detail events and records have it.
func setRouting(p *conversation.Participant, d *wire.RoutingData) {
	if side := p.Purpose.Side(); p.QueueID == "" && (side == conversation.QueueSide || side == conversation.AgentSide) {
		p.QueueID = d.Queue
	}
	if d.Language == "" && d.Priority == 0 && len(d.Skills) == 0 {
		return
	}
	for _, s := range p.Sessions {
		s.RequestedLanguageID, s.RoutingPriority, s.RequestedRoutingSkills = d.Language, int64(d.Priority), d.Skills
	}
}
