package conversation

import (
	"errors"
	"fmt"
)

// Check says in a sentence why c cannot be merged: it is nil or has no id, or
// something in it is nil. A conversation that a decoder composed is checked
// before it reaches others.
func (c *Conversation) Check() error {
	switch {
	case c == nil:
		return errors.New("it is nil")
	case c.ID == "":
		return errors.New("it has no id")
	case conversationFields.unstated(c) || len(c.Attributes) > 0 && c.attributes.stamp(anyName(c.Attributes)) == 0:
		return errUnstated
	}
	for i, p := range c.Participants {
		if p == nil {
			return fmt.Errorf("participant %d is nil", i+1)
		}
		if participantFields.unstated(p) {
			return errUnstated
		}
		for j, s := range p.Sessions {
			if s == nil {
				return fmt.Errorf("session %d of participant %d is nil", j+1, i+1)
			}
			if sessionFields.unstated(s) {
				return errUnstated
			}
			if at, found := findNil(s.Segments); found {
				return fmt.Errorf("segment %d of session %d of participant %d is nil", at+1, j+1, i+1)
			}
		}
	}
	if at, found := findNil(c.Transfers); found {
		return fmt.Errorf("transfer %d is nil", at+1)
	}
	if at, found := findNil(c.Surveys); found {
		return fmt.Errorf("survey %d is nil", at+1)
	}
	if at, found := findNil(c.Evaluations); found {
		return fmt.Errorf("evaluation %d is nil", at+1)
	}
	return nil
}

var errUnstated = errors.New("nobody is said to state it, so that nothing of it would be kept: pass it through conversation.State first, which says who states it and when")

// unstated reports whether e has fields of which nobody is said to state them.
func (s *schema[E]) unstated(e *E) bool {
	if len(*s.stamps(e)) > 0 {
		return false
	}
	derived := s.derived(e)
	for i, zero := range s.zero {
		if !zero(e) && !derived.has(i) {
			return true
		}
	}
	return false
}

func anyName(values map[string]string) string {
	for name := range values {
		return name
	}
	return ""
}

func findNil[T any](list []*T) (at int, found bool) {
	for i, x := range list {
		if x == nil {
			return i, true
		}
	}
	return 0, false
}
