package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// inOrder puts conversations, given in the order of their last change, into
// the order of a listing.
func inOrder(all []*conversation.Conversation, order store.Order) []*conversation.Conversation {
	sorted := slices.Clone(all)
	if order == store.LastChanged {
		slices.Reverse(sorted)
		return sorted
	}
	slices.SortFunc(sorted, func(a, b *conversation.Conversation) int {
		byStart := a.Start.Compare(b.Start)
		if order == store.NewestFirst {
			byStart = -byStart
		}
		switch {
		case a.Start.IsZero() && b.Start.IsZero():
			byStart = 0
		case a.Start.IsZero():
			byStart = 1
		case b.Start.IsZero():
			byStart = -1
		}
		return cmp.Or(byStart, strings.Compare(a.ID, b.ID))
	})
	return sorted
}

func idsOf(all []*conversation.Conversation) []string {
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

func paging(rule define) {
	rule("a listing is in its order: by start, those without one last, equal ones by id", func(t *trial) {
		all := t.assortment()
		for _, order := range []store.Order{store.OldestFirst, store.NewestFirst} {
			t.same(fmt.Sprintf("the listing in order %d", order), t.listAll(store.Query{Order: order}), idsOf(inOrder(all, order)))
		}
	})

	rule("the start of a listing may lie far away", func(t *trial) {
		var all []*conversation.Conversation
		for i, m := range moments {
			c := createdAs(partial(fmt.Sprintf("c-%d", (i*7)%len(moments)), begun(m)))
			t.write(c)
			all = append(all, c.To)
		}
		t.write(createdAs(partial("never")))
		all = append(all, merged(partial("never")))
		for _, order := range []store.Order{store.OldestFirst, store.NewestFirst} {
			t.same(fmt.Sprintf("the listing in order %d", order), t.listAll(store.Query{Order: order, Limit: 2}), idsOf(inOrder(all, order)))
		}
	})

	rule("the last changed comes first, whatever the change was", func(t *trial) {
		t.assortment()
		for _, id := range []string{"c-03", "c-00", "c-10"} {
			c := next(t.load(id))
			c.Events = []store.NewEvent{event(id, 1)}
			t.write(c)
		}
		t.same("the listing", t.listAll(store.Query{Order: store.LastChanged, Limit: 3}),
			[]string{"c-10", "c-00", "c-03", "c-14", "c-13", "c-12", "c-11", "c-09", "c-08", "c-07", "c-06", "c-05", "c-04", "c-02", "c-01"})
	})

	rule("pages of any size leave nothing out and repeat nothing", func(t *trial) {
		all := t.assortment()
		for _, order := range orders {
			for limit := 1; limit <= len(all)+1; limit++ {
				q := store.Query{Order: order, Limit: limit}
				t.same(fmt.Sprintf("pages of %d in order %d", limit, order), t.listAll(q), idsOf(inOrder(all, order)))
			}
		}
	})

	rule("a page is as long as its limit, and the last one says that it is", func(t *trial) {
		all := t.assortment()
		for _, order := range orders {
			for limit := 1; limit <= len(all)+1; limit++ {
				left := len(all)
				for q := (store.Query{Order: order, Limit: limit}); left > 0; {
					page := t.list(q)
					t.same("the size of the page", len(page.Conversations), min(limit, left))
					left -= len(page.Conversations)
					if (page.Next == "") != (left == 0) {
						t.Fatalf("%d are left, and the next page is %q", left, page.Next)
					}
					q.After = page.Next
				}
			}
		}
	})

	rule("pages within equal starts leave nothing out and repeat nothing", func(t *trial) {
		var want []string
		for i := range 25 {
			id := fmt.Sprintf("c-%02d", (i*7)%25)
			t.write(createdAs(partial(id, begun(at(1)))), createdAs(partial("n"+id)))
		}
		for i := range 50 {
			want = append(want, fmt.Sprintf("%sc-%02d", []string{"", "n"}[i/25], i%25))
		}
		for _, order := range []store.Order{store.OldestFirst, store.NewestFirst} {
			t.same("the listing", t.listAll(store.Query{Order: order, Limit: 4}), want)
		}
		t.sameSet("the listing by last change", t.listAll(store.Query{Order: store.LastChanged, Limit: 4}), want)
	})

	rule("conversations that were changed in one batch are listed page by page by last change", func(t *trial) {
		var changes []*store.Change
		var want []string
		for i := range 30 {
			want = append(want, fmt.Sprintf("c-%02d", i))
			changes = append(changes, created(want[i]))
		}
		t.write(changes...)
		t.sameSet("the listing", t.listAll(store.Query{Order: store.LastChanged, Limit: 7}), want)
	})

	rule("what is added between two pages does not disturb the rest", func(t *trial) {
		for i := range 10 {
			t.write(createdAs(partial(fmt.Sprintf("c-%02d", i), begun(at(10*i)))))
		}
		for _, order := range []store.Order{store.OldestFirst, store.NewestFirst} {
			seen := map[string]int{}
			q := store.Query{Order: order, Limit: 3}
			for added := 0; ; added++ {
				page := t.list(q)
				for _, c := range page.Conversations {
					seen[c.ID]++
				}
				if q.After = page.Next; q.After == "" {
					break
				}
				t.write(createdAs(partial(fmt.Sprintf("new-%d-%d-early", order, added), begun(at(-added-1)))),
					createdAs(partial(fmt.Sprintf("new-%d-%d-late", order, added), begun(at(1000+added)))))
				if added > 100 {
					t.Fatal("the listing does not end")
				}
			}
			for i := range 10 {
				t.same(fmt.Sprintf("how often c-%02d was listed", i), seen[fmt.Sprintf("c-%02d", i)], 1)
			}
		}
	})

	rule("a page has 100 conversations where no limit is asked for, and 1000 at most", func(t *trial) {
		var changes []*store.Change
		for i := range store.MostLimit + 1 {
			changes = append(changes, createdAs(partial(fmt.Sprintf("c-%04d", i), begun(at(i)))))
		}
		for chunk := range slices.Chunk(changes, 250) {
			t.write(chunk...)
		}
		for limit, size := range map[int]int{0: store.DefaultLimit, -1: store.DefaultLimit, store.MostLimit: store.MostLimit,
			store.MostLimit + 1: store.MostLimit, math.MaxInt32: store.MostLimit} {
			page := t.list(store.Query{Limit: limit})
			if len(page.Conversations) != size || page.Next == "" {
				t.Errorf("a limit of %d gives %d conversations and the next page %q, and must give %d and a next page", limit, len(page.Conversations), page.Next, size)
			}
		}
		t.same("how many are listed", len(t.listAll(store.Query{Limit: 400})), store.MostLimit+1)
	})

	rule("what is no cursor is refused", func(t *trial) {
		t.assortment()
		cursor := t.list(store.Query{Limit: 2}).Next
		for _, order := range orders {
			for _, after := range []string{"x", "????", "c-01", "0", "null", "e30", cursor + "x", cursor[:len(cursor)/2], "🙂", strings.Repeat("A", 5000)} {
				_, err := t.store.List(t.ctx, store.Query{Order: order, After: after})
				t.is("List after "+abridged(after), err, store.ErrCursor)
				_, err = t.store.Failed(t.ctx, store.FailedQuery{After: after})
				t.is("Failed after "+abridged(after), err, store.ErrCursor)
			}
		}
	})

	rule("a cursor is of its own listing and order only", func(t *trial) {
		t.assortment()
		t.failHead("p-1", 1, "hook")
		t.failHead("p-2", 1, "hook")
		cursors := map[store.Order]string{}
		for _, order := range orders {
			cursors[order] = t.list(store.Query{Order: order, Limit: 2}).Next
		}
		failed := t.failed(store.FailedQuery{Limit: 1}).Next
		for _, order := range orders {
			for other, cursor := range cursors {
				if other == order {
					continue
				}
				_, err := t.store.List(t.ctx, store.Query{Order: order, After: cursor})
				t.is(fmt.Sprintf("List in order %d with a cursor of order %d", order, other), err, store.ErrCursor)
			}
			_, err := t.store.List(t.ctx, store.Query{Order: order, After: failed})
			t.is("List with a cursor of Failed", err, store.ErrCursor)
			_, err = t.store.Failed(t.ctx, store.FailedQuery{After: cursors[order]})
			t.is("Failed with a cursor of List", err, store.ErrCursor)
		}
	})
}
