package sqlitestore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

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
		places, stopped, err := s.places(ctx, l, &q, place, begun)
		if err != nil {
			return err
		}
		if n := store.PageSize(q.Limit); len(places) > n {
			places = places[:n]
			stopped = &places[n-1]
		}
		if stopped != nil {
			page.Next = stopped.String()
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

// mostFew is how many conversations are read to put them in order. It takes about
// as long as to look at so many in their order until a page is found.
const mostFew = 5000

// fewest returns what the query selects by that has few conversations, the one with
// the fewest; nil: all have many.
func (s *Store) fewest(ctx context.Context, l *link, q *store.Query) (few *finder, err error) {
	of, least := s.finders(q), int64(s.mostFew)
	for i := range of {
		err := l.queryText(ctx, "SELECT count(*) FROM (SELECT 1 FROM ("+of[i].ids+") LIMIT ?)", append(slices.Clone(of[i].args), s.mostFew+1), func(row []any) error {
			if n := integer(row[0]); n <= least {
				few, least = &of[i], n
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return few, nil
}

// places returns the places of the page's conversations, and one more when there is
// one; and when it has stopped before it has seen all, the place of the last one
// that it has looked at.
func (s *Store) places(ctx context.Context, l *link, q *store.Query, after cursor.Place, begun bool) (places []cursor.Place, stopped *cursor.Place, err error) {
	few, err := s.fewest(ctx, l, q)
	if err != nil {
		return nil, nil, err
	}
	most := store.PageSize(q.Limit) + 1
	read := func(row []any) cursor.Place {
		return cursor.Place{Listing: listingOf(q.Order), Key: integer(row[1]), ID: text(row[0])}
	}
	for _, p := range parts(q, after, begun) {
		find, last := s.pageQueries(q, p, few)
		err := l.queryText(ctx, find.text, append(find.args, most-len(places)), func(row []any) error {
			places = append(places, read(row))
			return nil
		})
		if err != nil || len(places) == most {
			return places, nil, err
		}
		if last == nil {
			continue
		}
		err = l.queryText(ctx, last.text, last.args, func(row []any) error {
			at := read(row)
			stopped = &at
			return nil
		})
		if err != nil || stopped != nil {
			return places, stopped, err
		}
	}
	return places, nil, nil
}

// part is a part of a listing that an index gives in its order.
type part struct {
	order, key string
	place      filter // where it begins
}

// parts returns the parts that, one after the other, give the listing.
func parts(q *store.Query, after cursor.Place, begun bool) []part {
	if q.Order == store.LastChanged {
		p := part{order: "c.changed DESC", key: "-c.changed"}
		if begun {
			p.place.and("c.changed < ?", -after.Key)
		}
		return []part{p}
	}
	// Those whose start is not known come after the others.
	last := part{order: "c.conversation_id", key: fmt.Sprint(int64(never))}
	last.place.and("c.conversation_start IS NULL")
	if begun && after.Key == never {
		last.place.and("c.conversation_id > ?", after.ID)
		return []part{last}
	}
	p := part{order: "c.conversation_start, c.conversation_id", key: "c.conversation_start"}
	p.place.and("c.conversation_start IS NOT NULL")
	if q.Order == store.NewestFirst {
		p.order, p.key = "c.conversation_start DESC, c.conversation_id", "-c.conversation_start"
	}
	switch {
	case !begun:
	case q.Order == store.NewestFirst:
		p.place.and("c.conversation_start <= ? AND (c.conversation_start < ? OR c.conversation_id > ?)", -after.Key, -after.Key, after.ID)
	default:
		p.place.and("(c.conversation_start, c.conversation_id) > (?, ?)", after.Key, after.ID)
	}
	return []part{p, last}
}

// pageQuery selects ids with their keys in the order.
type pageQuery struct {
	text string
	args []any
}

// looked are the columns that a query looks at.
const looked = "c.conversation_id, c.changed, c.conversation_start, c.conversation_end, c.calculated_status, c.originating_direction, c.customer_address, c.present_user_ids, c.present_queue_ids"

// pageQueries returns the query for a part, whose last argument is a limit, and the
// one for the last conversation that it looks at; nil: it looks at all.
func (s *Store) pageQueries(q *store.Query, p part, few *finder) (find pageQuery, last *pageQuery) {
	table := s.config.Prefix + "conversation AS c"
	bounds := filter{conditions: slices.Clone(p.place.conditions), args: slices.Clone(p.place.args)}
	s.bound(&bounds, q)
	rest := &filter{}
	s.ask(rest, q)
	for _, x := range s.finders(q) {
		rest.and(x.holds, x.args...)
	}
	selected, ordered := "SELECT c.conversation_id, "+p.key+" FROM ", " ORDER BY "+p.order+" LIMIT ?"
	where := func(f *filter) string { return " WHERE " + strings.Join(f.conditions, " AND ") }
	switch {
	case few != nil: // each is found by its id
		bounds.and(strings.Join(rest.conditions, " AND "), rest.args...)
		find = pageQuery{selected + "(SELECT DISTINCT conversation_id FROM (" + few.ids + ")) AS few CROSS JOIN " + table + " ON c.conversation_id = few.conversation_id" + where(&bounds) + ordered,
			slices.Concat(few.args, bounds.args)}
	case q.Scan > 0:
		if q.Order == store.LastChanged {
			bounds.index = " INDEXED BY " + s.config.Prefix + "conversation_changed"
			if open(q) {
				bounds.index = " INDEXED BY " + s.config.Prefix + "conversation_open"
			}
		}
		from := table + bounds.index + where(&bounds) + " ORDER BY " + p.order
		find = pageQuery{selected + "(SELECT " + looked + " FROM " + from + " LIMIT ?) AS c" + where(rest) + ordered, slices.Concat(bounds.args, []any{q.Scan}, rest.args)}
		last = &pageQuery{selected + from + " LIMIT 1 OFFSET ?", append(slices.Clone(bounds.args), q.Scan-1)}
	default:
		bounds.and(strings.Join(rest.conditions, " AND "), rest.args...)
		find = pageQuery{selected + table + bounds.index + where(&bounds) + ordered, bounds.args}
	}
	return find, last
}

// Count implements store.Store.
func (s *Store) Count(ctx context.Context, q store.Query) (n int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	f := &filter{}
	s.bound(f, &q)
	s.ask(f, &q)
	for _, x := range s.finders(&q) {
		f.and("c.conversation_id IN ("+x.ids+")", x.args...)
	}
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
