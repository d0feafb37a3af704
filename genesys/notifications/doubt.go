package notifications

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
	"github.com/dcmkit/convtrack/genesys/internal/pause"
)

// doubts finds out whether channels without events are deaf: from what other
// sources read, or by reading one conversation for which such a channel should
// have sent events.
type doubts struct {
	api      genesys.API
	peers    *peers
	assigned *assignment
	refused  *refusedTopics
	found    func(*conversation.Conversation) // takes what was read
	log      *slog.Logger
}

// run settles doubts until ctx ends.
func (d *doubts) run(ctx context.Context) {
	for d.peers.tracked != nil && pause.Sleep(ctx, pause.Jittered(time.Minute)) {
		silent := map[*connection]bool{}
		for _, c := range d.assigned.all() {
			if _, hears := c.lastHeard(); hears && c.silence.doubts(time.Now()) {
				silent[c] = true
			}
		}
		if len(silent) > 0 {
			d.settle(ctx, silent)
		}
	}
}

// settle reads one conversation for each silent connection: the most recently changed
// one with an open leg on its topics that has not been read yet; where all have been,
// the one that was read longest ago, as it may have changed since.
func (d *doubts) settle(ctx context.Context, silent map[*connection]bool) {
	again := map[*connection]string{}
	for c, err := range d.peers.tracked.Open(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				d.log.Warn("the open conversations cannot be listed", "error", err)
			}
			return
		}
		for _, is := range d.expected(c) {
			if is.over || !silent[is.by] {
				continue
			}
			turn := is.by.silence.turn(c.ID)
			if turn == 0 {
				delete(silent, is.by)
				is.by.silence.ask(c.ID)
				d.read(ctx, c.ID)
				break
			}
			if id, some := again[is.by]; !some || turn < is.by.silence.turn(id) {
				again[is.by] = c.ID
			}
		}
		if len(silent) == 0 {
			return
		}
	}
	for by, id := range again {
		if silent[by] {
			by.silence.ask(id)
			d.read(ctx, id)
		}
	}
}

// read reads a conversation and compares. The live API does not keep a conversation
// for long after its end; then its record is read.
func (d *doubts) read(ctx context.Context, id string) {
	sent := time.Now()
	body, err := d.api.Call(ctx, genesys.Request{Path: "/api/v2/conversations/" + url.PathEscape(id), Repair: true, Sent: &sent})
	if genesys.HasStatus(err, http.StatusNotFound) {
		body, err = d.api.Call(ctx, genesys.Request{Path: "/api/v2/analytics/conversations/" + url.PathEscape(id) + "/details", Repair: true, Sent: &sent})
	}
	if err != nil {
		if ctx.Err() == nil {
			d.log.Warn("a channel is silent, and it cannot be read whether there is something to tell", "conversation", id, "reason", err)
		}
		return
	}
	m, err := genesys.Decode(body, sent)
	if err != nil {
		d.log.Warn("a part of an answer is not understood", "conversation", id, "reason", err)
	}
	for _, c := range m.Conversations {
		d.found(c)
		d.compare(c)
	}
}

// compare compares what was read of a conversation with the events of the channels.
func (d *doubts) compare(c *conversation.Conversation) {
	for _, is := range d.expected(conversation.Merge(nil, c)) {
		if _, hears := is.by.lastHeard(); hears {
			is.by.silence.compare(c.ID, is.moment, time.Now())
		}
	}
}

// expectation is a leg about which a connection should have sent events.
type expectation struct {
	by     *connection
	moment time.Time // the latest in the leg
	over   bool
}

// expected returns the legs of a conversation about which connections should send
// events: a user's legs on the user's topic, and the waiting in a queue on the
// queue's. What happens after a user has left may not come on the user's topic.
func (d *doubts) expected(c *conversation.Conversation) []expectation {
	var all []expectation
	for _, l := range c.Legs() {
		var topic string
		switch {
		case l.Participant.UserID != "":
			topic = UserTopics(l.Participant.UserID)[0]
		case l.Participant.Purpose == conversation.PurposeACD && l.Participant.QueueID != "":
			topic = QueueTopics(l.Participant.QueueID)[0]
		default:
			continue
		}
		if by := d.assigned.connection(topic); by != nil && !d.refused.is(topic) {
			all = append(all, expectation{by, later(l.Start, later(l.Connected, l.End)), l.Over})
		}
	}
	return all
}
