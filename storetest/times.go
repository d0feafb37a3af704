package storetest

import (
	"fmt"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// moments are times that stores get wrong: a store that counts nanoseconds
// ends in 2262 and begins in 1677, one that counts seconds loses the rest.
var moments = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), // the first one after no time at all
	time.Date(1601, 2, 3, 4, 5, 6, 7000, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
	time.Unix(0, 0).UTC(),
	time.Date(2024, 2, 29, 23, 59, 59, 999999000, time.UTC),
	time.Date(2025, 3, 30, 1, 30, 0, 1000, time.UTC), // does not exist on a clock in Amsterdam
	time.Date(2025, 10, 26, 0, 30, 0, 0, time.UTC),   // comes twice there
	time.Date(2262, 4, 12, 0, 0, 0, 1000, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
}

func times(rule define) {
	rule("times come back to the microsecond, however far away", func(t *trial) {
		for i, m := range moments {
			id := fmt.Sprintf("c-%d", i)
			want := merged(partialBy(conversation.SourceREST, m, id, begun(m), func(c *conversation.Conversation) {
				c.ConferenceStart = m
				c.Participants = []*conversation.Participant{{ID: "p", End: m, Sessions: []*conversation.Session{{ID: "s", DisconnectedTime: m,
					Starts: []time.Time{m}, Segments: []*conversation.Segment{{Type: conversation.SegmentHold, Start: m, End: m}},
					Metrics: []conversation.Metric{{Name: "tTalk", EmitDate: m, Value: 1}}}}}}
			}))
			c := createdAs(want)
			e := event(id, 1, "hook")
			e.Time = m
			c.Events = []store.NewEvent{e}
			c.Pending = []store.Pending{{EventID: "e", Due: m}}
			c.Refused = &store.Refused{Facts: want, Failure: store.Failure{Hook: "h", Attempts: 1, At: m}}
			t.write(c)
			r := t.load(id)
			t.sameConversation(m.String(), r.Conversation, want)
			t.same("what waits at "+m.String(), r.Pending, c.Pending)
			t.same("what was refused at "+m.String(), r.Refused, c.Refused)
			t.same("the event at "+m.String(), t.events(id)[0].Event, e.Event)
		}
	})

	rule("what lies after the year 9999 keeps nothing from being read, and is not due before its end", func(t *trial) {
		end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		west := time.FixedZone("west of Greenwich", -5*3600)
		for i, due := range []time.Time{time.Date(9999, 12, 31, 23, 59, 59, 0, west), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(200_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(400_000, 1, 1, 0, 0, 0, 0, time.UTC)} {
			c := created(fmt.Sprintf("c-%d", i))
			c.Pending = []store.Pending{{EventID: "never", Due: due}, {EventID: "soon", Due: at(10 + i)}}
			alone := created(fmt.Sprintf("never-%d", i))
			alone.Pending = c.Pending[:1]
			t.write(c, alone, created(fmt.Sprintf("other-%d", i)))
			for _, r := range t.loadAll(c.ID, alone.ID, fmt.Sprintf("other-%d", i))[:2] {
				for _, p := range r.Pending {
					if p.EventID == "never" && p.Due.Before(end) {
						t.Errorf("what is due at %v came back as due at %v", due, p.Due)
					}
				}
			}
			t.same("what waits beside it", t.load(c.ID).Pending[1], c.Pending[1])
		}
		ids, after := t.due(end, 10)
		t.same("what has settled by then", ids, []string{"c-0", "c-1", "c-2", "c-3"})
		if after.Before(end) {
			t.Errorf("what is due never is next at %v", after)
		}
		if n := len(t.listAll(store.Query{})); n != 12 {
			t.Errorf("%d conversations are listed, and must be 12", n)
		}
	})

	rule("a time that is not known stays unknown", func(t *trial) {
		c := createdAs(partial("c", call))
		e := event("c", 1, "hook")
		e.Time = time.Time{}
		c.Events = []store.NewEvent{e}
		t.write(c)
		t.sameConversation("the conversation", t.load("c").Conversation, c.To)
		if got := t.events("c")[0].Time; !got.IsZero() {
			t.Errorf("the time of the event is %v", got)
		}
		if got := t.only(t.claim("me", 1, "hook")).Time; !got.IsZero() {
			t.Errorf("the time of the delivery is %v", got)
		}
	})

	rule("a time is the same instant in whatever zone it was said", func(t *trial) {
		zone := time.FixedZone("far away", 13*3600+45*60)
		c := createdAs(partial("c", call))
		e := event("c", 1, "hook")
		e.Time = e.Time.In(zone)
		c.Events = []store.NewEvent{e}
		c.Pending = []store.Pending{{EventID: "e", Due: at(10).In(zone)}}
		t.write(c)
		t.same("what waits", t.load("c").Pending, c.Pending)
		got := t.events("c")[0].Time
		if !got.Equal(e.Time) {
			t.Errorf("the time of the event is %v, and must be %v", got, e.Time)
		}
		if ids, _ := t.due(at(10), 10); len(ids) != 1 {
			t.Errorf("%d conclusions have settled, and must one", len(ids))
		}
	})

	rule("what is finer than a microsecond is lost at most", func(t *trial) {
		fine := at(10).Add(999 * time.Nanosecond)
		c := created("c")
		c.Pending = []store.Pending{{EventID: "e", Due: fine}}
		t.write(c)
		if got := t.load("c").Pending[0].Due; got.Sub(fine).Abs() >= time.Microsecond {
			t.Errorf("%v came back as %v", fine, got)
		}
	})
}
