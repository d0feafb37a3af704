package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dcmkit/convtrack/conversation"
	"github.com/dcmkit/convtrack/store"
)

// long is a lease or a wait that does not end within a test.
const long = time.Hour

// short is a lease or a wait whose end a test can wait for.
const short = 60 * time.Millisecond

// trial is one rule being tried, on a store of its own.
type trial struct {
	testing.TB
	ctx     context.Context
	cancel  context.CancelFunc
	harness Harness
	store   store.Store
	lagTook time.Duration // the last question for the lag
}

func newTrial(t testing.TB, h Harness) *trial {
	if h.Patience == 0 {
		h.Patience = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), h.Patience)
	t.Cleanup(cancel)
	return &trial{TB: t, ctx: ctx, cancel: cancel, harness: h, store: h.Open(t)}
}

// reopen closes the store and opens the same data again.
func (t *trial) reopen() {
	t.Helper()
	t.store = t.harness.Reopen(t.TB, t.store)
}

// within is the trial's context, which ends sooner.
func (t *trial) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.ctx, d)
}

// pause reports whether the trial's context did not end it.
func (t *trial) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-t.ctx.Done():
		return false
	}
}

// table is the suite's own table in the store's database.
func (t *trial) table() Table {
	t.Helper()
	return t.harness.Transactions(t.TB, t.store)
}

// ok fails the rule when there is an error.
func (t *trial) ok(what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// is fails the rule when the error is not the wanted one.
func (t *trial) is(what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: the error is %v, and must be %q", what, err, want)
	}
}

// same fails the rule when the two differ in anything that is exported; see
// leaves for what counts as equal.
func (t *trial) same(what string, got, want any) {
	t.Helper()
	if d := differences(got, want); d != "" {
		t.Fatalf("%s:\n%s", what, d)
	}
}

// sameSet is same for lists whose order says nothing.
func (t *trial) sameSet(what string, got, want []string) {
	t.Helper()
	t.same(what, slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)))
}

// commit commits a batch that must not fail as a whole.
func (t *trial) commit(b store.Batch) store.Committed {
	t.Helper()
	done, err := t.store.Commit(t.ctx, b)
	t.ok("Commit", err)
	if len(done.Results) != len(b.Changes) {
		t.Fatalf("Commit gave %d results for %d changes", len(done.Results), len(b.Changes))
	}
	for i, r := range done.Results {
		if (r.Err == nil) != (r.Version != 0) {
			t.Fatalf("result %d has version %d and error %v; it must have one of them", i, r.Version, r.Err)
		}
	}
	return done
}

// write commits changes that must all be written, and returns the last
// version.
func (t *trial) write(changes ...*store.Change) int64 {
	t.Helper()
	return t.writeAs("", changes...)
}

// writeAs is write in the name of an owner, who claims what says so.
func (t *trial) writeAs(owner string, changes ...*store.Change) int64 {
	t.Helper()
	version := int64(0)
	for i, r := range t.commit(store.Batch{Owner: owner, Lease: long, Changes: changes}).Results {
		t.ok(fmt.Sprintf("the change of %q", changes[i].ID), r.Err)
		if r.Version <= changes[i].Version {
			t.Fatalf("the change of %q on version %d gave version %d", changes[i].ID, changes[i].Version, r.Version)
		}
		version = r.Version
	}
	return version
}

// refuse commits a change that must not be written, and returns why.
func (t *trial) refuse(c *store.Change) error {
	t.Helper()
	err := t.commit(store.Batch{Changes: []*store.Change{c}}).Results[0].Err
	if err == nil {
		t.Fatalf("the change of %q was written", c.ID)
	}
	return err
}

// settle records outcomes, and reports whether they made way for deliveries
// that wait.
func (t *trial) settle(outcomes ...store.Outcome) bool {
	t.Helper()
	return t.commit(store.Batch{Outcomes: outcomes}).Ready
}

// load loads one conversation.
func (t *trial) load(id string) store.Record {
	t.Helper()
	return t.loadAll(id)[0]
}

func (t *trial) loadAll(ids ...string) []store.Record {
	t.Helper()
	records, err := t.store.Load(t.ctx, ids...)
	t.ok("Load", err)
	if len(records) != len(ids) {
		t.Fatalf("Load gave %d records for %d ids", len(records), len(ids))
	}
	for i, r := range records {
		if r.ID != ids[i] {
			t.Fatalf("record %d is of %q, and must be of %q", i, r.ID, ids[i])
		}
	}
	return records
}

func (t *trial) events(id string) []store.LoggedEvent {
	t.Helper()
	events, err := t.store.Events(t.ctx, id)
	t.ok("Events", err)
	return events
}

// claim claims up to limit deliveries with a long lease.
func (t *trial) claim(owner string, limit int, hooks ...string) []store.Delivery {
	t.Helper()
	due, _ := t.claimFor(store.Claim{Owner: owner, Lease: long, Hooks: hooks, Limit: limit})
	return due
}

func (t *trial) claimFor(c store.Claim) ([]store.Delivery, time.Time) {
	t.Helper()
	due, next, err := t.store.Claim(t.ctx, c)
	t.ok("Claim", err)
	if len(due) > max(c.Limit, 0) {
		t.Fatalf("Claim gave %d deliveries for a limit of %d", len(due), c.Limit)
	}
	return due, next
}

// gives claims for the owner, who must be given just these deliveries.
func (t *trial) gives(owner string, hooks []string, want ...string) []store.Delivery {
	t.Helper()
	due := t.claim(owner, 100, hooks...)
	got := make([]string, 0, len(due))
	for _, d := range due {
		got = append(got, d.ID+" to "+d.Hook)
	}
	t.sameSet("what "+owner+" was given", got, want)
	return due
}

// due returns the ids of the conversations with a conclusion that has settled.
func (t *trial) due(at time.Time, limit int) ([]string, time.Time) {
	t.Helper()
	ids, next, err := t.store.Due(t.ctx, at, limit)
	t.ok("Due", err)
	return ids, next
}

func (t *trial) list(q store.Query) store.Page {
	t.Helper()
	page, err := t.store.List(t.ctx, q)
	t.ok("List", err)
	return page
}

func (t *trial) backlog() map[string]int {
	t.Helper()
	backlog, err := t.store.Backlog(t.ctx)
	t.ok("Backlog", err)
	return backlog
}

func (t *trial) count(q store.Query) int {
	t.Helper()
	n, err := t.store.Count(t.ctx, q)
	t.ok("Count", err)
	return n
}

// listAll goes through all pages of a listing and returns the ids.
func (t *trial) listAll(q store.Query) []string {
	t.Helper()
	var ids []string
	for {
		page := t.list(q)
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		if q.After = page.Next; q.After == "" {
			return ids
		}
		if len(page.Conversations) == 0 && q.Scan == 0 {
			t.Fatal("a page that is not the last one is empty")
		}
	}
}

func (t *trial) failed(q store.FailedQuery) store.FailedPage {
	t.Helper()
	page, err := t.store.Failed(t.ctx, q)
	t.ok("Failed", err)
	return page
}

// allFailed goes through all pages of what has failed and returns the ids.
func (t *trial) allFailed(q store.FailedQuery) []string {
	t.Helper()
	var ids []string
	for {
		page := t.failed(q)
		for _, p := range page.Items {
			ids = append(ids, p.ID)
		}
		if q.After = page.Next; q.After == "" {
			return ids
		}
		if len(page.Items) == 0 {
			t.Fatal("a page that is not the last one is empty")
		}
	}
}

func (t *trial) decide(do store.Decision, ids ...string) int {
	t.Helper()
	n, err := t.store.Decide(t.ctx, do, ids...)
	t.ok("Decide", err)
	return n
}

// eventually asks again and again until it is told that what must happen has
// happened.
func (t *trial) eventually(what string, happened func() bool) {
	t.Helper()
	for !happened() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.ctx.Done():
			t.Fatalf("%s: that did not happen in time", what)
		}
	}
}

// together runs do n times at the same time, and fails the rule with the
// first error once all have returned. The error ends the others.
func (t *trial) together(n int, do func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	var once sync.Once
	var first error
	for i := range n {
		all.Go(func() {
			if err := recovered(func() error { return do(i) }); err != nil {
				once.Do(func() {
					first = err
					t.cancel()
				})
			}
		})
	}
	all.Wait()
	if first != nil {
		t.Fatal(first)
	}
}

// recovered does something, and makes a panic an error, so that one in a
// goroutine fails its rule and not the process.
func recovered(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// sameConversation fails the rule when a conversation that came out of the
// store is not the one that went in: in what it shows, in what follows from
// it, or in who said so and when.
func (t *trial) sameConversation(what string, got, want *conversation.Conversation) {
	t.Helper()
	if d := conversationDiffers(got, want); d != "" {
		t.Fatalf("%s: %s", what, d)
	}
}
