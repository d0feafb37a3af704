package sqlitestore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/internal/cursor"
	"github.com/dcmkit/convtrack/store/internal/rows"
)

// never is the key, in an order by start, of a conversation whose start is not
// known: it comes last.
const never = math.MaxInt64

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return store.Page{}, err
	}
	defer leave()
	place, begun, ok := cursor.Parse(listingOf(q.Order), q.After)
	if !ok {
		return store.Page{}, fmt.Errorf("%w: %q", store.ErrCursor, q.After)
	}
	var page store.Page
	err = s.readOnce(ctx, func(l *link) (err error) {
		places, err := s.places(ctx, l, &q, place, begun)
		if err != nil {
			return err
		}
		if n := store.PageSize(q.Limit); len(places) > n {
			places = places[:n]
			page.Next = places[n-1].String()
		}
		page.Conversations, err = s.conversations(ctx, l, places)
		return err
	})
	if err != nil {
		return store.Page{}, fmt.Errorf("sqlitestore: list: %w", err)
	}
	return page, nil
}

func listingOf(o store.Order) string { return fmt.Sprint("conversations", o) }

// places returns the places of the page's conversations, and one more when
// there is one.
func (s *Store) places(ctx context.Context, l *link, q *store.Query, after cursor.Place, begun bool) ([]cursor.Place, error) {
	var places []cursor.Place
	most := store.PageSize(q.Limit) + 1
	for _, x := range s.pageQueries(q, after, begun) {
		if len(places) == most {
			break
		}
		err := l.queryText(ctx, x.text, append(x.args, most-len(places)), func(row []any) error {
			places = append(places, cursor.Place{Listing: listingOf(q.Order), Key: integer(row[1]), ID: text(row[0])})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// pageQuery selects ids with their keys in the order; its last argument is a
// limit.
type pageQuery struct {
	text string
	args []any
}

// pageQueries returns the queries that, one after the other, give the page.
func (s *Store) pageQueries(q *store.Query, after cursor.Place, begun bool) []pageQuery {
	query := func(f *filter, order, key string) pageQuery {
		return pageQuery{"SELECT c.conversation_id, " + key + " FROM " + s.config.Prefix + "conversation AS c" + f.index +
			" WHERE " + strings.Join(f.conditions, " AND ") + " ORDER BY " + order + " LIMIT ?", f.args}
	}
	f := s.filter(q)
	if q.Order == store.LastChanged {
		if begun {
			f.and("c.changed < ?", -after.Key)
		}
		return []pageQuery{query(f, "c.changed DESC", "-c.changed")}
	}
	// Those whose start is not known come after the others.
	unknown := s.filter(q)
	unknown.and("c.conversation_start IS NULL")
	if begun && after.Key == never {
		unknown.and("c.conversation_id > ?", after.ID)
	}
	last := query(unknown, "c.conversation_id", fmt.Sprint(int64(never)))
	if begun && after.Key == never {
		return []pageQuery{last}
	}
	f.and("c.conversation_start IS NOT NULL")
	if q.Order == store.NewestFirst {
		if begun {
			f.and("c.conversation_start <= ? AND (c.conversation_start < ? OR c.conversation_id > ?)", -after.Key, -after.Key, after.ID)
		}
		return []pageQuery{query(f, "c.conversation_start DESC, c.conversation_id", "-c.conversation_start"), last}
	}
	if begun {
		f.and("(c.conversation_start, c.conversation_id) > (?, ?)", after.Key, after.ID)
	}
	return []pageQuery{query(f, "c.conversation_start, c.conversation_id", "c.conversation_start"), last}
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, q store.Query) (n int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	f := s.filter(&q)
	err = s.readOnce(ctx, func(l *link) error {
		return l.queryText(ctx, "SELECT count(*) FROM "+s.config.Prefix+"conversation AS c"+f.index+" WHERE "+strings.Join(f.conditions, " AND "), f.args, func(row []any) error {
			n = int(integer(row[0]))
			return nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("sqlitestore: count: %w", err)
	}
	return n, nil
}

// conversations reads the conversations at the places.
func (s *Store) conversations(ctx context.Context, l *link, places []cursor.Place) ([]*conversation.Conversation, error) {
	if len(places) == 0 {
		return nil, nil
	}
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	var reader rows.Reader
	var values []rows.Value
	state, found := rows.Conversation.Table().State(), list(ids)
	err := l.query(ctx, s.statements.loadRecords, found, func(row []any) (err error) {
		if values, err = valuesOf(values, state, row[6:]); err != nil {
			return err
		}
		return reader.Conversation(text(row[0]), values)
	})
	if err != nil {
		return nil, err
	}
	if err := s.readChildren(ctx, l, &reader, found); err != nil {
		return nil, err
	}
	conversations := make([]*conversation.Conversation, len(ids))
	for i, id := range ids {
		conversations[i] = reader.Build(id)
	}
	return conversations, nil
}

// throughQueue leaves out flattened sessions that are hidden by another one.
const throughQueue = `SELECT conversation_id FROM @participant WHERE queue_id = ?
	UNION SELECT s.conversation_id FROM @session AS s WHERE s.queue_id = ? AND (s.flattened = 0 OR NOT EXISTS (SELECT 1 FROM @session AS t
		WHERE t.conversation_id = s.conversation_id AND t.participant_id = s.participant_id AND t.flattened = 0 AND t.media_type IS s.media_type))`

// filter is the conditions of a query.
type filter struct {
	index      string // the one to use; empty where SQLite finds it
	conditions []string
	args       []any
}

func (f *filter) and(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// among takes what one of the values stands for behind the condition.
func among[T ~string](f *filter, condition string, values []T) {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = "?"
		f.args = append(f.args, string(v))
	}
	f.and(condition + " IN (" + strings.Join(marks, ", ") + ")")
}

func (f *filter) between(column string, from, before time.Time) {
	if !from.IsZero() {
		f.and(column+" >= ?", ceiling(from))
	}
	if !before.IsZero() {
		f.and(column+" < ?", ceiling(before))
	}
}

// ceiling is the first microsecond that is not before t.
func ceiling(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

func (s *Store) filter(q *store.Query) *filter {
	f := &filter{}
	in := func(condition string, args ...any) {
		f.and("c.conversation_id IN ("+strings.ReplaceAll(condition, "@", s.config.Prefix)+")", args...)
	}
	f.and("c.provenance IS NOT NULL")
	open := q.Open || q.PresentUserID != "" || q.PresentQueueID != ""
	if len(q.Status) > 0 {
		among(f, "c.calculated_status", q.Status)
		open = open || !slices.Contains(q.Status, conversation.StatusEnded)
	}
	if open {
		// There is an index of those, which are few: it is better than to
		// look at all conversations in the order of the page.
		f.and("c.calculated_status <> 'Ended'")
		if q.EverUserID == "" && q.EverQueueID == "" && q.Address == "" && len(q.Attribute) == 0 && q.StartedFrom.IsZero() {
			f.index = " INDEXED BY " + s.config.Prefix + "conversation_open"
		}
	}
	if len(q.Media) > 0 {
		among(f, "EXISTS (SELECT 1 FROM "+s.config.Prefix+"session AS m WHERE m.conversation_id = c.conversation_id AND m.media_type", q.Media)
		f.conditions[len(f.conditions)-1] += ")"
	}
	if q.Direction != "" {
		f.and("c.originating_direction = ?", string(q.Direction))
	}
	if !q.ChangedSince.IsZero() {
		f.and("c.changed >= ?", ceiling(q.ChangedSince))
	}
	if q.Address != "" {
		f.and("c.customer_address = nullif(?, '')", conversation.Address(q.Address))
	}
	if q.PresentUserID != "" {
		f.and("EXISTS (SELECT 1 FROM json_each(c.present_user_ids) AS u WHERE u.value = ?)", q.PresentUserID)
	}
	if q.PresentQueueID != "" {
		f.and("EXISTS (SELECT 1 FROM json_each(c.present_queue_ids) AS u WHERE u.value = ?)", q.PresentQueueID)
	}
	f.between("c.conversation_start", q.StartedFrom, q.StartedBefore)
	f.between("c.conversation_end", q.EndedFrom, q.EndedBefore)
	if q.EverUserID != "" {
		in("SELECT conversation_id FROM @participant WHERE user_id = ?", q.EverUserID)
	}
	if q.EverQueueID != "" {
		in(throughQueue, q.EverQueueID, q.EverQueueID)
	}
	for name, value := range q.Attribute {
		in("SELECT conversation_id FROM @attribute WHERE name = ? AND value = ?", name, value)
	}
	return f
}
