package polling

import (
	"errors"

	"github.com/dcmkit/convtrack/genesys"
)

// tally counts how many answers of a series are understood, each about one
// conversation. One that is not is left out, so that it does not block the others
// for ever; but when none is understood, the cause concerns all of them.
type tally struct {
	understood int
	odd        int   // not understood
	last       error // the error of the last of these
}

// mostOdd is after how many answers, none of which is understood, the rest is not
// asked for.
const mostOdd = 3

// note records the result of one answer, and returns an error when the series must
// stop.
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

// err returns why no answer was understood; nil when one was, or nothing was
// asked.
func (t *tally) err() error {
	if t.understood > 0 {
		return nil
	}
	return t.last
}

// note records the result of an answer about a conversation, and logs one that is
// not understood.
func (s *Source) note(answers *tally, what, id string, err error) error {
	if errors.Is(err, genesys.ErrNotUnderstood) {
		s.log.Warn("an answer about a conversation is not understood", "read", what, "conversation", id, "reason", err)
	}
	return answers.note(err)
}
