package storetest

import (
	"fmt"
	"testing"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// FindsPresent demands that a store that holds all these conversations, and no
// others, finds them by who has them now, where they wait, and their customer's
// address. It is for tests of migrations; [Run] covers new stores.
func FindsPresent(t testing.TB, s store.Store, all []*conversation.Conversation) {
	t.Helper()
	asked := map[string]store.Query{}
	ask := func(q store.Query) { asked[fmt.Sprintf("%+v", q)] = q }
	for _, c := range all {
		customer, _ := c.Customer()
		for _, user := range c.PresentUsers() {
			ask(store.Query{PresentUserID: user})
		}
		for _, queue := range c.PresentQueues() {
			ask(store.Query{PresentQueueID: queue})
		}
		if customer.Address != "" {
			ask(store.Query{Address: customer.Address})
		}
	}
	if len(asked) <= 5 {
		t.Fatalf("only %d questions follow from the conversations", len(asked))
	}
	for _, q := range asked {
		want := 0
		for _, c := range all {
			if q.Selects(c, c.Start) {
				want++
			}
		}
		n, err := s.Count(t.Context(), q)
		if err != nil {
			t.Fatalf("Count(%+v): %v", q, err)
		}
		if n != want {
			t.Fatalf("Count(%+v) gives %d, want %d", q, n, want)
		}
	}
}
