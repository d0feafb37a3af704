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
	}
	for i, p := range c.Participants {
		if p == nil {
			return fmt.Errorf("participant %d is nil", i+1)
		}
		for j, s := range p.Sessions {
			if s == nil {
				return fmt.Errorf("session %d of participant %d is nil", j+1, i+1)
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

func findNil[T any](list []*T) (at int, found bool) {
	for i, x := range list {
		if x == nil {
			return i, true
		}
	}
	return 0, false
}
