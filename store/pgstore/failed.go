package pgstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Failed implements store.Store.
func (s *Store) Failed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.FailedPage{}, err
	}
	const listing = "failed"
	place, begun, ok := cursor.Parse(listing, q.After)
	if !ok {
		return store.FailedPage{}, fmt.Errorf("pgstore: failed: %w: %q", store.ErrCursor, q.After)
	}
	limit := store.PageSize(q.Limit)
	x, args := s.failed(&q, place, begun, limit)
	var found store.FailedPage
	var places []cursor.Place
	err := s.do(ctx, func(c *pgx.Conn) error {
		found, places = store.FailedPage{}, nil
		var p pipeline
		p.add(s.sql().beginRead)
		p.add(s.sql().inOrder)
		p.read(func(r *row) error {
			at := r.value()
			item, err := failedItem(r, at)
			found.Items, places = append(found.Items, item), append(places, cursor.Place{Listing: listing, Key: at.Int, ID: item.ID})
			return err
		}, x, args...)
		p.add(s.sql().commit)
		return s.run(ctx, c, &p)
	})
	if err != nil {
		return store.FailedPage{}, fmt.Errorf("pgstore: failed: %w", err)
	}
	if len(found.Items) > limit {
		found.Items, found.Next = found.Items[:limit], places[limit-1].String()
	}
	return found, nil
}

// failed is the statement that reads what the query selects behind a place, and one
// more than the limit.
func (s *Store) failed(q *store.FailedQuery, place cursor.Place, begun bool, limit int) (*statement, []argument) {
	w := &where{}
	deliveries := []string{"d.state = 'parked'", w.equal("d.hook", q.Hook), w.equal("d.conversation_id", q.ConversationID), w.equal("e.type", q.Type)}
	changes := []string{"c.refused_at is not null", w.equal("c.refused_by", q.Hook), w.equal("c.conversation_id", q.ConversationID), w.equal("(c.refused ->> 'eventType'::text)", q.Type)}
	deliveries, changes = append(deliveries, w.since("d.failed_at", q.From, q.Before)...), append(changes, w.since("c.refused_at", q.From, q.Before)...)
	const deliveryID, changeID = `'delivery:' || d.event_id || ':' || d.hook collate "C"`, `'change:' || c.conversation_id collate "C"`
	if begun {
		at, id := w.param(oidTimestamptz, "timestamptz", rows.Value{Valid: true, Int: place.Key}), w.text(place.ID)
		deliveries = append(deliveries, "d.failed_at >= "+at, "(d.failed_at > "+at+" or "+deliveryID+" > "+id+")")
		changes = append(changes, "c.refused_at >= "+at, "(c.refused_at > "+at+" or "+changeID+" > "+id+")")
	}
	// Each part is as long as the page at the most: what has failed may be a lot.
	page := ` order by at, id limit ` + strconv.Itoa(limit+1)
	sql := `(select d.failed_at as at, ` + deliveryID + ` as id, d.conversation_id, e.event_id, e.seq, e.type, e.time, e.rule,
			e.vetoed, e.data, d.hook, d.attempts, d.type as failed_type, d.error, d.stack, null::json as refused
		from {delivery} d join {event} e on e.conversation_id = d.conversation_id and e.seq = d.seq where ` + strings.Join(deliveries, " and ") + page + `)
		union all
		(select c.refused_at as at, ` + changeID + ` as id, c.conversation_id, null, null, null, null, null, null, null, null, null, null, null, null, c.refused
		from {conversation} c where ` + strings.Join(changes, " and ") + page + `)` + page
	return &statement{sql: newNames(&s.config).Replace(sql), params: w.params}, w.args
}

// equal is the condition that the column has the value; an empty one selects
// everything.
func (w *where) equal(column, value string) string {
	if value == "" {
		return "true"
	}
	return column + " = " + w.text(value)
}

// since are the conditions that the column lies in the time, as far as it is given.
func (w *where) since(column string, from, before time.Time) []string {
	var conditions []string
	if !from.IsZero() {
		conditions = append(conditions, column+" >= "+w.param(oidTimestamptz, "timestamptz", timeOf(from.Add(time.Microsecond-1))))
	}
	if !before.IsZero() {
		conditions = append(conditions, column+" < "+w.param(oidTimestamptz, "timestamptz", timeOf(before.Add(time.Microsecond-1))))
	}
	return conditions
}

// failedItem reads an item behind its time.
func failedItem(r *row, at rows.Value) (store.FailedItem, error) {
	item := store.FailedItem{Kind: store.FailedDelivery, ID: r.string(), ConversationID: r.string()}
	item.Event = store.Event{ID: r.string(), ConversationID: item.ConversationID, Seq: r.integer(), Type: r.string(), Time: r.value().Time(),
		Rule: r.string(), Vetoed: r.bool(), Data: []byte(r.string())}
	item.Failure = store.Failure{EventID: item.Event.ID, Hook: r.string(), Attempts: int(r.integer()), Type: r.string(), Error: r.string(), Stack: r.string(), At: at.Time()}
	refused, err := rows.ParseRefused(r.value(), at, false)
	if refused != nil {
		item.Kind, item.Failure, item.Since, item.Next = store.FailedChange, refused.Failure, refused.Since, refused.Next
		item.Event = store.Event{ID: refused.EventID, ConversationID: item.ConversationID, Type: refused.Type}
	}
	return item, err
}

// Decide implements store.Store.
func (s *Store) Decide(ctx context.Context, do store.Decision, ids ...string) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	var events, hooks []string
	for _, id := range ids {
		if event, hook, ok := store.ParseDelivery(id); ok {
			events, hooks = append(events, event), append(hooks, hook)
		}
	}
	if len(events) == 0 {
		return 0, nil
	}
	x := s.sql().retry
	if do == store.Skip {
		x = s.sql().skip
	}
	var changed lanes
	err := s.do(ctx, func(c *pgx.Conn) error {
		changed = lanes{}
		var first, second pipeline
		first.add(s.sql().begin)
		first.add(s.sql().byIndex)
		first.read(changed.add, x, args(textsOf(events), textsOf(hooks))...)
		if err := s.run(ctx, c, &first); err != nil {
			return err
		}
		var ready bool // the caller looks anyway
		changed.addReady(s.sql(), &second, &ready)
		second.add(s.sql().commit)
		return s.run(ctx, c, &second)
	})
	if err != nil {
		return 0, fmt.Errorf("pgstore: decide: %w", err)
	}
	return len(changed.hooks), nil
}
