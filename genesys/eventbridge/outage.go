package eventbridge

import (
	"context"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
)

// outage is since when SQS does not answer.
type outage struct {
	mu        sync.Mutex
	since     time.Time // when it last answered
	answers   time.Time // since when it does; zero: it does not
	ended     time.Time // when the last one that was announced did, or reading began
	reason    error     // why it does not; nil: it does, or has not been asked yet
	announced bool
}

func (o *outage) begin(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since, o.ended = now, now
}

// readable returns since when the queue can be read, but for failures that soon
// passed; zero: it cannot.
func (o *outage) readable() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reason != nil {
		return time.Time{}
	}
	return o.ended
}

// failed notes why SQS did not answer. It reports whether an outage is to be
// announced, and since when it is.
func (o *outage) failed(now time.Time, reason error) (since time.Time, is bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reason, o.answers = reason, time.Time{}
	if o.announced || now.Sub(o.since) < blindAfter {
		return o.since, false
	}
	o.announced = true
	return o.since, true
}

// over notes that SQS has answered. It reports whether an announced outage has
// ended, and when it began.
func (o *outage) over(now time.Time) (since time.Time, was bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if since, was = o.since, o.announced; was {
		o.ended = now
	}
	o.since, o.announced, o.reason = now, false, nil
	if o.answers.IsZero() {
		o.answers = now
	}
	return since, was
}

// say fills in since when the queue can be read or not.
func (o *outage) say(h *conversation.SourceHealth) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reason == nil {
		h.HeardSince = utc(o.answers)
		return
	}
	h.BlindSince, h.Reason, h.MissingPermissions = utc(o.since), "the queue cannot be read: "+o.reason.Error(), missing(o.reason)
}

// announceOutage tells the host when SQS has not answered for long: nothing is
// lost, but until it answers others must look after what the queue holds.
func (q *Queue) announceOutage(ctx context.Context, reason error) {
	if since, is := q.outage.failed(time.Now(), reason); is {
		q.announce(ctx, q.config.Name, conversation.Gap{From: since, Reason: "the queue cannot be read: " + reason.Error()})
	}
}

// announceReturn tells the host that an outage has ended, and whether the queue
// has dropped messages meanwhile.
func (q *Queue) announceReturn(ctx context.Context, now time.Time) {
	since, was := q.outage.over(now)
	if !was {
		return
	}
	q.announce(ctx, q.config.Name, conversation.Gap{From: since, To: now, Reason: "the queue could not be read; it tells now what it kept"})
	q.announceExpired(ctx, now)
}

// announceExpired announces the time of which the queue has dropped messages
// that nobody has read when reading began.
func (q *Queue) announceExpired(ctx context.Context, began time.Time) {
	until, err := q.position.load(ctx, began)
	if err != nil && ctx.Err() == nil {
		q.log.Warn("it is not known up to when the queue was read", "reason", err)
	}
	if kept := began.Add(-q.kept()); !until.IsZero() && until.Before(kept) {
		q.announce(ctx, q.part("dropped"), conversation.Gap{From: until, To: kept, Reason: "the queue was not read for longer than it keeps messages"})
	}
}

// part is the name of the gaps that begin and end whether SQS answers or not: under
// the source's own name the end of one would pass for that of an outage, and the
// end of an outage for theirs.
func (q *Queue) part(name string) string { return q.config.Name + "/" + name }

// announce tells the host of a gap.
func (q *Queue) announce(ctx context.Context, source string, g conversation.Gap) {
	g.Source = source
	q.stats.gaps.Add(1)
	if err := give(ctx, q.sink, conversation.Update{Gap: &g}); err != nil && ctx.Err() == nil {
		q.log.Error("a gap could not be announced", "from", g.From, "to", g.To, "reason", g.Reason, "error", err)
	}
}
