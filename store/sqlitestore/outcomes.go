package sqlitestore

import (
	"cmp"
	"slices"
	"time"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// outboxStatements are those on deliveries.
type outboxStatements struct {
	held, failed                 *statement
	finish, fail, giveUp, letGo  *statement
	retry, skip, promote, goesOn *statement
	claimable, next, anyDue      *statement
	claim, renew, release        *statement

	lagHooks, lagOpen, lagDue, lagFailed *statement // how far hooks are behind
}

func newOutboxStatements(prepare func(string) *statement) outboxStatements {
	const one = " WHERE conversation_id = ? AND hook = ? AND seq = ?"
	const found = `SELECT d.event_id, d.hook, d.conversation_id, d.seq, d.head, d.owner,
		(SELECT min(n.seq) FROM @delivery AS n WHERE n.conversation_id = d.conversation_id AND n.hook = d.hook AND n.seq > d.seq AND n.state < 3)
		FROM json_each(?) AS id CROSS JOIN @delivery AS d ON d.event_id = id.value WHERE d.state = `
	return outboxStatements{
		held: prepare(found + "1"), failed: prepare(found + "2"),
		finish: prepare("DELETE FROM @delivery" + one),
		fail:   prepare("UPDATE @delivery SET state = 0, owner = NULL, due = ?, attempts = ?, type = ?, error = ?, stack = ?, failed_at = ?" + one),
		giveUp: prepare("UPDATE @delivery SET state = 2, owner = NULL, due = ?, attempts = ?, type = ?, error = ?, stack = ?, failed_at = ?" + one),
		letGo:  prepare("UPDATE @delivery SET state = 0, owner = NULL, due = ?" + one),
		retry:  prepare("UPDATE @delivery SET state = 0, due = ?, attempts = 0, type = NULL, error = NULL, stack = NULL, failed_at = NULL" + one),
		skip:   prepare("UPDATE @delivery SET state = 3, head = 0" + one),
		promote: prepare(`UPDATE @delivery SET head = 1 WHERE conversation_id = ?1 AND hook = ?2 AND head = 0 AND seq =
			(SELECT min(seq) FROM @delivery WHERE conversation_id = ?1 AND hook = ?2 AND state < 3)`),
		goesOn: prepare("SELECT 1 FROM @delivery WHERE conversation_id = ? AND hook = ? AND head = 1 AND (state = 0 OR state = 1 AND (owner <> ? OR due <= ?))"),

		claimable: prepare(`SELECT d.conversation_id, d.seq, d.attempts, e.event_id, e.type, e.time, e.rule, e.vetoed, e.data, d.trace
			FROM @delivery AS d CROSS JOIN @event AS e ON e.conversation_id = d.conversation_id AND e.seq = d.seq
			WHERE d.hook = ? AND d.head = 1 AND d.state < 2 AND d.due <= ? ORDER BY d.due LIMIT ?`),
		anyDue:  prepare("SELECT 1 FROM @delivery WHERE hook = ? AND head = 1 AND state < 2 AND due <= ? LIMIT 1"),
		next:    prepare("SELECT min(due) FROM @delivery WHERE hook = ? AND head = 1 AND state < 2 AND due > ?"),
		claim:   prepare("UPDATE @delivery SET state = 1, owner = ?, due = ?" + one),
		renew:   prepare("UPDATE @delivery SET due = ?" + one + " AND +state = 1 AND +owner = ?"),
		release: prepare("UPDATE @delivery SET state = 0, owner = NULL, due = ? WHERE state = 1 AND owner = ?"),

		// The hooks are found one after the other by the index of what can be
		// claimed, and what waits behind a first delivery by its lane.
		lagHooks: prepare(`WITH RECURSIVE h (hook) AS (SELECT min(hook) FROM @delivery WHERE head = 1 AND state < 2
			UNION ALL SELECT (SELECT min(hook) FROM @delivery WHERE head = 1 AND state < 2 AND hook > h.hook) FROM h WHERE h.hook IS NOT NULL)
			SELECT hook FROM h WHERE hook IS NOT NULL`),
		lagOpen: prepare("SELECT ?1, count(DISTINCT l.conversation_id), count(*) FROM (SELECT conversation_id FROM @delivery WHERE hook = ?1 AND head = 1 AND state < 2 ORDER BY due LIMIT ?2) AS l" +
			" CROSS JOIN @delivery AS d ON d.conversation_id = l.conversation_id AND d.hook = ?1 WHERE d.state < 3"),
		lagDue: prepare("SELECT due, attempts FROM @delivery WHERE hook = ? AND head = 1 AND state < 2 AND (+state = 0 OR due <= ?) ORDER BY due LIMIT 1"),
		lagFailed: prepare("WITH f AS MATERIALIZED (SELECT conversation_id, hook FROM @delivery WHERE state = 2 ORDER BY failed_at LIMIT ?)" +
			" SELECT d.hook, (SELECT count(*) FROM f), count(*) FROM (SELECT DISTINCT conversation_id, hook FROM f) AS l" +
			" CROSS JOIN @delivery AS d ON d.conversation_id = l.conversation_id AND d.hook = l.hook WHERE d.state < 3 GROUP BY d.hook"),
	}
}

// lane is where deliveries follow one another.
type lane struct{ conversationID, hook string }

// place is a delivery in its lane.
type place struct {
	lane
	seq   int64
	head  bool // it is the first unfinished one
	last  bool // none follows it
	owner string
}

// deliveryKey names a delivery as outcomes do.
type deliveryKey struct{ eventID, hook string }

func storedKey(eventID, hook string) deliveryKey {
	return deliveryKey{rows.Storable(eventID), rows.Storable(hook)}
}

// places finds deliveries by the ids of their events.
func (t *transaction) places(s *statement, eventIDs []string) (map[deliveryKey]place, error) {
	slices.Sort(eventIDs)
	found := make(map[deliveryKey]place, len(eventIDs))
	err := t.query(s, list(slices.Compact(eventIDs)), func(row []any) error {
		k := deliveryKey{text(row[0]), text(row[1])}
		found[k] = place{lane{text(row[2]), k.hook}, integer(row[3]), integer(row[4]) == 1, row[6] == nil, text(row[5])}
		return nil
	})
	return found, err
}

// settle records outcomes. It reports whether they made way for deliveries
// that their owner does not hold.
func (t *transaction) settle(outcomes []store.Outcome) (ready bool, err error) {
	if len(outcomes) == 0 {
		return false, nil
	}
	ids := make([]string, len(outcomes))
	for i := range outcomes {
		ids[i] = outcomes[i].EventID
	}
	held, err := t.places(t.statements.outbox.held, ids)
	if err != nil {
		return false, err
	}
	moved := map[lane]string{} // the owners of lanes that may have a new head
	for i := range outcomes {
		o := &outcomes[i]
		k := storedKey(o.EventID, o.Hook)
		p, known := held[k]
		if !known || p.owner != rows.Storable(o.Owner) {
			continue
		}
		delete(held, k) // a second outcome comes too late
		if o.InTx != nil {
			if failed, err := t.lend(o.InTx); failed != nil || err != nil {
				return false, cmp.Or(err, failed)
			}
		}
		if err := t.record(o, p); err != nil {
			return false, err
		}
		if o.Did != store.Done || !p.head || !p.last {
			moved[p.lane] = p.owner
		}
	}
	return t.promote(moved)
}

func (t *transaction) record(o *store.Outcome, p place) (err error) {
	s, f := &t.statements.outbox, &o.Failure
	switch o.Did {
	case store.Done:
		_, err = t.exec(s.finish, p.conversationID, p.hook, p.seq)
	case store.WillRetry:
		_, err = t.exec(s.fail, t.now+o.Wait.Microseconds(), f.Attempts, f.Type, f.Error, f.Stack, failedAt(f.At, t.now), p.conversationID, p.hook, p.seq)
	case store.Failed:
		_, err = t.exec(s.giveUp, t.now, f.Attempts, f.Type, f.Error, f.Stack, failedAt(f.At, t.now), p.conversationID, p.hook, p.seq)
	case store.Released:
		_, err = t.exec(s.letGo, t.now, p.conversationID, p.hook, p.seq)
	}
	return err
}

func failedAt(at time.Time, now int64) int64 {
	if at.IsZero() {
		return now
	}
	return at.UnixMicro()
}

// promote makes the first unfinished delivery of each lane its head. It
// reports whether one of them waits, or was left behind: who had it before the
// owner of the lane had an earlier one does not come back for it.
func (t *transaction) promote(lanes map[lane]string) (ready bool, err error) {
	s := &t.statements.outbox
	for l, owner := range lanes {
		if _, err := t.exec(s.promote, l.conversationID, l.hook); err != nil {
			return false, err
		}
		err := t.query(s.goesOn, []any{l.conversationID, l.hook, owner, t.now}, func([]any) error {
			ready = true
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return ready, nil
}
