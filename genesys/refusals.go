package genesys

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dcmkit/convtrack/genesys/internal/wire"
)

// Refusals returns the refusals that are joined in an error of [Decode], in
// their order: the first 20 of a message, and one that counts the others.
func Refusals(err error) []*DecodeError {
	switch e := err.(type) { //nolint:errorlint // it looks at each in turn
	case nil:
		return nil
	case *DecodeError:
		return []*DecodeError{e}
	case interface{ Unwrap() []error }:
		var all []*DecodeError
		for _, one := range e.Unwrap() {
			all = append(all, Refusals(one)...)
		}
		return all
	}
	return Refusals(errors.Unwrap(err))
}

// mostTold is how many refusals of a message are told one by one: who sends it
// chooses how many there are.
const mostTold = 20

// refusals gathers what of a message is refused.
type refusals struct {
	told  []*DecodeError
	more  int
	about map[string]bool // of more, as in a DecodeError
}

// add adds the refusals that are joined in an error.
func (l *refusals) add(err error) {
	for _, d := range Refusals(err) {
		switch {
		case d.More > 0:
			l.leaveOut(d.More, slices.Collect(maps.Keys(d.about))...)
		case len(l.told) < mostTold:
			l.told = append(l.told, d)
		case d.Part:
			l.leaveOut(1, d.ConversationID)
		default:
			l.leaveOut(1, "")
		}
	}
}

// leaveOut adds n refusals that are counted only.
func (l *refusals) leaveOut(n int, about ...string) {
	if l.about == nil {
		l.about = map[string]bool{}
	}
	for _, id := range about {
		l.about[id] = true
	}
	l.more += n
}

// err joins the refusals.
func (l *refusals) err() error {
	var errs []error
	for _, d := range l.told {
		errs = append(errs, d)
	}
	if l.more > 0 {
		errs = append(errs, &DecodeError{What: "message", Reason: fmt.Sprintf("%d more refusals", l.more), More: l.more, about: l.about})
	}
	return errors.Join(errs...)
}

// settle says of the refusals that are not told one by one whether the message, which
// has been read, states something of all their conversations.
func settle(m *Message, err error) {
	for _, d := range Refusals(err) {
		if d.More == 0 {
			continue
		}
		for _, c := range m.Conversations {
			delete(d.about, c.ID)
		}
		d.Part, d.about = len(d.about) == 0, nil
	}
}

// inElement says in which element of a list something was refused.
func inElement(what string, i int, err error) error {
	var errs []error
	for _, d := range Refusals(err) {
		if d.More == 0 {
			e := *d
			e.What, e.Part = fmt.Sprintf("%s, element %d: %s", what, i+1, d.What), true
			d = &e
		}
		errs = append(errs, d)
	}
	return errors.Join(errs...)
}

// lost gathers what of a conversation is not understood while the rest is used.
type lost struct {
	refusals

	what, id string // of the conversation
}

// add notes what is at the place, if that says anything at all: null and {} do
// not.
func (l *lost) add(v any, reason, place string, indexes ...any) {
	if wire.Empty(v) {
		return
	}
	l.refusals.add(&DecodeError{What: l.what, ConversationID: l.id, Pointer: fmt.Sprintf(place, indexes...), Reason: reason, Part: true})
}
