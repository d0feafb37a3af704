package polling

import (
	"context"
	"errors"
	"time"

	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/redact"
)

// tally counts how many answers of a series are understood, each about one
// conversation. One that is not is left out, so that it does not block the others
// for ever; but when none is understood, the cause concerns all of them. Where the
// series does not show that, another conversation is asked about. So it is with one
// on which the platform fails, when that lasts.
type tally struct {
	// another reports whether the same question about another conversation is
	// answered.
	another func(besides []string) bool

	understood int
	odd        []string // not understood
	last       error    // the error of the last of these
}

// mostOdd is after how many answers, none of which is understood, the rest is not
// asked for.
const mostOdd = 3

// note records the result of one answer, and returns an error when the series must
// stop.
func (t *tally) note(id string, err error) error {
	if !errors.Is(err, genesys.ErrNotUnderstood) {
		if err == nil {
			t.understood++
		}
		return err
	}
	t.odd, t.last = append(t.odd, id), err
	if len(t.odd) == mostOdd {
		return t.err()
	}
	return nil
}

// err returns why no answer was understood; nil when one was, or nothing was
// asked.
func (t *tally) err() error {
	if len(t.odd) == 0 || t.answered(t.odd) {
		return nil
	}
	return t.last
}

// answered reports whether the question is answered about others.
func (t *tally) answered(besides []string) bool {
	if t.understood == 0 && t.another(besides) {
		t.understood++
	}
	return t.understood > 0
}

// tally returns a tally of answers to what ask asks.
func (s *Source) tally(ctx context.Context, ask func(ctx context.Context, id string) error) tally {
	return tally{another: func(besides []string) bool { return s.reader.answersAboutAnother(ctx, besides, ask) }}
}

// note records the result of an answer about a conversation, and logs why one is left
// out.
func (s *Source) note(answers *tally, what, id string, err error) error {
	p := part{what, id}
	switch {
	case err == nil:
		s.reader.unread.succeeded(p, time.Now())
	case errors.Is(err, genesys.ErrNotUnderstood):
		s.log.Warn("an answer about a conversation is not understood", "read", what, "conversation", redact.ID(id), "reason", err)
	case failedOn(err) && answers.another([]string{id}) && s.reader.unread.failed(p, time.Now()):
		s.log.Warn("the platform does not answer about a conversation", "read", what, "conversation", redact.ID(id), "reason", err)
		return nil
	}
	return answers.note(id, err)
}
