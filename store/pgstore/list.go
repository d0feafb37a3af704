package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := s.enter(ctx); err != nil {
		return store.Page{}, err
	}
	name := fmt.Sprint("conversations", q.Order)
	place, begun, ok := cursor.Parse(name, q.After)
	if !ok {
		return store.Page{}, fmt.Errorf("pgstore: list: %w: %q", store.ErrCursor, q.After)
	}
	l := &listing{Store: s, query: &q, limit: store.PageSize(q.Limit)}
	var page store.Page
	err := s.do(ctx, func(c *pgx.Conn) error {
		l.found = nil
		if err := l.find(ctx, c, place, begun); err != nil {
			return err
		}
		var ids []string
		for _, x := range l.found[:min(len(l.found), l.limit)] {
			ids = append(ids, x.ID)
		}
		r := newReader(s)
		var p pipeline
		if len(ids) > 0 {
			p.add(s.sql().byIndex)
			r.addConversations(&p, ids)
		}
		p.add(s.sql().commit)
		if err := s.run(ctx, c, &p); err != nil {
			return err
		}
		page = store.Page{}
		for _, id := range ids {
			page.Conversations = append(page.Conversations, r.conversation(id))
		}
		return nil
	})
	if err != nil {
		return store.Page{}, fmt.Errorf("pgstore: list: %w", err)
	}
	if len(l.found) > l.limit {
		last := l.found[l.limit-1]
		last.Listing = name
		page.Next = last.String()
	}
	return page, nil
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, q store.Query) (n int, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	w := &where{}
	w.add("provenance is not null")
	w.filter(&q)
	sql := "select count(*) from {conversation} c where " + strings.Join(w.conditions, " and ")
	err = s.do(ctx, func(c *pgx.Conn) error {
		var p pipeline
		p.add(s.sql().beginRead)
		p.read(func(r *row) error {
			n = int(r.value().Int)
			return nil
		}, &statement{sql: newNames(&s.config).Replace(sql), params: w.params}, w.args...)
		p.add(s.sql().commit)
		return s.run(ctx, c, &p)
	})
	if err != nil {
		return 0, fmt.Errorf("pgstore: count: %w", err)
	}
	return n, nil
}

// listing finds the ids of a page. Each part of an order that an index can
// give is a query of its own: first those with the time that it is ordered by,
// then those without.
type listing struct {
	*Store
	query *store.Query
	limit int
	found []cursor.Place // one more than a page, when there is one
}

// withoutTime is the key of conversations without the time.
const withoutTime = math.MaxInt64

func (l *listing) find(ctx context.Context, c *pgx.Conn, after cursor.Place, begun bool) error {
	var p pipeline
	p.add(l.sql().beginRead)
	if !begun || after.Key != withoutTime {
		l.addPart(&p, false, after, begun)
		begun = false
	}
	if err := l.run(ctx, c, &p); err != nil {
		return err
	}
	if len(l.found) > l.limit || l.query.Order == store.LastChanged {
		return nil
	}
	p = pipeline{}
	l.addPart(&p, true, after, begun)
	return l.run(ctx, c, &p)
}

func (l *listing) addPart(p *pipeline, unordered bool, after cursor.Place, begun bool) {
	w := &where{}
	w.add("provenance is not null")
	w.filter(l.query)
	key, order := "null", "conversation_id"
	switch {
	case unordered:
		w.add("conversation_start is null")
		if begun {
			w.add("conversation_id > " + w.text(after.ID))
		}
	case l.query.Order == store.LastChanged:
		key, order = "changed", "changed_slot desc, changed desc, conversation_id"
		if begun {
			at := w.param(oidTimestamptz, "timestamptz", rows.Value{Valid: true, Int: -after.Key})
			w.add("changed_slot <= date_bin(interval '10 minutes', " + at + ", timestamptz 'epoch')")
			w.add("(changed < " + at + " or changed = " + at + " and conversation_id > " + w.text(after.ID) + ")")
		}
	default:
		key, order = "conversation_start", "conversation_start, conversation_id"
		ahead, micros := ">", after.Key
		if l.query.Order == store.NewestFirst {
			order, ahead, micros = "conversation_start desc, conversation_id", "<", -after.Key
		}
		w.add("conversation_start is not null")
		if begun {
			at := w.param(oidTimestamptz, "timestamptz", rows.Value{Valid: true, Int: micros})
			w.add("conversation_start " + ahead + "= " + at)
			w.add("(conversation_start " + ahead + " " + at + " or conversation_id > " + w.text(after.ID) + ")")
		}
	}
	sql := "select conversation_id, " + key + "::timestamptz from {conversation} c where " + strings.Join(w.conditions, " and ") +
		" order by " + order + " limit " + strconv.Itoa(l.limit+1-len(l.found))
	p.read(func(r *row) error {
		id, at := r.string(), r.value()
		place := cursor.Place{ID: id, Key: withoutTime}
		if at.Valid {
			place.Key = at.Int
			if l.query.Order != store.OldestFirst {
				place.Key = -at.Int
			}
		}
		l.found = append(l.found, place)
		return nil
	}, &statement{sql: newNames(&l.config).Replace(sql), params: w.params}, w.args...)
}

// where collects conditions and their parameters.
type where struct {
	conditions []string
	params     []uint32
	args       []argument
}

func (w *where) add(condition string) { w.conditions = append(w.conditions, condition) }

// param adds a parameter, and returns it as it stands in a condition.
func (w *where) param(oid uint32, name string, v rows.Value) string {
	w.params = append(w.params, oid)
	w.args = append(w.args, argument{value: v})
	return "$" + strconv.Itoa(len(w.args)) + "::" + name
}

func (w *where) text(s string) string { return w.param(oidText, "text", textOf(s)) }

// filter adds what the query selects by.
func (w *where) filter(q *store.Query) {
	open := q.Open || q.PresentUserID != "" || q.PresentQueueID != ""
	if len(q.Status) > 0 {
		w.add("calculated_status = any (" + w.param(oidTexts, "text[]", textsOf(named(q.Status))) + ")")
		open = open || !slices.Contains(q.Status, conversation.StatusEnded)
	}
	if open {
		w.add("calculated_status <> 'Ended'") // there is an index on these
	}
	w.find(q)
	for _, bound := range []struct {
		column string
		at     rows.Value
	}{
		{"conversation_start >=", knownTime(q.StartedFrom)}, {"conversation_start <", knownTime(q.StartedBefore)},
		{"conversation_end >=", knownTime(q.EndedFrom)}, {"conversation_end <", knownTime(q.EndedBefore)},
	} {
		if bound.at.Valid {
			w.add(bound.column + " " + w.param(oidTimestamptz, "timestamptz", bound.at))
		}
	}
	if q.EverUserID != "" {
		w.add("conversation_id in (select p.conversation_id from {participant} p where p.user_id = " + w.text(q.EverUserID) + ")")
	}
	if q.EverQueueID != "" {
		w.add("conversation_id in (select p.conversation_id from {participant} p where p.queue_id = " + w.text(q.EverQueueID) +
			" union all select s.conversation_id from {session} s where s.queue_id = " + w.text(q.EverQueueID) +
			// A flattened session is hidden by another of its participant and medium.
			" and (not s.flattened or not exists (select from {session} t where t.conversation_id = s.conversation_id" +
			" and t.participant_id = s.participant_id and not t.flattened and t.media_type is not distinct from s.media_type)))")
	}
	if len(q.Attribute) > 0 {
		pairs, err := json.Marshal(q.Attribute)
		if err != nil {
			panic("pgstore: " + err.Error()) // a map of texts
		}
		w.add("attributes is not null")
		w.add("attributes @> " + w.param(oidText, "text", textOf(storableJSON(string(pairs)))) + "::jsonb")
	}
}

// find adds what the query selects by of that which is derived, and of the legs.
func (w *where) find(q *store.Query) {
	if len(q.Media) > 0 {
		w.add("exists (select from {session} m where m.conversation_id = c.conversation_id and m.media_type = any (" +
			w.param(oidTexts, "text[]", textsOf(named(q.Media))) + "))")
	}
	if q.Direction != "" {
		w.add("originating_direction = " + w.text(string(q.Direction)))
	}
	if at := knownTime(q.ChangedSince); at.Valid {
		since := w.param(oidTimestamptz, "timestamptz", at)
		w.add("changed >= " + since)
		w.add("changed_slot >= date_bin(interval '10 minutes', " + since + ", timestamptz 'epoch')") // there is an index on it
	}
	if q.Address != "" {
		w.add("customer_address = " + w.text(conversation.Address(q.Address))) // nobody has the empty one
	}
	if q.PresentUserID != "" {
		w.add(w.text(q.PresentUserID) + " = any (present_user_ids)")
	}
	if q.PresentQueueID != "" {
		w.add(w.text(q.PresentQueueID) + " = any (present_queue_ids)")
	}
}

func named[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
