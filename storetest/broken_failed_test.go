package storetest

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// brokenFailed select the wrong things of what has failed, or forget when it is
// tried again.
func brokenFailed() []broken {
	const selects = "listing what has failed/the type and the time of what has failed select what they say"
	const filters = "listing what has failed/the filters of what has failed select what they say"
	const again = "refused changes/since when facts are kept aside and when hooks are asked again comes back, and what waits is due then"
	const undecided = "refused changes/what is undecided is kept and due, and has not failed"
	return []broken{
		{"ignores the conversation of what has failed", []string{filters}, eachFailedQuery(func(q *store.FailedQuery) { q.ConversationID = "" })},
		{"ignores the type of what has failed", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) { q.Type = "" })},
		{"ignores from when on it has failed", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) { q.From = time.Time{} })},
		{"ignores before when it has failed", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) { q.Before = time.Time{} })},
		{"leaves out what failed when the time begins", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) {
			if !q.From.IsZero() {
				q.From = q.From.Add(time.Microsecond)
			}
		})},
		{"lists what failed when the time has ended", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) {
			if !q.Before.IsZero() {
				q.Before = q.Before.Add(time.Microsecond)
			}
		})},
		{"cuts the times off by which what has failed is selected", []string{selects}, eachFailedQuery(func(q *store.FailedQuery) {
			q.From, q.Before = q.From.Truncate(time.Microsecond), q.Before.Truncate(time.Microsecond)
		})},
		{"selects what has failed on the first page only", []string{filters, selects}, eachFailedQuery(func(q *store.FailedQuery) {
			if q.After != "" {
				q.Hook, q.Type, q.From, q.Before = "", "", time.Time{}, time.Time{}
			}
		})},
		{"pages through what has failed by counting", []string{
			"listing what has failed/pages of what has failed go on behind the last item of the one before, though that is decided on or forgotten"}, func(w *wrapped) {
			w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
				at, _ := strconv.Atoi(q.After)
				limit := cmp.Or(q.Limit, store.DefaultLimit)
				q.After, q.Limit = "", store.MostLimit
				page, err := w.sound.Failed(ctx, q)
				page.Items, page.Next = counted(page.Items, at, limit)
				return page, err
			}
		}},
		{"decides on a hundred at most", []string{"listing what has failed/a thousand that have failed are decided on at once"}, func(w *wrapped) {
			w.decide = func(ctx context.Context, do store.Decision, ids ...string) (int, error) {
				return w.sound.Decide(ctx, do, ids[:min(len(ids), 100)]...)
			}
		}},
		{"forgets since when facts are kept aside", []string{again, undecided}, eachRefused(func(r *store.Refused) { r.Since = time.Time{} })},
		{"forgets when hooks are asked again", []string{again, undecided}, eachRefused(func(r *store.Refused) { r.Next = time.Time{} })},
		{"forgets which hooks are left out", []string{again}, eachRefused(func(r *store.Refused) { r.Skipped = nil })},
		{"forgets that a veto was overruled", []string{again}, eachRefused(func(r *store.Refused) { r.Overruled = false })},
		{"lists what has failed without since when", []string{again}, eachFailedItem(func(i *store.FailedItem) { i.Since = time.Time{} })},
		{"lists what has failed without when it is tried again", []string{again}, eachFailedItem(func(i *store.FailedItem) { i.Next = time.Time{} })},
		{"lists what is undecided as failed", []string{undecided}, func(w *wrapped) {
			eachChange(w, func(c *store.Change) {
				if c.Refused != nil && c.Refused.Attempts == 0 {
					refused := *c.Refused
					refused.Attempts = 1
					c.Refused = &refused
				}
			})
		}},
		{"does not tell when hooks are to be asked again", []string{again, undecided}, func(w *wrapped) {
			eachChange(w, func(c *store.Change) {
				if c.Refused != nil {
					c.Pending = nil
				}
			})
		}},
	}
}

// counted is a page of a listing that goes on behind so many, and where the next one
// begins.
func counted[V any](all []V, at, limit int) (page []V, next string) {
	page = all[min(at, len(all)):]
	if len(page) > limit {
		page, next = page[:limit], strconv.Itoa(at+limit)
	}
	return page, next
}

// eachFailedQuery changes queries on their way into the store.
func eachFailedQuery(alter func(q *store.FailedQuery)) func(*wrapped) {
	return func(w *wrapped) {
		w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
			alter(&q)
			return w.sound.Failed(ctx, q)
		}
	}
}

// eachFailedItem changes what has failed on its way out of the store.
func eachFailedItem(alter func(i *store.FailedItem)) func(*wrapped) {
	return func(w *wrapped) {
		w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
			page, err := w.sound.Failed(ctx, q)
			for i := range page.Items {
				alter(&page.Items[i])
			}
			return page, err
		}
	}
}

// eachRefused changes what is kept aside on its way out of the store.
func eachRefused(alter func(r *store.Refused)) func(*wrapped) {
	return eachRecord(func(r *store.Record) {
		if r.Refused != nil {
			refused := *r.Refused
			alter(&refused)
			r.Refused = &refused
		}
	})
}
