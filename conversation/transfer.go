package conversation

import "time"

// Transfer is a transfer command of the live API: an attempt, of which only
// the legs show whether it came about (protocol 7.4).
type Transfer struct {
	ID                 string    `json:"id"`
	State              string    `json:"state,omitzero"` // pending, active, complete, canceled, failed, timeout, unknown
	Type               string    `json:"transferType,omitzero"`
	DateIssued         time.Time `json:"dateIssued,omitzero"`
	InitiatorUserID    string    `json:"initiatorUserId,omitzero"`
	DestinationUserID  string    `json:"destinationUserId,omitzero"`
	DestinationAddress string    `json:"destinationAddress,omitzero"`

	stamps stamps
}

var transferFields = newSchema(func(t *Transfer) *stamps { return &t.stamps }, nil,
	text("state", newest, func(t *Transfer) *string { return &t.State }),
	text("transferType", settled, func(t *Transfer) *string { return &t.Type }),
	instant("dateIssued", settled, func(t *Transfer) *time.Time { return &t.DateIssued }),
	text("initiatorUserId", settled, func(t *Transfer) *string { return &t.InitiatorUserID }),
	text("destinationUserId", settled, func(t *Transfer) *string { return &t.DestinationUserID }),
	text("destinationAddress", settled, func(t *Transfer) *string { return &t.DestinationAddress }),
)
