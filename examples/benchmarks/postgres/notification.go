package main

import (
	"encoding/json"
	"time"
)

// notification is what an integration by hand decodes of a queue notification.
type notification struct {
	EventBody struct {
		ID             string                `json:"id"`
		RecordingState string                `json:"recordingState"`
		ExternalTag    string                `json:"externalTag"`
		Address        string                `json:"address"`
		Participants   []notifiedParticipant `json:"participants"`
	} `json:"eventBody"`
}

type notifiedParticipant struct {
	ID             string            `json:"id"`
	Purpose        string            `json:"purpose"`
	Name           string            `json:"name"`
	UserID         string            `json:"userId"`
	QueueID        string            `json:"queueId"`
	Address        string            `json:"address"`
	ConnectedTime  time.Time         `json:"connectedTime"`
	WrapUpRequired bool              `json:"wrapupRequired"`
	Attributes     map[string]string `json:"attributes"`
	WrapUp         struct {
		Code  string `json:"code"`
		Notes string `json:"notes"`
	} `json:"wrapup"`
	Calls []notifiedCall `json:"calls"`
}

type notifiedCall struct {
	ID               string          `json:"id"`
	State            string          `json:"state"`
	Direction        string          `json:"direction"`
	Provider         string          `json:"provider"`
	PeerID           string          `json:"peerId"`
	Held             bool            `json:"held"`
	Muted            bool            `json:"muted"`
	Recording        bool            `json:"recording"`
	ConnectedTime    time.Time       `json:"connectedTime"`
	DisconnectedTime *time.Time      `json:"disconnectedTime"`
	DisconnectType   string          `json:"disconnectType"`
	Self             notifiedAddress `json:"self"`
	Other            notifiedAddress `json:"other"`
}

type notifiedAddress struct {
	Normalized string `json:"addressNormalized"`
}

// payload is what the outboxes of the peers carry, as large as an event of ours.
const payload = `{"type":"agent.connected","conversationId":"c0000000-0000-4000-8000-000000000001","participantId":"9a470000-0000-4000-8000-000000000001",` +
	`"sessionId":"5e550000-0000-4000-8000-000000000001","purpose":"agent","userId":"05e00000-0000-4000-8000-000000000001",` +
	`"queueId":"40e00000-0000-4000-8000-000000000001","mediaType":"voice","direction":"inbound","initiatedBy":"GENESYS","time":"2025-01-10T09:01:02.003Z",` +
	`"rule":"answered-leg","participantName":"agent one","address":"sip:agent-one@example.org"}`

// model makes rows of the notification. It has no segments and
// metrics: with details, one of each is made for each leg.
func (m *notification) model(details bool) (*conversationModel, error) {
	body := &m.EventBody
	c := &conversationModel{ID: body.ID, RecordingState: body.RecordingState, ExternalTag: body.ExternalTag, Address: body.Address}
	for i := range body.Participants {
		p := &body.Participants[i]
		attributes, err := json.Marshal(p.Attributes)
		if err != nil {
			return nil, err
		}
		x := participantModel{ID: p.ID, ConversationID: body.ID, Purpose: p.Purpose, Name: p.Name, UserID: p.UserID, QueueID: p.QueueID,
			Address: p.Address, ConnectedTime: p.ConnectedTime, WrapUpRequired: p.WrapUpRequired, Attributes: string(attributes)}
		for k := range p.Calls {
			x.Legs = append(x.Legs, p.Calls[k].model(p, details))
		}
		c.Participants = append(c.Participants, x)
	}
	return c, nil
}

func (call *notifiedCall) model(p *notifiedParticipant, details bool) legModel {
	leg := legModel{ID: call.ID, ParticipantID: p.ID, State: call.State, Direction: call.Direction, Provider: call.Provider, PeerID: call.PeerID,
		Ani: call.Other.Normalized, Dnis: call.Self.Normalized, Held: call.Held, Muted: call.Muted, Recording: call.Recording,
		ConnectedTime: call.ConnectedTime, DisconnectedTime: call.DisconnectedTime, DisconnectType: call.DisconnectType,
		WrapUpCode: p.WrapUp.Code, WrapUpNote: p.WrapUp.Notes}
	if details {
		leg.Segments = []segmentModel{{LegID: call.ID, Start: call.ConnectedTime, Type: "interact", End: call.DisconnectedTime, Queue: p.QueueID, WrapUp: p.WrapUp.Code}}
		leg.Metrics = []metricModel{{LegID: call.ID, Name: "tAnswered", Emitted: call.ConnectedTime, Value: call.ConnectedTime.Sub(p.ConnectedTime).Milliseconds()}}
	}
	return leg
}
