package polling

import (
	"context"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/genesys"
)

// mostResults is how many results the pages of a query reach: the platform
// refuses page numbers beyond that (protocol 6.5).
const mostResults = 100_000

// startedIn reads the records of conversations that began in an interval, page
// by page. When there are more than the pages reach, the rest is read in the
// other order, and then in both orders again, as long as that finds something
// new. What is out of reach after that is an unreadError.
func (r *reader) startedIn(ctx context.Context, i interval, repair bool, page func([]*conversation.Conversation)) error {
	q := query{reader: r, rest: i, repair: repair, page: page}
	for again := false; ; again = true {
		before := q.rest
		for _, order := range []string{latestFirst, earliestFirst} {
			if err := q.walk(ctx, order, again); err != nil {
				if q.rest != i {
					err = &unreadError{q.rest, err}
				}
				return err
			}
			if q.rest.empty() {
				return nil
			}
		}
		if q.rest == before {
			return &unreadError{q.rest, errUnlisted}
		}
	}
}

// The orders of a query.
const (
	latestFirst   = "desc"
	earliestFirst = "asc"
)

// query is a details query under way.
type query struct {
	reader *reader
	rest   interval // what is not read yet
	repair bool
	page   func([]*conversation.Conversation)
}

// walk reads pages until the rest is read, or no more can be reached in this
// order. The platform selects by day (protocol 1, item 13), so there are pages
// before and after the interval that was asked for, and records repeat when
// others are added meanwhile. When the query is asked again, a first page with
// nothing of the rest means that the rest is out of reach.
func (q *query) walk(ctx context.Context, order string, again bool) error {
	asked := q.rest
	for number := 1; number*pageSize <= mostResults; number++ {
		found, err := q.ask(ctx, asked, order, number)
		if refused(err) && number > 1 {
			return nil // as far as it reaches
		}
		if err != nil {
			return err
		}
		q.page(found)
		if len(found) == 0 || passed(found, asked, order) {
			q.rest = interval{asked.to, asked.to}
			return nil
		}
		if again && number == 1 && !slices.ContainsFunc(found, func(c *conversation.Conversation) bool { return asked.holds(c.Start) }) {
			return nil
		}
		q.narrow(found, asked, order)
	}
	return nil
}

// passed reports whether a page lies entirely past the interval, in that order.
func passed(page []*conversation.Conversation, i interval, order string) bool {
	return !slices.ContainsFunc(page, func(c *conversation.Conversation) bool {
		if order == latestFirst {
			return !c.Start.Before(i.from)
		}
		return c.Start.Before(i.to)
	})
}

// narrow removes from the rest what a page covers. The millisecond of its last
// conversation stays, as others may have begun in it.
func (q *query) narrow(page []*conversation.Conversation, asked interval, order string) {
	for _, c := range page {
		switch {
		case !asked.holds(c.Start):
		case order == latestFirst && c.Start.Add(time.Millisecond).Before(q.rest.to):
			q.rest.to = c.Start.Add(time.Millisecond)
		case order == earliestFirst && c.Start.After(q.rest.from):
			q.rest.from = c.Start
		}
	}
}

// ask reads one page.
func (q *query) ask(ctx context.Context, i interval, order string, number int) ([]*conversation.Conversation, error) {
	body, err := json.Marshal(map[string]any{
		"interval": i.String(), "order": order, "orderBy": "conversationStart",
		"paging": map[string]int{"pageSize": pageSize, "pageNumber": number},
	}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	found, _, err := q.reader.conversations(ctx, "details query", time.Time{}, genesys.Request{Path: queryPath, Body: body, Repair: q.repair})
	return found, err
}

const queryPath = "/api/v2/analytics/conversations/details/query"
