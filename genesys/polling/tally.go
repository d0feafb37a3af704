package polling

import (
	"errors"

	"github.com/dcmkit/convtrack/genesys"
)

// tally counts how many of many answers are understood, each about one
// conversation. One that is not is left out, so that it does not hold up the
// others for ever; but when none is, something is in the way of all.
type tally struct {
	understood int
	odd        int   // not understood
	last       error // of those
}

// mostOdd is how many answers are not understood, and none is, before the others
// are not asked for.
const mostOdd = 3

// note notes what came of an answer, and returns the error that ends the work.
func (t *tally) note(err error) error {
	switch {
	case !errors.Is(err, genesys.ErrNotUnderstood):
		if err == nil {
			t.understood++
		}
		return err
	case t.understood == 0 && t.odd+1 >= mostOdd:
		return err
	}
	t.odd, t.last = t.odd+1, err
	return nil
}

// err returns why nothing was understood; nil when something was, or nothing
// was asked.
func (t *tally) err() error {
	if t.understood > 0 {
		return nil
	}
	return t.last
}

// note notes what came of an answer about a conversation, and names one that is
// not understood.
func (s *Source) note(answers *tally, what, id string, err error) error {
	if errors.Is(err, genesys.ErrNotUnderstood) {
		s.log.Warn("an answer about a conversation is not understood", "read", what, "conversation", id, "reason", err)
	}
	return answers.note(err)
}
