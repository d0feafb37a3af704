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
	ordered("state", func(t *Transfer) *string { return &t.State }, transferOrder),
	text("transferType", ranked, func(t *Transfer) *string { return &t.Type }),
	instant("dateIssued", first, func(t *Transfer) *time.Time { return &t.DateIssued }),
	text("initiatorUserId", ranked, func(t *Transfer) *string { return &t.InitiatorUserID }),
	text("destinationUserId", ranked, func(t *Transfer) *string { return &t.DestinationUserID }),
	text("destinationAddress", ranked, func(t *Transfer) *string { return &t.DestinationAddress }),
)
