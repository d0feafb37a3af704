package main

import (
	"encoding/json"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/conversation"
)

// document is a conversation as JSON.
type document struct {
	ConversationID string                     `json:"conversationId"`
	Status         conversation.Status        `json:"status"`
	Direction      conversation.Direction     `json:"direction,omitzero"`
	Media          []conversation.MediaType   `json:"media"`
	Start          time.Time                  `json:"start,omitzero"`
	End            time.Time                  `json:"end,omitzero"`
	Legs           []leg                      `json:"legs"`
	Events         []json.RawMessage          `json:"events"`
	Conversation   *conversation.Conversation `json:"conversation,omitzero"` // everything; personal
}

type leg struct {
	ParticipantID  string                      `json:"participantId"`
	Purpose        conversation.Purpose        `json:"purpose,omitzero"`
	UserID         string                      `json:"userId,omitzero"`
	QueueID        string                      `json:"queueId,omitzero"`
	Media          conversation.MediaType      `json:"media,omitzero"`
	Start          time.Time                   `json:"start,omitzero"`
	Connected      time.Time                   `json:"connected,omitzero"`
	End            time.Time                   `json:"end,omitzero"`
	WrapUpEnd      time.Time                   `json:"wrapUpEnd,omitzero"`
	DisconnectType conversation.DisconnectType `json:"disconnectType,omitzero"`
}

func (o *opening) document(c *conversation.Conversation, announced []convtrack.Announcement) document {
	d := document{ConversationID: c.ID, Status: c.Status, Direction: c.OriginatingDirection, Media: c.MediaTypes(), Start: c.Start, End: c.End, Events: []json.RawMessage{}}
	for _, l := range c.Legs() {
		d.Legs = append(d.Legs, leg{l.Participant.ID, l.Participant.Purpose, l.Participant.UserID, l.Participant.QueueID, l.Session.MediaType,
			l.Start, l.Connected, l.End, l.WrapUpEnd, l.Session.DisconnectType})
	}
	for _, a := range announced {
		if !o.personal {
			a.Logged.Data = withoutPersonal(a.Logged.Data)
		}
		line, err := json.Marshal(a)
		if err == nil { // data is JSON, as it was stored
			d.Events = append(d.Events, line)
		}
	}
	if o.personal {
		d.Conversation = c
	}
	return d
}

// withoutPersonal returns the data of an event with the harmless fields alone.
func withoutPersonal(data []byte) []byte {
	var fields map[string]any
	_ = json.Unmarshal(data, &fields) // what is no object has no such fields
	kept := map[string]any{}
	for _, name := range harmless {
		if text, is := fields[name].(string); is {
			kept[name] = text
		}
	}
	out, _ := json.Marshal(kept) // texts alone
	return out
}
