package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/internal/origin"
)

// understand decodes a message. refused says what of it is not understood, and
// whole whether it is to be given up for that: when the facts of a conversation
// are missing of which the message says nothing else. What is left of a message
// that is not given up is to be used.
func understand(body []byte, read time.Time) (facts []*conversation.Conversation, whole bool, refused error) {
	m, err := genesys.DecodeDelivered(body, read)
	facts = m.Conversations
	for _, r := range genesys.Refusals(err) {
		used := r.More > 0 || slices.ContainsFunc(facts, func(c *conversation.Conversation) bool { return c.ID == r.ConversationID })
		whole = whole || !r.Part || !used
	}
	facts = slices.DeleteFunc(facts, func(c *conversation.Conversation) bool {
		invalid := c.Check()
		if invalid != nil {
			whole, err = true, errors.Join(err, invalid)
		}
		return invalid != nil
	})
	return facts, whole, err
}

func update(facts []*conversation.Conversation) conversation.Update {
	return conversation.Update{Conversations: facts}
}

// observation is what one message tells.
type observation struct {
	facts  []*conversation.Conversation
	stored bool
	err    error  // of the last try to store it
	trace  string // QueueMessage.TraceHeader
}

// within returns a context that names the traces in which messages were sent.
func within(ctx context.Context, headers ...string) context.Context {
	var from origin.Origin
	for _, header := range headers {
		if in := origin.FromXRay(header); in.IsValid() && !slices.ContainsFunc(from.Traces, in.Equal) {
			from.Traces = append(from.Traces, in)
		}
	}
	if from.Traces == nil {
		return ctx
	}
	return origin.With(ctx, from)
}

// observe gives the facts of all messages that are not stored to the sink: all
// at once and, where that fails, one by one, so that none of them keeps the
// others from being stored.
func observe(ctx context.Context, sink conversation.Sink, messages []*observation) {
	var left []*observation
	var all conversation.Update
	var traces []string
	for _, m := range messages {
		if m.stored {
			continue
		}
		if len(m.facts) == 0 {
			m.stored = true
			continue
		}
		left, traces = append(left, m), append(traces, m.trace)
		all.Conversations = append(all.Conversations, m.facts...)
	}
	if len(left) == 0 {
		return
	}
	err := give(within(ctx, traces...), sink, all)
	for _, m := range left {
		m.err = err
		m.stored = err == nil
	}
	if err == nil || len(left) == 1 {
		return
	}
	for _, m := range left {
		if ctx.Err() != nil {
			return
		}
		m.err = give(within(ctx, m.trace), sink, update(m.facts))
		m.stored = m.err == nil
	}
}

// errSinkPanicked: nobody knows whether anything is stored, so nothing counts
// as stored.
var errSinkPanicked = errors.New("eventbridge: the sink panicked")

// give gives facts to the sink.
func give(ctx context.Context, sink conversation.Sink, u conversation.Update) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %T", errSinkPanicked, r)
		}
	}()
	return sink(ctx, u)
}
