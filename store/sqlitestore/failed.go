package sqlitestore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

const failedListing = "failed"

// What has failed is in the order of the time and the id, see store.DeliveryID
// and store.ChangeID. The conditions follow.
const (
	failedDeliveriesText = `SELECT d.failed_at, 'delivery:' || d.event_id || ':' || d.hook AS id, d.conversation_id, d.hook, d.attempts, d.error, d.stack, d.type,
		e.event_id, e.seq, e.type, e.time, e.rule, e.vetoed, e.data
		FROM @delivery AS d CROSS JOIN @event AS e ON e.conversation_id = d.conversation_id AND e.seq = d.seq WHERE d.state = 2`
	failedChangesText = `SELECT c.refused_at, 'change:' || c.conversation_id AS id, c.conversation_id, c.refused
		FROM @conversation AS c WHERE c.refused_at IS NOT NULL`
)

// Failed implements store.Store.
func (s *Store) Failed(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return store.FailedPage{}, err
	}
	defer leave()
	after, begun, ok := cursor.Parse(failedListing, q.After)
	if !ok {
		return store.FailedPage{}, fmt.Errorf("%w: %q", store.ErrCursor, q.After)
	}
	limit := store.PageSize(q.Limit)
	var items []store.FailedItem
	err = s.readOnce(ctx, func(l *link) error {
		deliveries, err := s.failedDeliveries(ctx, l, &q, after, begun, limit+1)
		if err != nil {
			return err
		}
		changes, err := s.failedChanges(ctx, l, &q, after, begun, limit+1)
		items = slices.Concat(deliveries, changes)
		return err
	})
	if err != nil {
		return store.FailedPage{}, fmt.Errorf("sqlitestore: failed: %w", err)
	}
	slices.SortFunc(items, func(a, b store.FailedItem) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	page := store.FailedPage{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		last := &items[limit-1]
		page.Next = cursor.Place{Listing: failedListing, Key: last.At.UnixMicro(), ID: last.ID}.String()
	}
	return page, nil
}

// failedIn selects from one of the two, whose columns for the hook and the
// time are these.
func failedIn(text, hook, id, kind, at string, q *store.FailedQuery, after cursor.Place, begun bool, most int) (string, []any) {
	f := &filter{}
	if q.Hook != "" {
		f.and(hook+" = ?", q.Hook)
	}
	if q.ConversationID != "" {
		f.and(id+" = ?", q.ConversationID)
	}
	if q.Type != "" {
		f.and(kind+" = ?", q.Type)
	}
	f.between(at, q.From, q.Before)
	if begun {
		f.and(at+" >= ?", after.Key)
		f.and("("+at+", id) > (?, ?)", after.Key, after.ID)
	}
	for _, c := range f.conditions {
		text += " AND " + c
	}
	return text + " ORDER BY " + at + ", id LIMIT ?", append(f.args, most)
}

func (s *Store) failedDeliveries(ctx context.Context, l *link, q *store.FailedQuery, after cursor.Place, begun bool, most int) (items []store.FailedItem, err error) {
	query, args := failedIn(s.statements.failedDeliveries, "d.hook", "d.conversation_id", "e.type", "d.failed_at", q, after, begun, most)
	err = l.queryText(ctx, query, args, func(row []any) error {
		p := store.FailedItem{ID: text(row[1]), Kind: store.FailedDelivery, ConversationID: text(row[2])}
		p.Failure = store.Failure{Hook: text(row[3]), EventID: text(row[8]), Type: text(row[7]), Attempts: int(integer(row[4])), Error: text(row[5]),
			Stack: text(row[6]), At: micros(row[0]).Time()}
		p.Event = store.Event{ID: p.EventID, ConversationID: p.ConversationID, Seq: integer(row[9]), Type: text(row[10]), Time: micros(row[11]).Time(),
			Rule: text(row[12]), Vetoed: integer(row[13]) == 1, Data: []byte(text(row[14]))}
		items = append(items, p)
		return nil
	})
	return items, err
}

func (s *Store) failedChanges(ctx context.Context, l *link, q *store.FailedQuery, after cursor.Place, begun bool, most int) (items []store.FailedItem, err error) {
	query, args := failedIn(s.statements.failedChanges, "c.refused_by", "c.conversation_id", "json_extract(c.refused, '$.eventType')", "c.refused_at", q, after, begun, most)
	err = l.queryText(ctx, query, args, func(row []any) error {
		r, err := rows.ParseRefused(document(row[3]), micros(row[0]), false)
		if err != nil {
			return fmt.Errorf("the refused change of %q: %w", text(row[2]), err)
		}
		items = append(items, store.FailedItem{ID: text(row[1]), Kind: store.FailedChange, ConversationID: text(row[2]),
			Event: store.Event{ID: r.EventID, ConversationID: text(row[2]), Type: r.Type}, Failure: r.Failure, Since: r.Since, Next: r.Next})
		return nil
	})
	return items, err
}
