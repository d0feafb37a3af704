package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"
)

// Encode returns the event's data as JSON: its typed fields and the rule, with
// Genesys's names. The header travels beside it.
func Encode(e Event) ([]byte, error) {
	if _, own := e.(interface{ ofHost() }); !own {
		return json.Marshal(e)
	}
	return byHost("encoded", func() ([]byte, error) { return json.Marshal(e) })
}

// Encode is like [Encode], and tells Failed of what cannot be encoded. It is for trackers.
func (w Wanted) Encode(e Event) (data []byte, ok bool) {
	data, err := Encode(e)
	if err != nil && w.Failed != nil {
		var stack string
		if failed := new(unanswered); errors.As(err, &failed) {
			stack = failed.stack
		}
		w.Failed(e.Head().Type, fmt.Errorf("an event cannot be encoded: %w", err), stack)
	}
	return data, err == nil
}

// byHost encodes or decodes data of the host's, which may have methods for it.
func byHost[T any](done string, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	r, failed := ask(new(atomic.Int64), answerLate, func() result {
		v, err := do()
		if err != nil {
			err = errors.New(err.Error()) // the host's methods may have made it
		}
		return result{v, err}
	})
	if failed != nil {
		return r.value, fmt.Errorf("events: the host's data cannot be %s: %w", done, failed)
	}
	return r.value, r.err
}

// Decode is the inverse of Encode. The header gives the type and everything
// that the data does not hold.
func Decode(h Header, data []byte) (Event, error) {
	kind := h.Type.kind()
	if kind < 0 {
		return nil, fmt.Errorf("%w of this version: %q; the process that stored event %s was newer", ErrUnknownType, h.Type, h.ID)
	}
	return decode(kinds[kind].empty(), h, data)
}

// Decode is like [Decode], and knows the types that are defined.
func (h *Hooks) Decode(head Header, data []byte) (Event, error) {
	for _, d := range h.Wants().definitions {
		if d.of == head.Type {
			return byHost("decoded", func() (Event, error) { return decode(d.empty(), head, data) })
		}
	}
	if head.Type.kind() < 0 {
		return nil, fmt.Errorf("%w of this version, and not defined in this process: %q; another one stored event %s", ErrUnknownType, head.Type, head.ID)
	}
	return Decode(head, data)
}

func decode(e Event, h Header, data []byte) (Event, error) {
	if err := json.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("events: the data of %s %s: %w", h.Type, h.ID, err)
	}
	rule := e.Head().Rule
	*e.Head() = h
	e.Head().Rule = rule
	return e, nil
}

// CloudEvent returns the event as a CloudEvents 1.0 JSON object. Together with
// source, which names the organisation or installation, the id is unique.
func CloudEvent(e Event, source string) ([]byte, error) {
	data, err := Encode(e)
	if err != nil {
		return nil, err
	}
	h := e.Head()
	return json.Marshal(struct {
		SpecVersion string          `json:"specversion"`
		ID          string          `json:"id"`
		Source      string          `json:"source"`
		Type        Type            `json:"type"`
		Subject     string          `json:"subject"`
		Time        time.Time       `json:"time,omitzero"`
		ContentType string          `json:"datacontenttype"`
		Data        json.RawMessage `json:"data"`
	}{"1.0", h.ID, source, h.Type, h.ConversationID, h.Time, "application/json", data})
}

// Copy returns a copy of the event, so that hooks that run at the same time do
// not share one. The conversation is shared: it must not be changed.
func Copy(e Event) Event {
	c := e.copied()
	c.Head().attributes = maps.Clone(c.Head().attributes)
	return c
}

func copyOf[E any](e *E) *E {
	c := *e
	return &c
}
