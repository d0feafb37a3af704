package rows

import (
	"encoding/json"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// Record are the values of the columns of a conversation that are not of its
// state, beside its version and its last change.
type Record struct {
	Vetoed, Pending, Due, Refused, RefusedBy, RefusedAt Value
}

// RecordOf returns what is to be written with a change.
func RecordOf(c *store.Change) (Record, error) {
	r := Record{Vetoed: textValue(c.Vetoed)}
	r.Pending, r.Due = encodePending(c.Pending)
	if c.Refused == nil {
		return r, nil
	}
	refused, err := encodeRefused(c.Refused)
	if err != nil {
		return Record{}, err
	}
	r.Refused, r.RefusedBy = refused, keyText(c.Refused.Hook)
	if !c.Refused.Undecided() {
		r.RefusedAt = keyTime(c.Refused.At)
	}
	return r, nil
}

// encodePending also returns when the first of them is due.
func encodePending(pending []store.Pending) (list, due Value) {
	if len(pending) == 0 {
		return Value{}, Value{}
	}
	first := pending[0].Due
	b := appendList(nil, pending, func(b []byte, p store.Pending) []byte {
		if p.Due.Before(first) {
			first = p.Due
		}
		b = append(appendText(append(b, `{"eventId":`...), p.EventID), `,"due":`...)
		return append(appendTime(b, p.Due), '}')
	})
	return keyText(string(b)), keyTime(bounded(first))
}

// ParsePending reads the column "pending".
func ParsePending(v Value) ([]store.Pending, error) {
	if !v.Valid {
		return nil, nil
	}
	var documents []struct {
		EventID string   `json:"eventId"`
		Due     jsonTime `json:"due"`
	}
	if err := json.Unmarshal([]byte(v.Text), &documents); err != nil {
		return nil, err
	}
	pending := make([]store.Pending, len(documents))
	for i, d := range documents {
		pending[i] = store.Pending{EventID: d.EventID, Due: d.Due.Time}
	}
	return pending, nil
}

type refusedDocument struct {
	Hook     string          `json:"hook"`
	EventID  string          `json:"eventId"`
	Type     string          `json:"eventType"`
	Attempts int             `json:"attempts"`
	Error    string          `json:"error"`
	Stack    string          `json:"stack,omitempty"`
	Facts    json.RawMessage `json:"facts,omitempty"` // as conversation.Encode writes them

	Since     time.Time `json:"since,omitzero"`
	Next      time.Time `json:"next,omitzero"`
	Overruled bool      `json:"overruled,omitzero"`
	Skipped   []skipped `json:"skipped,omitempty"`
}

type skipped struct {
	Hook    string `json:"hook"`
	EventID string `json:"eventId"`
}

func encodeRefused(r *store.Refused) (Value, error) {
	d := refusedDocument{Hook: r.Hook, EventID: r.EventID, Type: r.Type, Attempts: r.Attempts, Error: r.Error, Stack: r.Stack,
		Since: r.Since, Next: r.Next, Overruled: r.Overruled}
	for _, x := range r.Skipped {
		d.Skipped = append(d.Skipped, skipped(x))
	}
	if r.Facts != nil {
		facts, err := conversation.Encode(r.Facts)
		if err != nil {
			return Value{}, err
		}
		d.Facts = facts
	}
	b, err := json.Marshal(d)
	return keyText(string(b)), err
}

// ParseRefused reads the columns "refused" and "refused_at". Without facts it
// leaves those out, which take the longest.
func ParseRefused(refused, at Value, facts bool) (*store.Refused, error) {
	if !refused.Valid {
		return nil, nil
	}
	var d refusedDocument
	if err := json.Unmarshal([]byte(refused.Text), &d); err != nil {
		return nil, err
	}
	r := &store.Refused{Failure: store.Failure{Hook: d.Hook, EventID: d.EventID, Type: d.Type, Attempts: d.Attempts,
		Error: d.Error, Stack: d.Stack, At: at.Time()}, Since: d.Since, Next: d.Next, Overruled: d.Overruled}
	for _, x := range d.Skipped {
		r.Skipped = append(r.Skipped, store.Skipped(x))
	}
	if facts && len(d.Facts) > 0 {
		var err error
		if r.Facts, err = conversation.Decode(d.Facts); err != nil {
			return nil, err
		}
	}
	return r, nil
}
