package pgstore

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

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
		l.found, l.stopped = nil, nil
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
	last := l.stopped
	if len(l.found) > l.limit {
		last = &l.found[l.limit-1]
	}
	if last != nil {
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
	w.add(isConversation)
	w.bound(&q)
	w.filter(&q)
	for _, x := range finders(&q) {
		w.add("c.conversation_id in (" + x.ids(w) + ")")
	}
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
	query   *store.Query
	limit   int
	few     *finder        // finds the few conversations that can be meant; nil: it does not
	found   []cursor.Place // one more than a page, when there is one
	stopped *cursor.Place  // the last that was looked at, when it may not be the last that there is
}

// isConversation holds for the rows that are conversations. The indexes leave out
// tombstones alone, as a provenance changes all the time.
const isConversation = "vetoed is null and provenance is not null"

// withoutTime is the key of conversations without the time.
const withoutTime = math.MaxInt64

func (l *listing) find(ctx context.Context, c *pgx.Conn, after cursor.Place, begun bool) error {
	var p pipeline
	p.add(l.sql().beginRead)
	p.add(l.sql().inOrder)
	if err := l.chooseFew(ctx, c, &p); err != nil {
		return err
	}
	if !begun || after.Key != withoutTime {
		if err := l.addPart(ctx, c, &p, false, after, begun); err != nil {
			return err
		}
		begun = false
	}
	if len(l.found) > l.limit || l.stopped != nil || l.query.Order == store.LastChanged {
		return nil
	}
	return l.addPart(ctx, c, &p, true, after, begun)
}

// mostFew is how many conversations are read to put them in order. It takes about
// as long as to look at so many in their order until a page is found.
const mostFew = 5000

// chooseFew asks the indexes whether what the query selects by has few
// conversations: the server's statistics cannot say that of one user, and are wrong
// where it counts, of those who have left.
func (l *listing) chooseFew(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	l.few = nil
	of, least := finders(l.query), int64(l.mostFew)
	for i := range of {
		w := &where{}
		sql := "select count(*) from (" + of[i].ids(w) + " limit " + strconv.Itoa(l.mostFew+1) + ") f"
		if of[i].slow {
			sql = "select case when (select count(*) from (select attributes from {conversation} where " + isConversation + " order by changed_slot desc limit 1000) s where " +
				of[i].holds(w) + ") > 5 then " + strconv.Itoa(l.mostFew+1) + "::bigint else (" + sql + ") end"
		}
		p.read(func(r *row) error {
			if n := r.integer(); n <= least {
				l.few, least = &of[i], n
			}
			return nil
		}, l.statement(sql, w), w.args...)
	}
	if len(of) == 0 {
		return nil
	}
	return l.send(ctx, c, p)
}

func (l *listing) send(ctx context.Context, c *pgx.Conn, p *pipeline) error {
	err := l.run(ctx, c, p)
	*p = pipeline{}
	return err
}

func (l *listing) statement(sql string, w *where) *statement {
	return &statement{sql: newNames(&l.config).Replace(sql), params: w.params}
}

// addPart finds one part, and sends with it what is in the pipeline.
func (l *listing) addPart(ctx context.Context, c *pgx.Conn, p *pipeline, unordered bool, after cursor.Place, begun bool) error {
	key, order := "null", "conversation_id"
	switch {
	case unordered:
	case l.query.Order == store.LastChanged:
		key, order = "changed", "changed_slot desc, changed desc, conversation_id"
	case l.query.Order == store.NewestFirst:
		key, order = "conversation_start", "conversation_start desc, conversation_id"
	default:
		key, order = "conversation_start", "conversation_start, conversation_id"
	}
	w := &where{}
	w.add(isConversation)
	l.place(w, unordered, after, begun)
	w.bound(l.query)
	rest := &where{params: w.params, args: w.args}
	rest.filter(l.query)
	for _, x := range finders(l.query) {
		rest.add(x.holds(rest))
	}
	from, last := "{conversation} c where "+strings.Join(w.conditions, " and "), ""
	switch {
	case l.few != nil: // an array is worked out first, and its ids are found by the key
		from = "(select * from {conversation} where conversation_id = any (array(" + l.few.ids(rest) + "))" + each + ") c where " + strings.Join(w.conditions, " and ")
	case l.query.Scan > 0:
		scan := strconv.Itoa(l.query.Scan)
		if w.open && l.query.Order == store.LastChanged {
			from = "(" + eachStatus + "lateral (select * from " + from + " and calculated_status = s.status order by " + order + " limit " + scan + ") c) c where true"
		}
		last = from + " order by " + order + " limit 1 offset " + strconv.Itoa(l.query.Scan-1)
		from = "(select * from " + from + " order by " + order + " limit " + scan + ") c where true"
	}
	selected := "select conversation_id, " + key + "::timestamptz from "
	p.read(func(r *row) error {
		l.found = append(l.found, l.read(r))
		return nil
	}, l.statement(selected+strings.Join(append([]string{from}, rest.conditions...), " and ")+
		" order by "+order+" limit "+strconv.Itoa(l.limit+1-len(l.found)), rest), rest.args...)
	if err := l.send(ctx, c, p); err != nil || last == "" || len(l.found) > l.limit {
		return err
	}
	p.read(func(r *row) error {
		at := l.read(r)
		l.stopped = &at
		return nil
	}, l.statement(selected+last, w), w.args...)
	return l.send(ctx, c, p)
}

// eachStatus selects, from the index of the open conversations, the first ones in
// the order of each status.
const eachStatus = `with recursive s(status) as (
	(select o.calculated_status from {conversation} o where o.calculated_status <> 'Ended' order by 1 limit 1)
	union all select (select o.calculated_status from {conversation} o where o.calculated_status <> 'Ended' and o.calculated_status > s.status order by 1 limit 1)
		from s where s.status is not null)
	select c.* from s cross join `

// read reads an id and its key.
func (l *listing) read(r *row) cursor.Place {
	id, at := r.string(), r.value()
	place := cursor.Place{ID: id, Key: withoutTime}
	if at.Valid {
		place.Key = at.Int
		if l.query.Order != store.OldestFirst {
			place.Key = -at.Int
		}
	}
	return place
}

// place adds where the part begins.
func (l *listing) place(w *where, unordered bool, after cursor.Place, begun bool) {
	switch {
	case unordered:
		w.add("conversation_start is null")
		if begun {
			w.add("conversation_id > " + w.text(after.ID))
		}
	case l.query.Order == store.LastChanged:
		if begun {
			at := w.param(oidTimestamptz, "timestamptz", rows.Value{Valid: true, Int: -after.Key})
			w.add("changed_slot <= date_bin(interval '10 minutes', " + at + ", timestamptz 'epoch')")
			w.add("(changed < " + at + " or changed = " + at + " and conversation_id > " + w.text(after.ID) + ")")
		}
	default:
		ahead, micros := ">", after.Key
		if l.query.Order == store.NewestFirst {
			ahead, micros = "<", -after.Key
		}
		w.add("conversation_start is not null")
		if begun {
			at := w.param(oidTimestamptz, "timestamptz", rows.Value{Valid: true, Int: micros})
			w.add("conversation_start " + ahead + "= " + at)
			w.add("(conversation_start " + ahead + " " + at + " or conversation_id > " + w.text(after.ID) + ")")
		}
	}
}
