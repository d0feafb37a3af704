package storetest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// brokenReads list and log something else than what is stored.
func brokenReads() []broken {
	const pages = "paging/pages of any size leave nothing out and repeat nothing"
	eachPage := func(alter func(q store.Query, page *store.Page)) func(*wrapped) {
		return func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				if err == nil {
					alter(q, &page)
				}
				return page, err
			}
		}
	}
	eachQuery := func(alter func(q *store.Query)) func(*wrapped) {
		return func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				alter(&q)
				return w.sound.List(ctx, q)
			}
		}
	}
	return []broken{
		{"lists in no order", []string{"paging/a listing is in its order: by start, those without one last, equal ones by id"},
			eachPage(func(_ store.Query, page *store.Page) { slices.Reverse(page.Conversations) })},
		{"repeats a conversation on the next page", []string{pages}, eachPage(func(q store.Query, page *store.Page) {
			if q.After != "" && len(page.Conversations) > 0 {
				page.Conversations[0] = page.Conversations[len(page.Conversations)-1]
			}
		})},
		{"leaves out a conversation between two pages", []string{pages}, eachPage(func(_ store.Query, page *store.Page) {
			if page.Next != "" {
				page.Conversations = page.Conversations[:len(page.Conversations)-1]
			}
		})},
		{"promises a page after the last", []string{"paging/a page is as long as its limit, and the last one says that it is"}, func(w *wrapped) {
			var mu sync.Mutex
			last := map[string]string{}
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				mu.Lock()
				defer mu.Unlock()
				if _, over := last[q.After]; over && q.After != "" {
					return store.Page{}, nil
				}
				page, err := w.sound.List(ctx, q)
				if err == nil && page.Next == "" && len(page.Conversations) == q.Limit {
					page.Next = fmt.Sprintf("after the last %d", len(last))
					last[page.Next] = q.After
				}
				return page, err
			}
		}},
		{"lists conversations without a start first", []string{"paging/a listing is in its order: by start, those without one last, equal ones by id"},
			eachPage(func(_ store.Query, page *store.Page) {
				slices.SortStableFunc(page.Conversations, func(a, b *conversation.Conversation) int {
					return map[bool]int{true: 0, false: 1}[a.Start.IsZero()] - map[bool]int{true: 0, false: 1}[b.Start.IsZero()]
				})
			})},
		{"orders by creation instead of last change", []string{"paging/the last changed comes first, whatever the change was"}, func(w *wrapped) {
			var mu sync.Mutex
			var created []string
			w.commit = func(ctx context.Context, b store.Batch) (store.Committed, error) {
				done, err := w.sound.Commit(ctx, b)
				mu.Lock()
				defer mu.Unlock()
				for i, r := range done.Results {
					if r.Err == nil && b.Changes[i].Version == 0 {
						created = append(created, b.Changes[i].ID)
					}
				}
				return done, err
			}
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				if q.Order == store.LastChanged {
					mu.Lock()
					defer mu.Unlock()
					slices.SortFunc(page.Conversations, func(a, b *conversation.Conversation) int {
						return slices.Index(created, b.ID) - slices.Index(created, a.ID)
					})
				}
				return page, err
			}
		}},
		{"gives pages of any size", []string{"paging/a page has 100 conversations where no limit is asked for, and 1000 at most"}, func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				var all store.Page
				limit := q.Limit
				for {
					page, err := w.sound.List(ctx, q)
					all.Conversations, all.Next = append(all.Conversations, page.Conversations...), page.Next
					if err != nil || page.Next == "" || limit <= store.MostLimit || len(all.Conversations) >= limit {
						return all, err
					}
					q.After = page.Next
				}
			}
		}},
		{"takes any cursor", []string{"paging/what is no cursor is refused", "paging/a cursor is of its own listing and order only"}, func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				if errors.Is(err, store.ErrCursor) {
					q.After = ""
					return w.sound.List(ctx, q)
				}
				return page, err
			}
		}},
		{"lists tombstones", []string{"tombstones/a tombstone is not listed in any order"}, func(w *wrapped) {
			var mu sync.Mutex
			var vetoed []string
			eachChange(w, func(c *store.Change) {
				mu.Lock()
				defer mu.Unlock()
				if c.Vetoed != "" {
					vetoed = append(vetoed, c.ID)
				}
			})
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && page.Next == "" {
					for _, id := range vetoed {
						page.Conversations = append(page.Conversations, merged(partial(id)))
					}
				}
				return page, err
			}
		}},
		{"lists what was only refused", []string{"listing/a conversation of which only a refused change is stored is not listed"}, func(w *wrapped) {
			var mu sync.Mutex
			refused := map[string]*conversation.Conversation{}
			eachChange(w, func(c *store.Change) {
				mu.Lock()
				defer mu.Unlock()
				if delete(refused, c.ID); c.To == nil && c.Refused != nil {
					refused[c.ID] = c.Refused.Facts
				}
			})
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				page, err := w.sound.List(ctx, q)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && page.Next == "" {
					page.Conversations = append(page.Conversations, slices.Collect(maps.Values(refused))...)
				}
				return page, err
			}
		}},
		{"ignores the status", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Status = nil })},
		{"counts what is skipped, or nothing that is claimed", []string{"outcomes/the backlog of each hook is what it has not finished, whatever the state"}, func(w *wrapped) {
			w.backlog = func(context.Context) (map[string]int, error) { return map[string]int{"hook": 3}, nil }
		}},
		{"counts a page", []string{"listing/a count without filters is of all conversations, and none of them is a tombstone"}, func(w *wrapped) {
			w.count = func(ctx context.Context, q store.Query) (int, error) {
				page, err := w.sound.List(ctx, store.Query{Limit: 3})
				return len(page.Conversations), err
			}
		}},
		{"counts without filters", []string{"listing/each filter selects what it says"}, func(w *wrapped) {
			w.count = func(ctx context.Context, _ store.Query) (int, error) { return w.sound.Count(ctx, store.Query{}) }
		}},
		{"ignores what is open", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Open = false })},
		{"ignores the media", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Media = nil })},
		{"ignores the direction", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Direction = "" })},
		{"ignores when it was changed", []string{"listing/what was changed since a time is selected, whatever the change was"}, func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				q.ChangedSince = time.Time{}
				return w.sound.List(ctx, q)
			}
		}},
		{"takes who was there for who is", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) {
			q.EverUserID, q.PresentUserID = cmp.Or(q.EverUserID, q.PresentUserID), ""
		})},
		{"takes the queue that it came through for the one in which it waits", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) {
			q.EverQueueID, q.PresentQueueID = cmp.Or(q.EverQueueID, q.PresentQueueID), ""
		})},
		{"ignores the address", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Address = "" })},
		{"looks at the first status only", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) { q.Status = q.Status[:min(1, len(q.Status))] })},
		{"looks at one attribute only", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) {
			for name := range q.Attribute {
				if len(q.Attribute) > 1 {
					q.Attribute = map[string]string{name: q.Attribute[name]}
				}
			}
		})},
		{"takes a filter with an empty value for none", []string{"listing/each filter selects what it says"}, eachQuery(func(q *store.Query) {
			q.Attribute = maps.Clone(q.Attribute)
			maps.DeleteFunc(q.Attribute, func(_, value string) bool { return value == "" })
		})},
		{"includes the end of an interval", []string{"listing/the start is inclusive and the end exclusive, to the microsecond"}, eachQuery(func(q *store.Query) {
			if !q.StartedBefore.IsZero() {
				q.StartedBefore = q.StartedBefore.Add(time.Microsecond)
			}
		})},
		{"excludes the start of an interval", []string{"listing/the start is inclusive and the end exclusive, to the microsecond"}, eachQuery(func(q *store.Query) {
			if !q.EndedFrom.IsZero() {
				q.EndedFrom = q.EndedFrom.Add(time.Microsecond)
			}
		})},
		{"joins filters with or", []string{"listing/filters together select what all of them do"}, func(w *wrapped) {
			w.list = func(ctx context.Context, q store.Query) (store.Page, error) {
				if q.EverUserID != "" && q.EverQueueID != "" {
					q.EverUserID = ""
				}
				return w.sound.List(ctx, q)
			}
		}},
		{"lists a conversation once for each reason", []string{"listing/a conversation that is selected for two reasons is listed once"}, eachPage(func(q store.Query, page *store.Page) {
			if q.EverQueueID == "" {
				return
			}
			var all []*conversation.Conversation
			for _, c := range page.Conversations {
				for _, p := range c.Participants {
					if p.QueueID == q.EverQueueID {
						all = append(all, c)
					}
				}
				for _, p := range c.Participants {
					for _, s := range p.Sessions {
						if s.QueueID == q.EverQueueID {
							all = append(all, c)
						}
					}
				}
			}
			page.Conversations = all
		})},
		{"knows no log of a tombstone", []string{"tombstones/a tombstone has an empty log"}, func(w *wrapped) {
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				if err == nil && len(events) == 0 {
					return nil, store.ErrNotFound
				}
				return events, err
			}
		}},
		{"has a log of everything", []string{"log/a conversation that is not stored has no log"}, func(w *wrapped) {
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				if errors.Is(err, store.ErrNotFound) {
					return nil, nil
				}
				return events, err
			}
		}},
		{"reads the log in no order", []string{"log/the log has every event in the order of its sequence, over all versions"}, func(w *wrapped) {
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				slices.Reverse(events)
				return events, err
			}
		}},
		{"forgets that an event was vetoed", []string{"log/an event that was vetoed is marked, and announced all the same"}, eachEvent(func(e *store.NewEvent) { e.Vetoed = false })},
		{"writes the data of events in a form of its own", []string{"log/the data of an event comes back byte by byte"}, eachEvent(func(e *store.NewEvent) {
			var compact bytes.Buffer
			if json.Compact(&compact, e.Data) == nil {
				e.Data = compact.Bytes()
			}
		})},
		{"shows deliveries that are done", []string{"log/an event shows its deliveries until they are done"}, func(w *wrapped) {
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				for i := range events {
					events[i].Deliveries = append(events[i].Deliveries, store.LoggedDelivery{Hook: "done", State: "done"})
				}
				return events, err
			}
		}},
		{"does not show the stacks of deliveries", []string{"log/an event shows its deliveries until they are done"}, func(w *wrapped) {
			w.events = func(ctx context.Context, id string) ([]store.LoggedEvent, error) {
				events, err := w.sound.Events(ctx, id)
				for i := range events {
					for k := range events[i].Deliveries {
						events[i].Deliveries[k].Stack = ""
					}
				}
				return events, err
			}
		}},
		{"lists what has failed in no order", []string{"listing what has failed/what has failed is listed with all that is known of it, the oldest first, both kinds together"}, func(w *wrapped) {
			w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
				page, err := w.sound.Failed(ctx, q)
				slices.Reverse(page.Items)
				return page, err
			}
		}},
		{"lists failed deliveries only", []string{"listing what has failed/what has failed is listed with all that is known of it, the oldest first, both kinds together",
			"refused changes/a refused change is replaced by the next one"}, func(w *wrapped) {
			w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
				page, err := w.sound.Failed(ctx, q)
				page.Items = slices.DeleteFunc(page.Items, func(p store.FailedItem) bool { return p.Kind == store.FailedChange })
				return page, err
			}
		}},
		{"ignores the hook of what has failed", []string{"listing what has failed/the filters of what has failed select what they say"}, func(w *wrapped) {
			w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
				q.Hook = ""
				return w.sound.Failed(ctx, q)
			}
		}},
		{"lists all that has failed on the first page", []string{"listing what has failed/pages of what has failed leave nothing out and repeat nothing",
			"listing what has failed/a page of what has failed has 100 items where no limit is asked for"}, func(w *wrapped) {
			w.failed = func(ctx context.Context, q store.FailedQuery) (store.FailedPage, error) {
				q.Limit = store.MostLimit
				return w.sound.Failed(ctx, q)
			}
		}},
		{"settles the latest first", []string{"conclusions/the earliest comes first"}, func(w *wrapped) {
			w.due = func(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
				ids, next, err := w.sound.Due(ctx, at, limit)
				slices.Reverse(ids)
				return ids, next, err
			}
		}},
		{"settles without a limit", []string{"conclusions/the limit cuts off the latest, and the next one is the first that was cut off"}, func(w *wrapped) {
			w.due = func(ctx context.Context, at time.Time, _ int) ([]string, time.Time, error) {
				return w.sound.Due(ctx, at, 1000)
			}
		}},
		{"settles too late", []string{"conclusions/what is due at the time or before has settled, and what is due later has not"}, func(w *wrapped) {
			w.due = func(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
				return w.sound.Due(ctx, at.Add(-time.Microsecond), limit)
			}
		}},
		{"names a conversation for each of its conclusions", []string{"conclusions/a conversation is named once, by the first of its conclusions"}, func(w *wrapped) {
			w.due = func(ctx context.Context, at time.Time, limit int) ([]string, time.Time, error) {
				ids, next, err := w.sound.Due(ctx, at, limit)
				if err != nil {
					return nil, next, err
				}
				var all []string
				records, err := w.sound.Load(ctx, ids...)
				for _, r := range records {
					for range r.Pending {
						all = append(all, r.ID)
					}
				}
				return all, next, err
			}
		}},
	}
}
