package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/store"
)

// Harness says how to reach the store under test and what it is able to do.
// An ability that is nil is declared to be absent: the rules that need it are
// not asked of the store, and Run logs that.
type Harness struct {
	// Open returns a store that is fresh and empty, and ends it with
	// t.Cleanup. It is required. Rules run in parallel, each on a store of
	// its own.
	Open func(t testing.TB) store.Store

	// Reopen closes s and opens the same data again, as a process does that
	// starts anew, and ends the new store with t.Cleanup. Nil: what the store
	// keeps does not outlive it.
	Reopen func(t testing.TB, s store.Store) store.Store

	// Another opens the data of s once more while s is open, as another process
	// does, and ends the new store with t.Cleanup. Nil: one process at a time
	// has the data.
	Another func(t testing.TB, s store.Store) store.Store

	// Transactions makes a table of the suite's own beside what s keeps, so
	// that the rules see what becomes of the rows that a hook writes through
	// the store's transaction. Nil: hooks cannot join the store's
	// transactions.
	Transactions func(t testing.TB, s store.Store) Table

	// Patience is how long one rule may take, and so how long it waits for
	// something that must happen. Zero means five minutes.
	Patience time.Duration
}

// Table is a table with a key and a value, in the same database as the store.
type Table struct {
	// Insert adds a row through the transaction that the ctx of
	// [store.Change.InTx] carries. It fails when the key is there already.
	Insert func(ctx context.Context, key, value string) error
	// Read returns the committed value of a key, outside of any transaction;
	// false when there is none.
	Read func(ctx context.Context, key string) (value string, found bool, err error)
}

// Run tries every rule of the contract on the stores that the harness opens.
// Each rule is a subtest that is named after it.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Open == nil {
		t.Fatal("storetest: Harness.Open is nil; it must return a fresh and empty store")
	}
	for _, topic := range topics() {
		if topic.needs != "" && !h.declares(topic.needs) {
			t.Logf("the rules on %s are not asked of this store: Harness.%s is nil", topic.name, topic.needs)
			continue
		}
		t.Run(topic.name, func(t *testing.T) {
			for _, r := range topic.rules {
				t.Run(r.title, func(t *testing.T) {
					t.Parallel()
					r.try(t, h)
				})
			}
		})
	}
}

// rule is a sentence of the contract and the attempt to refute it.
type rule struct {
	name  string // topic/title
	title string
	holds func(t *trial)
}

// try tries the rule on a new store.
func (r rule) try(t testing.TB, h Harness) {
	r.holds(newTrial(t, h))
}

// topic is a part of the contract.
type topic struct {
	name  string
	needs ability
	rules []rule
}

// ability is the field of the harness that declares it; empty: every store has
// it.
type ability string

const (
	reopening ability = "Reopen"
	sharing   ability = "Another"
	joining   ability = "Transactions"
)

func (h *Harness) declares(a ability) bool {
	return a == reopening && h.Reopen != nil || a == sharing && h.Another != nil || a == joining && h.Transactions != nil
}

// define adds a rule to a topic. The title is the rule, as a sentence.
type define func(title string, holds func(t *trial))

func topics() []topic {
	var all []topic
	addFor := func(needs ability, name string, rules func(define)) {
		t := topic{name: name, needs: needs}
		rules(func(title string, holds func(*trial)) {
			t.rules = append(t.rules, rule{name + "/" + title, title, holds})
		})
		all = append(all, t)
	}
	add := func(name string, rules func(define)) { addFor("", name, rules) }
	add("loading", loading)
	add("committing", committing)
	add("batches", batches)
	add("fields", fields)
	add("statements", statements)
	add("sessions", sessions)
	add("times", times)
	add("text", text)
	add("what is no text", notText)
	add("tombstones", tombstones)
	add("forgetting", forgetting)
	add("expiring", tombstonesExpire)
	add("finding", finding)
	addFor(reopening, "forgetting for good", forgettingForGood)
	addFor(sharing, "forgetting for others", forgettingForOthers)
	add("refused changes", refusedChanges)
	add("conclusions", conclusions)
	add("log", logging)
	add("hooks in the transaction", hooksInTheTransaction)
	add("hooks of outcomes", hooksOfOutcomes)
	addFor(joining, "transactions", transactions)
	add("claiming", claiming)
	add("outcomes", outcomes)
	add("leases", leases)
	add("taking over", takingOver)
	add("failed deliveries", failedDeliveries)
	add("lagging", lagging)
	add("listing", listing)
	add("paging", paging)
	add("listing what has failed", listingFailed)
	add("values", values)
	add("depositing", depositing)
	add("taking", taking)
	add("reading the inbox", readingTheInbox)
	add("awaiting", awaiting)
	addFor(sharing, "awaiting what others deposit", awaitingOthers)
	add("contexts", contexts)
	add("closing", closing)
	add("ownership", ownership)
	add("reentrance", reentrance)
	add("concurrency", concurrency)
	addFor(sharing, "processes that share", processesThatShare)
	addFor(reopening, "durability", durability)
	add("model", modelled)
	return all
}
