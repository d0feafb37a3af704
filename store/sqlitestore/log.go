package sqlitestore

import (
	"context"
	"fmt"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, conversationID string) ([]store.LoggedEvent, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var log []store.LoggedEvent
	found := false
	err = s.readOnce(ctx, func(l *link) error {
		id := []any{conversationID}
		err := l.query(ctx, s.statements.exists, id, func([]any) error {
			found = true
			return nil
		})
		if err != nil || !found {
			return err
		}
		bySeq := map[int64]int{}
		err = l.query(ctx, s.statements.log, id, func(row []any) error {
			e := store.Event{ConversationID: conversationID, Seq: integer(row[1]), ID: text(row[2]), Type: text(row[3]), Time: micros(row[4]).Time(),
				Rule: text(row[5]), Vetoed: integer(row[6]) == 1, Data: []byte(text(row[7]))}
			bySeq[e.Seq] = len(log)
			log = append(log, store.LoggedEvent{Event: e})
			return nil
		})
		if err != nil {
			return err
		}
		return l.query(ctx, s.statements.logDeliveries, id, func(row []any) error {
			e := &log[bySeq[integer(row[0])]]
			e.Deliveries = append(e.Deliveries, store.LoggedDelivery{Hook: text(row[1]), State: deliveryStates[integer(row[2])],
				Attempts: int(integer(row[3])), Error: text(row[4]), Stack: text(row[5])})
			return nil
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("sqlitestore: events: %w", err)
	case !found:
		return nil, fmt.Errorf("conversation %q: %w", conversationID, store.ErrNotFound)
	}
	return log, nil
}

var deliveryStates = [...]store.DeliveryState{rows.DeliveryWaiting: store.StateWaiting, rows.DeliveryClaimed: store.StateClaimed,
	rows.DeliveryFailed: store.StateFailed, rows.DeliverySkipped: store.StateSkipped}
